/* Trying a privileged port as the app would open it (design.md, section 4, step 7). */
#ifndef SHIM_PROBE_H
#define SHIM_PROBE_H

#include "plan.h"
#include "report.h"

/*
 * Binds every privileged port that the plan accepts, as this process is now, and lets it go; it
 * never listens. Returns false, with an error in report, when a port is not to be had for want
 * of privilege. A port that is in use, or an address that is not there, is the app's business.
 */
bool probe_ports(const struct plan *plan, struct report *report);

#endif
