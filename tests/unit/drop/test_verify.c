/* The proof: whatever the kernel shows that is not as planned, nothing is started. */
#include "drop/drop.h"
#include "kernel.h"
#include "memory.h"

static const uint64_t net_bind = CAPABILITY_BIT(CAP_NET_BIND_SERVICE);
static gid_t planned_groups[] = {1654, 2000};
static const struct group_list groups = {planned_groups, 2};
static struct messages messages;
static struct plan plan;

/* All is as a full drop leaves it, with the one capability or without. */
static void start(uint64_t kept) {
    kernel_start();
    messages_all(&messages);
    plan = (struct plan){.switches = true,
                         .drops_bounding = true,
                         .locks_root = true,
                         .uid = 1654,
                         .gid = 1655,
                         .groups = &groups,
                         .kept = kept,
                         .bounding = kept};
    for (size_t i = 0; i < IDS; i++) {
        kernel.uids[i] = 1654;
        kernel.gids[i] = 1655;
    }
    memcpy(kernel.groups, planned_groups, sizeof planned_groups);
    kernel.group_count = 2;
    kernel.permitted = kernel.effective = kernel.inheritable = kernel.ambient = kept;
    kernel.bounding = kept;
    kernel.securebits = 0xf;
    kernel.no_new_privs = 1;
    kernel.dumpable = 0;
}

/* Verifies; a refusal is one error with its hint, and says this. */
static void expect_refused(const char *words) {
    expect(!verify(&plan, true, &messages), "%s", words);
    expect(errors(&messages) == 1 && hints(&messages) == 1 && said(&messages, words) == 1,
           "%s: %.*s", words, SAID(&messages));
}

static void expect_good(const char *row) {
    expect(verify(&plan, true, &messages), "%s: %.*s", row, SAID(&messages));
    expect(errors(&messages) == 0 && said(&messages, "verified: ") == 1, "%s", row);
}

TEST(what_is_as_planned_is_good) {
    start(0);
    expect_good("nothing kept");
    start(net_bind);
    expect_good("the capability kept");
}

TEST(each_id_counts) {
    for (size_t i = 0; i < IDS; i++) {
        start(0);
        kernel.uids[i] = 0;
        expect_refused("the user ids are ");
        start(0);
        kernel.gids[i] = 0;
        expect_refused("the group ids are ");
    }
}

TEST(ids_that_cannot_be_read_are_not_believed) {
    static const enum call calls[] = {GETRESUID, GETRESGID};
    for (size_t i = 0; i < LENGTH(calls); i++) {
        start(0);
        kernel.wrong = calls[i];
        kernel.error = EPERM;
        expect_refused("the ids cannot be read");
    }
}

/* gVisor: no such call, and the effective id is what counts for files. */
TEST(without_setfsuid_the_effective_ids_count) {
    static const enum call calls[] = {SETFSUID, SETFSGID};
    for (size_t i = 0; i < LENGTH(calls); i++) {
        start(0);
        kernel.wrong = calls[i];
        kernel.error = ENOSYS;
        expect_good("no such call");
        start(0);
        kernel.wrong = calls[i];
        kernel.answer = -1; /* without an error: that is an id, and not ours */
        expect_refused(i == 0 ? "the user ids are " : "the group ids are ");
    }
}

TEST(the_groups_are_exactly_the_planned_ones) {
    static const struct {
        gid_t groups[3];
        int count;
        bool good;
    } rows[] = {
        {{2000, 1654}, 2, true},  {{2000, 1654, 2000}, 3, true},
        {{1654, 2001}, 2, false}, {{1654}, 1, false},
        {{0}, 0, false},          {{1654, 2000, 0}, 3, false},
        {{0, 1654}, 2, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start(0);
        memcpy(kernel.groups, rows[i].groups, sizeof rows[i].groups);
        kernel.group_count = rows[i].count;
        if (rows[i].good) {
            expect_good("groups");
        } else {
            expect_refused("the supplementary groups are not the 2 planned ones");
        }
    }
}

TEST(groups_that_cannot_be_read_are_not_believed) {
    for (int spared = 0; spared < 2; spared++) {
        start(0);
        kernel.wrong = GETGROUPS;
        kernel.error = EPERM;
        kernel.spared = spared;
        expect_refused("the supplementary groups");
    }
    /* What has not been filled in looks like group 0. */
    static gid_t zero[] = {0};
    static const struct group_list only_zero = {zero, 1};
    for (int error = 0; error <= EPERM; error++) {
        start(0);
        plan.groups = &only_zero;
        kernel.group_count = 1;
        kernel.groups[0] = 0;
        kernel.wrong = GETGROUPS;
        kernel.error = error;
        kernel.spared = 1;
        expect_refused("the supplementary groups");
    }
    start(0);
    kernel.wrong = GETGROUPS;
    kernel.answer = 1; /* of two that it has announced */
    kernel.spared = 1;
    expect_refused("the supplementary groups");
}

TEST(without_memory_the_groups_are_not_believed) {
    start(0);
    memory_before = 0;
    bool good = verify(&plan, true, &messages);
    memory_before = -1;
    expect(!good && said(&messages, "the supplementary groups") == 1, "%.*s", SAID(&messages));
}

TEST(each_bit_of_each_set_counts) {
    static const char *const names[] = {"permitted", "effective", "inheritable", "ambient",
                                        "bounding"};
    for (size_t set = 0; set < LENGTH(names); set++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            uint64_t *const sets[] = {&kernel.permitted, &kernel.effective, &kernel.inheritable,
                                      &kernel.ambient, &kernel.bounding};
            start(bit % 2 == 0 ? net_bind : 0);
            kernel.capabilities = 64;
            *sets[set] ^= CAPABILITY_BIT(bit);
            expect_refused(print("the %s set is ", names[set]));
        }
    }
}

