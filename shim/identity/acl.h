/*
 * Access control lists of POSIX 1003.1e, as acl(5) tells of them, in the form that the kernel
 * shows: the attribute system.posix_acl_access. Pure.
 */
#ifndef SHIM_ACL_H
#define SHIM_ACL_H

#include "identity/identity.h"

/*
 * Whether a list lets somebody write who is not the file's owner: the user uid with these groups
 * (settled); group is the file's. The kernel's order of questions: posix_acl_permission() of
 * fs/posix_acl.c, which asks only where the mode has a bit of the group's set. What is no list of
 * whole entries of its kinds is taken to let anybody.
 */
bool acl_lets_write(const uint8_t *list, size_t length, gid_t group, uid_t uid,
                    const struct group_list *groups);

#endif
