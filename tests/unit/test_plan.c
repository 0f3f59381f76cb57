/* The decision table of DESIGN.md, Identity and Ports: who the app becomes, and what it keeps. */
#include "plan.h"
#include "unit.h"

#define GROUPS(...)                                                                                \
    ((struct group_list){(gid_t[]){__VA_ARGS__}, sizeof((gid_t[]){__VA_ARGS__}) / sizeof(gid_t)})

static const struct group_list no_groups = {NULL, 0};

/* All that a plan is made of, and the plan. */
struct start {
    struct options options;
    struct identity identity;
    struct listen listen;
    struct held held;
    const char *home;
    struct plan plan;
    struct messages messages;
};

static gid_t group_1654[] = {1654};
static char name_root[] = "root";
static char home_root[] = "/root";
static char name_app[] = "app";
static char home_app[] = "/home/app";

static void listen_on(struct start *start, uint32_t port, const char *source) {
    struct address *address = &start->listen.addresses[start->listen.count++];
    memset(address, 0, sizeof *address);
    address->scheme = "http";
    address->port = port;
    address->source = text_of(source);
}

/* PID 1 of an ordinary container of an official image: root, who can switch. */
static struct start as_root(void) {
    struct start start;
    memset(&start, 0, sizeof start);
    messages_all(&start.messages);
    start.options.unprivileged_port_start = 1024;
    start.options.supervise = true;
    start.identity.starter = (struct account){true, 0, name_root, home_root};
    start.identity.known = true;
    start.identity.app_uid = 1654;
    start.identity.app_gid = 1654;
    start.identity.app_groups = (struct group_list){group_1654, 1};
    start.identity.app = (struct account){true, 1654, name_app, home_app};
    start.held = (struct held){true, true, true, true, true, true, 1024};
    start.home = "/root";
    return start;
}

/* A container that was started as uid, with no capability: USER, runAsUser. */
static struct start as_user(uid_t uid) {
    struct start start = as_root();
    struct identity *identity = &start.identity;
    identity->ruid = identity->euid = identity->suid = uid;
    identity->rgid = identity->egid = identity->sgid = uid;
    identity->starter = (struct account){true, uid, name_app, home_app};
    identity->kept = true;
    identity->app = identity->starter;
    identity->app_uid = uid;
    identity->app_gid = uid;
    identity->app_groups = no_groups;
    start.held = (struct held){false, false, false, false, false, true, 1024};
    start.home = home_app;
    return start;
}

static void decide(struct start *start) {
    plan_make(&start->options, &start->identity, &start->listen, &start->held, start->home,
              &start->plan, &start->messages);
}

static void expect_start(struct start *start, const char *why) {
    decide(start);
    expect(!start->plan.refused && errors(&start->messages) == 0, "%s: %.*s", why,
           SAID(&start->messages));
}

/* A refusal, with one error that has these words in it, and a hint. */
static void expect_refusal(struct start *start, const char *words) {
    decide(start);
    expect(start->plan.refused, "%s", words);
    expect(errors(&start->messages) == 1, "%s: %.*s", words, SAID(&start->messages));
    expect(said(&start->messages, words) >= 1, "%s: %.*s", words, SAID(&start->messages));
    expect(hints(&start->messages) >= 1, "%s: %.*s", words, SAID(&start->messages));
}

/* Section 5: who the app becomes. */

TEST(root_becomes_the_apps_user_without_a_word) {
    struct start start = as_root();
    listen_on(&start, 8080, "ASPNETCORE_HTTP_PORTS");
    expect_start(&start, "root");
    assert_int_equal(start.messages.length, 0);
    assert_true(start.plan.switches);
    assert_true(start.plan.uid_changes);
    assert_true(start.plan.sets_groups);
    assert_true(start.plan.drops_bounding);
    assert_false(start.plan.keeps_net_bind);
    assert_int_equal(start.plan.uid, 1654);
    assert_int_equal(start.plan.gid, 1654);
    assert_int_equal(start.plan.groups->count, 1);
    assert_int_equal(start.plan.groups->ids[0], 1654);
    assert_string_equal(start.plan.home, "/home/app");
    assert_ptr_equal(start.plan.listen, &start.listen);
}

TEST(any_user_that_can_switch_becomes_the_apps_user) {
    struct start start = as_root();
    start.identity.ruid = start.identity.euid = start.identity.suid = 1000;
    start.identity.rgid = start.identity.egid = start.identity.sgid = 1000;
    start.identity.app_gid = 5;
    start.held = (struct held){false, true, true, false, false, false, 1024};
    expect_start(&start, "a user");
    assert_true(start.plan.switches);
    assert_true(start.plan.uid_changes);
    assert_true(start.plan.sets_groups);
    assert_int_equal(start.plan.uid, 1654);
    assert_int_equal(start.plan.gid, 5);
}

