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

/* As many as the kernel takes: NGROUPS_MAX, setgroups(2). */
enum { GROUPS_MAX = 65536 };

/* Adds one group. Returns false, with errno: ENOMEM, or E2BIG for more than GROUPS_MAX. */
bool groups_add(struct group_list *groups, gid_t gid);

/* Takes every entry of that group out. */
void groups_drop(struct group_list *groups, gid_t gid);

/* Sorts the list and drops what is in it twice. The kernel sorts it too: setgroups(2). */
void groups_settle(struct group_list *groups);

/* Whether a settled list has the group. */
bool groups_have(const struct group_list *groups, gid_t gid);

/* Whether both lists, settled, are the same. */
bool groups_equal(const struct group_list *a, const struct group_list *b);

/* The user that every .NET image has: $APP_UID in the official ones. */
enum { DEFAULT_UID = 1654 };

/* How much of what a file says about groups is taken: all of it, one group, or nothing. */
struct trust {
    enum { TRUST_ALL, TRUST_ONE, TRUST_NOTHING } in;
    gid_t group; /* the one */
};

struct identity {
    /* Now. */
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid;
    struct group_list groups;        /* supplementary, settled */
    bool secure;                     /* AT_SECURE: more than the ids may have changed at exec */
    struct account starter;          /* our own passwd entry */
    struct account starter_strictly; /* the same, as a runtime that skips odd lines finds it */

    struct file_capabilities own_file; /* if we stay who we are */

    /* Who the app will be. */
    bool known; /* false: a malformed setting leaves the rest open */
    bool stays; /* it is who we are */
    uid_t app_uid;
    gid_t app_gid;
    struct group_list app_groups; /* settled */
    struct account app;           /* its passwd entry */
    struct group_list lost;       /* settled: what the files or the platform give, not taken */
    bool gid_stands_in;           /* app_gid is the uid's number, as /etc/passwd is not trusted */
    struct trust passwd, group;   /* the app could write to them */
    bool group_covered;           /* another /etc/group is mounted over the image's */

    /* What stands in the way. */
    bool uid_unmapped; /* app_uid does not exist in this user namespace */
    bool gid_unmapped; /* one of the gids does not: unmapped_gid */
    gid_t unmapped_gid;
    bool setgroups_denied;      /* /proc/self/setgroups says deny */
    char replaceable[PATH_MAX]; /* what the app could replace the shim through, or empty */
};

/* Reads the ids and AT_SECURE alone. Returns false, with errno, if that fails. */
bool identity_read_origin(struct identity *identity);

/*
 * Fills *identity for a start with these options; can_switch says whether CAP_SETUID and
 * CAP_SETGID are both effective. Returns false, with an error in messages, when the system does
 * not let us look (no memory, a file that breaks off).
 */
bool identity_gather(const struct options *options, bool can_switch, struct identity *identity,
                     struct messages *messages);

#endif
