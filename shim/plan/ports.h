/* Whether the app may open its ports, and what is kept for them (DESIGN.md, Ports). Pure. */
#ifndef SHIM_PORTS_H
#define SHIM_PORTS_H

#include "plan/plan.h"

/* Fills the plan's floors and what it keeps; a port that is refused is an error in messages. */
void ports_decide(const struct options *options, const struct identity *identity,
                  const struct listen *listen, const struct held *held, struct plan *plan,
                  struct messages *messages);

#endif
