#include "accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Opens a file to read. *file is NULL where there is none, or none that is a regular file.
 * Returns false, with errno, when there may be one that we cannot get at. O_NONBLOCK: a FIFO in
 * its place must not hold up the start.
 */
static bool open_regular(const char *path, FILE **file) {
    struct stat status;
    *file = NULL;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENXIO;
    }
    bool good = fstat(fd, &status) == 0;
    if (good && S_ISREG(status.st_mode)) {
        *file = fdopen(fd, "r");
        good = *file != NULL;
    }
    int error = errno;
    if (*file == NULL) {
        (void)close(fd); /* only read from */
    }
    errno = error;
    return good;
}

/* Splits a line into fields at its colons; the last takes the rest. False: fewer than needed. */
static bool split(struct text line, struct text *fields, size_t count, size_t needed) {
    size_t found = 0;
    while (found + 1 < count && text_next(&line, ':', &fields[found])) {
        found++;
    }
    if (line.at != NULL) {
        fields[found++] = line;
    }
    for (size_t i = found; i < count; i++) {
        fields[i] = LITERAL("");
    }
    return found >= needed;
}

/* A comment, and what other readers take for a directive, is nobody's account. */
static bool names_someone(struct text name) {
    return name.length > 0 && strchr("#+- \t", name.at[0]) == NULL;
}

/* Takes from a passwd line what belongs to uid. Returns false, with errno, without memory. */
static bool take_account(struct text line, uid_t uid, struct account *account) {
    struct text fields[7]; /* name, password, uid, gid, comment, home, shell */
    uint32_t line_uid;
    uint32_t line_gid;
    if (!split(line, fields, 7, 4) || !names_someone(fields[0]) ||
        !text_number(fields[2], ID_MAX, &line_uid) || line_uid != uid ||
        !text_number(fields[3], ID_MAX, &line_gid)) {
        return true;
    }
    account->gid = line_gid;
    account->name = strndup(fields[0].at, fields[0].length);
    account->home = strndup(fields[5].at, fields[5].length);
    account->found = account->name != NULL && account->home != NULL;
    return account->found;
}

/* Adds the group of a group line if name is a member. Returns false, with errno, as above. */
static bool take_group(struct text line, struct text name, struct group_list *groups) {
    struct text fields[4]; /* name, password, gid, members */
    struct text member;
    uint32_t gid;
    if (!split(line, fields, 4, 4) || !names_someone(fields[0]) ||
        !text_number(fields[2], ID_MAX, &gid)) {
        return true;
    }
    while (text_next(&fields[3], ',', &member)) {
        if (text_equal(member, name)) {
            return groups_add(groups, gid);
        }
    }
    return true;
}

/* The next line of a file without its end. Returns false at the end, or with errno set. */
static bool next_line(FILE *file, char **buffer, size_t *size, struct text *line) {
    errno = 0;
    ssize_t length = getline(buffer, size, file);
    if (length < 0) {
        return false;
    }
    if (length > 0 && (*buffer)[length - 1] == '\n') {
        length--;
    }
    *line = (struct text){*buffer, (size_t)length};
    /* A NUL byte would end the name for everybody else. */
    if (memchr(*buffer, '\0', (size_t)length) != NULL) {
        line->length = 0;
    }
    return true;
}

/* Frees what was read with, and returns whether all of it was read; keeps errno. */
static bool finish(FILE *file, char *buffer, bool good) {
    int error = errno;
    good = good && !ferror(file) && error != ENOMEM;
    free(buffer);
    (void)fclose(file); /* only read from */
    errno = error;
    return good;
}

bool account_find(const char *path, uid_t uid, struct account *account) {
    char *buffer = NULL;
    size_t size = 0;
    struct text line;
    bool good = true;
    memset(account, 0, sizeof *account);
    FILE *file;
    if (!open_regular(path, &file)) {
        return false;
    }
    if (file == NULL) {
        return true;
    }
    while (good && !account->found && next_line(file, &buffer, &size, &line)) {
        good = take_account(line, uid, account);
    }
    return finish(file, buffer, good);
}

bool account_groups(const char *path, const char *name, struct group_list *groups) {
    char *buffer = NULL;
    size_t size = 0;
    struct text line;
    bool good = true;
    FILE *file;
    if (!open_regular(path, &file)) {
        return false;
    }
    if (file == NULL) {
        return true;
    }
    while (good && next_line(file, &buffer, &size, &line)) {
        good = take_group(line, text_of(name), groups);
    }
    return finish(file, buffer, good);
}

bool groups_add(struct group_list *groups, gid_t gid) {
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
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->ids[i] == gid) {
            return true;
        }
    }
    return false;
}

bool groups_equal(const struct group_list *a, const struct group_list *b) {
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0);
}
