#include "mask.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/*
 * Left by entry.S, which has blocked all signals before libc's start-up: the mask until then. On
 * a machine that it has no instructions for, mask_take() is the first to block them.
 */
uint64_t entry_mask;
bool entry_masked;

/* The kernel's own struct of rt_sigaction(2); libc's has another layout. */
struct action {
    union {
        void (*plain)(int);
        void (*with_context)(int, siginfo_t *, void *);
    } handler;
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
enum { WAY_BACK_FLAG = 0x04000000 }; /* SA_RESTORER */
#define WAY_BACK .restorer = restore
#else
enum { WAY_BACK_FLAG = 0 };
#define WAY_BACK
#endif

/*
 * By raw system call: libc's sigaction() writes to globals and unblocks 33 and 34, and a child
 * that shares our memory comes here. Returns false, with errno, if that fails.
 */
static bool set_action(int number, const struct action *action, struct action *old) {
    return syscall(SYS_rt_sigaction, number, action, old, sizeof action->mask) == 0;
}

static bool set_disposition(int number, void (*handler)(int), struct action *old) {
    return set_action(number, &(struct action){.handler.plain = handler}, old);
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
    struct action old = {.handler.plain = SIG_ERR};
    inherited->mask = all;
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &inherited->mask, sizeof all) < 0 ||
        !set_disposition(SIGCHLD, SIG_DFL, &old)) {
        return false;
    }
    if (old.handler.plain == SIG_ERR) { /* a sandbox that pretends: we might wait for ever */
        errno = ENOSYS;
        return false;
    }
    /* If entry.S has blocked nothing, the mask that was just read is the one from the start. */
    if (entry_masked && (inherited->mask | exempt) == UINT64_MAX) {
        inherited->mask = entry_mask;
    }
    inherited->child_ignored = old.handler.plain == SIG_IGN;
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
    /* Nobody looks at it after this: with another mask the app might never hear a SIGTERM. */
    if (!is_in_force(inherited->mask)) {
        errno = EPERM;
        return false;
    }
    return true;
}

/* Sets an action for a signal that is not ignored. */
static bool set_unless_ignored(int number, const struct action *action) {
    struct action old = {.handler.plain = SIG_DFL};
    return set_action(number, action, &old) &&
           (old.handler.plain != SIG_IGN || set_disposition(number, SIG_IGN, NULL));
}

static void end_as_killed(int number) {
    _exit(128 + number);
}

bool mask_let_end(const struct inherited_signals *inherited) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    const struct action end = {.handler.plain = end_as_killed, .flags = WAY_BACK_FLAG, WAY_BACK};
    struct inherited_signals open = *inherited;
    open.mask |= (uint64_t)1 << (SIGPIPE - 1) | (uint64_t)1 << (SIGXFSZ - 1);
    /* PID 1 is given no signal that it has no handler for: pid_namespaces(7). */
    for (size_t i = 0; getpid() == 1 && i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!set_unless_ignored(numbers[i], &end)) {
            return false;
        }
    }
    return mask_give_back(&open);
}

uint64_t mask_hold(void) {
    static const uint64_t all = UINT64_MAX;
    uint64_t before = 0;
    (void)syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, sizeof all); /* or they end us */
    return before;
}

void mask_release(uint64_t before) {
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
}

/* The kernel tells a handler where its alternate stack would be: there the place is to note it. */
static void note_stop(int number, siginfo_t *info, void *context) {
    struct stops *stops = ((ucontext_t *)context)->uc_stack.ss_sp;
    (void)info;
    stops->noted |= (uint64_t)1 << (number - 1);
}

bool mask_note_stops(struct stops *stops) {
    static const int numbers[] = {SIGTSTP, SIGTTIN, SIGTTOU};
    const struct action note = {
        .handler.with_context = note_stop, .flags = SA_SIGINFO | WAY_BACK_FLAG, WAY_BACK};
    const stack_t place = {.ss_sp = stops, .ss_size = sizeof *stops};
    if (sigaltstack(&place, NULL) < 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!set_unless_ignored(numbers[i], &note)) {
            return false;
        }
    }
    return true;
}

/*
 * How often in a row it may be said that a wait without limit was in vain: a stop and a continue of
 * ours says so, the freezing of a container, and for ever a sandbox that only pretends to wait.
 */
enum { TRIES = 1 << 20 };

/* The kernel's own timespec of rt_sigtimedwait(2), which is not musl's on 32-bit systems. */
struct limit {
    long seconds;
    long nanoseconds;
};

/*
 * The kernel gives what was sent to a thread (tgkill(2)) before all else, and then goes by number:
 * a flood of one would keep the others for ever. So once one has come twice those that have not
 * come yet are asked for first, without waiting.
 */
int mask_wait(struct turns *turns, int64_t milliseconds) {
    static const struct limit none = {0, 0};
    const struct limit limit = {(long)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    const struct limit *patience = milliseconds < 0 ? NULL : &limit;
    uint64_t set = turns->again ? ~turns->served : UINT64_MAX;
    int error = ENOSYS;
    for (long tries = 0; tries < TRIES; tries++) {
        bool all = set == UINT64_MAX;
        long number = syscall(SYS_rt_sigtimedwait, &set, NULL, all ? patience : &none, sizeof set);
        if (number > 0 && number <= SIGNAL_MAX) {
            const uint64_t bit = (uint64_t)1 << (number - 1);
            turns->again = turns->again || (turns->served & bit) != 0;
            turns->served |= bit;
            return (int)number;
        }
        error = number < 0 ? errno : ENOSYS;
        if (number < 0 && error != EAGAIN && error != EINTR) {
            break;
        }
        if (number < 0 && all && milliseconds >= 0) {
            return 0;
        }
        *turns = (struct turns){.served = 0};
        set = UINT64_MAX;
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