TEST(the_right_uid_that_can_switch_still_gets_its_gid_and_groups) {
    struct start start = as_root();
    start.identity.ruid = start.identity.euid = start.identity.suid = 1654;
    start.home = "/anywhere";
    expect_start(&start, "the right uid");
    assert_true(start.plan.switches);
    assert_true(start.plan.sets_groups);
    assert_false(start.plan.uid_changes);
    assert_string_equal(start.plan.home, "/anywhere");
}

TEST(root_that_cannot_switch_is_refused_and_told_what_is_missing) {
    static const struct {
        bool setuid;
        bool setgid;
        const char *missing;
    } rows[] = {
        {false, false, "without CAP_SETUID and CAP_SETGID:"},
        {true, false, "without CAP_SETGID:"},
        {false, true, "without CAP_SETUID:"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.held.setuid = rows[i].setuid;
        start.held.setgid = rows[i].setgid;
        expect_refusal(&start, rows[i].missing);
        expect(said(&start.messages, "uid 1654") == 1, "row %zu", i);
        /* The two ways out. */
        expect(said(&start.messages, "--cap-add SETUID --cap-add SETGID") == 1, "row %zu", i);
        expect(said(&start.messages, "USER 1654") == 1, "row %zu", i);
        expect(said(&start.messages, "runAsUser") == 1, "row %zu", i);
    }
}

TEST(the_right_user_stays_as_it_is) {
    struct start start = as_user(1654);
    start.identity.egid = start.identity.rgid = start.identity.sgid = start.identity.app_gid = 0;
    start.identity.groups = start.identity.app_groups = GROUPS(0, 2000);
    listen_on(&start, 8080, "ASPNETCORE_HTTP_PORTS");
    expect_start(&start, "USER 1654");
    assert_false(start.plan.switches);
    assert_false(start.plan.uid_changes);
    assert_false(start.plan.sets_groups);
    assert_false(start.plan.drops_bounding);
    assert_false(start.plan.keeps_net_bind);
    assert_int_equal(start.plan.uid, 1654);
    assert_int_equal(start.plan.gid, 0);
    assert_int_equal(start.plan.groups->count, 2);
    assert_string_equal(start.plan.home, "/home/app");
    assert_int_equal(said(&start.messages, "shim: info: "), 0);
    /* Only that the bounding set stays. */
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "CAP_SETPCAP"), 1);
}

TEST(what_a_user_still_holds_is_dropped_all_the_same) {
    struct start start = as_user(1654);
    start.held.setpcap = true;
    start.held.net_bind = true;
    expect_start(&start, "USER 1654 with capabilities");
    assert_false(start.plan.switches);
    assert_true(start.plan.drops_bounding);
    assert_false(start.plan.keeps_net_bind);
}

TEST(another_user_was_the_platforms_choice_and_that_is_said_at_info) {
    struct start start = as_user(1000660000);
    start.identity.egid = start.identity.rgid = start.identity.sgid = start.identity.app_gid = 0;
    start.identity.starter.found = start.identity.app.found = false;
    expect_start(&start, "OpenShift");
    assert_false(start.plan.switches);
    assert_int_equal(start.plan.uid, 1000660000);
    assert_int_equal(start.plan.gid, 0);
    assert_int_equal(said(&start.messages, "shim: info: "), 1);
    assert_int_equal(said(&start.messages, "1000660000"), 1);
    assert_int_equal(said(&start.messages, "APP_UID 1654"), 1);

    start = as_user(1000);
    start.options.uid = (struct id_setting){ID_SET, 5555};
    expect_start(&start, "-u 1000");
    assert_int_equal(said(&start.messages, "APP_UID 5555"), 1);

    start = as_user(1000);
    start.options.uid = (struct id_setting){ID_SET, 1000};
    expect_start(&start, "-u 1000 with APP_UID=1000");
    assert_int_equal(said(&start.messages, "shim: info: "), 0);
}

TEST(a_group_that_a_kept_user_cannot_have_is_a_warning) {
    struct start start = as_user(1000);
    start.held.setpcap = true; /* no other warning */
    start.options.gid = (struct id_setting){ID_SET, 5};
    start.options.group_count = 3;
    start.options.groups[0] = 2000;
    start.options.groups[1] = 3000;
    start.options.groups[2] = 4000;
    start.identity.groups = start.identity.app_groups = GROUPS(3000);
    expect_start(&start, "-u 1000");
    assert_int_equal(warnings(&start.messages), 3);
    assert_int_equal(said(&start.messages, "APP_GID is 5"), 1);
    assert_int_equal(said(&start.messages, "stays 1000"), 1);
    assert_int_equal(said(&start.messages, "APP_GROUPS lists 2000"), 1);
    assert_int_equal(said(&start.messages, "APP_GROUPS lists 3000"), 0);
    assert_int_equal(said(&start.messages, "APP_GROUPS lists 4000"), 1);
    assert_int_equal(start.plan.gid, 1000);
}

