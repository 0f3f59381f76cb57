/* Variables that were meant as settings of the shim, and are none. */
#ifndef SHIM_MISSPELT_H
#define SHIM_MISSPELT_H

#include "base/base.h"

/*
 * Warns of every variable that begins with SHIM_ and is not empty, but is neither one of the count
 * names nor one that Kubernetes makes of a service's name.
 */
void misspelt_warn(char *const *environment, const char *const *names, size_t count,
                   struct messages *messages);

#endif
