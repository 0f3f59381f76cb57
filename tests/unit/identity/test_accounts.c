/* /etc/passwd and /etc/group, good and bad. */
#include "identity/accounts.h"
#include "unit.h"

#include <errno.h>
#include <sys/types.h>
#include <sys/wait.h>

/* What the official .NET images have. */
static const char image_passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                                   "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
                                   "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
                                   "app:x:1654:1654::/home/app:/bin/sh\n";

static bool find_account(const char *path, enum reading reading, uid_t uid,
                         struct account *account) {
    const struct account_wish wish = {uid, reading, account};
    return accounts_find(path, &wish, 1);
}

static bool find_groups(const char *path, enum reading reading, const char *name,
                        struct group_list *groups) {
    const struct groups_wish wish = {name, reading, groups};
    return accounts_groups(path, &wish, 1);
}

static struct account find_in(const char *path, uid_t uid) {
    struct account account = {true, 99, NULL, NULL};
    assert_true(find_account(path, READ_STRICT, uid, &account));
    return account;
}

/* Looks 1654 up in a passwd file of that content. */
static struct account find(const char *content) {
    return find_in(write_file("passwd", content, 0644), 1654);
}

static struct group_list groups_in(const char *path, const char *name) {
    struct group_list groups = {NULL, 0};
    assert_true(find_groups(path, READ_STRICT, name, &groups));
    return groups;
}

/* The groups of app in a group file of that content, as "1,2,3". */
static char *groups_of_app(const char *content) {
    struct group_list groups = groups_in(write_file("group", content, 0644), "app");
    char *list = print("%s", "");
    for (size_t i = 0; i < groups.count; i++) {
        list = print("%s%s%u", list, i > 0 ? "," : "", (unsigned)groups.ids[i]);
    }
    return list;
}

TEST(a_user_is_found_with_gid_name_and_home) {
    struct account account = find(image_passwd);
    assert_true(account.found);
    assert_int_equal(account.gid, 1654);
    assert_string_equal(account.name, "app");
    assert_string_equal(account.home, "/home/app");

    account = find_in(in_folder("passwd"), 0);
    assert_true(account.found);
    assert_int_equal(account.gid, 0);
    assert_string_equal(account.name, "root");
    assert_string_equal(account.home, "/root");
}

TEST(a_user_who_is_not_listed_is_not_found) {
    const char *path = write_file("passwd", image_passwd, 0644);
    assert_false(find_in(path, 1655).found);
    assert_false(find_in(path, 165).found);
    assert_false(find_in(path, 16540).found);
}

TEST(a_file_that_is_no_file_lists_nobody) {
    char *missing = in_folder("missing");
    char *fifo = in_folder("fifo");
    char *dangling = in_folder("dangling");
    assert_int_equal(mkfifo(fifo, 0644), 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    const char *const paths[] = {missing,     fifo,        folder(),          dangling,
                                 "/dev/null", "/dev/zero", "/dev/tty/passwd", ""};
    for (size_t i = 0; i < LENGTH(paths); i++) {
        struct account account = {true, 99, NULL, NULL};
        struct group_list groups = {NULL, 0};
        expect(find_account(paths[i], READ_STRICT, 1654, &account), "%s", paths[i]);
        expect(!account.found, "%s", paths[i]);
        expect(find_groups(paths[i], READ_STRICT, "app", &groups), "%s", paths[i]);
        expect(groups.count == 0, "%s", paths[i]);
    }
}

TEST(an_empty_file_lists_nobody) {
    assert_false(find("").found);
    assert_false(find("\n").found);
    assert_false(find("\n\n\n").found);
    assert_string_equal(groups_of_app(""), "");
    assert_string_equal(groups_of_app("\n\n"), "");
}

TEST(a_file_that_breaks_off_is_an_error) {
    /* Regular by its mode, and nothing is mapped where it is read first. */
    struct account account;
    struct group_list groups = {NULL, 0};
    errno = 0;
    assert_false(find_account("/proc/self/mem", READ_STRICT, 1654, &account));
    assert_int_equal(errno, EIO);
    assert_false(account.found);
    errno = 0;
    assert_false(find_groups("/proc/self/mem", READ_STRICT, "app", &groups));
    assert_int_equal(errno, EIO);
}

/* 0 when a user who may not read the files is told so. */
static int try_unreadable(const char *file, const char *below) {
    struct account account;
    struct group_list groups = {NULL, 0};
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0) {
        return 1;
    }
    errno = 0;
    if (find_account(file, READ_STRICT, 1654, &account) || errno != EACCES || account.found) {
        return 2;
    }
    errno = 0;
    if (find_account(below, READ_STRICT, 1654, &account) || errno != EACCES || account.found) {
        return 3;
    }
    errno = 0;
    return find_groups(file, READ_STRICT, "app", &groups) || errno != EACCES || groups.count != 0
               ? 4
               : 0;
}

