#include "mask.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Left by entry.S, which has blocked all signals before libc's start-up: the mask until then. On
 * a machine that it has no instructions for, mask_take() is the first to block them.
 */
uint64_t entry_mask;
bool entry_masked;

static bool set_disposition(int number, void (*handler)(int), struct sigaction *old) {
    struct sigaction action = {.sa_handler = handler};
    return sigaction(number, &action, old) == 0;
}

/*
 * Nobody can block KILL and STOP; and qemu's user mode, which people start images of another
 * architecture with, keeps 63 and 64 to itself: it never delivers them.
 */
static const uint64_t exempt =
    (uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1) | (uint64_t)3 << 62;

/* Whether mask is in force, as the kernel has it. */
static bool is_in_force(uint64_t mask) {
    uint64_t found = 0;
    return syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &found, sizeof found) == 0 &&
           (found | exempt) == (mask | exempt);
}

bool mask_is_whole(void) {
    return is_in_force(UINT64_MAX);
}

bool mask_take(struct inherited_signals *inherited) {
    static const uint64_t all = UINT64_MAX;
    struct sigaction old;
    inherited->mask = all;
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &inherited->mask, sizeof all) < 0 ||
        !set_disposition(SIGCHLD, SIG_DFL, &old)) {
        return false;
    }
    /* If entry.S has blocked nothing, the mask that was just read is the one from the start. */
    if (entry_masked && (inherited->mask | exempt) == UINT64_MAX) {
        inherited->mask = entry_mask;
    }
    inherited->child_ignored = old.sa_handler == SIG_IGN;
    return true;
}

bool mask_give_back(const struct inherited_signals *inherited) {
    if (inherited->child_ignored && !set_disposition(SIGCHLD, SIG_IGN, NULL)) {
        return false;
    }
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &inherited->mask, NULL, sizeof inherited->mask) <
        0) {
        return false;
    }
    /* Verification is over by now: with another mask the app might never hear a SIGTERM. */
    if (!is_in_force(inherited->mask)) {
        errno = EPERM;
        return false;
    }
    return true;
}

int mask_wait(int64_t milliseconds) {
    static const uint64_t all = UINT64_MAX;
    /* The kernel's own timespec of this call, which is not musl's on 32-bit systems. */
    struct {
        long seconds;
        long nanoseconds;
    } limit = {(long)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    for (;;) {
        long number =
            syscall(SYS_rt_sigtimedwait, &all, NULL, milliseconds < 0 ? NULL : &limit, sizeof all);
        if (number >= 0) {
            return (int)number;
        }
        if (errno == EAGAIN) {
            return 0;
        }
        if (errno != EINTR) { /* which is a stop and a continue of our own */
            return -1;
        }
    }
}

bool mask_holds(int number) {
    uint64_t pending = 0;
    return syscall(SYS_rt_sigpending, &pending, sizeof pending) == 0 &&
           (pending >> (number - 1) & 1) != 0;
}

bool mask_stop(int number) {
    const uint64_t one = (uint64_t)1 << (number - 1);
    /* Our whole group, as the key would have: a shell sees a pipeline stop when all of it has. */
    if (!set_disposition(number, SIG_DFL, NULL) || kill(0, number) < 0) {
        return false;
    }
    /* Pending, it is one with what somebody else may have sent; a CONT that comes now undoes it. */
    (void)syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, NULL, sizeof one);
    (void)syscall(SYS_rt_sigprocmask, SIG_BLOCK, &one, NULL, sizeof one);
    return mask_holds(SIGCONT);
}