TEST(groups_that_a_kept_user_has_already_are_no_warning) {
    struct start start = as_user(1000);
    start.held.setpcap = true;
    start.options.gid = (struct id_setting){ID_SET, 1000};
    start.options.group_count = 1;
    start.options.groups[0] = 2000;
    start.identity.groups = start.identity.app_groups = GROUPS(2000);
    expect_start(&start, "-u 1000");
    assert_int_equal(warnings(&start.messages), 0);
}

TEST(the_primary_group_need_not_be_added) {
    struct start start = as_user(1000);
    start.held.setpcap = true;
    start.identity.egid = start.identity.rgid = start.identity.sgid = start.identity.app_gid = 2000;
    start.options.group_count = 1;
    start.options.groups[0] = 2000;
    expect_start(&start, "runAsGroup: 2000 with APP_GROUPS=2000");
    assert_int_equal(warnings(&start.messages), 0);
}

TEST(a_shim_with_lent_privileges_is_refused) {
    struct start start = as_root();
    start.identity.secure = true;
    expect_refusal(&start, "setuid or setgid");
    start = as_user(1654);
    start.identity.secure = true;
    expect_refusal(&start, "setuid or setgid");
}

TEST(any_two_user_ids_that_differ_are_refused) {
    static const uid_t rows[][3] = {
        {1000, 0, 0}, {0, 1000, 0}, {0, 0, 1000}, {1000, 1000, 0}, {0, 1000, 1000}, {1, 2, 3},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.identity.ruid = rows[i][0];
        start.identity.euid = rows[i][1];
        start.identity.suid = rows[i][2];
        expect_refusal(&start,
                       print("different user ids: real %u, effective %u, saved %u",
                             (unsigned)rows[i][0], (unsigned)rows[i][1], (unsigned)rows[i][2]));
    }
}

TEST(any_two_group_ids_that_differ_are_refused) {
    static const gid_t rows[][3] = {
        {1000, 0, 0}, {0, 1000, 0}, {0, 0, 1000}, {1000, 1000, 0}, {0, 1000, 1000}, {1, 2, 3},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.identity.rgid = rows[i][0];
        start.identity.egid = rows[i][1];
        start.identity.sgid = rows[i][2];
        expect_refusal(&start,
                       print("different group ids: real %u, effective %u, saved %u",
                             (unsigned)rows[i][0], (unsigned)rows[i][1], (unsigned)rows[i][2]));
    }
}

TEST(a_uid_that_the_user_namespace_does_not_map_is_refused) {
    struct start start = as_root();
    start.identity.uid_unmapped = true;
    expect_refusal(&start, "uid 1654 is not mapped");
    assert_int_equal(said(&start.messages, "uid_map"), 1);
}

TEST(a_gid_that_the_user_namespace_does_not_map_is_refused) {
    struct start start = as_root();
    start.identity.gid_unmapped = true;
    start.identity.unmapped_gid = 2000;
    expect_refusal(&start, "gid 2000 is not mapped");
    assert_int_equal(said(&start.messages, "gid_map"), 1);
}

TEST(where_setgroups_is_denied_the_groups_have_to_be_right_already) {
    struct start start = as_root();
    start.identity.setgroups_denied = true;
    expect_refusal(&start, "denies setgroups");

    start = as_root();
    start.identity.setgroups_denied = true;
    start.identity.groups = GROUPS(1654);
    expect_start(&start, "the same groups");
    assert_true(start.plan.switches);
    assert_false(start.plan.sets_groups);

    start = as_root();
    start.identity.setgroups_denied = true;
    start.identity.groups = GROUPS(1654, 2000);
    decide(&start);
    assert_true(start.plan.refused);
}

TEST(the_user_namespace_is_no_matter_to_a_user_that_stays) {
    struct start start = as_user(1000);
    start.identity.uid_unmapped = true;
    start.identity.gid_unmapped = true;
    start.identity.setgroups_denied = true;
    start.identity.groups = start.identity.app_groups = GROUPS(65534);
    expect_start(&start, "rootless");
    assert_false(start.plan.sets_groups);
}

TEST(a_shim_that_the_app_could_replace_is_refused) {
    struct start start = as_root();
    (void)strcpy(start.identity.replaceable, "/shared/sh\nim");
    expect_refusal(&start, "\"/shared/sh\\x0aim\"");
    assert_int_equal(said(&start.messages, "uid 1654"), 1);
    assert_int_equal(said(&start.messages, "read-only"), 1);
}

