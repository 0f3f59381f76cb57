/*
 * The user namespace that we are in: which ids exist in it (user_namespaces(7)). Without /proc
 * nothing is known, and everything is assumed to be there: the kernel has the last word.
 */
#ifndef SHIM_NAMESPACE_H
#define SHIM_NAMESPACE_H

#include "identity/identity.h"

/* Notes in *identity whether the app's ids exist, and whether setgroups(2) is denied. */
void namespace_look(struct identity *identity);

/*
 * The gid that stands for every group that has no number here; 0 where there can be no such group,
 * as the namespace has all of them.
 */
gid_t namespace_overflow_gid(void);

#endif
