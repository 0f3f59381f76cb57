#include "ownfile.h"

#include "acl.h"
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* As many links as the kernel follows: path_resolution(7). */
enum { LINKS_MAX = 40 };

struct user {
    uid_t uid;
    const struct group_list *groups; /* settled */
};

/* A walk along an absolute path, as the kernel takes it. */
struct walk {
    char *here;         /* of PATH_MAX bytes: where it has got to, free of links; the root: "" */
    struct stat status; /* of what is there */
    struct text rest;   /* what is still to go: the end of room, so that links go before it */
    int links;          /* that were followed */
    bool lost;          /* too long to go on: the worst is to be thought */
    char room[PATH_MAX];
};

/* Whether getxattr(2) has said that there is no list, or what asks may have forbidden. */
static bool has_none(int error) {
    return error == ENODATA || error == EOPNOTSUPP || error == ENOSYS || error == EPERM ||
           error == EACCES;
}

/*
 * Whether a file's mode, or the access control list that it has, lets a user write who is not its
 * owner. Being in a group may withhold what others have: that is not believed, since a line in
 * /etc/group more or less would change it. Nor is a list then: whether the kernel looks at it hangs
 * on the mode.
 */
static bool lets_write(const struct user *user, const char *path, const struct stat *status) {
    static const char name[] = "system.posix_acl_access";
    if ((status->st_mode & S_IWOTH) != 0) {
        return true;
    }
    ssize_t length = getxattr(path, name, NULL, 0);
    if (length == 0 || (length < 0 && has_none(errno))) {
        return groups_have(user->groups, status->st_gid); /* the group's bit is set: may_write() */
    }
    if (length < 0) {
        return true;
    }
    /* A list that cannot be looked at may say anything. */
    uint8_t *list = malloc((size_t)length);
    bool writable = list == NULL || getxattr(path, name, list, (size_t)length) != length ||
                    acl_lets_write(list, (size_t)length, status->st_gid, user->uid, user->groups);
    free(list);
    return writable;
}

/*
 * Whether the user could write to what is at path, or give itself the right to. If that is a
 * folder, entry is what it is to take away from there; else NULL.
 */
static bool may_write(const struct user *user, const char *path, const struct stat *status,
                      const struct stat *entry) {
    struct statvfs system;
    if (status->st_uid != user->uid) { /* an owner can change the mode */
        /* With an access control list the group's bits are what it gives to anybody at most. */
        if ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0) {
            return false;
        }
        /* In a sticky folder only the owner of an entry can replace it. */
        if (entry != NULL && (status->st_mode & S_ISVTX) != 0 && entry->st_uid != user->uid) {
            return false;
        }
        if (!lets_write(user, path, status)) {
            return false;
        }
    }
    return statvfs(path, &system) < 0 || (system.f_flag & ST_RDONLY) == 0;
}

/* Puts a path before what is still to go. Returns false when that gets too long. */
static bool prepend(struct walk *walk, const char *path, size_t length) {
    char *end = walk->room + sizeof walk->room - walk->rest.length;
    walk->lost = length >= (size_t)(end - walk->room);
    if (walk->lost) {
        return false;
    }
    char *start = end - length - 1;
    memmove(start, path, length);
    end[-1] = '/';
    walk->rest = (struct text){start, walk->rest.length + length + 1};
    return true;
}

/*
 * Whether a look that failed with this error has told that nothing is there, for us, who are the
 * more powerful one. By any other it has told nothing, and the worst is to be thought.
 */
static bool is_absent(int error) {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP ||
           error == ENAMETOOLONG;
}

/* Looks at the folder that the walk has got to by another way than into it. */
static void look_here(struct walk *walk) {
    if (stat(walk->here[0] == '\0' ? "/" : walk->here, &walk->status) < 0) {
        /* Nobody's, and closed, or open to all. */
        walk->status = (struct stat){.st_uid = (uid_t)-1, .st_mode = is_absent(errno) ? 0 : 0777};
    }
}

/* Begins in the root folder. */
static void begin(struct walk *walk, const char *path, char *here) {
    walk->here = here;
    walk->links = 0;
    walk->rest = (struct text){NULL, 0};
    (void)prepend(walk, path, strlen(path)); /* it may be in here */
    here[0] = '\0';
    look_here(walk);
}

/* Steps into an entry of the folder. Returns where its name begins; NULL when that is too long. */
static char *enter(struct walk *walk, struct text name) {
    size_t length = strlen(walk->here);
    if (length + 1 + name.length >= PATH_MAX) {
        return NULL;
    }
    char *slash = walk->here + length;
    slash[0] = '/';
    memcpy(slash + 1, name.at, name.length);
    slash[1 + name.length] = '\0';
    return slash;
}

