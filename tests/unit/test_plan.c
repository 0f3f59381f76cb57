/* The decision table of DESIGN.md, Identity and Ports: who the app becomes, and what it keeps. */
#include "plan/plan.h"
#include "unit.h"

#define GROUPS(...)                                                                                \
    ((struct group_list){(gid_t[]){__VA_ARGS__}, sizeof((gid_t[]){__VA_ARGS__}) / sizeof(gid_t)})

static const struct group_list no_groups = {NULL, 0};
static const uint64_t net_bind = CAPABILITY_BIT(10);

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
    address->readings = READINGS_ALL;
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
    start.held = (struct held){.known = true,
                               .chown = true,
                               .setuid = true,
                               .setgid = true,
                               .setpcap = true,
                               .net_bind = true,
                               .unexplained = 0x800405fb, /* what podman gives a root container */
                               .bounds_net_bind = true,
                               .has_ambient = true,
                               .init = true,
                               .floor_known = true,
                               .kernel_floor = 1024};
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
    identity->stays = true;
    identity->app = identity->starter;
    identity->app_uid = uid;
    identity->app_gid = uid;
    identity->app_groups = no_groups;
    start.held = (struct held){.known = true,
                               .bounds_net_bind = true,
                               .has_ambient = true,
                               .init = true,
                               .floor_known = true,
                               .kernel_floor = 1024};
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
    assert_true(start.plan.kept == 0);
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
    start.held = (struct held){.known = true,
                               .setuid = true,
                               .setgid = true,
                               .has_ambient = true,
                               .floor_known = true,
                               .kernel_floor = 1024};
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
    start.held.unexplained = 0; /* a runtime gives them as ambient ones */
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
    assert_true(start.plan.kept == 0);
    assert_int_equal(start.plan.uid, 1654);
    assert_int_equal(start.plan.gid, 0);
    assert_int_equal(start.plan.groups->count, 2);
    assert_string_equal(start.plan.home, "/home/app");
    /* Only that the bounding set stays. */
    assert_int_equal(warnings(&start.messages), 0);
    assert_int_equal(said(&start.messages, "shim: info: "), 1);
    assert_int_equal(said(&start.messages, "shim: info: without CAP_SETPCAP"), 1);
}

TEST(what_a_user_still_holds_is_dropped_all_the_same) {
    struct start start = as_user(1654);
    start.held.setpcap = true;
    start.held.net_bind = true;
    expect_start(&start, "USER 1654 with capabilities");
    assert_false(start.plan.switches);
    assert_true(start.plan.drops_bounding);
    assert_true(start.plan.kept == 0);
}