TEST(every_reason_is_told_in_one_run) {
    struct start start = as_root();
    start.held.setuid = start.held.net_bind = false;
    start.identity.secure = true;
    start.identity.uid_unmapped = true;
    start.identity.gid_unmapped = true;
    start.identity.setgroups_denied = true;
    (void)strcpy(start.identity.replaceable, "/shim");
    listen_on(&start, 80, "URLS");
    decide(&start);
    assert_true(start.plan.refused);
    assert_int_equal(errors(&start.messages), 7);
}

TEST(what_was_wrong_before_refuses_too) {
    struct start start = as_root();
    message_error(&start.messages, "APP_GID is \"x\"");
    decide(&start);
    assert_true(start.plan.refused);
    assert_int_equal(errors(&start.messages), 1);
}

TEST(nothing_is_claimed_of_a_user_who_is_not_known) {
    struct start start = as_root();
    start.identity.known = false;
    start.identity.uid_unmapped = true;
    (void)strcpy(start.identity.replaceable, "/shim");
    start.held.setuid = false;
    message_error(&start.messages, "APP_UID is \"x\"");
    decide(&start);
    assert_true(start.plan.refused);
    assert_int_equal(errors(&start.messages), 1);
    assert_int_equal(said(&start.messages, "1654"), 0);
}

/* Groups that go. */

TEST(a_group_of_the_platforms_that_goes_is_a_warning_with_a_hint) {
    struct start start = as_root();
    start.identity.groups = GROUPS(10, 1654, 2000, 3000);
    start.identity.starter_groups = GROUPS(10);
    expect_start(&start, "fsGroup");
    assert_int_equal(warnings(&start.messages), 2);
    assert_int_equal(said(&start.messages, "group 2000,"), 1);
    assert_int_equal(said(&start.messages, "group 3000,"), 1);
    assert_int_equal(hints(&start.messages), 1);
    assert_int_equal(said(&start.messages, "APP_GROUPS=2000,3000\n"), 1);
}

TEST(the_hint_for_a_lost_group_keeps_those_that_were_asked_for) {
    struct start start = as_root();
    start.options.group_count = 2;
    start.options.groups[0] = 5;
    start.options.groups[1] = 4000;
    start.identity.groups = GROUPS(2000);
    start.identity.app_groups = GROUPS(5, 1654, 4000);
    expect_start(&start, "fsGroup");
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "APP_GROUPS=5,4000,2000\n"), 1);

    start = as_root();
    start.identity.groups = GROUPS(9, 2000);
    expect_start(&start, "fsGroup");
    assert_int_equal(said(&start.messages, "APP_GROUPS=9,2000\n"), 1);
}

TEST(a_hint_that_would_be_too_long_to_print_is_left_out_whole) {
    static gid_t many[1000];
    struct start start = as_root();
    for (size_t i = 0; i < LENGTH(many); i++) {
        many[i] = (gid_t)(100000 + i);
    }
    start.identity.groups = (struct group_list){many, LENGTH(many)};
    expect_start(&start, "a thousand groups");
    assert_true(warnings(&start.messages) > 10);
    assert_int_equal(said(&start.messages, "APP_GROUPS="), 0);
}

TEST(a_group_that_the_app_gets_or_that_is_roots_own_is_no_warning) {
    struct start start = as_root();
    start.identity.groups = GROUPS(0, 1, 2, 3, 4, 6, 10, 11, 20, 26, 27, 1654, 2000);
    start.identity.starter_groups = GROUPS(1, 2, 3, 4, 6, 10, 11, 20, 26, 27); /* Alpine's root */
    start.identity.app_groups = GROUPS(1654, 2000);
    expect_start(&start, "groups");
    assert_int_equal(start.messages.length, 0);
}

TEST(of_primary_groups_only_that_of_the_image_goes_without_a_warning) {
    struct start start = as_root();
    start.identity.rgid = start.identity.egid = start.identity.sgid = 1000;
    start.identity.groups = GROUPS(1000);
    expect_start(&start, "--user 0:1000");
    assert_int_equal(said(&start.messages, "group 1000,"), 1);
    assert_int_equal(said(&start.messages, "APP_GROUPS=1000\n"), 1);

    start = as_root();
    start.identity.starter.gid = 1000;
    start.identity.rgid = start.identity.egid = start.identity.sgid = 1000;
    start.identity.groups = GROUPS(1000);
    expect_start(&start, "root:x:0:1000");
    assert_int_equal(start.messages.length, 0);
}

