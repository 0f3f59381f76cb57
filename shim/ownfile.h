/*
 * The shim's own file (design.md, section 5): whoever can put another in its place is root at the
 * next start. Looks, and changes nothing.
 */
#ifndef SHIM_OWNFILE_H
#define SHIM_OWNFILE_H

#include "accounts.h"

#include <limits.h>

/*
 * Whether the user uid with these groups may write to our file, to a folder above it, or to one
 * above a symbolic link that we were started through; if so, path is the first of them.
 */
bool ownfile_is_replaceable(uid_t uid, const struct group_list *groups, char path[PATH_MAX]);

#endif
