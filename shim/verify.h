/* Reading back from the kernel what the drop has left (design.md, section 4, step 8). */
#ifndef SHIM_VERIFY_H
#define SHIM_VERIFY_H

#include "plan.h"
#include "report.h"

#include <linux/securebits.h>

/* The securebits that the drop sets: prctl(2), capabilities(7). */
enum {
    VERIFY_SECUREBITS = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                        SECBIT_NO_SETUID_FIXUP_LOCKED
};

/*
 * Each compares one part of this process with the plan and returns false, with an error in
 * report, at any difference: the ids and groups; the five capability sets and the securebits;
 * no_new_privs, the signal mask and the way back to uid 0.
 */
bool verify_ids(const struct plan *plan, struct report *report);
bool verify_capabilities(const struct plan *plan, struct report *report);
bool verify_process(const struct plan *plan, struct report *report);

/* Whether permitted, effective, inheritable and ambient are empty; if not, an error in report. */
bool verify_nothing_held(struct report *report);

#endif
