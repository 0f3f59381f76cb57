/*
 * /etc/passwd and /etc/group, read strictly. libc's own reader takes an empty number for 0 and
 * wraps large ones, which would make root of them; here such a line counts for nothing.
 */
#ifndef SHIM_ACCOUNTS_H
#define SHIM_ACCOUNTS_H

#include "identity/identity.h"

/*
 * Strictly, for whom the app becomes; as laxly as any container runtime, for what one of them may
 * have given us because a file says so.
 */
enum reading { READ_STRICT, READ_LAX };

/*
 * Looks uid up in the passwd file at path: the first line that fits. No such file, one that is
 * not a regular file, or no such line: account->found is false. Returns false, with errno, when
 * the file cannot be opened or read to its end, or there is no memory.
 */
bool account_find(const char *path, enum reading reading, uid_t uid, struct account *account);

/*
 * Adds the groups that the group file at path lists for the user's name. Same errors, and those of
 * groups_add().
 */
bool account_groups(const char *path, enum reading reading, const char *name,
                    struct group_list *groups);

#endif