TEST(group_0_is_roots_own_and_nobody_is_told_to_ask_for_it) {
    struct start start = as_root();
    start.identity.rgid = start.identity.egid = start.identity.sgid = 1000;
    start.identity.groups = GROUPS(0, 1000);
    expect_start(&start, "--user 0:1000 --group-add 0");
    assert_int_equal(said(&start.messages, "APP_GROUPS=0"), 0);
}

TEST(a_user_that_stays_keeps_its_groups_without_a_warning) {
    struct start start = as_user(1654);
    start.held.setpcap = true;
    start.identity.groups = start.identity.app_groups = GROUPS(2000, 3000);
    expect_start(&start, "runAsUser with fsGroup");
    assert_int_equal(start.messages.length, 0);
}

/* Home. */

TEST(a_home_that_was_roots_becomes_the_apps) {
    static char odd_home[] = "/srv/starter";
    static char relative[] = "home/app";
    static char nothing[] = "";
    static char top[] = "/";
    struct {
        const char *given;
        struct account starter;
        struct account app;
        const char *wanted;
    } rows[] = {
        /* Left over from the start. */
        {NULL, {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, home_app},
        {"", {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, home_app},
        {"/root", {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, home_app},
        {"/root", {false, 0, NULL, NULL}, {true, 1, name_app, home_app}, home_app},
        {"/root", {true, 0, name_root, odd_home}, {true, 1, name_app, home_app}, home_app},
        {"/srv/starter", {true, 0, name_root, odd_home}, {true, 1, name_app, home_app}, home_app},
        {"/", {true, 0, name_root, top}, {true, 1, name_app, home_app}, home_app},
        /* Set on purpose. */
        {"/home", {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, "/home"},
        {"/", {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, "/"},
        {"/root/", {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, "/root/"},
        {"/rootless", {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, "/rootless"},
        {"x", {true, 0, name_root, home_root}, {true, 1, name_app, home_app}, "x"},
        {"/srv/starter", {false, 0, NULL, NULL}, {true, 1, name_app, home_app}, "/srv/starter"},
        /* A user without a home. */
        {"/root", {true, 0, name_root, home_root}, {false, 0, NULL, NULL}, "/"},
        {NULL, {true, 0, name_root, home_root}, {false, 0, NULL, NULL}, "/"},
        {"/root", {true, 0, name_root, home_root}, {true, 1, name_app, nothing}, "/"},
        {"/root", {true, 0, name_root, home_root}, {true, 1, name_app, relative}, "/"},
        {"/data", {true, 0, name_root, home_root}, {false, 0, NULL, NULL}, "/data"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.home = rows[i].given;
        start.identity.starter = rows[i].starter;
        start.identity.app = rows[i].app;
        decide(&start);
        expect(start.plan.home != NULL && strcmp(start.plan.home, rows[i].wanted) == 0,
               "row %zu gave %s", i, start.plan.home);
    }
}

TEST(a_home_stays_when_the_uid_does) {
    static const char *const homes[] = {"/root", "", "/", "/home/app", "/data"};
    for (size_t i = 0; i < LENGTH(homes); i++) {
        struct start start = as_user(1654);
        start.home = homes[i];
        decide(&start);
        expect(strcmp(start.plan.home, homes[i]) == 0, "%s gave %s", homes[i], start.plan.home);

        start = as_root();
        start.identity.ruid = start.identity.euid = start.identity.suid = 1654;
        start.home = homes[i];
        decide(&start);
        expect(strcmp(start.plan.home, homes[i]) == 0, "%s gave %s", homes[i], start.plan.home);
    }
    struct start start = as_user(1654);
    start.home = NULL;
    decide(&start);
    assert_null(start.plan.home);
}

/* Section 6: ports. */

TEST(a_port_below_the_floor_needs_the_capability) {
    enum { OPEN, KEPT, REFUSED, TRUSTABLE }; /* TRUSTABLE: refused, but the kernel would allow it */
    static const struct {
        uint32_t port;
        uint32_t setting;
        uint32_t kernel;
        bool net_bind;
        int wanted;
    } rows[] = {
        {8080, 1024, 1024, false, OPEN},
        {8080, 1024, 1024, true, OPEN},
        {1024, 1024, 1024, false, OPEN},
        {65535, 1024, 1024, false, OPEN},
        {0, 1024, 1024, false, OPEN},
        {0, 1024, 1024, true, OPEN},
        {0, 65535, 65535, false, OPEN},
        /* An ordinary kernel. */
        {1, 1024, 1024, false, REFUSED},
        {80, 1024, 1024, false, REFUSED},
        {443, 1024, 1024, false, REFUSED},
        {1023, 1024, 1024, false, REFUSED},
        {1, 1024, 1024, true, KEPT},
        {80, 1024, 1024, true, KEPT},
        {1023, 1024, 1024, true, KEPT},
        /* A kernel that lets everybody, as with Docker: our own rule still stands. */
        {80, 1024, 0, false, TRUSTABLE},
        {1023, 1024, 0, false, TRUSTABLE},
        {1, 1024, 0, false, TRUSTABLE},
        {80, 1024, 0, true, OPEN},
        {80, 1024, 80, false, TRUSTABLE},
        {79, 1024, 80, false, REFUSED},
        {80, 1024, 80, true, OPEN},
        {79, 1024, 80, true, KEPT},
        /* Left to the kernel alone. */
        {80, 0, 0, false, OPEN},
        {1, 0, 0, false, OPEN},
        {80, 0, 0, true, OPEN},
        {80, 0, 80, false, OPEN},
        {79, 0, 80, false, REFUSED},
        {80, 0, 81, false, REFUSED},
        {80, 0, 1024, false, REFUSED},
        {1023, 0, 1024, false, REFUSED},
        {1024, 0, 1024, false, OPEN},
        {80, 0, 1024, true, KEPT},
        {80, 80, 80, false, OPEN},
        {79, 80, 0, false, TRUSTABLE},
        {79, 80, 79, false, TRUSTABLE},
        {79, 80, 80, false, REFUSED},
        /* A floor above the usual one. */
        {1500, 2000, 1024, false, TRUSTABLE},
        {1500, 2000, 1024, true, OPEN},
        {1500, 1024, 2000, false, REFUSED},
        {1500, 1024, 2000, true, KEPT},
        {2000, 1024, 2000, false, OPEN},
        {65534, 65535, 1024, false, TRUSTABLE},
        {65535, 65535, 1024, false, OPEN},
        {65534, 1024, 65535, true, KEPT},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        uint32_t floor = rows[i].setting > rows[i].kernel ? rows[i].setting : rows[i].kernel;
        char *row = print("port %u, setting %u, kernel %u, capability %d", (unsigned)rows[i].port,
                          (unsigned)rows[i].setting, (unsigned)rows[i].kernel, rows[i].net_bind);
        start.options.unprivileged_port_start = rows[i].setting;
        start.held.kernel_floor = rows[i].kernel;
        start.held.net_bind = rows[i].net_bind;
        listen_on(&start, rows[i].port, "HTTP_PORTS");
        decide(&start);
        expect(start.plan.floor == floor, "%s: %u", row, (unsigned)start.plan.floor);
        expect(start.plan.refused == (rows[i].wanted >= REFUSED), "%s: %.*s", row,
               SAID(&start.messages));
        expect(errors(&start.messages) == (rows[i].wanted >= REFUSED), "%s: %.*s", row,
               SAID(&start.messages));
        expect(start.plan.keeps_net_bind == (rows[i].wanted == KEPT), "%s", row);
        expect((said(&start.messages, "SHIM_UNPRIVILEGED_PORT_START=0") == 1) ==
                   (rows[i].wanted == TRUSTABLE),
               "%s: %.*s", row, SAID(&start.messages));
        expect((said(&start.messages, "the app could not open it") == 1) ==
                   (rows[i].wanted == REFUSED),
               "%s: %.*s", row, SAID(&start.messages));
    }
}

TEST(the_refusal_of_a_port_names_it_its_variable_and_the_ways_out) {
    struct start start = as_root();
    start.held.net_bind = false;
    listen_on(&start, 443, "ASPNETCORE_HTTPS_PORTS");
    expect_refusal(&start, "port 443, from ASPNETCORE_HTTPS_PORTS,");
    assert_int_equal(said(&start.messages, "below 1024"), 1);
    assert_int_equal(said(&start.messages, "ASPNETCORE_HTTPS_PORTS a port"), 1);
    assert_int_equal(said(&start.messages, "CAP_NET_BIND_SERVICE"), 1);
    assert_int_equal(said(&start.messages, "from 1024 up, 8080 by custom"), 1);
    assert_int_equal(said(&start.messages, "--cap-add NET_BIND_SERVICE"), 1);
    assert_int_equal(said(&start.messages, "capabilities: {add: [NET_BIND_SERVICE]}"), 1);
}

TEST(the_port_to_use_instead_is_one_that_is_not_refused) {
    struct start start = as_root();
    start.held.net_bind = false;
    start.options.unprivileged_port_start = 9000;
    listen_on(&start, 8081, "HTTP_PORTS");
    expect_refusal(&start, "port 8081");
    assert_int_equal(said(&start.messages, "from 9000 up"), 1);
    assert_int_equal(said(&start.messages, "1024"), 1); /* the kernel's own floor */
    assert_int_equal(said(&start.messages, "8080"), 0);

    start = as_root();
    start.held.net_bind = false;
    start.options.unprivileged_port_start = 8080;
    listen_on(&start, 80, "HTTP_PORTS");
    expect_refusal(&start, "port 80");
    assert_int_equal(said(&start.messages, "from 8080 up, 8080 by custom"), 1);

    start = as_root();
    start.held.net_bind = false;
    start.held.kernel_floor = 8081;
    listen_on(&start, 80, "HTTP_PORTS");
    expect_refusal(&start, "port 80");
    assert_int_equal(said(&start.messages, "by custom"), 0);
}

TEST(the_name_of_a_variable_is_shown_safely) {
    struct start start = as_root();
    start.held.net_bind = false;
    listen_on(&start, 80, "Kestrel__Endpoints__\x1b[2J__Url");
    expect_refusal(&start, "Kestrel__Endpoints__\\x1b[2J__Url");
}

TEST(each_privileged_port_is_refused_by_itself) {
    struct start start = as_root();
    start.held.net_bind = false;
    listen_on(&start, 80, "HTTP_PORTS");
    listen_on(&start, 8080, "HTTP_PORTS");
    listen_on(&start, 443, "HTTPS_PORTS");
    decide(&start);
    assert_true(start.plan.refused);
    assert_int_equal(errors(&start.messages), 2);
    assert_int_equal(said(&start.messages, "port 80, from HTTP_PORTS,"), 1);
    assert_int_equal(said(&start.messages, "port 443, from HTTPS_PORTS,"), 1);
}

TEST(one_privileged_port_among_others_is_enough_to_keep_the_capability) {
    for (size_t place = 0; place < 3; place++) {
        struct start start = as_root();
        for (size_t i = 0; i < 3; i++) {
            listen_on(&start, i == place ? 80 : 8080, "URLS");
        }
        expect_start(&start, print("place %zu", place));
        expect(start.plan.keeps_net_bind, "place %zu", place);
    }
}

TEST(the_kind_of_address_makes_no_difference) {
    for (enum address_host host = HOST_ANY; host <= HOST_IPV6; host++) {
        struct start start = as_root();
        start.held.net_bind = false;
        listen_on(&start, 80, "URLS");
        start.listen.addresses[0].host = host;
        start.listen.addresses[0].scheme = "https";
        expect_refusal(&start, "port 80");
    }
}

TEST(an_app_that_listens_nowhere_needs_nothing) {
    struct start start = as_root();
    start.held.net_bind = false;
    expect_start(&start, "a Unix socket");
    assert_false(start.plan.keeps_net_bind);
}

TEST(ports_are_judged_for_a_user_that_stays_too) {
    struct start start = as_user(1654);
    listen_on(&start, 80, "ASPNETCORE_URLS");
    expect_refusal(&start, "port 80, from ASPNETCORE_URLS,");
    /* A capability that is added to an ordinary user's container does not get to the process. */
    assert_int_equal(said(&start.messages, "--cap-add"), 0);
    assert_int_equal(said(&start.messages, "as root with that capability"), 1);

    start = as_user(1654);
    start.held.net_bind = true; /* podman makes it ambient */
    listen_on(&start, 80, "ASPNETCORE_URLS");
    expect_start(&start, "--cap-add NET_BIND_SERVICE");
    assert_true(start.plan.keeps_net_bind);
}

/* The rest. */

TEST(without_cap_setpcap_the_bounding_set_stays_and_that_is_a_warning) {
    struct start start = as_root();
    start.held.setpcap = false;
    expect_start(&start, "--cap-drop ALL --cap-add SETUID --cap-add SETGID");
    assert_false(start.plan.drops_bounding);
    assert_true(start.plan.switches);
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "CAP_SETPCAP"), 1);
}

TEST(a_grace_period_is_for_pid_1_only) {
    struct start start = as_root();
    start.options.grace_seconds = 5;
    expect_start(&start, "PID 1");
    assert_int_equal(start.messages.length, 0);

    start = as_root();
    start.options.grace_seconds = 1;
    start.held.init = false;
    expect_start(&start, "not PID 1");
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "SHIM_GRACE_PERIOD"), 1);

    start = as_root();
    start.held.init = false;
    expect_start(&start, "not PID 1, and none asked for");
    assert_int_equal(start.messages.length, 0);
}

TEST(what_only_a_supervisor_does_is_a_warning_without_one) {
    struct start start = as_root();
    start.options.supervise = false;
    expect_start(&start, "SHIM_SUPERVISE=0");
    assert_int_equal(start.messages.length, 0);

    start = as_root();
    start.options.tunes_supervision = true;
    expect_start(&start, "SHIM_EXIT_CODES=143:0");
    assert_int_equal(start.messages.length, 0);

    start = as_root();
    start.options.supervise = false;
    start.options.tunes_supervision = true;
    start.options.grace_seconds = 5;
    expect_start(&start, "both");
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "SHIM_SUPERVISE is 0"), 1);
}

TEST(the_origin_can_be_checked_by_itself) {
    struct start start = as_root();
    assert_true(plan_check_origin(&start.identity, &start.messages));
    assert_int_equal(start.messages.length, 0);
    start.identity.euid = 1000;
    assert_false(plan_check_origin(&start.identity, &start.messages));
    assert_int_equal(errors(&start.messages), 1);
}

TEST(nothing_of_an_earlier_plan_is_left) {
    struct start start = as_root();
    memset(&start.plan, 0xff, sizeof start.plan);
    expect_start(&start, "anew");
    assert_false(start.plan.keeps_net_bind);
    assert_int_equal(start.plan.floor, 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_becomes_the_apps_user_without_a_word),
        cmocka_unit_test(any_user_that_can_switch_becomes_the_apps_user),
        cmocka_unit_test(the_right_uid_that_can_switch_still_gets_its_gid_and_groups),
        cmocka_unit_test(root_that_cannot_switch_is_refused_and_told_what_is_missing),
        cmocka_unit_test(the_right_user_stays_as_it_is),
        cmocka_unit_test(what_a_user_still_holds_is_dropped_all_the_same),
        cmocka_unit_test(another_user_was_the_platforms_choice_and_that_is_said_at_info),
        cmocka_unit_test(a_group_that_a_kept_user_cannot_have_is_a_warning),
        cmocka_unit_test(groups_that_a_kept_user_has_already_are_no_warning),
        cmocka_unit_test(the_primary_group_need_not_be_added),
        cmocka_unit_test(a_shim_with_lent_privileges_is_refused),
        cmocka_unit_test(any_two_user_ids_that_differ_are_refused),
        cmocka_unit_test(any_two_group_ids_that_differ_are_refused),
        cmocka_unit_test(a_uid_that_the_user_namespace_does_not_map_is_refused),
        cmocka_unit_test(a_gid_that_the_user_namespace_does_not_map_is_refused),
        cmocka_unit_test(where_setgroups_is_denied_the_groups_have_to_be_right_already),
        cmocka_unit_test(the_user_namespace_is_no_matter_to_a_user_that_stays),
        cmocka_unit_test(a_shim_that_the_app_could_replace_is_refused),
        cmocka_unit_test(every_reason_is_told_in_one_run),
        cmocka_unit_test(what_was_wrong_before_refuses_too),
        cmocka_unit_test(nothing_is_claimed_of_a_user_who_is_not_known),
        cmocka_unit_test(a_group_of_the_platforms_that_goes_is_a_warning_with_a_hint),
        cmocka_unit_test(the_hint_for_a_lost_group_keeps_those_that_were_asked_for),
        cmocka_unit_test(a_hint_that_would_be_too_long_to_print_is_left_out_whole),
        cmocka_unit_test(a_group_that_the_app_gets_or_that_is_roots_own_is_no_warning),
        cmocka_unit_test(of_primary_groups_only_that_of_the_image_goes_without_a_warning),
        cmocka_unit_test(group_0_is_roots_own_and_nobody_is_told_to_ask_for_it),
        cmocka_unit_test(a_user_that_stays_keeps_its_groups_without_a_warning),
        cmocka_unit_test(a_home_that_was_roots_becomes_the_apps),
        cmocka_unit_test(a_home_stays_when_the_uid_does),
        cmocka_unit_test(a_port_below_the_floor_needs_the_capability),
        cmocka_unit_test(the_refusal_of_a_port_names_it_its_variable_and_the_ways_out),
        cmocka_unit_test(the_port_to_use_instead_is_one_that_is_not_refused),
        cmocka_unit_test(the_name_of_a_variable_is_shown_safely),
        cmocka_unit_test(each_privileged_port_is_refused_by_itself),
        cmocka_unit_test(one_privileged_port_among_others_is_enough_to_keep_the_capability),
        cmocka_unit_test(the_kind_of_address_makes_no_difference),
        cmocka_unit_test(an_app_that_listens_nowhere_needs_nothing),
        cmocka_unit_test(ports_are_judged_for_a_user_that_stays_too),
        cmocka_unit_test(without_cap_setpcap_the_bounding_set_stays_and_that_is_a_warning),
        cmocka_unit_test(a_grace_period_is_for_pid_1_only),
        cmocka_unit_test(what_only_a_supervisor_does_is_a_warning_without_one),
        cmocka_unit_test(the_origin_can_be_checked_by_itself),
        cmocka_unit_test(nothing_of_an_earlier_plan_is_left),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
