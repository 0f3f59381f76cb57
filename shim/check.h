/* --check: the plan as text (DESIGN.md, Messages). */
#ifndef SHIM_CHECK_H
#define SHIM_CHECK_H

#include "plan.h"

/*
 * Prints the eight keys on stdout. Returns the exit code of the verb: 0, 125 for a plan that is
 * refused, 126 or 127 for a PROGRAM that is not there or has no x bit (path is the app's PATH).
 */
int check_print(const struct plan *plan, const struct options *options,
                const struct identity *identity, const char *path, struct messages *messages);

/* The same facts in one line, for SHIM_LOG=info. */
void check_summarize(const struct plan *plan, const struct identity *identity,
                     struct messages *messages);

#endif
