#include "identity/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool groups_add(struct group_list *groups, gid_t gid) {
    if (groups->count == GROUPS_MAX) {
        errno = E2BIG;
        return false;
    }
    /* Grows at every power of two, so that no second count is needed. */
    if ((groups->count & (groups->count - 1)) == 0) {
        size_t room = groups->count == 0 ? 1 : groups->count * 2;
        gid_t *ids = realloc(groups->ids, room * sizeof *ids);
        if (ids == NULL) {
            return false;
        }
        groups->ids = ids;
    }
    groups->ids[groups->count++] = gid;
    return true;
}

void groups_drop(struct group_list *groups, gid_t gid) {
    size_t kept = 0;
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->ids[i] != gid) {
            groups->ids[kept++] = groups->ids[i];
        }
    }
    groups->count = kept;
}

static int compare(const void *left, const void *right) {
    gid_t a = *(const gid_t *)left;
    gid_t b = *(const gid_t *)right;
    return (a > b) - (a < b);
}

void groups_settle(struct group_list *groups) {
    size_t kept = 0;
    if (groups->count == 0) {
        return;
    }
    qsort(groups->ids, groups->count, sizeof *groups->ids, compare);
    for (size_t i = 1; i < groups->count; i++) {
        if (groups->ids[i] != groups->ids[kept]) {
            groups->ids[++kept] = groups->ids[i];
        }
    }
    groups->count = kept + 1;
}

bool groups_have(const struct group_list *groups, gid_t gid) {
    return groups->count > 0 &&
           bsearch(&gid, groups->ids, groups->count, sizeof gid, compare) != NULL;
}

bool groups_equal(const struct group_list *a, const struct group_list *b) {
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0);
}
