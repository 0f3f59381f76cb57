#include "base/base.h"

#include <sys/mman.h>
#include <unistd.h>

/* As deep as the start may have been, as a rule; it need not be all. */
enum { STACK_USED = 65536 };

/* What is called next needs as much itself. */
enum { CALL_ROOM = 1024 };

static void give_back(char *from, char *end, size_t page) {
    from += (page - (uintptr_t)from % page) % page;
    end -= (uintptr_t)end % page;
    if (from < end) {
        (void)madvise(from, (size_t)(end - from), MADV_DONTNEED); /* else it stays: that is all */
    }
}

void memory_give_back(void *from, void *end) {
    give_back(from, end, (size_t)sysconf(_SC_PAGESIZE));
}

void memory_give_back_stack(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *here = __builtin_frame_address(0);
    give_back(here - STACK_USED, here - CALL_ROOM, page);
}
