#include "ownfile.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* As many links as the kernel follows: path_resolution(7). */
enum { LINKS_MAX = 40 };

/* A walk along an absolute path, as the kernel takes it. */
struct walk {
    char here[PATH_MAX]; /* where it has got to, free of links; empty for the root folder */
    char rest[PATH_MAX]; /* what is still to go */
    int links;           /* that were followed */
};

/*
 * Whether the user could write to path, or give itself the right to. If path is a folder, entry is
 * what it is to take away from there; else NULL.
 */
static bool may_write(uid_t uid, const struct group_list *groups, const char *path,
                      const struct stat *entry) {
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
    if (entry != NULL && (status.st_mode & S_ISVTX) != 0 && entry->st_uid != uid) {
        return false;
    }
    /* With an access control list the group's bits are what it gives to anybody at most. */
    if (getxattr(path, "system.posix_acl_access", NULL, 0) > 0) {
        return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    }
    return (status.st_mode & (groups_have(groups, status.st_gid) ? S_IWGRP : S_IWOTH)) != 0;
}

/*
 * Whether something is mounted at path: nobody can take that away, and the next start finds it
 * again. By raw system call: Debian's musl has no statx(2). A kernel that does not know says no.
 */
static bool is_mounted(const char *path) {
    enum { ATTRIBUTES = 1, ATTRIBUTES_MASK = 7 }; /* the numbers' places in struct statx */
    static const uint64_t mount_root = 0x2000;
    uint64_t answer[32] = {0};
    return syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0U, answer) == 0 &&
           (answer[ATTRIBUTES] & answer[ATTRIBUTES_MASK] & mount_root) != 0;
}

/* Takes the next name off what is still to go. Returns false at the end. */
static bool next_name(struct walk *walk, char name[NAME_MAX + 1]) {
    const char *start = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(start, "/");
    if (length == 0 || length > NAME_MAX) {
        return false;
    }
    memcpy(name, start, length);
    name[length] = '\0';
    memmove(walk->rest, start + length, strlen(start + length) + 1);
    return true;
}

/* Steps into an entry of the folder. Returns false when the path gets too long. */
static bool enter(struct walk *walk, const char *name) {
    size_t length = strlen(walk->here);
    size_t room = sizeof walk->here - length;
    return (size_t)snprintf(walk->here + length, room, "/%s", name) < room;
}

/* Steps out of the folder, or back from an entry. */
static void leave(struct walk *walk) {
    char *slash = strrchr(walk->here, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
}

/* Goes on where the symbolic link leads to. Returns false when it leads nowhere. */
static bool follow(struct walk *walk) {
    char target[PATH_MAX];
    char rest[PATH_MAX];
    ssize_t length = readlink(walk->here, target, sizeof target - 1);
    if (length <= 0 || walk->links++ == LINKS_MAX) {
        return false;
    }
    target[length] = '\0';
    (void)snprintf(rest, sizeof rest, "%s", walk->rest);
    leave(walk);
    if (target[0] == '/') {
        walk->here[0] = '\0';
    }
    return snprintf(walk->rest, PATH_MAX, "%s/%s", target, rest) < PATH_MAX;
}

/*
 * Whether the user could make path lead to another file, or change the one it leads to: looks at
 * every folder and link on the way. If so, path becomes the first of them that is writable.
 */
static bool find_writable(uid_t uid, const struct group_list *groups, char path[PATH_MAX]) {
    struct walk walk = {.here = ""};
    char name[NAME_MAX + 1];
    (void)snprintf(walk.rest, sizeof walk.rest, "%s", path);
    while (next_name(&walk, name)) {
        struct stat entry = {.st_uid = 0};
        if (strcmp(name, ".") == 0) {
            continue;
        }
        if (strcmp(name, "..") == 0) {
            leave(&walk);
            continue;
        }
        (void)snprintf(path, PATH_MAX, "%s", walk.here[0] == '\0' ? "/" : walk.here);
        if (!enter(&walk, name)) {
            return false;
        }
        bool there = lstat(walk.here, &entry) == 0;
        if (!is_mounted(walk.here) && may_write(uid, groups, path, &entry)) {
            return true;
        }
        if (!there || (S_ISLNK(entry.st_mode) && !follow(&walk))) {
            return false;
        }
    }
    (void)snprintf(path, PATH_MAX, "%s", walk.here);
    return may_write(uid, groups, path, NULL);
}

bool ownfile_is_replaceable(uid_t uid, const struct group_list *groups, const char *path) {
    char way[PATH_MAX];
    (void)snprintf(way, sizeof way, "%s", path);
    return find_writable(uid, groups, way);
}

void ownfile_find_writable(uid_t uid, const struct group_list *groups, char path[PATH_MAX]) {
    char here[PATH_MAX] = "";
    const char *given = (const char *)getauxval(AT_EXECFN); /* NOLINT: an address, by definition */

    /* Where the kernel found the file; /proc may be missing. */
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length > 0) {
        path[length] = '\0';
        if (find_writable(uid, groups, path)) {
            return;
        }
    }
    /* The way there: the next start takes it again. */
    bool known = given != NULL && (given[0] == '/' || getcwd(here, sizeof here) != NULL) &&
                 snprintf(path, PATH_MAX, "%s/%s", here, given) < PATH_MAX;
    if (!known || !find_writable(uid, groups, path)) {
        path[0] = '\0';
    }
}
