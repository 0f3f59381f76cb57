/*
 * /etc/passwd and /etc/group, held against a second reader that was written from their manual
 * pages: a uid on the first line, passwd, a line of "--", group.
 */
#include "fuzz.h"
#include "identity/accounts.h"
#include "settings/settings.h"

enum { FIELDS = 7 };

/* A copy of a line in its fields. Returns how many there are, at most FIELDS. */
static size_t split_line(char *line, char *fields[FIELDS]) {
    size_t count = 0;
    while (count < FIELDS && line != NULL) {
        fields[count++] = strsep(&line, ":");
    }
    return count;
}

/* Whether field is a number as the shim itself would print it. */
static bool is_id(const char *field, uint32_t *id) {
    char again[32];
    *id = (uint32_t)strtoull(field, NULL, 10);
    (void)snprintf(again, sizeof again, "%u", *id);
    return strcmp(field, again) == 0 && *id <= ID_MAX;
}

static bool is_entry(char *const *fields, size_t count, size_t needed) {
    return count >= needed && fields[0][0] != '\0' && strchr("#+- \t", fields[0][0]) == NULL;
}

static char *copy_line(const uint8_t *data, size_t length) {
    char *line = malloc(length + 1);
    require(line != NULL);
    memcpy(line, data, length);
    line[length] = '\0';
    return line;
}

/* The next line without a NUL byte in it, on the heap; NULL at the end. */
static char *next_good_line(const uint8_t **data, size_t *size) {
    while (*size > 0) {
        const uint8_t *begin = *data;
        const uint8_t *end = memchr(begin, '\n', *size);
        size_t length = end == NULL ? *size : (size_t)(end - begin);
        size_t taken = length + (end == NULL ? 0 : 1);
        *data += taken;
        *size -= taken;
        if (memchr(begin, '\0', length) == NULL) {
            return copy_line(begin, length);
        }
    }
    return NULL;
}

static void check_account(const struct account *account, uid_t uid, const uint8_t *data,
                          size_t size) {
    char *fields[FIELDS];
    uint32_t line_uid;
    uint32_t gid;
    for (char *line; (line = next_good_line(&data, &size)) != NULL; free(line)) {
        size_t count = split_line(line, fields);
        if (is_entry(fields, count, 4) && is_id(fields[2], &line_uid) && line_uid == uid &&
            is_id(fields[3], &gid)) {
            require(account->found && account->gid == gid);
            require(strcmp(account->name, fields[0]) == 0);
            require(strcmp(account->home, count > 5 ? fields[5] : "") == 0);
            free(line);
            return;
        }
    }
    require(!account->found);
}

static bool lists(char *members, const char *name) {
    for (char *member; (member = strsep(&members, ",")) != NULL;) {
        if (strcmp(member, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_groups(const struct group_list *groups, const char *name, const uint8_t *data,
                         size_t size) {
    char *fields[FIELDS];
    uint32_t gid;
    size_t found = 0;
    for (char *line; (line = next_good_line(&data, &size)) != NULL; free(line)) {
        /* The members are all that is left, further colons and all. */
        char *rest = line;
        size_t count = 0;
        while (count < 3 && rest != NULL) {
            fields[count++] = strsep(&rest, ":");
        }
        if (count == 3 && rest != NULL && is_entry(fields, count, 3) && is_id(fields[2], &gid) &&
            lists(rest, name)) {
            require(found < groups->count && groups->ids[found] == gid);
            found++;
        }
    }
    require(found == groups->count);
}

static void check_settled(struct group_list *groups) {
    size_t before = groups->count;
    groups_settle(groups);
    require(groups->count <= before && (groups->count == 0) == (before == 0));
    for (size_t i = 1; i < groups->count; i++) {
        require(groups->ids[i - 1] < groups->ids[i]);
    }
}

/* The lax reading comes to an end too, and passes over nothing that the strict one takes. */
static void check_lax(const char *passwd, const char *group, uid_t uid, const char *name,
                      const struct group_list *strict) {
    struct account account;
    struct account again;
    struct group_list groups = {NULL, 0};
    require(accounts_find(passwd, &(struct account_wish){uid, READ_STRICT, &again}, 1));
    require(accounts_find(passwd, &(struct account_wish){uid, READ_LAX, &account}, 1));
    require(accounts_groups(group, &(struct groups_wish){name, READ_LAX, &groups}, 1));
    require(account.found || !again.found);
    require(groups.count >= strict->count);
    free(groups.ids);
    free(account.name);
    free(account.home);
    free(again.name);
    free(again.home);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char separator[] = "\n--\n";
    struct account account;
    struct group_list groups = {NULL, 0};
    char *head = size == 0 ? NULL : next_good_line(&data, &size);
    if (head == NULL) {
        return 0;
    }
    const uid_t uid = (uid_t)strtoul(head, NULL, 10);
    const uint8_t *middle = memmem(data, size, separator, sizeof separator - 1);
    const size_t first = middle == NULL ? size : (size_t)(middle - data) + 1;
    const size_t skipped = middle == NULL ? size : first + sizeof separator - 2;
    struct file passwd = make_file(data, first);
    struct file group = make_file(data + skipped, size - skipped);

    require(accounts_find(passwd.path, &(struct account_wish){uid, READ_STRICT, &account}, 1));
    check_account(&account, uid, data, first);
    const char *name = account.found ? account.name : "app";
    require(accounts_groups(group.path, &(struct groups_wish){name, READ_STRICT, &groups}, 1));
    check_groups(&groups, name, data + skipped, size - skipped);
    check_settled(&groups);

    check_lax(passwd.path, group.path, uid, name, &groups);
    free(groups.ids);
    free(account.name);
    free(account.home);
    free(head);
    (void)close(passwd.fd);
    (void)close(group.fd);
    return 0;
}
