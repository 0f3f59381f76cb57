/*
 * The signals that the shim was started with, and waiting for all 64 of them. By raw system
 * call: musl's own functions leave 32 to 34 out of every set.
 */
#ifndef SHIM_MASK_H
#define SHIM_MASK_H

#include "init/init.h"

#include <signal.h>

/* Written by entry.S, read by mask_take(). */
extern uint64_t entry_mask;
extern bool entry_masked;

/* Puts mask and disposition back, as a rule in the child, before the app. Errors likewise. */
bool mask_give_back(const struct inherited_signals *inherited);

/* Where a child notes the stops that were meant for it: bit n-1 is signal n. */
struct stops {
    uint64_t noted;
    char rest[16384]; /* as large as an alternate stack must be: see mask.c */
};

/*
 * In the child, before mask_give_back(): from here to its execve(2) no TSTP, TTIN or TTOU stops
 * it. Those that it does not ignore are noted in *stops, for its parent to send them again; what
 * the app inherits stays as it was. Returns false, with errno, if that fails.
 */
bool mask_note_stops(struct stops *stops);

/* Who has come since all that had come were served; bit n-1 is signal n. */
struct turns {
    uint64_t served;
    bool again; /* one of them twice: now it is the others' turn */
};

/*
 * Waits for any signal, for ever, or with a limit in milliseconds if that is not negative. *turns,
 * all zero at first, sees to it that each has its turn. Returns its number; 0 when the limit has
 * passed, or the wait was interrupted; -1, with errno, when waiting is forbidden.
 */
int mask_wait(struct turns *turns, int64_t milliseconds);

/*
 * Stops us by one of the terminal's signals, and of our process group whom we may signal, and
 * returns once we are continued, which SIGCONT then tells. Returns false where the kernel does
 * not let it stop us: nobody is there who would continue us. See setpgid(2), orphaned process
 * groups.
 */
bool mask_stop(int number);

/* Whether this signal has come and mask_wait() has not told yet. */
bool mask_holds(int number);

#endif
