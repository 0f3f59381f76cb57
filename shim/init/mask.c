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

/* The kernel's own struct of rt_sigaction(2); libc's has another layout. */
struct action {
    void (*handler)(int);
    unsigned long flags;
#ifndef __riscv
    void (*restorer)(void);
#endif
    unsigned long mask[64 / (CHAR_BIT * sizeof(unsigned long))];
#ifdef __riscv
    unsigned long slack; /* qemu's user mode believes in a restorer, and writes one word more */
#endif
};

#ifdef __x86_64__
/* rt_sigreturn(2): on this machine alone the kernel has no way of its own back from a handler. */
__attribute__((naked)) static void restore(void) {
    __asm__("mov $15, %eax\n\tsyscall");
}
#define WAY_BACK .flags = 0x04000000UL, .restorer = restore, /* SA_RESTORER */
#else
#define WAY_BACK
#endif

/*
 * By raw system call: libc's sigaction() writes to globals and unblocks 33 and 34, and a child
 * that shares our memory comes here. Returns false, with errno, if that fails.
 */
static bool set_disposition(int number, void (*handler)(int), struct action *old) {
    const struct action action = {WAY_BACK.handler = handler};
    return syscall(SYS_rt_sigaction, number, &action, old, sizeof action.mask) == 0;
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
    struct action old = {.handler = SIG_ERR};
    inherited->mask = all;
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &inherited->mask, sizeof all) < 0 ||
        !set_disposition(SIGCHLD, SIG_DFL, &old)) {
        return false;
    }
    if (old.handler == SIG_ERR) { /* a sandbox that pretends: we might wait for ever */
        errno = ENOSYS;
        return false;
    }
    /* If entry.S has blocked nothing, the mask that was just read is the one from the start. */
    if (entry_masked && (inherited->mask | exempt) == UINT64_MAX) {
        inherited->mask = entry_mask;
    }
    inherited->child_ignored = old.handler == SIG_IGN;
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

/* A handler, unlike an ignored signal, is not handed down by execve(2). */
static void do_nothing(int number) {
    (void)number;
}

bool mask_pass_stops(uint64_t *stops) {
    static const int numbers[] = {SIGTSTP, SIGTTIN, SIGTTOU};
    uint64_t pending = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct action old = {.handler = SIG_DFL};
        if (!set_disposition(numbers[i], do_nothing, &old)) {
            return false;
        }
        if (old.handler == SIG_IGN) {
            if (!set_disposition(numbers[i], SIG_IGN, NULL)) {
                return false;
            }
            continue;
        }
        *stops |= (uint64_t)1 << (numbers[i] - 1);
    }
    if (syscall(SYS_rt_sigpending, &pending, sizeof pending) < 0) {
        return false;
    }
    *stops &= pending;
    return true;
}

/*
 * How often in a row it may be said that a wait without limit was in vain: a stop and a continue of
 * ours says so, the freezing of a container, and for ever a sandbox that only pretends to wait.
 */
enum { TRIES = 1 << 20 };

int mask_wait(int64_t milliseconds) {
    static const uint64_t all = UINT64_MAX;
    /* The kernel's own timespec of this call, which is not musl's on 32-bit systems. */
    struct {
        long seconds;
        long nanoseconds;
    } limit = {(long)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    int error = ENOSYS;
    for (long tries = 0; tries < TRIES; tries++) {
        long number =
            syscall(SYS_rt_sigtimedwait, &all, NULL, milliseconds < 0 ? NULL : &limit, sizeof all);
        if (number > 0 && number <= SIGNAL_MAX) {
            return (int)number;
        }
        error = number < 0 ? errno : ENOSYS;
        if (error == EAGAIN && milliseconds >= 0) {
            return 0;
        }
        if (error != EAGAIN && error != EINTR && number < 0) {
            break;
        }
    }
    errno = error;
    return -1;
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
