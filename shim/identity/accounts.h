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

/* Whose line of /etc/passwd is wanted, how it is to be read, and what becomes of it. */
struct account_wish {
    uid_t uid;
    enum reading reading;
    struct account *account;
};

/* The same of /etc/group: the groups that list a name; NULL for nobody. */
struct groups_wish {
    const char *name;
    enum reading reading;
    struct group_list *groups;
};

/*
 * Goes through the passwd file at path once, for all wishes: the first line that fits each. No
 * such file, one that is not a regular file, or no such line: account->found is false. Returns
 * false, with errno, when the file cannot be opened or read to its end, or there is no memory.
 */
bool accounts_find(const char *path, const struct account_wish *wishes, size_t count);

/* Adds what the group file at path says, for all wishes. Same errors, and those of groups_add(). */
bool accounts_groups(const char *path, const struct groups_wish *wishes, size_t count);

#endif