/* Steps out of the folder. */
static void leave(struct walk *walk) {
    char *slash = strrchr(walk->here, '/');
    if (slash != NULL) {
        *slash = '\0';
        look_here(walk);
    }
}

/*
 * Whether the user could take away the entry whose name begins at slash. If so, the walk has only
 * got to its folder.
 */
static bool may_take_away(const struct user *user, struct walk *walk, char *slash,
                          const struct stat *entry) {
    bool in_root = slash == walk->here;
    *slash = '\0';
    bool writable = may_write(user, in_root ? "/" : walk->here, &walk->status, entry);
    *slash = '/';
    /* What is mounted nobody can take away, and the next start finds it again. */
    if (!writable || mounts_have(walk->here)) {
        return false;
    }
    slash[in_root ? 1 : 0] = '\0';
    return true;
}

/* Goes on where the symbolic link leads to. Returns false when it leads nowhere. */
static bool follow(struct walk *walk, char *slash) {
    ssize_t length = readlink(walk->here, walk->room, sizeof walk->room - walk->rest.length);
    if (length <= 0 || walk->links++ == LINKS_MAX) {
        return false;
    }
    bool from_root = walk->room[0] == '/';
    if (!prepend(walk, walk->room, (size_t)length)) {
        return false;
    }
    *slash = '\0';
    if (from_root) {
        walk->here[0] = '\0';
        look_here(walk);
    }
    return true;
}

/*
 * Whether the user could make path lead to another file, or change the one it leads to: looks at
 * every folder and link on the way. If so, here becomes the first of them that is writable; and so
 * too where the way is too long to be gone. It may be where path is.
 */
static bool find_writable(const struct user *user, const char *path, char here[PATH_MAX]) {
    struct walk walk;
    struct text name;
    begin(&walk, path, here);
    while (text_next(&walk.rest, '/', &name)) {
        struct stat entry = {.st_uid = 0};
        if (name.length == 0 || text_equal(name, LITERAL("."))) {
            continue;
        }
        if (text_equal(name, LITERAL(".."))) {
            leave(&walk);
            continue;
        }
        char *slash = enter(&walk, name);
        if (slash == NULL) {
            return true;
        }
        bool there = lstat(here, &entry) == 0;
        if (!there && !is_absent(errno)) {
            return true;
        }
        if (may_take_away(user, &walk, slash, &entry)) {
            return true;
        }
        if (!there || (S_ISLNK(entry.st_mode) && !follow(&walk, slash))) {
            return walk.lost;
        }
        if (!S_ISLNK(entry.st_mode)) {
            walk.status = entry;
        }
    }
    return walk.lost || may_write(user, here, &walk.status, NULL);
}

bool ownfile_is_replaceable(uid_t uid, const struct group_list *groups, const char *path) {
    char here[PATH_MAX];
    return find_writable(&(struct user){uid, groups}, path, here);
}

/* Makes a path absolute. Returns false where that is not to be had. */
static bool make_absolute(const char *given, char path[PATH_MAX]) {
    size_t length = 0;
    if (given[0] != '/') {
        if (getcwd(path, PATH_MAX) == NULL) {
            return false;
        }
        length = strlen(path);
    }
    return (size_t)snprintf(path + length, PATH_MAX - length, "/%s", given) < PATH_MAX - length;
}

void ownfile_find_writable(uid_t uid, const struct group_list *groups, char path[PATH_MAX]) {
    static const char own[] = "/proc/self/exe";             /* there may be no /proc */
    const char *given = (const char *)getauxval(AT_EXECFN); /* NOLINT: an address, by definition */
    const struct user user = {uid, groups};
    struct stat status;

    /* The file that runs, and where the kernel found it. */
    ssize_t length = readlink(own, path, PATH_MAX - 1);
    if (length > 0) {
        path[length] = '\0';
        bool same = given != NULL && strcmp(given, path) == 0;
        /* qemu's user mode answers for the link where there is no /proc; its path will do then. */
        if (stat(own, &status) < 0 ? !is_absent(errno) : may_write(&user, own, &status, NULL)) {
            return;
        }
        if (find_writable(&user, path, path)) {
            return;
        }
        given = same ? NULL : given;
    }
    /* The way there: the next start takes it again. */
    if (given == NULL || !make_absolute(given, path) || !find_writable(&user, path, path)) {
        path[0] = '\0';
    }
}

void ownfile_read_capabilities(struct file_capabilities *found) {
    const char *given = (const char *)getauxval(AT_EXECFN); /* NOLINT: an address, by definition */
    filecaps_read("/proc/self/exe", found);
    if (found->state == FILECAPS_NONE && given != NULL) {
        filecaps_read(given, found); /* without /proc */
    }
}
