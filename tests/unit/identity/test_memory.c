/* Whichever allocation fails: it is an error, or nothing is taken for more than it is. */
#include "../../../shim/identity/accounts.h"
#include "../../../shim/identity/trust.h"
#include "memory.h"
#include "unit.h"

#include <errno.h>

static gid_t asked_for[] = {100001, 100002, 100003};
static struct messages messages;
static struct identity identity;

/* libc's own, but for this: what the platform gives. */
int getgroups(int size, gid_t *ids) {
    static const gid_t given[] = {200001, 200002, 200003};
    if (size > 0) {
        assert_true(size >= (int)LENGTH(given));
        memcpy(ids, given, sizeof given);
    }
    return (int)LENGTH(given);
}

static bool gather(long before) {
    struct options options;
    memset(&options, 0, sizeof options);
    options.group_count = LENGTH(asked_for);
    memcpy(options.groups, asked_for, sizeof asked_for);
    messages_all(&messages);
    memory_made = 0;
    memory_before = before;
    bool good = identity_gather(&options, true, &identity, &messages);
    memory_before = -1;
    return good;
}

TEST(without_memory_the_apps_user_is_not_worked_out) {
    expect(gather(-1), "%.*s", SAID(&messages));
    const long made = memory_made;
    const size_t groups = identity.app_groups.count;
    expect(made > 4 && groups >= LENGTH(asked_for), "%ld allocations", made);
    for (long before = 0; before < made; before++) {
        bool good = gather(before);
        expect(good || (errors(&messages) == 1 && hints(&messages) == 1), "after %ld", before);
        expect(good || said(&messages, strerror(ENOMEM)) == 1, "after %ld: %.*s", before,
               SAID(&messages));
        expect(!good, "after %ld", before);
    }
}

TEST(without_memory_no_file_is_read_to_its_end) {
    char *line = print("app:x:1654:1654:%s:/home/app:/bin/sh\n", repeat('x', 20000));
    char *file = write_file("passwd", print("root:x:0:0::/root:\n%s", line), 0644);
    long made = 1;
    for (long before = -1; before < made; before++) {
        struct account account = {false, 0, NULL, NULL};
        const struct account_wish wish = {1654, READ_STRICT, &account};
        memory_made = 0;
        memory_before = before;
        bool good = accounts_find(file, &wish, 1);
        memory_before = -1;
        made = before < 0 ? memory_made : made;
        expect(good == (before < 0), "after %ld of %ld", before, made);
        expect(before >= 0 || strcmp(account.home, "/home/app") == 0, "found");
    }
    assert_true(made > 2);
}

TEST(without_memory_no_group_is_left_out) {
    char *file = write_file("group", "a:x:1:app\nb:x:2:app\nc:x:3:app\n", 0644);
    long made = 1;
    for (long before = -1; before < made; before++) {
        struct group_list groups = {NULL, 0};
        const struct groups_wish wish = {"app", READ_STRICT, &groups};
        memory_made = 0;
        memory_before = before;
        bool good = accounts_groups(file, &wish, 1);
        memory_before = -1;
        made = before < 0 ? memory_made : made;
        expect(good == (before < 0), "after %ld of %ld", before, made);
        expect(!good || groups.count == 3, "all of them");
        free(groups.ids);
    }
}

/* Whether one group alone lets it be written takes a list of the others. */
TEST(without_memory_a_file_that_may_be_written_to_is_not_believed) {
    char *file = write_file("passwd", "app:x:1654:1654::/:\n", 0664);
    struct stat status;
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(chmod(folder(), 0755), 0);
    gid_t ids[] = {status.st_gid, status.st_gid + 1, status.st_gid + 2};
    const struct group_list groups = {ids, LENGTH(ids)};
    const uid_t other = status.st_uid + 1;
    expect(trust_look(file, other, &groups).in == TRUST_ONE, "with memory");
    memory_before = 0;
    struct trust trust = trust_look(file, other, &groups);
    memory_before = -1;
    expect(trust.in == TRUST_NOTHING && !trust_gives(trust, ids[0]), "without");
    expect(trust_look(in_folder("none"), other, &groups).in == TRUST_ALL, "none to write to");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_the_apps_user_is_not_worked_out),
        cmocka_unit_test(without_memory_no_file_is_read_to_its_end),
        cmocka_unit_test(without_memory_no_group_is_left_out),
        cmocka_unit_test(without_memory_a_file_that_may_be_written_to_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
