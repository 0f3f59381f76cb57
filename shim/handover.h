/* What the app's new user is given before root is gone (design.md, section 4, step 5). */
#ifndef SHIM_HANDOVER_H
#define SHIM_HANDOVER_H

#include "plan.h"
#include "report.h"

/*
 * Opens a closed descriptor 0, 1 or 2 on /dev/null, so that no file that is opened later becomes
 * the app's stderr. Returns false, with an error in report, when there is no /dev/null.
 */
bool handover_fill_stdio(struct report *report);

/*
 * If the uid changes: gives the descriptors 0, 1 and 2 to the app's user, as runc does for USER:
 * anonymous pipes, sockets, and a terminal that is ours to give. Where that is not allowed, they
 * stay as they are; where it matters, for want of CAP_CHOWN, with a warning in report.
 */
void handover_stdio(const struct plan *plan, struct report *report);

/*
 * If the uid changes: puts the plan's HOME into the app's environment, a copy with room for it.
 * Returns false, with an error in report, when there is no memory.
 */
bool handover_home(const struct plan *plan, char **environment, struct report *report);

#endif
