#include "trust.h"

#include "ownfile.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Whether the user could write without being in that group. Without memory: assume so. */
static bool is_writable_without(gid_t gid, uid_t uid, const struct group_list *groups,
                                const char *path) {
    struct group_list others = {NULL, 0};
    bool writable = false;
    for (size_t i = 0; i < groups->count && !writable; i++) {
        writable = groups->ids[i] != gid && !groups_add(&others, groups->ids[i]);
    }
    writable = writable || ownfile_is_replaceable(uid, &others, path);
    free(others.ids);
    return writable;
}

struct trust trust_look(const char *path, uid_t uid, const struct group_list *groups) {
    struct stat status;
    if (!ownfile_is_replaceable(uid, groups, path)) {
        return (struct trust){TRUST_ALL, 0};
    }
    if (stat(path, &status) < 0 || is_writable_without(status.st_gid, uid, groups, path)) {
        return (struct trust){TRUST_NOTHING, 0};
    }
    return (struct trust){TRUST_ONE, status.st_gid};
}

bool trust_gives(struct trust trust, gid_t gid) {
    return trust.in == TRUST_ALL || (trust.in == TRUST_ONE && trust.group == gid);
}
