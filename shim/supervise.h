/*
 * Being the app's init (design.md, section 7): starting it, handing signals on, reaping, and
 * ending as it ended.
 */
#ifndef SHIM_SUPERVISE_H
#define SHIM_SUPERVISE_H

#include "options.h"
#include "report.h"
#include "spawn.h"

/*
 * Starts the app and stays until it has ended. release is called once the app runs: it gives up
 * what only the app may keep. Returns the exit code to end with; the reason for one of the
 * shim's own is in report.
 */
int supervise(const struct launch *launch, const struct options *options,
              bool (*release)(struct report *), struct report *report);

#endif
