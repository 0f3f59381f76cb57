/*
 * What we hold, its drop, and the proof of the drop (design.md, section 4, steps 6 to 8). The
 * only user of libcap-ng, which writes the sets; what is proved is read from the kernel itself.
 */
#ifndef SHIM_PRIVILEGE_H
#define SHIM_PRIVILEGE_H

#include "plan.h"
#include "report.h"

/* Reads what this process holds. Returns false, with an error in report, if that fails. */
bool privilege_read(struct held *held, struct report *report);

/*
 * Makes this process what the plan says: bounding set, securebits, groups, gid, uid, the other
 * capability sets, no_new_privs. Returns false, with an error in report, at the first step that
 * fails; the process is then of no use but to end.
 */
bool privilege_drop(const struct plan *plan, struct report *report);

/*
 * Reads it all back and compares it with the plan. Returns false, with an error in report, at
 * any difference.
 */
bool privilege_verify(const struct plan *plan, struct report *report);

/*
 * Gives up the one capability that the app may have kept, in this process, and checks that
 * nothing is left. Returns false, with an error in report, if that fails.
 */
bool privilege_release(struct report *report);

#endif
