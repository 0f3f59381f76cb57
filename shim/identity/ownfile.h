/*
 * The shim's own file (DESIGN.md, Identity): whoever can put another in its place is root at the
 * next start. Looks, and changes nothing.
 */
#ifndef SHIM_OWNFILE_H
#define SHIM_OWNFILE_H

#include "identity/identity.h"

/* Reads what our own file may lend. */
void ownfile_read_capabilities(struct file_capabilities *found);

/*
 * Whether the user uid with these groups (settled) could write to the file at path, an absolute
 * one, or make the path lead to another: by a folder or a symbolic link on the way.
 */
bool ownfile_is_replaceable(uid_t uid, const struct group_list *groups, const char *path);

/*
 * Writes to path the first of these that the user uid with these groups may write to: our file,
 * or a folder on the way to it, be it by symbolic links. Empty: there is none.
 */
void ownfile_find_writable(uid_t uid, const struct group_list *groups, char path[PATH_MAX]);

#endif
