#include "ownfile.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* As many links as the kernel follows: path_resolution(7). */
enum { LINKS_MAX = 40 };

/* Whether the user could write to path, or give itself the right to. */
static bool may_write(uid_t uid, const struct group_list *groups, const char *path) {
    struct stat status;
    struct statvfs system;
    if (stat(path, &status) < 0 || statvfs(path, &system) < 0) {
        return false; /* out of our sight, and we are the more powerful one */
    }
    if ((system.f_flag & ST_RDONLY) != 0) {
        return false;
    }
    if (status.st_uid == uid) {
        return true; /* an owner can change the mode */
    }
    /* In a sticky folder only the owner of an entry can replace it. */
    if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) {
        return false;
    }
    /* With an access control list the group's bits are what it gives to anybody at most. */
    if (getxattr(path, "system.posix_acl_access", NULL, 0) > 0) {
        return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    }
    return (status.st_mode & (groups_have(groups, status.st_gid) ? S_IWGRP : S_IWOTH)) != 0;
}

/* Looks at an absolute path and at all folders above it; cuts it to the first that is writable. */
static bool is_writable_up(uid_t uid, const struct group_list *groups, char *path) {
    while (!may_write(uid, groups, path)) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || path[1] == '\0') {
            return false;
        }
        slash[slash == path ? 1 : 0] = '\0';
    }
    return true;
}

/* Writes name, seen from folder, to path. Returns false when that is too long. */
static bool join(char path[PATH_MAX], const char *folder, const char *name) {
    while (strncmp(name, "./", 2) == 0) {
        name += 2;
    }
    const char *base = name[0] == '/' ? "" : folder;
    const char *slash = name[0] == '/' ? "" : "/";
    return snprintf(path, PATH_MAX, "%s%s%s", base, slash, name) < PATH_MAX;
}

/* If path is a symbolic link: writes where it leads to next. */
static bool follow(const char *path, char next[PATH_MAX]) {
    char target[PATH_MAX];
    char folder[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0) {
        return false;
    }
    target[length] = '\0';
    (void)snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0'; /* an absolute path has one */
    return join(next, folder, target);
}

void ownfile_find_writable(uid_t uid, const struct group_list *groups, char path[PATH_MAX]) {
    char here[PATH_MAX];
    char step[PATH_MAX];
    const char *given = (const char *)getauxval(AT_EXECFN); /* NOLINT: an address, by definition */

    /* Where the kernel found the file; /proc may be missing. */
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length > 0) {
        path[length] = '\0';
        if (is_writable_up(uid, groups, path)) {
            return;
        }
    }
    /* The way there: the next start takes it again. */
    bool more = given != NULL && getcwd(here, sizeof here) != NULL && join(step, here, given);
    for (int links = 0; more && links < LINKS_MAX; links++) {
        (void)snprintf(path, PATH_MAX, "%s", step);
        if (is_writable_up(uid, groups, path)) {
            return;
        }
        (void)snprintf(here, sizeof here, "%s", step);
        more = follow(here, step);
    }
    path[0] = '\0';
}
