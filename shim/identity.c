#include "identity.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char passwd[] = "/etc/passwd";
static const char group[] = "/etc/group";

static bool read_current(struct identity *identity) {
    if (getresuid(&identity->ruid, &identity->euid, &identity->suid) < 0 ||
        getresgid(&identity->rgid, &identity->egid, &identity->sgid) < 0) {
        return false;
    }
    int count = getgroups(0, NULL);
    if (count < 0) {
        return false;
    }
    if (count > 0) {
        identity->groups.ids = calloc((size_t)count, sizeof(gid_t));
        if (identity->groups.ids == NULL || getgroups(count, identity->groups.ids) != count) {
            return false;
        }
        identity->groups.count = (size_t)count;
    }
    groups_settle(&identity->groups);
    identity->secure = getauxval(AT_SECURE) != 0;
    return account_find(passwd, identity->euid, &identity->starter) &&
           (!identity->starter.found ||
            account_groups(group, identity->starter.name, &identity->starter_groups));
}

static bool keep_current(struct identity *identity) {
    identity->kept = true;
    identity->app_uid = identity->euid;
    identity->app_gid = identity->egid;
    identity->app = identity->starter;
    for (size_t i = 0; i < identity->groups.count; i++) {
        if (!groups_add(&identity->app_groups, identity->groups.ids[i])) {
            return false;
        }
    }
    return true;
}

static bool choose_app(const struct options *options, struct identity *identity) {
    struct group_list *groups = &identity->app_groups;
    identity->app_uid = options->uid.state == ID_SET ? options->uid.id : DEFAULT_UID;
    if (!account_find(passwd, identity->app_uid, &identity->app)) {
        return false;
    }
    if (options->gid.state == ID_SET) {
        identity->app_gid = options->gid.id;
    } else {
        identity->app_gid = identity->app.found ? identity->app.gid : identity->app_uid;
    }
    /* The primary group is in the list too, as with every runtime since CVE-2022-36109. */
    bool good = groups_add(groups, identity->app_gid) &&
                (!identity->app.found || account_groups(group, identity->app.name, groups));
    for (size_t i = 0; good && i < options->group_count; i++) {
        good = groups_add(groups, options->groups[i]);
    }
    groups_settle(groups);
    return good;
}

/* Whether id exists in our user namespace: user_namespaces(7). Without /proc: assume so. */
static bool is_mapped(const char *map, uint32_t id) {
    char line[64];
    bool mapped = false;
    FILE *file = fopen(map, "re");
    if (file == NULL) {
        return true;
    }
    /* First id inside, first id outside, count. */
    while (!mapped && fgets(line, sizeof line, file) != NULL) {
        char *next = line;
        unsigned long inside = strtoul(next, &next, 10);
        (void)strtoul(next, &next, 10);
        unsigned long count = strtoul(next, &next, 10);
        mapped = id >= inside && id - inside < count;
    }
    (void)fclose(file); /* only read from */
    return mapped;
}

static bool is_setgroups_denied(void) {
    char word[8] = "";
    FILE *file = fopen("/proc/self/setgroups", "re");
    if (file == NULL) {
        return false;
    }
    bool denied = fgets(word, sizeof word, file) != NULL && strncmp(word, "deny", 4) == 0;
    (void)fclose(file); /* only read from */
    return denied;
}

static void look_at_namespace(struct identity *identity) {
    identity->setgroups_denied = is_setgroups_denied();
    identity->uid_unmapped = !is_mapped("/proc/self/uid_map", identity->app_uid);
    for (size_t i = 0; i < identity->app_groups.count && !identity->gid_unmapped; i++) {
        identity->unmapped_gid = identity->app_groups.ids[i];
        identity->gid_unmapped = !is_mapped("/proc/self/gid_map", identity->unmapped_gid);
    }
}

/* Whether the app could write to path, or give itself the right to. */
static bool app_may_write(const struct identity *identity, const char *path) {
    struct stat status;
    struct statvfs system;
    if (stat(path, &status) < 0 || statvfs(path, &system) < 0) {
        return false; /* out of our sight, and we are the more powerful one */
    }
    if ((system.f_flag & ST_RDONLY) != 0) {
        return false;
    }
    if (status.st_uid == identity->app_uid) {
        return true; /* an owner can change the mode */
    }
    /* In a sticky folder only the owner of an entry can replace it. */
    if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) {
        return false;
    }
    bool in_group = groups_have(&identity->app_groups, status.st_gid);
    return (status.st_mode & (in_group ? S_IWGRP : S_IWOTH)) != 0;
}

/*
 * Whether the app may write to path or to a folder above it: then path is cut to that one. The
 * folder of a path without a slash is not looked at: it is the working directory of a shim that
 * was started without /proc.
 */
static bool is_replaceable(const struct identity *identity, char *path) {
    while (!app_may_write(identity, path)) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || path[1] == '\0') {
            return false;
        }
        slash[slash == path ? 1 : 0] = '\0';
    }
    return true;
}

/* Whoever can replace the shim is root at the next start. */
static bool look_at_own_file(struct identity *identity) {
    const char *given = (const char *)getauxval(AT_EXECFN); /* NOLINT: an address, by definition */
    char *path = calloc(1, PATH_MAX);
    if (path == NULL) {
        return false;
    }
    /* Without /proc: the path the kernel was given. */
    if (readlink("/proc/self/exe", path, PATH_MAX - 1) < 0 && given != NULL) {
        (void)snprintf(path, PATH_MAX, "%s", given);
    }
    if (path[0] != '\0' && is_replaceable(identity, path)) {
        identity->replaceable = path; /* kept for the message */
    } else {
        free(path);
    }
    return true;
}

bool identity_gather(const struct options *options, bool can_switch, struct identity *identity,
                     struct report *report) {
    memset(identity, 0, sizeof *identity);
    bool good = read_current(identity);
    /* Root that cannot switch is refused; --check shows what it would have become. */
    if (good && !can_switch && identity->euid != 0) {
        good = keep_current(identity);
    } else if (good) {
        good = choose_app(options, identity) && look_at_own_file(identity);
        look_at_namespace(identity);
    }
    if (!good) {
        report_error(report, "cannot find out who the app is to run as: %s", strerror(errno));
        return false;
    }
    identity->known = identity->kept || options->uid.state != ID_MALFORMED;
    return true;
}
