#include "accounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Splits a line into fields at its colons; the last takes the rest. False: fewer than needed. */
static bool split_fields(struct text line, struct text *fields, size_t count, size_t needed) {
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

/* A comment, and what other readers take for a directive, is nobody's account; to some it is. */
static bool names_someone(struct text name, enum reading reading) {
    return reading == READ_LAX || (name.length > 0 && strchr("#+- \t", name.at[0]) == NULL);
}

/*
 * A number as the laxest of the runtimes' readers takes it: blanks, a sign and zeros before it, and
 * anything behind. What they gave us by such a line has to be known for what it is.
 */
static bool read_lax(struct text digits, uint32_t *value) {
    size_t i = 0;
    uint32_t number = 0;
    bool minus = false;
    for (; i < digits.length && strchr(" \t+-", digits.at[i]) != NULL; i++) {
        minus = minus || digits.at[i] == '-';
    }
    size_t first = i;
    for (; i < digits.length && digits.at[i] >= '0' && digits.at[i] <= '9'; i++) {
        number = number * 10 + (uint32_t)(digits.at[i] - '0'); /* modulo 2^32, as theirs */
    }
    *value = minus ? 0 - number : number;
    return i > first;
}

static bool read_id(struct text digits, enum reading reading, uint32_t *value) {
    return reading == READ_LAX ? read_lax(digits, value) : text_number(digits, ID_MAX, value);
}

/* A line of passwd: name, password, uid, gid, comment, home, shell. */
enum passwd_field { PASSWD_NAME, PASSWD_UID = 2, PASSWD_GID, PASSWD_HOME = 5, PASSWD_FIELDS = 7 };
/* A line of group: name, password, gid, members. */
enum group_field { GROUP_NAME, GROUP_GID = 2, GROUP_MEMBERS, GROUP_FIELDS };

/* Takes from a passwd line what belongs to the wish. Returns false, with errno, without memory. */
static bool take_account(const struct text *fields, const struct account_wish *wish) {
    struct account *account = wish->account;
    uint32_t uid;
    uint32_t gid;
    if (!names_someone(fields[PASSWD_NAME], wish->reading) ||
        !read_id(fields[PASSWD_UID], wish->reading, &uid) || uid != wish->uid ||
        !read_id(fields[PASSWD_GID], wish->reading, &gid)) {
        return true;
    }
    account->gid = gid;
    account->name = strndup(fields[PASSWD_NAME].at, fields[PASSWD_NAME].length);
    account->home = strndup(fields[PASSWD_HOME].at, fields[PASSWD_HOME].length);
    account->found = account->name != NULL && account->home != NULL;
    return account->found;
}

static struct text trim(struct text word) {
    while (word.length > 0 && strchr(" \t\r", word.at[0]) != NULL) {
        word = text_skip(word, 1);
    }
    while (word.length > 0 && strchr(" \t\r", word.at[word.length - 1]) != NULL) {
        word.length--;
    }
    return word;
}

/* Adds the group of a group line if the wish's name is a member. Returns false as above. */
static bool take_group(const struct text *fields, const struct groups_wish *wish) {
    struct text members = fields[GROUP_MEMBERS];
    struct text member;
    uint32_t gid;
    if (wish->name == NULL || !names_someone(fields[GROUP_NAME], wish->reading) ||
        !read_id(fields[GROUP_GID], wish->reading, &gid)) {
        return true;
    }
    while (text_next(&members, ',', &member)) {
        if (text_equal(wish->reading == READ_LAX ? trim(member) : member, text_of(wish->name))) {
            return groups_add(wish->groups, gid);
        }
    }
    return true;
}

/* The next line. A NUL byte would end a name for everybody else: such a line is an empty one. */
static bool next_line(struct lines *file, struct text *line) {
    if (!lines_next(file, line)) {
        return false;
    }
    if (line->length > 0 && memchr(line->at, '\0', line->length) != NULL) {
        line->length = 0;
    }
    return true;
}

static bool all_found(const struct account_wish *wishes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!wishes[i].account->found) {
            return false;
        }
    }
    return true;
}

bool accounts_find(const char *path, const struct account_wish *wishes, size_t count) {
    struct lines file;
    struct text line;
    struct text fields[PASSWD_FIELDS];
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        *wishes[i].account = (struct account){.found = false};
    }
    if (!lines_open(&file, path)) {
        return errno == ENOENT;
    }
    while (good && !all_found(wishes, count) && next_line(&file, &line)) {
        bool whole = split_fields(line, fields, PASSWD_FIELDS, PASSWD_GID + 1);
        for (size_t i = 0; whole && good && i < count; i++) {
            good = wishes[i].account->found || take_account(fields, &wishes[i]);
        }
    }
    return lines_close(&file) && good;
}

bool accounts_groups(const char *path, const struct groups_wish *wishes, size_t count) {
    struct lines file;
    struct text line;
    struct text fields[GROUP_FIELDS];
    bool good = true;
    if (!lines_open(&file, path)) {
        return errno == ENOENT;
    }
    while (good && next_line(&file, &line)) {
        bool lists = split_fields(line, fields, GROUP_FIELDS, GROUP_FIELDS) &&
                     fields[GROUP_MEMBERS].length > 0; /* most list nobody */
        for (size_t i = 0; lists && good && i < count; i++) {
            good = take_group(fields, &wishes[i]);
        }
    }
    return lines_close(&file) && good;
}
