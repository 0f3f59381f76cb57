/*
 * The shim's own file (DESIGN.md, Identity): whoever can put another in its place is root at the
 * next start. Looks, and changes nothing.
 */
#ifndef SHIM_OWNFILE_H
#define SHIM_OWNFILE_H

#include "identity/identity.h"

/*
 * Writes to path the first of these that the user uid with these groups may write to: our file,
 * or a folder on the way to it, be it by symbolic links. Empty: there is none.
 */
void ownfile_find_writable(uid_t uid, const struct group_list *groups, char path[PATH_MAX]);

#endif