TEST(a_file_that_may_not_be_read_is_an_error) {
    int status;
    char *locked = in_folder("locked");
    char *file = write_file("passwd", image_passwd, 0);
    assert_int_equal(mkdir(locked, 0), 0);
    assert_int_equal(chmod(folder(), 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(try_unreadable(file, print("%s/passwd", locked)));
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_int_equal(chmod(locked, 0755), 0);
    assert_int_equal(chmod(folder(), 0700), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

TEST(a_symlink_is_followed) {
    (void)write_file("passwd", image_passwd, 0644);
    char *link = in_folder("link");
    assert_int_equal(symlink("passwd", link), 0);
    assert_true(find_in(link, 1654).found);
}

TEST(the_last_line_counts_without_its_end) {
    struct account account = find("app:x:1654:1654::/home/app:/bin/sh");
    assert_true(account.found);
    assert_string_equal(account.home, "/home/app");
    account = find("app:x:1654:1700");
    assert_true(account.found);
    assert_int_equal(account.gid, 1700);
    assert_string_equal(account.home, "");
    assert_string_equal(groups_of_app("g:x:7:app"), "7");
}

TEST(a_line_that_does_not_fit_counts_for_nothing) {
    static const char *const lines[] = {
        "app",
        "app:x",
        "app:x:1654",
        "app:x:1654:",
        "app:x:1654::",
        "app:x:1654::home:/home/app:/bin/sh",
        "app:x::1654::/home/app:/bin/sh",
        "app::1654",
        ":x:1654:1654::/home/app:/bin/sh",
        "app:x:1654:-1::/:/bin/sh",
        "app:x:1654:+1654::/:/bin/sh",
        "app:x:1654: 1654::/:/bin/sh",
        "app:x:1654:1654 ::/:/bin/sh",
        "app:x:1654:01654::/:/bin/sh",
        "app:x:1654:0x676::/:/bin/sh",
        "app:x:1654:app::/:/bin/sh",
        "app:x:1654:2147483648::/:/bin/sh",
        "app:x:1654:4294967295::/:/bin/sh",
        "app:x:1654:4294967296::/:/bin/sh",
        "app:x:1654:1654\r",
        "app:x:-1:1654::/:/bin/sh",
        "app:x:+1654:1654::/:/bin/sh",
        "app:x: 1654:1654::/:/bin/sh",
        "app:x:1654 :1654::/:/bin/sh",
        "app:x:01654:1654::/:/bin/sh",
        "app:x:0x676:1654::/:/bin/sh",
        "app:x:1654x:1654::/:/bin/sh",
        "wrap:x:4294968950:0:",
        "wrap:x:4294968950:0::/:/bin/sh",
        "wrap:x:18446744073709553270:0::/:/bin/sh",
        "app;x;1654;1654;;/;/bin/sh",
        "app x 1654 1654",
        "#app:x:1654:0::/:/bin/sh",
        "# app:x:1654:0::/:/bin/sh",
        " app:x:1654:0::/:/bin/sh",
        "\tapp:x:1654:0::/:/bin/sh",
        "+:x:1654:0::/:/bin/sh",
        "+app:x:1654:0::/:/bin/sh",
        "-app:x:1654:0::/:/bin/sh",
        "+@netgroup:x:1654:0::/:/bin/sh",
    };
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct account account = find(print("%s\n", lines[i]));
        expect(!account.found, "%s", lines[i]);
        /* A good line behind it is found all the same. */
        account = find(print("%s\napp:x:1654:1700::/home/app:/bin/sh\n", lines[i]));
        expect(account.found && account.gid == 1700, "behind %s", lines[i]);
    }
}

TEST(a_gid_of_0_is_the_image_authors_choice) {
    struct account account = find("app:x:1654:0::/home/app:/bin/sh\n");
    assert_true(account.found);
    assert_int_equal(account.gid, 0);
}

TEST(the_largest_numbers_are_taken) {
    const char *path = write_file("passwd", "big:x:2147483647:2147483647::/big:/bin/sh\n", 0644);
    struct account account = find_in(path, 2147483647);
    assert_true(account.found);
    assert_int_equal(account.gid, 2147483647);
    path = write_file("passwd", "big:x:2147483648:1::/big:/bin/sh\nall:x:4294967295:1:::\n", 0644);
    assert_false(find_in(path, 2147483648).found);
    assert_false(find_in(path, 4294967295).found);
}

TEST(the_first_of_two_lines_with_a_uid_counts) {
    struct account account = find("one:x:1654:1::/one:/bin/sh\ntwo:x:1654:2::/two:/bin/sh\n");
    assert_string_equal(account.name, "one");
    assert_string_equal(account.home, "/one");
    assert_int_equal(account.gid, 1);
}

TEST(a_line_with_a_nul_byte_counts_for_nothing) {
    static const char name[] = "a\0pp:x:1654:0::/:/bin/sh\napp:x:1654:5::/home/app:/bin/sh\n";
    struct account account = find_in(write_bytes("passwd", name, sizeof name - 1, 0644), 1654);
    assert_true(account.found);
    assert_int_equal(account.gid, 5);

    static const char home[] = "app:x:1654:1654::/home\0/app:/bin/sh\n";
    assert_false(find_in(write_bytes("passwd", home, sizeof home - 1, 0644), 1654).found);

    static const char end[] = "app:x:1654:1654::/home/app:/bin/sh\0";
    assert_false(find_in(write_bytes("passwd", end, sizeof end - 1, 0644), 1654).found);

    static const char zeros[4096] = {0};
    assert_false(find_in(write_bytes("passwd", zeros, sizeof zeros, 0644), 1654).found);

    static const char group[] = "g\0x:x:7:app\nh:x:8:app\0\ni:x:9:\0app\nj:x:10:app\n";
    struct group_list groups =
        groups_in(write_bytes("group", group, sizeof group - 1, 0644), "app");
    assert_int_equal(groups.count, 1);
    assert_int_equal(groups.ids[0], 10);
}

TEST(a_line_may_be_of_any_length) {
    char *long_text = repeat('a', 1024 * 1024);
    struct account account =
        find(print("%s:x:1:1::/:/bin/sh\n%s\n%s", long_text, long_text, image_passwd));
    assert_true(account.found);
    assert_string_equal(account.name, "app");

    account = find(print("app:x:1654:1654:%s:/%s:/bin/sh\n", long_text, long_text));
    assert_true(account.found);
    assert_int_equal(strlen(account.home), 1024 * 1024 + 1);

    account = find(print("app:x:%s1654:1654::/:/bin/sh\n", repeat('0', 1024 * 1024)));
    assert_false(account.found);

    assert_string_equal(
        groups_of_app(print("g:x:7:%s,app,%s\nh:x:8:%s\n", long_text, long_text, long_text)), "7");
}

TEST(odd_homes_are_taken_as_they_stand) {
    static const struct {
        const char *line;
        const char *home;
    } rows[] = {
        {"app:x:1654:1654", ""},
        {"app:x:1654:1654:", ""},
        {"app:x:1654:1654::", ""},
        {"app:x:1654:1654:::/bin/sh", ""},
        {"app:x:1654:1654::relative:/bin/sh", "relative"},
        {"app:x:1654:1654::/home/\xc3\xa9:/bin/sh", "/home/\xc3\xa9"},
        {"app:x:1654:1654::/home/a b", "/home/a b"},
        {"app:x:1654:1654:Mr App,,,:/home/app:/bin/sh:more:fields", "/home/app"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct account account = find(print("%s\n", rows[i].line));
        expect(account.found, "%s", rows[i].line);
        expect(strcmp(account.home, rows[i].home) == 0, "%s gave %s", rows[i].line, account.home);
    }
}

TEST(a_user_has_the_groups_that_list_the_name) {
    static const struct {
        const char *content;
        const char *groups;
    } rows[] = {
        {"root:x:0:\napp:x:1654:\n", ""},
        {"video:x:44:app\n", "44"},
        {"video:x:44:app\naudio:x:29:root,app\nusers:x:100:app,x\nmid:x:101:a,app,b\n",
         "44,29,100,101"},
        {"root:x:0:app\n", "0"},
        {"g:x:7:app,app\n", "7"},
        {"g::7:app\n", "7"},
        {"g:x:2147483647:app\n", "2147483647"},
        {"twice:x:7:app\nagain:x:7:app\n", "7,7"},
        {"app:x:1654:app\n", "1654"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *groups = groups_of_app(rows[i].content);
        expect(strcmp(groups, rows[i].groups) == 0, "%s gave %s", rows[i].content, groups);
    }
}

TEST(a_group_line_that_does_not_fit_counts_for_nothing) {
    static const char *const lines[] = {
        "g",
        "g:x:7",
        "g:x:7:",
        "g:x:7:application",
        "g:x:7:ap",
        "g:x:7:APP",
        "g:x:7:app ",
        "g:x:7: app",
        "g:x:7:app\r",
        "g:x:7:x, app",
        "g:x:7:x;app",
        "g:x::app",
        "g:x:-7:app",
        "g:x:+7:app",
        "g:x:07:app",
        "g:x:0x7:app",
        "g:x:7 :app",
        "g:x: 7:app",
        "g:x:app:app",
        "g:x:2147483648:app",
        "g:x:4294967295:app",
        "g:x:4294967296:app",
        "wrap:x:4294968950:app",
        ":x:7:app",
        "#g:x:7:app",
        "+g:x:7:app",
        "-g:x:7:app",
        " g:x:7:app",
        "+:::",
    };
    for (size_t i = 0; i < LENGTH(lines); i++) {
        char *groups = groups_of_app(print("%s\n", lines[i]));
        expect(strcmp(groups, "") == 0, "%s gave %s", lines[i], groups);
        groups = groups_of_app(print("%s\nh:x:8:app\n", lines[i]));
        expect(strcmp(groups, "8") == 0, "behind %s: %s", lines[i], groups);
    }
}

TEST(a_colon_among_the_members_belongs_to_their_names) {
    assert_string_equal(groups_of_app("g:x:7:app:more\n"), "");
    assert_string_equal(groups_of_app("g:x:7:x:y,app\n"), "7");
}

TEST(groups_add_to_those_that_are_there) {
    struct group_list groups = {NULL, 0};
    assert_true(groups_add(&groups, 5));
    assert_true(find_groups(write_file("group", "g:x:7:app\n", 0644), READ_STRICT, "app", &groups));
    assert_int_equal(groups.count, 2);
    assert_int_equal(groups.ids[0], 5);
    assert_int_equal(groups.ids[1], 7);
}

TEST(what_is_before_a_number_is_passed_over_whatever_it_is) {
    static const struct {
        const char *number;
        uid_t uid;
    } rows[] = {
        {"7", 7},
        {" 7", 7},
        {"+7", 7},
        {"-4294967289", 7},
        {"--4294967289", 7},
        {"- 4294967289", 7},
        {"-+\t4294967289x", 7},
        {"  0007", 7},
    };
    (void)alarm(60); /* it would go on for ever */
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct account account;
        const char *path = write_file("passwd", print("x:x:%s:8::/x:\n", rows[i].number), 0644);
        assert_true(find_account(path, READ_LAX, rows[i].uid, &account));
        expect(account.found && account.gid == 8, "row %zu", i);
    }
    (void)alarm(0);
}

TEST(all_wishes_are_met_in_one_go) {
    struct account root = {true, 9, NULL, NULL};
    struct account app = root;
    struct account nobody = root;
    const struct account_wish wishes[] = {{1654, READ_STRICT, &app},
                                          {0, READ_LAX, &root},
                                          {4000, READ_STRICT, &nobody},
                                          {1654, READ_LAX, &nobody}};
    const char *path = write_file("passwd", print("%sx:x: 1654:7::/x:\n", image_passwd), 0644);
    assert_true(accounts_find(path, wishes, 3));
    assert_string_equal(app.name, "app");
    assert_string_equal(root.name, "root");
    assert_false(nobody.found);
    assert_true(accounts_find(path, wishes + 3, 1));
    assert_string_equal(nobody.name, "app");
    assert_true(accounts_find(path, wishes, 0));

    struct group_list strict = {NULL, 0};
    struct group_list lax = {NULL, 0};
    struct group_list none = {NULL, 0};
    const struct groups_wish groups[] = {
        {"app", READ_STRICT, &strict}, {"root", READ_LAX, &lax}, {NULL, READ_LAX, &none}};
    assert_true(accounts_groups(
        write_file("group", "a:x:1:app,root\nb:x: 2:app, root\nc:x:3:app\n", 0644), groups, 3));
    assert_int_equal(strict.count, 2);
    assert_int_equal(strict.ids[1], 3);
    assert_int_equal(lax.count, 2);
    assert_int_equal(lax.ids[1], 2);
    assert_int_equal(none.count, 0);
}

/* As the laxest of the runtimes' readers takes it, and whatever it is, to an end. */
TEST(any_number_is_read_laxly) {
    static const struct {
        const char *digits;
        bool found;
        uid_t uid;
    } rows[] = {
        {"5", true, 5},     {" 5", true, 5},         {"\t +5", true, 5}, {"0005", true, 5},
        {"5x", true, 5},    {"4294967301", true, 5}, {"-5", true, -5U},  {"- 5", true, -5U},
        {"-+5", true, -5U}, {"+-5", true, -5U},      {"--5", true, -5U}, {"-4294967291", true, 5},
        {"", false, 0},     {"-", false, 0},         {"--", false, 0},   {"x5", false, 0},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        for (uid_t uid = 0; uid < 2; uid++) {
            struct account account = {false, 0, NULL, NULL};
            const struct account_wish wish = {rows[i].uid + uid, READ_LAX, &account};
            const char *path = write_file("passwd", print("x:x:%s:7::/x:\n", rows[i].digits), 0644);
            assert_true(accounts_find(path, &wish, 1));
            expect(account.found == (rows[i].found && uid == 0), "\"%s\"", rows[i].digits);
        }
    }
}

TEST(a_group_is_taken_out_wherever_it_is) {
    struct group_list groups = {NULL, 0};
    groups_drop(&groups, 5);
    for (gid_t gid = 3; gid < 12; gid++) {
        assert_true(groups_add(&groups, gid % 4 == 0 ? 5 : gid));
    }
    groups_drop(&groups, 5);
    assert_int_equal(groups.count, 6);
    assert_false(groups_have(&groups, 5));
    assert_int_equal(groups.ids[0], 3);
    assert_int_equal(groups.ids[5], 11);
    assert_true(groups_add(&groups, 12));
    assert_int_equal(groups.ids[6], 12);
}

TEST(a_user_may_have_thousands_of_groups) {
    enum { MANY = 5000 };
    char *content = repeat('\0', MANY * sizeof "g65535:x:65535:a,app,b");
    size_t used = 0;
    for (int i = 0; i < MANY; i++) {
        used += (size_t)sprintf(content + used, "g%d:x:%d:a,app,b\n", i, 60000 - i);
    }
    struct group_list groups = groups_in(write_file("group", content, 0644), "app");
    assert_int_equal(groups.count, MANY);
    groups_settle(&groups);
    assert_int_equal(groups.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        expect(groups.ids[i] == 60000 - MANY + 1 + i, "group %zu", i);
    }
}

TEST(a_settled_list_ascends_and_has_each_group_once) {
    static const struct {
        gid_t given[8];
        size_t count;
        gid_t settled[8];
        size_t left;
    } rows[] = {
        {{0}, 0, {0}, 0},
        {{7}, 1, {7}, 1},
        {{3, 1, 2}, 3, {1, 2, 3}, 3},
        {{1, 1}, 2, {1}, 1},
        {{5, 1, 5, 1, 5, 0, 0, 5}, 8, {0, 1, 5}, 3},
        {{2147483647, 0, 4294967295, 1654}, 4, {0, 1654, 2147483647, 4294967295}, 4},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct group_list groups = {NULL, 0};
        for (size_t j = 0; j < rows[i].count; j++) {
            assert_true(groups_add(&groups, rows[i].given[j]));
        }
        expect(groups.count == rows[i].count, "row %zu", i);
        groups_settle(&groups);
        expect(groups.count == rows[i].left, "row %zu", i);
        for (size_t j = 0; j < rows[i].left; j++) {
            expect(groups.ids[j] == rows[i].settled[j], "row %zu, place %zu", i, j);
        }
        /* And it can still grow. */
        assert_true(groups_add(&groups, 9));
        expect(groups.ids[groups.count - 1] == 9, "row %zu", i);
        free(groups.ids);
    }
}

TEST(a_group_is_in_a_list_or_not) {
    gid_t ids[] = {1, 1654, 2147483647};
    struct group_list groups = {ids, 3};
    struct group_list none = {NULL, 0};
    assert_true(groups_have(&groups, 1));
    assert_true(groups_have(&groups, 1654));
    assert_true(groups_have(&groups, 2147483647));
    assert_false(groups_have(&groups, 0));
    assert_false(groups_have(&groups, 2));
    assert_false(groups_have(&none, 0));
}

TEST(settled_lists_are_equal_when_they_have_the_same_groups) {
    gid_t one[] = {1, 2, 3};
    gid_t other[] = {1, 2, 4};
    gid_t copy[] = {1, 2, 3};
    struct group_list list = {one, 3};
    assert_true(groups_equal(&list, &(struct group_list){copy, 3}));
    assert_false(groups_equal(&list, &(struct group_list){other, 3}));
    assert_false(groups_equal(&(struct group_list){one, 1}, &(struct group_list){one + 1, 1}));
    assert_false(groups_equal(&list, &(struct group_list){copy, 2}));
    assert_false(groups_equal(&(struct group_list){copy, 2}, &list));
    assert_true(groups_equal(&(struct group_list){NULL, 0}, &(struct group_list){NULL, 0}));
    assert_true(groups_equal(&(struct group_list){NULL, 0}, &(struct group_list){one, 0}));
    assert_false(groups_equal(&(struct group_list){NULL, 0}, &list));
}

TEST(no_descriptor_is_left_open) {
    int before = dup(STDERR_FILENO);
    assert_int_equal(close(before), 0);
    (void)find(image_passwd);
    (void)groups_of_app("g:x:7:app\n");
    (void)find_in(folder(), 1654);
    (void)find_in("/dev/null", 1654);
    int after = dup(STDERR_FILENO);
    assert_int_equal(close(after), 0);
    assert_int_equal(after, before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_found_with_gid_name_and_home),
        cmocka_unit_test(a_user_who_is_not_listed_is_not_found),
        cmocka_unit_test(a_file_that_is_no_file_lists_nobody),
        cmocka_unit_test(an_empty_file_lists_nobody),
        cmocka_unit_test(a_file_that_breaks_off_is_an_error),
        cmocka_unit_test(a_file_that_may_not_be_read_is_an_error),
        cmocka_unit_test(a_symlink_is_followed),
        cmocka_unit_test(the_last_line_counts_without_its_end),
        cmocka_unit_test(a_line_that_does_not_fit_counts_for_nothing),
        cmocka_unit_test(a_gid_of_0_is_the_image_authors_choice),
        cmocka_unit_test(the_largest_numbers_are_taken),
        cmocka_unit_test(the_first_of_two_lines_with_a_uid_counts),
        cmocka_unit_test(a_line_with_a_nul_byte_counts_for_nothing),
        cmocka_unit_test(a_line_may_be_of_any_length),
        cmocka_unit_test(odd_homes_are_taken_as_they_stand),
        cmocka_unit_test(a_user_has_the_groups_that_list_the_name),
        cmocka_unit_test(a_group_line_that_does_not_fit_counts_for_nothing),
        cmocka_unit_test(a_colon_among_the_members_belongs_to_their_names),
        cmocka_unit_test(groups_add_to_those_that_are_there),
        cmocka_unit_test(what_is_before_a_number_is_passed_over_whatever_it_is),
        cmocka_unit_test(all_wishes_are_met_in_one_go),
        cmocka_unit_test(any_number_is_read_laxly),
        cmocka_unit_test(a_group_is_taken_out_wherever_it_is),
        cmocka_unit_test(a_user_may_have_thousands_of_groups),
        cmocka_unit_test(a_settled_list_ascends_and_has_each_group_once),
        cmocka_unit_test(a_group_is_in_a_list_or_not),
        cmocka_unit_test(settled_lists_are_equal_when_they_have_the_same_groups),
        cmocka_unit_test(no_descriptor_is_left_open),
    };
    return cmocka_run_group_tests_name("accounts", tests, NULL, remove_folder);
}
