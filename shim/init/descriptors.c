#include "descriptors.h"

#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
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
            /* Closed it is, whatever the answer; a list that is none may name what is not open. */
            closed += close((int)fd) == 0 || errno != EBADF;
        }
        at += step;
    }
    return closed;
}

/*
 * Reads the list again until there is nothing to close: closing may make it skip. Not for ever: a
 * sandbox that forbids close(2) leaves it as it is.
 */
static bool close_by_proc(unsigned first) {
    enum { READINGS = 100 };
    _Alignas(struct dirent) char buffer[2048];
    size_t closed = 1;
    int folder = openat(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    for (int reading = 0; closed > 0 && reading < READINGS; reading++) {
        long length;
        closed = 0;
        if (lseek(folder, 0, SEEK_SET) < 0) {
            (void)close(folder);
            return false;
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

/* One by one: no limit of ours tells what another process has opened before us. */
static void close_one_by_one(unsigned first) {
    static const unsigned end = 1 << 20; /* the kernel's own fs.nr_open, unless it was raised */
    for (unsigned fd = first; fd < end; fd++) {
        (void)close((int)fd); /* closed it is, whatever the answer */
    }
}

void descriptors_close_from(unsigned first) {
    if (syscall(SYS_close_range, first, UINT_MAX, 0) < 0 && !close_by_proc(first)) {
        close_one_by_one(first);
    }
}
