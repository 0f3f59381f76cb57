/* Whether the app may become whom it is to be, and what of that has to be told. Pure. */
#ifndef SHIM_WHOM_H
#define SHIM_WHOM_H

#include "plan/plan.h"

/* Puts into messages what stands in the way, and what is worth knowing. */
void whom_check(const struct options *options, const struct identity *identity,
                const struct held *held, struct messages *messages);

#endif
