/*
 * /etc/passwd and /etc/group, read strictly. libc's own reader takes an empty number for 0 and
 * wraps large ones, which would make root of them; here such a line counts for nothing.
 */
#ifndef SHIM_ACCOUNTS_H
#define SHIM_ACCOUNTS_H

#include "identity/identity.h"

/*
 * Looks uid up in the passwd file at path: the first line that fits. No such file, one that is
 * not a regular file, or no such line: account->found is false. Returns false, with errno, when
 * the file cannot be opened or read to its end, or there is no memory.
 */
bool account_find(const char *path, uid_t uid, struct account *account);

/*
 * Adds the groups that the group file at path lists for the user's name. Same errors.
 */
bool account_groups(const char *path, const char *name, struct group_list *groups);

/* Adds one group. Returns false, with errno, when there is no memory. */
bool groups_add(struct group_list *groups, gid_t gid);

#endif