TEST(another_user_was_the_platforms_choice_and_that_is_said_at_info) {
    struct start start = as_user(1000660000);
    start.identity.egid = start.identity.rgid = start.identity.sgid = start.identity.app_gid = 0;
    start.identity.starter.found = start.identity.app.found = false;
    expect_start(&start, "OpenShift");
    assert_false(start.plan.switches);
    assert_int_equal(start.plan.uid, 1000660000);
    assert_int_equal(start.plan.gid, 0);
    assert_int_equal(said(&start.messages, "shim: info: "), 2);
    assert_int_equal(said(&start.messages, "shim: info: without CAP_SETPCAP"), 1);
    assert_int_equal(said(&start.messages, "1000660000"), 1);
    assert_int_equal(said(&start.messages, "APP_UID 1654"), 1);

    start = as_user(1000);
    start.options.uid = (struct id_setting){ID_SET, 5555};
    expect_start(&start, "-u 1000");
    assert_int_equal(said(&start.messages, "APP_UID 5555"), 1);

    start = as_user(1000);
    start.options.uid = (struct id_setting){ID_SET, 1000};
    expect_start(&start, "-u 1000 with APP_UID=1000");
    assert_int_equal(said(&start.messages, "shim: info: "), 1);
    assert_int_equal(said(&start.messages, "shim: info: without CAP_SETPCAP"), 1);
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

/* Lent rights: security/commoncap.c, by the ids and sets, not by AT_SECURE. */

TEST(at_secure_alone_proves_nothing) {
    static const uid_t uids[] = {1654, 1000810000};
    struct start start = as_root();
    start.identity.secure = true; /* SELinux without noatsecure */
    expect_start(&start, "root, AT_SECURE");
    assert_int_equal(start.messages.length, 0);
    for (size_t i = 0; i < LENGTH(uids); i++) {
        start = as_user(uids[i]);
        start.identity.rgid = start.identity.egid = start.identity.sgid = 0;
        start.identity.app_gid = 0;
        start.identity.secure = true;
        expect_start(&start, print("uid %u with gid 0, AT_SECURE", (unsigned)uids[i]));
        assert_false(start.plan.lent);
    }
}

TEST(capabilities_that_a_file_gives_are_lent) {
    static const struct {
        uid_t ruid;
        uint64_t unexplained;
        bool noroot, has_ambient, secure;
        const char *lent; /* NULL: nothing */
    } rows[] = {
        /* Root has them of its own, unless it is nothing special. */
        {0, 0x800405fb, false, true, false, NULL},
        {0, 0x800405fb, false, true, true, NULL},
        {0, CAPABILITY_BIT(6) | CAPABILITY_BIT(7), true, true, false, "cap_setgid,cap_setuid"},
        {0, 0, true, true, false, NULL},
        /* Others have none but by a file, or as ambient ones, which need no explanation. */
        {1000, CAPABILITY_BIT(6) | CAPABILITY_BIT(7), false, true, true, "cap_setgid,cap_setuid"},
        {1000, CAPABILITY_BIT(21), false, true, true, "cap_sys_admin"},
        /* Without AT_SECURE no file has given them: a sandbox has, to an ordinary user. */
        {1000, CAPABILITY_BIT(21), false, true, false, NULL},
        {1000, CAPABILITY_BIT(40), false, true, true, "cap_checkpoint_restore"},
        {1000, CAPABILITY_BIT(41), false, true, true, ": 41\n"},
        {1000, 0, false, true, true, NULL},
        /* The one that may be lent, and others beside it. */
        {1000, CAPABILITY_BIT(10), false, true, true, NULL},
        {1000, CAPABILITY_BIT(10) | CAPABILITY_BIT(1), false, true, true, ": cap_dac_override\n"},
        /* The same where there is no ambient set. */
        {1000, CAPABILITY_BIT(7), false, false, false, NULL},
        {1000, CAPABILITY_BIT(7), false, false, true, "cap_setuid"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = rows[i].ruid == 0 ? as_root() : as_user(rows[i].ruid);
        start.held.unexplained = rows[i].unexplained;
        start.held.noroot = rows[i].noroot;
        start.held.has_ambient = rows[i].has_ambient;
        start.identity.secure = rows[i].secure;
        decide(&start);
        expect(start.plan.refused == (rows[i].lent != NULL), "row %zu: %.*s", i,
               SAID(&start.messages));
        expect(start.plan.lent == start.plan.refused, "row %zu", i);
        expect(rows[i].lent == NULL || said(&start.messages, rows[i].lent) == 1, "row %zu: %.*s", i,
               SAID(&start.messages));
    }
}

TEST(setuid_and_setgid_are_refused_whatever_the_capabilities) {
    struct start start = as_user(1000);
    start.identity.euid = start.identity.suid = 0;
    start.held.unexplained = 0;
    expect_refusal(&start, "setcap -r");
    start = as_user(1000);
    start.identity.egid = start.identity.sgid = 0;
    expect_refusal(&start, "setcap -r");
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
    start.identity.suid = 1000;
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

/* Account files that the app may write to. */

TEST(groups_that_an_account_file_cannot_be_trusted_with_are_a_warning) {
    static const struct {
        struct trust passwd, group;
        const char *named;
    } rows[] = {
        {{TRUST_NOTHING, 0}, {TRUST_ALL, 0}, "write to /etc/passwd, which"},
        {{TRUST_ALL, 0}, {TRUST_ONE, 0}, "write to /etc/group, which"},
        {{TRUST_ONE, 0}, {TRUST_NOTHING, 0}, "write to /etc/passwd and /etc/group, which"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.identity.passwd = rows[i].passwd;
        start.identity.group = rows[i].group;
        start.identity.app.gid = 500;
        start.identity.gid_stands_in = true;
        start.identity.lost = GROUPS(44, 500, 1654);
        expect_start(&start, "chmod g=u /etc/passwd");
        expect(warnings(&start.messages) == 1 && hints(&start.messages) == 1, "row %zu: %.*s", i,
               SAID(&start.messages));
        expect(said(&start.messages, rows[i].named) == 1, "row %zu: %.*s", i,
               SAID(&start.messages));
        expect(said(&start.messages, "not taken: 500, 44\n") == 1, "row %zu: %.*s", i,
               SAID(&start.messages));
        expect(said(&start.messages, "APP_GID and APP_GROUPS") == 1, "row %zu", i);
    }
}

TEST(a_group_is_lost_beside_a_gid_that_is_not) {
    struct start start = as_root();
    start.identity.group.in = TRUST_NOTHING;
    start.identity.app.gid = 44;
    start.identity.lost = GROUPS(44, 500);
    expect_start(&start, "no gid stands in");
    expect(said(&start.messages, "not taken: 44, 500\n") == 1, "%.*s", SAID(&start.messages));
}

TEST(groups_that_a_mount_hides_are_a_warning) {
    struct start start = as_root();
    start.identity.lost = GROUPS(44);
    start.identity.group_covered = true;
    expect_start(&start, "both files are root's");
    expect(warnings(&start.messages) == 1 && hints(&start.messages) == 1, "once");
    expect(said(&start.messages, "something is mounted over /etc/group") == 1, "%.*s",
           SAID(&start.messages));
}

TEST(groups_that_are_lost_by_two_reasons_are_two_warnings) {
    struct start start = as_root();
    start.identity.lost = GROUPS(44);
    start.identity.group_covered = true;
    start.identity.passwd.in = TRUST_NOTHING;
    expect_start(&start, "and one of the files is the app's");
    expect(warnings(&start.messages) == 2 && hints(&start.messages) == 2, "%.*s",
           SAID(&start.messages));
}

TEST(a_list_that_fits_is_not_cut) {
    static gid_t many[22];
    for (size_t count = 20; count <= LENGTH(many); count++) {
        struct start start = as_root();
        for (size_t i = 0; i < count; i++) {
            many[i] = i == 0 ? 100 : (gid_t)(1000000000 + i);
        }
        start.identity.group.in = TRUST_NOTHING;
        start.identity.lost = (struct group_list){many, count};
        expect_start(&start, "ten digits each");
        expect(said(&start.messages, " and others\n") == (count > 21), "%zu", count);
        expect(said(&start.messages, "1000000020") == (count > 20), "%zu", count);
    }
}

TEST(a_long_list_of_groups_is_cut) {
    static gid_t many[1000];
    struct start start = as_root();
    for (size_t i = 0; i < LENGTH(many); i++) {
        many[i] = (gid_t)(100000 + i);
    }
    start.identity.group.in = TRUST_NOTHING;
    start.identity.lost = (struct group_list){many, LENGTH(many)};
    expect_start(&start, "a thousand groups");
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "100000, 100001, "), 1);
    assert_int_equal(said(&start.messages, " and others\n"), 1);
}

TEST(what_the_app_gets_all_the_same_is_not_lost) {
    struct start start = as_root();
    start.identity.group.in = TRUST_ONE;
    start.identity.lost = GROUPS(2000);
    start.identity.app_groups = GROUPS(1654, 2000);
    expect_start(&start, "APP_GROUPS=2000");
    assert_int_equal(start.messages.length, 0);
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
        {"/root", {true, 0, name_root, home_root}, {true, 1, name_app, top}, "/"},
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
        /* What it was before nobody is told of. */
        bool told = strcmp(rows[i].wanted, "/") == 0 && !rows[i].app.found;
        told = told || rows[i].app.home == nothing || rows[i].app.home == relative;
        told = told && start.plan.home != rows[i].given;
        expect(said(&start.messages, "HOME becomes /: ") == told, "row %zu: %.*s", i,
               SAID(&start.messages));
    }
}

TEST(where_nothing_is_started_nobody_is_told_of_a_home) {
    struct start start = as_root();
    start.identity.app = (struct account){false, 0, NULL, NULL};
    message_error(&start.messages, "a malformed setting");
    decide(&start);
    expect(start.plan.refused && strcmp(start.plan.home, "/") == 0, "refused");
    expect(warnings(&start.messages) == 0, "%.*s", SAID(&start.messages));
}

/* The home of a line that only a strict reader takes for the starting user's. */
TEST(a_home_of_the_starting_user_is_left_over_by_either_reading) {
    static char lax_home[] = "/srv/lax";
    static char strict_home[] = "/srv/strict";
    static const struct {
        const char *given;
        bool lax, strict;
        const char *wanted;
    } rows[] = {
        {"/srv/strict", true, true, "/home/app"},    {"/srv/lax", true, true, "/home/app"},
        {"/srv/strict", true, false, "/srv/strict"}, {"/srv/lax", false, true, "/srv/lax"},
        {"/srv/strict", false, true, "/home/app"},   {"/srv/other", true, true, "/srv/other"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.home = rows[i].given;
        start.identity.starter = (struct account){rows[i].lax, 0, name_root, lax_home};
        start.identity.starter_strictly =
            (struct account){rows[i].strict, 0, name_root, strict_home};
        decide(&start);
        expect(strcmp(start.plan.home, rows[i].wanted) == 0, "row %zu gave %s", i, start.plan.home);
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
        start.held.unexplained = 0; /* a runtime gives them as ambient ones */
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
        expect(start.plan.kept == (rows[i].wanted == KEPT ? net_bind : 0), "%s", row);
        expect(start.plan.bounding == start.plan.kept, "%s", row);
        expect((said(&start.messages, "SHIM_UNPRIVILEGED_PORT_START=0") == 1) ==
                   (rows[i].wanted == TRUSTABLE),
               "%s: %.*s", row, SAID(&start.messages));
        expect((said(&start.messages, "the app could not open it") == 1) ==
                   (rows[i].wanted == REFUSED),
               "%s: %.*s", row, SAID(&start.messages));
    }
}

/* Only CreateBuilder's reading refuses; what an app of another builder would open is cared for. */
TEST(a_port_of_another_reading_keeps_the_capability_and_is_not_refused_without_it) {
    static const struct {
        unsigned readings;
        bool held;
        bool refused;
        const char *said;
    } rows[] = {
        {READINGS_ALL, true, false, NULL},
        {READING_WEB, true, false, NULL},
        {READING_SLIM, true, false, NULL},
        {READING_HOST, true, false, NULL},
        {READING_WEB, false, true, "the app could not open it"},
        {READING_WEB | READING_HOST, false, true, "the app could not open it"},
        {READING_SLIM, false, false, "an app of the slim builder could not open it"},
        {READING_HOST, false, false, "an app of the generic host could not open it"},
        {READING_SLIM | READING_HOST, false, false,
         "an app of the slim builder, generic host could not open it"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.held.net_bind = rows[i].held;
        listen_on(&start, 8080, "DOTNET_HTTP_PORTS");
        listen_on(&start, 81, "ASPNETCORE_HTTP_PORTS");
        start.listen.addresses[1].readings = rows[i].readings;
        decide(&start);
        expect(start.plan.refused == rows[i].refused, "row %zu: %.*s", i, SAID(&start.messages));
        expect(start.plan.kept == (rows[i].held ? net_bind : 0), "row %zu", i);
        expect(errors(&start.messages) == (rows[i].refused ? 1 : 0), "row %zu", i);
        expect(warnings(&start.messages) == (rows[i].held || rows[i].refused ? 0 : 1), "row %zu",
               i);
        expect(rows[i].said == NULL || said(&start.messages, rows[i].said) == 1, "row %zu: %.*s", i,
               SAID(&start.messages));
    }
}

TEST(the_refusal_of_a_port_names_it_its_variable_and_the_ways_out) {
    struct start start = as_root();
    start.held.net_bind = false;
    listen_on(&start, 443, "ASPNETCORE_HTTPS_PORTS");
    start.listen.addresses[0].scheme = "https";
    expect_refusal(&start, "port 443, from ASPNETCORE_HTTPS_PORTS,");
    assert_int_equal(said(&start.messages, "below 1024"), 1);
    assert_int_equal(said(&start.messages, "ASPNETCORE_HTTPS_PORTS a port"), 1);
    assert_int_equal(said(&start.messages, "CAP_NET_BIND_SERVICE"), 1);
    assert_int_equal(said(&start.messages, "from 1024 up, 8443 by custom"), 1);
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

TEST(of_https_it_is_another_one) {
    static const struct {
        uint32_t floor;
        const char *words;
    } rows[] = {{8081, "from 8081 up, 8443 by custom\n"},
                {8443, "from 8443 up, 8443 by custom\n"},
                {8444, "from 8444 up\n"}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.held.net_bind = false;
        start.held.kernel_floor = rows[i].floor;
        listen_on(&start, 443, "HTTPS_PORTS");
        start.listen.addresses[0].scheme = "https";
        expect_refusal(&start, rows[i].words);
    }
}

TEST(a_kernel_without_a_floor_is_told_of_in_words) {
    static const struct {
        uint32_t floor;
        const char *said;
    } rows[] = {
        {0, "every user open any port"},
        {1, "every user open any port"},
        {2, "every user open ports from 2 up"},
        {80, "every user open ports from 80 up"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct start start = as_root();
        start.held.net_bind = false;
        start.held.kernel_floor = rows[i].floor;
        listen_on(&start, 80, "HTTP_PORTS");
        expect_refusal(&start, "port 80");
        expect(said(&start.messages, rows[i].said) == 1, "row %zu: %.*s", i, SAID(&start.messages));
        expect(said(&start.messages, "from 0 up") + said(&start.messages, "from 1 up") == 0,
               "row %zu", i);
    }
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

TEST(a_port_that_a_list_names_twice_is_refused_once) {
    static const struct {
        uint32_t port;
        const char *source;
        unsigned readings;
        size_t errors, warnings;
    } rows[] = {
        {80, "HTTP_PORTS", READINGS_ALL, 1, 0}, {81, "HTTP_PORTS", READINGS_ALL, 2, 0},
        {80, "URLS", READINGS_ALL, 2, 0},       {80, "HTTP_PORTS", READING_WEB, 2, 0},
        {80, "HTTP_PORTS", READING_SLIM, 1, 1},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.held.net_bind = false;
        listen_on(&start, 80, "HTTP_PORTS");
        listen_on(&start, 8080, "HTTP_PORTS");
        listen_on(&start, rows[i].port, rows[i].source);
        start.listen.addresses[2].readings = rows[i].readings;
        decide(&start);
        expect(errors(&start.messages) == rows[i].errors, "row %zu: %.*s", i,
               SAID(&start.messages));
        expect(warnings(&start.messages) == rows[i].warnings, "row %zu", i);
    }
}

TEST(a_port_that_nobody_has_set_is_to_be_set) {
    struct start start = as_root();
    start.held.net_bind = false;
    start.options.unprivileged_port_start = 6000;
    listen_on(&start, 5000, "default");
    expect_refusal(&start, "set ASPNETCORE_HTTP_PORTS to a port from 6000 up");
}

TEST(what_is_behind_the_last_address_does_not_count) {
    struct start start = as_root();
    start.held.net_bind = false;
    listen_on(&start, 8080, "URLS");
    listen_on(&start, 80, "URLS");
    start.listen.count = 1;
    expect_start(&start, "one address");
}

TEST(a_port_at_the_floor_is_not_below_it) {
    struct start start = as_root();
    start.held.net_bind = start.held.floor_known = false;
    start.options.unprivileged_port_start = 80;
    listen_on(&start, 80, "URLS");
    expect_start(&start, "the setting's floor");
}

TEST(effective_capabilities_of_the_file_are_a_warning) {
    for (int form = FILECAPS_NONE; form <= FILECAPS_ODD; form++) {
        for (int effective = 0; effective < 2; effective++) {
            struct start start = as_user(1654);
            start.identity.own_file.state = form;
            start.identity.own_file.effective = effective != 0;
            start.identity.own_file.permitted = net_bind;
            expect_start(&start, "nothing to open");
            bool told = form == FILECAPS_HONOURED && effective != 0;
            expect(warnings(&start.messages) == told && hints(&start.messages) == told, "%d, %d",
                   form, effective);
        }
    }
}

/* The first that keeps it away is what is said. */
TEST(what_keeps_a_lent_capability_away_is_said) {
    static const struct {
        int state;
        bool permitted, no_new_privs, bounds;
        const char *words;
    } rows[] = {
        {FILECAPS_HONOURED, true, false, true, ", but this kernel or sandbox does not lend it"},
        {FILECAPS_HONOURED, true, false, false, ", but the container does not: --cap-add"},
        {FILECAPS_HONOURED, true, true, false, ", but no_new_privs keeps it away"},
        {FILECAPS_NOSUID, true, true, false, ", but is on a nosuid mount"},
        {FILECAPS_NONE, false, false, true, "or let the shim's file lend it"},
        {FILECAPS_HONOURED, false, true, false, "or let the shim's file lend it"},
        {FILECAPS_FOREIGN, true, false, true, "capabilities of another user namespace"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_user(1654);
        start.identity.own_file.state = rows[i].state;
        start.identity.own_file.permitted = rows[i].permitted ? net_bind : ~net_bind;
        start.held.no_new_privs = rows[i].no_new_privs;
        start.held.bounds_net_bind = rows[i].bounds;
        listen_on(&start, 80, "URLS");
        expect_refusal(&start, rows[i].words);
    }
}

TEST(one_privileged_port_among_others_is_enough_to_keep_the_capability) {
    for (size_t place = 0; place < 3; place++) {
        struct start start = as_root();
        for (size_t i = 0; i < 3; i++) {
            listen_on(&start, i == place ? 80 : 8080, "URLS");
        }
        expect_start(&start, print("place %zu", place));
        expect(start.plan.kept == net_bind, "place %zu", place);
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
    assert_true(start.plan.kept == 0);
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
    assert_true(start.plan.kept != 0);
}

/* The rest. */

/* A floor that nobody tells. */

TEST(where_the_kernels_floor_is_unknown_only_the_setting_refuses) {
    static const struct {
        uint32_t port, setting;
        bool net_bind, has_ambient, refused, kept, probed;
    } rows[] = {
        {80, 1024, false, true, true, false, true},   {80, 1024, true, true, false, true, true},
        {80, 1024, true, false, false, false, true}, /* nothing to keep it in: the probe tells */
        {80, 0, false, true, false, false, true},     {80, 0, true, true, false, true, true},
        {80, 0, true, false, false, false, true},     {1023, 80, false, true, false, false, true},
        {79, 80, false, true, true, false, true},     {1024, 0, false, true, false, false, false},
        {1024, 0, true, true, false, false, false},   {1500, 2000, false, true, true, false, true},
        {1500, 2000, true, true, false, false, true}, {0, 1024, false, true, false, false, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct start start = as_root();
        start.held.floor_known = false;
        start.held.net_bind = rows[i].net_bind;
        start.held.has_ambient = rows[i].has_ambient;
        start.options.unprivileged_port_start = rows[i].setting;
        listen_on(&start, rows[i].port, "HTTP_PORTS");
        decide(&start);
        expect(start.plan.refused == rows[i].refused, "row %zu: %.*s", i, SAID(&start.messages));
        expect(start.plan.kept == (rows[i].kept ? net_bind : 0), "row %zu", i);
        expect((rows[i].port != 0 && rows[i].port < start.plan.probe_floor) == rows[i].probed,
               "row %zu", i);
        expect(said(&start.messages, "the app could not open it") == 0, "row %zu", i);
        expect((said(&start.messages, "SHIM_UNPRIVILEGED_PORT_START=0") == 1) == rows[i].refused,
               "row %zu: %.*s", i, SAID(&start.messages));
    }
}

TEST(what_is_kept_stays_in_the_bounding_set_if_it_is_there) {
    struct start start = as_user(1654);
    start.held.net_bind = true;
    start.held.bounds_net_bind = false;
    listen_on(&start, 80, "URLS");
    expect_start(&start, "inherited");
    assert_true(start.plan.kept == net_bind && start.plan.bounding == 0);
}

TEST(the_bounding_set_stays_if_that_is_asked_for) {
    struct start start = as_root();
    start.options.keeps_bounding_set = true;
    expect_start(&start, "SHIM_BOUNDING_SET=keep");
    assert_false(start.plan.drops_bounding);
    assert_true(start.plan.locks_root);
    assert_int_equal(start.messages.length, 0);
}

TEST(without_cap_setpcap_the_bounding_set_stays_and_that_is_said_at_info) {
    struct start start = as_root();
    start.held.setpcap = false;
    expect_start(&start, "--cap-drop ALL --cap-add SETUID --cap-add SETGID");
    assert_false(start.plan.drops_bounding);
    assert_false(start.plan.locks_root);
    assert_true(start.plan.switches);
    assert_int_equal(warnings(&start.messages), 0);
    assert_int_equal(said(&start.messages, "shim: info: without CAP_SETPCAP"), 1);
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
    start.held.init = false;
    start.options.supervise = false;
    expect_start(&start, "SHIM_SUPERVISE=0");
    assert_int_equal(start.messages.length, 0);

    start = as_root();
    start.options.tunes_supervision = true;
    expect_start(&start, "SHIM_EXIT_CODES=143:0");
    assert_int_equal(start.messages.length, 0);

    start = as_root();
    start.held.init = false;
    start.options.supervise = false;
    start.options.tunes_supervision = true;
    start.options.grace_seconds = 5;
    expect_start(&start, "both");
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "SHIM_SUPERVISE is 0"), 1);
}

TEST(an_app_that_exec_joins_as_root_is_a_warning) {
    struct start start = as_root();
    start.held.init = true;
    expect_start(&start, "supervised");
    assert_int_equal(start.messages.length, 0);

    start = as_root();
    start.held.init = true;
    start.options.supervise = false;
    expect_start(&start, "SHIM_SUPERVISE=0 as PID 1");
    assert_int_equal(warnings(&start.messages), 1);
    assert_int_equal(said(&start.messages, "exec into the container joins the app itself"), 1);
    assert_int_equal(said(&start.messages, "USER 1654"), 1);

    start = as_user(1654);
    start.held.init = true;
    start.options.supervise = false;
    expect_start(&start, "a user's");
    assert_int_equal(warnings(&start.messages), 0);
}

TEST(the_origin_can_be_checked_by_itself) {
    struct start start = as_root();
    assert_true(plan_check_origin(&start.identity, &start.held, &start.messages));
    assert_int_equal(start.messages.length, 0);
    start.identity.euid = 1000;
    assert_false(plan_check_origin(&start.identity, &start.held, &start.messages));
    assert_int_equal(errors(&start.messages), 1);
}

TEST(nothing_of_an_earlier_plan_is_left) {
    struct start start = as_root();
    memset(&start.plan, 0xff, sizeof start.plan);
    expect_start(&start, "anew");
    assert_true(start.plan.kept == 0);
    assert_int_equal(start.plan.floor, 1024);
}

TEST(without_knowing_what_is_held_nothing_is_claimed_and_nothing_started) {
    struct start start = as_root();
    start.held = (struct held){.known = false};
    start.options.grace_seconds = 5;
    listen_on(&start, 80, "HTTP_PORTS");
    plan_make(&start.options, &start.identity, &start.listen, &start.held, start.home, &start.plan,
              &start.messages);
    assert_true(start.plan.refused);
    assert_int_equal(start.messages.length, 0);
    assert_ptr_equal(start.plan.listen, &start.listen);
    assert_ptr_equal(start.plan.groups, &start.identity.app_groups);
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
        cmocka_unit_test(at_secure_alone_proves_nothing),
        cmocka_unit_test(capabilities_that_a_file_gives_are_lent),
        cmocka_unit_test(setuid_and_setgid_are_refused_whatever_the_capabilities),
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
        cmocka_unit_test(groups_that_an_account_file_cannot_be_trusted_with_are_a_warning),
        cmocka_unit_test(a_group_is_lost_beside_a_gid_that_is_not),
        cmocka_unit_test(groups_that_a_mount_hides_are_a_warning),
        cmocka_unit_test(groups_that_are_lost_by_two_reasons_are_two_warnings),
        cmocka_unit_test(a_list_that_fits_is_not_cut),
        cmocka_unit_test(a_long_list_of_groups_is_cut),
        cmocka_unit_test(what_the_app_gets_all_the_same_is_not_lost),
        cmocka_unit_test(a_user_that_stays_keeps_its_groups_without_a_warning),
        cmocka_unit_test(a_home_that_was_roots_becomes_the_apps),
        cmocka_unit_test(where_nothing_is_started_nobody_is_told_of_a_home),
        cmocka_unit_test(a_home_of_the_starting_user_is_left_over_by_either_reading),
        cmocka_unit_test(a_home_stays_when_the_uid_does),
        cmocka_unit_test(a_port_below_the_floor_needs_the_capability),
        cmocka_unit_test(
            a_port_of_another_reading_keeps_the_capability_and_is_not_refused_without_it),
        cmocka_unit_test(the_refusal_of_a_port_names_it_its_variable_and_the_ways_out),
        cmocka_unit_test(the_port_to_use_instead_is_one_that_is_not_refused),
        cmocka_unit_test(of_https_it_is_another_one),
        cmocka_unit_test(a_kernel_without_a_floor_is_told_of_in_words),
        cmocka_unit_test(the_name_of_a_variable_is_shown_safely),
        cmocka_unit_test(each_privileged_port_is_refused_by_itself),
        cmocka_unit_test(a_port_that_a_list_names_twice_is_refused_once),
        cmocka_unit_test(a_port_that_nobody_has_set_is_to_be_set),
        cmocka_unit_test(what_is_behind_the_last_address_does_not_count),
        cmocka_unit_test(a_port_at_the_floor_is_not_below_it),
        cmocka_unit_test(effective_capabilities_of_the_file_are_a_warning),
        cmocka_unit_test(what_keeps_a_lent_capability_away_is_said),
        cmocka_unit_test(one_privileged_port_among_others_is_enough_to_keep_the_capability),
        cmocka_unit_test(the_kind_of_address_makes_no_difference),
        cmocka_unit_test(an_app_that_listens_nowhere_needs_nothing),
        cmocka_unit_test(ports_are_judged_for_a_user_that_stays_too),
        cmocka_unit_test(where_the_kernels_floor_is_unknown_only_the_setting_refuses),
        cmocka_unit_test(what_is_kept_stays_in_the_bounding_set_if_it_is_there),
        cmocka_unit_test(the_bounding_set_stays_if_that_is_asked_for),
        cmocka_unit_test(without_cap_setpcap_the_bounding_set_stays_and_that_is_said_at_info),
        cmocka_unit_test(a_grace_period_is_for_pid_1_only),
        cmocka_unit_test(what_only_a_supervisor_does_is_a_warning_without_one),
        cmocka_unit_test(an_app_that_exec_joins_as_root_is_a_warning),
        cmocka_unit_test(the_origin_can_be_checked_by_itself),
        cmocka_unit_test(nothing_of_an_earlier_plan_is_left),
        cmocka_unit_test(without_knowing_what_is_held_nothing_is_claimed_and_nothing_started),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