TEST(sets_that_cannot_be_read_are_not_believed) {
    start(0);
    kernel.wrong = CAPGET;
    kernel.error = EPERM;
    expect_refused("the capabilities cannot be read");
    start(0);
    kernel.wrong = AMBIENT_READ;
    kernel.error = EPERM;
    kernel.spared = 1;
    expect_refused("the capabilities cannot be read");
    start(0);
    kernel.wrong = BOUNDING_READ;
    kernel.error = EPERM;
    expect_refused("the bounding set cannot be read");
}

/* Linux before 4.3 says EINVAL for all of it, a sandbox EPERM: no set, or none that counts. */
TEST(without_an_ambient_set_nothing_can_be_kept) {
    static const int rows[] = {EINVAL, EPERM, ENOSYS};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start(0);
        kernel.wrong = AMBIENT_READ;
        kernel.error = rows[i];
        expect_good("nothing kept");
        start(net_bind);
        kernel.wrong = AMBIENT_READ;
        kernel.error = rows[i];
        expect_refused("this kernel has no ambient set");
    }
}

TEST(a_bounding_set_that_stays_may_have_anything) {
    start(0);
    plan.drops_bounding = false;
    kernel.bounding = UINT64_MAX;
    expect_good("not dropped");
}

TEST(securebits_count_where_they_were_set) {
    for (unsigned bit = 0; bit < 4; bit++) {
        start(0);
        kernel.securebits ^= 1 << bit;
        expect_refused("the securebits are ");
        start(0);
        kernel.securebits ^= 1 << bit;
        expect(verify(&plan, false, &messages), "never set");
    }
    start(0);
    kernel.wrong = GET_SECUREBITS;
    kernel.error = EPERM;
    expect_refused("the securebits are 0 ");
    start(0);
    kernel.securebits = 0xff;
    expect_good("more than those");
}

TEST(no_new_privs_counts) {
    static const int rows[] = {0, 2, -1};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start(0);
        kernel.no_new_privs = rows[i];
        expect_refused("no_new_privs is not set");
    }
}

TEST(the_signal_mask_counts) {
    start(0);
    kernel.mask &= ~CAPABILITY_BIT(SIGTERM - 1);
    expect_refused("the signal mask is not as it was set");
    start(0);
    kernel.wrong = MASK;
    kernel.error = EPERM;
    expect_refused("the signal mask is not as it was set");
}

TEST(the_way_back_must_be_closed) {
    start(0);
    kernel.wrong = SETRESUID;
    kernel.answer = 0;
    expect_refused("the way back to root is open");
    expect(kernel.made[SETRESUID] == 1, "all three ids at once");
}

TEST(what_is_given_up_at_last_is_looked_at_too) {
    start(0);
    expect(verify_nothing_held(&messages), "nothing held");
    start(net_bind);
    expect(!verify_nothing_held(&messages) && errors(&messages) == 1, "something held");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_as_planned_is_good),
        cmocka_unit_test(each_id_counts),
        cmocka_unit_test(ids_that_cannot_be_read_are_not_believed),
        cmocka_unit_test(without_setfsuid_the_effective_ids_count),
        cmocka_unit_test(the_groups_are_exactly_the_planned_ones),
        cmocka_unit_test(groups_that_cannot_be_read_are_not_believed),
        cmocka_unit_test(without_memory_the_groups_are_not_believed),
        cmocka_unit_test(each_bit_of_each_set_counts),
        cmocka_unit_test(sets_that_cannot_be_read_are_not_believed),
        cmocka_unit_test(without_an_ambient_set_nothing_can_be_kept),
        cmocka_unit_test(a_bounding_set_that_stays_may_have_anything),
        cmocka_unit_test(securebits_count_where_they_were_set),
        cmocka_unit_test(no_new_privs_counts),
        cmocka_unit_test(the_signal_mask_counts),
        cmocka_unit_test(the_way_back_must_be_closed),
        cmocka_unit_test(what_is_given_up_at_last_is_looked_at_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
