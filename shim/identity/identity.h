/*
 * Who we are now, and who the app will be (DESIGN.md, Identity): ids, /etc/passwd, /etc/group, the
 * user namespace and the shim's own file. Looks, and changes nothing.
 */
#ifndef SHIM_IDENTITY_H
#define SHIM_IDENTITY_H

#include "settings/settings.h"

#include <limits.h>

/* A user of /etc/passwd. */
struct account {
    bool found;
    gid_t gid;
    char *name; /* on the heap, like home; never freed: they live as long as the plan */
    char *home; /* empty when the line has none */
};

/* Group numbers on the heap; groups_settle() makes them ascending, each once. */
struct group_list {
    gid_t *ids;
    size_t count;
};

/* Sorts the list and drops what is in it twice. The kernel sorts it too: setgroups(2). */
void groups_settle(struct group_list *groups);

bool groups_have(const struct group_list *groups, gid_t gid);

/* Whether both lists, settled, are the same. */
bool groups_equal(const struct group_list *a, const struct group_list *b);

/* The user that every .NET image has: $APP_UID in the official ones. */
enum { DEFAULT_UID = 1654 };

struct identity {
    /* Now. */
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid;
    struct group_list groups;         /* supplementary, settled */
    bool secure;                      /* AT_SECURE: setuid, setgid or file capabilities */
    struct account starter;           /* our own passwd entry */
    struct group_list starter_groups; /* what /etc/group gives us */

    /* Who the app will be. */
    bool known; /* false: a malformed setting leaves the rest open */
    bool kept;  /* it stays who we are */
    uid_t app_uid;
    gid_t app_gid;
    struct group_list app_groups; /* settled */
    struct account app;           /* its passwd entry */

    /* What stands in the way. */
    bool uid_unmapped; /* app_uid does not exist in this user namespace */
    bool gid_unmapped; /* one of the gids does not: unmapped_gid */
    gid_t unmapped_gid;
    bool setgroups_denied;      /* /proc/self/setgroups says deny */
    char replaceable[PATH_MAX]; /* what the app could replace the shim through, or empty */
};

/* Reads the ids and AT_SECURE alone. Returns false, with errno, if that fails. */
bool identity_read_origin(struct identity *identity);

/* Whether the shim's file, or whoever started it, has lent it rights that are not the caller's. */
bool identity_is_lent(const struct identity *identity);

/*
 * Fills *identity for a start with these options; can_switch says whether CAP_SETUID and
 * CAP_SETGID are both effective. Returns false, with an error in messages, when the system does
 * not let us look (no memory, a file that breaks off).
 */
bool identity_gather(const struct options *options, bool can_switch, struct identity *identity,
                     struct messages *messages);

#endif
