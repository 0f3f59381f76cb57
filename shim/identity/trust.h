/*
 * Whether the app could write to an account file (DESIGN.md, Identity). Then what it says about
 * groups is the app's own word: it could be in any group at the next start.
 */
#ifndef SHIM_TRUST_H
#define SHIM_TRUST_H

#include "identity/identity.h"

/*
 * How far the file at path is trusted by a start that makes the app uid, in groups (settled). Where
 * the file's own group alone lets the app write, that one group is what it must have been in.
 */
struct trust trust_look(const char *path, uid_t uid, const struct group_list *groups);

/* Whether a file trusted so may give that group. */
bool trust_gives(struct trust trust, gid_t gid);

#endif
