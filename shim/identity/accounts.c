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
    while (i < digits.length && strchr(" \t+-", digits.at[i]) != NULL) {
        minus = minus || digits.at[i++] == '-';
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

/* Takes from a passwd line what belongs to uid. Returns false, with errno, without memory. */
static bool take_account(struct text line, enum reading reading, uid_t uid,
                         struct account *account) {
    struct text fields[7]; /* name, password, uid, gid, comment, home, shell */
    uint32_t line_uid;
    uint32_t line_gid;
    if (!split_fields(line, fields, 7, 4) || !names_someone(fields[0], reading) ||
        !read_id(fields[2], reading, &line_uid) || line_uid != uid ||
        !read_id(fields[3], reading, &line_gid)) {
        return true;
    }
    account->gid = line_gid;
    account->name = strndup(fields[0].at, fields[0].length);
    account->home = strndup(fields[5].at, fields[5].length);
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

/* Adds the group of a group line if name is a member. Returns false, with errno, as above. */
static bool take_group(struct text line, enum reading reading, struct text name,
                       struct group_list *groups) {
    struct text fields[4]; /* name, password, gid, members */
    struct text member;
    uint32_t gid;
    if (!split_fields(line, fields, 4, 4) || !names_someone(fields[0], reading) ||
        !read_id(fields[2], reading, &gid)) {
        return true;
    }
    while (text_next(&fields[3], ',', &member)) {
        if (text_equal(reading == READ_LAX ? trim(member) : member, name)) {
            return groups_add(groups, gid);
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
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        *wishes[i].account = (struct account){.found = false};
    }
    if (!lines_open(&file, path)) {
        return errno == ENOENT;
    }
    while (good && !all_found(wishes, count) && next_line(&file, &line)) {
        for (size_t i = 0; good && i < count; i++) {
            const struct account_wish *wish = &wishes[i];
            good =
                wish->account->found || take_account(line, wish->reading, wish->uid, wish->account);
        }
    }
    return lines_close(&file) && good;
}

bool accounts_groups(const char *path, const struct groups_wish *wishes, size_t count) {
    struct lines file;
    struct text line;
    bool good = true;
    if (!lines_open(&file, path)) {
        return errno == ENOENT;
    }
    while (good && next_line(&file, &line)) {
        for (size_t i = 0; good && i < count; i++) {
            const struct groups_wish *wish = &wishes[i];
            good = wish->name == NULL ||
                   take_group(line, wish->reading, text_of(wish->name), wish->groups);
        }
    }
    return lines_close(&file) && good;
}
