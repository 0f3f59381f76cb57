#include "descriptors.h"

#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Closes what one buffer of getdents64(2) on /proc/self/fd names: musl's struct dirent is the
 * kernel's. Returns how many descriptors that were.
 */
static size_t close_listed(const char *buffer, size_t length, unsigned first, int folder) {
    size_t closed = 0;
    for (size_t at = 0; at < length;) {
        unsigned short step;
        const char *name = buffer + at + offsetof(struct dirent, d_name);
        uint32_t fd;
        memcpy(&step, buffer + at + offsetof(struct dirent, d_reclen), sizeof step);
        if (text_number(text_of(name), INT_MAX, &fd) && fd >= first && (int)fd != folder) {
            (void)close((int)fd); /* closed it is, whatever the answer: close(2) */
            closed++;
        }
        at += step;
    }
    return closed;
}

/* Reads the list again and again until there is nothing to close: closing may make it skip. */
static bool close_by_proc(unsigned first) {
    _Alignas(struct dirent) char buffer[2048];
    size_t closed = 1;
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    while (closed > 0) {
        long length;
        closed = 0;
        if (lseek(folder, 0, SEEK_SET) < 0) {
            break;
        }
        while ((length = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
            closed += close_listed(buffer, (size_t)length, first, folder);
        }
        if (length < 0) {
            (void)close(folder);
            return false;
        }
    }
    (void)close(folder);
    return true;
}

/* One by one, as far as a descriptor can be: the hard limit, or what the kernel allows at most. */
static bool close_one_by_one(unsigned first) {
    static const rlim_t most = 1 << 20;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return false;
    }
    unsigned end = (unsigned)(limit.rlim_max < most ? limit.rlim_max : most);
    for (unsigned fd = first; fd < end; fd++) {
        if (close((int)fd) < 0 && errno == EIO) {
            return false;
        }
    }
    return true;
}

bool descriptors_close_from(unsigned first) {
    return syscall(SYS_close_range, first, UINT_MAX, 0) == 0 || close_by_proc(first) ||
           close_one_by_one(first);
}
