/* The drop: every order and every failure of its calls ends as planned, or with a refusal. */
#include "drop/drop.h"
#include "kernel.h"

#include <cap-ng.h>

static const uint64_t net_bind = CAPABILITY_BIT(CAP_NET_BIND_SERVICE);
static gid_t planned_groups[] = {1654, 2000};
static const struct group_list groups = {planned_groups, 2};
static struct messages messages;
static struct plan plan;

/* libcap-ng, as far as it is used: what is chosen, then applied. */
static struct { uint64_t permitted, effective, inheritable, ambient; } chosen;

void capng_clear(capng_select_t set) {
    if (set == CAPNG_SELECT_CAPS) {
        chosen.permitted = chosen.effective = chosen.inheritable = 0;
    } else {
        assert_int_equal(set, CAPNG_SELECT_AMBIENT);
        chosen.ambient = 0;
    }
}

int capng_update(capng_act_t action, capng_type_t type, unsigned capability) {
    long answer;
    const uint64_t bit = CAPABILITY_BIT(capability);
    assert_int_equal(action, CAPNG_ADD);
    if (!works(CHOOSE, &answer)) {
        return (int)answer;
    }
    chosen.permitted |= (type & CAPNG_PERMITTED) != 0 ? bit : 0;
    chosen.effective |= (type & CAPNG_EFFECTIVE) != 0 ? bit : 0;
    chosen.inheritable |= (type & CAPNG_INHERITABLE) != 0 ? bit : 0;
    chosen.ambient |= (type & CAPNG_AMBIENT) != 0 ? bit : 0;
    return 0;
}

static int set_ambient(void) {
    long answer;
    if (!works(AMBIENT_RAISE, &answer)) {
        return (int)answer;
    }
    if ((chosen.ambient & ~(kernel.permitted & kernel.inheritable)) != 0 ||
        (chosen.ambient != 0 && (kernel.securebits & SECBIT_NO_CAP_AMBIENT_RAISE) != 0)) {
        return (int)refuse_with(EPERM);
    }
    kernel.ambient = chosen.ambient;
    return 0;
}

int capng_apply(capng_select_t set) {
    long answer;
    if (set == CAPNG_SELECT_AMBIENT) {
        return set_ambient();
    }
    assert_int_equal(set, CAPNG_SELECT_CAPS);
    if (!works(CAPSET, &answer)) {
        return (int)answer;
    }
    if ((chosen.permitted & ~kernel.permitted) != 0 ||
        (chosen.effective & ~chosen.permitted) != 0 ||
        (chosen.inheritable & ~(kernel.inheritable | (kernel.permitted & kernel.bounding))) != 0) {
        return (int)refuse_with(EPERM);
    }
    kernel.permitted = chosen.permitted;
    kernel.effective = chosen.effective;
    kernel.inheritable = chosen.inheritable;
    kernel.ambient &= kernel.permitted & kernel.inheritable;
    return 0;
}

/* Root who may do all that the plan asks for. */
static void start(uint64_t kept) {
    kernel_start();
    messages_all(&messages);
    memset(&chosen, 0xff, sizeof chosen);
    plan = (struct plan){.switches = true,
                         .uid_changes = true,
                         .sets_groups = true,
                         .drops_bounding = true,
                         .locks_root = true,
                         .uid = 1654,
                         .gid = 1655,
                         .groups = &groups,
                         .kept = kept,
                         .bounding = kept};
}

/* Without CAP_SETPCAP. */
static void start_with_few(uint64_t kept) {
    start(kept);
    plan.drops_bounding = plan.locks_root = false;
    kernel.permitted = kernel.effective = kernel.bounding =
        CAPABILITY_BIT(CAP_SETUID) | CAPABILITY_BIT(CAP_SETGID) | net_bind;
}

static bool has_ids(const uint32_t *ids, uint32_t id) {
    return ids[REAL] == id && ids[EFFECTIVE] == id && ids[SAVED] == id && ids[FILES] == id;
}

static bool is_as_planned(void) {
    return has_ids(kernel.uids, plan.uid) && has_ids(kernel.gids, plan.gid) &&
           kernel.group_count == 2 &&
           memcmp(kernel.groups, planned_groups, sizeof planned_groups) == 0 &&
           kernel.permitted == plan.kept && kernel.effective == plan.kept &&
           kernel.inheritable == plan.kept && kernel.ambient == plan.kept &&
           (!plan.drops_bounding || kernel.bounding == plan.bounding) && kernel.dumpable == 0 &&
           kernel.no_new_privs == 1;
}

static bool drop(bool *root_is_locked) {
    return privilege_drop(&plan, root_is_locked, &messages);
}

static bool is_refusal(const char *words) {
    return errors(&messages) == 1 && hints(&messages) == 1 && said(&messages, words) == 1;
}

TEST(a_full_drop_leaves_what_is_planned) {
    static const uint64_t rows[] = {0, net_bind};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        bool locked = false;
        start(rows[i]);
        expect(drop(&locked) && locked && is_as_planned(), "%zu: %.*s", i, SAID(&messages));
        expect(kernel.securebits == 0xf && kernel.made[KEEPCAPS] == 0, "%zu", i);
        /* With nothing to keep nothing is chosen, and nothing asked after. */
        expect((kernel.made[CHOOSE] + kernel.made[AMBIENT_READ] > 0) == (rows[i] != 0), "%zu", i);
        expect(said(&messages, rows[i] != 0 ? "CAP_NET_BIND_SERVICE kept" : "no capabilities") == 1,
               "%zu", i);
    }
}

TEST(securebits_that_are_there_stay) {
    bool locked;
    start(0);
    kernel.securebits = 0x40;
    expect(drop(&locked) && kernel.securebits == 0x4f, "added to");
}

TEST(without_setpcap_bounding_set_and_securebits_stay) {
    static const uint64_t rows[] = {0, net_bind};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        bool locked = true;
        start_with_few(rows[i]);
        const uint64_t bounding = kernel.bounding;
        expect(drop(&locked) && !locked && is_as_planned(), "%zu: %.*s", i, SAID(&messages));
        expect(kernel.bounding == bounding && kernel.securebits == 0, "%zu", i);
        expect(said(&messages, "PR_SET_KEEPCAPS") == 0, "%zu: it went well", i);
        expect(kernel.made[KEEPCAPS] == (rows[i] != 0) && kernel.made[SET_SECUREBITS] == 0, "%zu",
               i);
    }
}

TEST(securebits_that_cannot_be_set_are_done_without) {
    static const uint64_t rows[] = {0, net_bind};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        bool locked = true;
        start(rows[i]);
        kernel.wrong = SET_SECUREBITS;
        kernel.error = EPERM;
        expect(drop(&locked) && !locked && is_as_planned(), "%zu: %.*s", i, SAID(&messages));
        expect(said(&messages, "the securebits cannot be set here") == 1, "%zu", i);
        expect(kernel.made[KEEPCAPS] == (rows[i] != 0), "%zu", i);
    }
}

TEST(who_stays_keeps_ids_and_groups) {
    bool locked;
    start(net_bind);
    plan.switches = plan.drops_bounding = plan.locks_root = false;
    for (size_t i = 0; i < IDS; i++) {
        kernel.uids[i] = plan.uid;
        kernel.gids[i] = plan.gid;
    }
    memcpy(kernel.groups, planned_groups, sizeof planned_groups);
    kernel.group_count = 2;
    kernel.permitted = net_bind; /* lent: not effective */
    kernel.effective = 0;
    kernel.bounding = net_bind;
    expect(drop(&locked) && !locked && is_as_planned(), "%.*s", SAID(&messages));
    expect(kernel.made[SETRESUID] + kernel.made[SETRESGID] + kernel.made[SETGROUPS] == 0, "stays");
    expect(kernel.made[KEEPCAPS] == 0, "nothing changes the uid");
}

TEST(groups_that_are_right_are_not_set) {
    bool locked;
    start(0);
    plan.sets_groups = false;
    memcpy(kernel.groups, planned_groups, sizeof planned_groups);
    kernel.group_count = 2;
    expect(drop(&locked) && is_as_planned() && kernel.made[SETGROUPS] == 0, "denied, and right");
}

/* Whether it may fail, and the drop goes on: what is then not so is for the proof to see. */
static bool may_fail(enum call call, uint64_t kept) {
    return call == SET_SECUREBITS || call == GET_SECUREBITS || call == SET_DUMPABLE ||
           call == KEEPCAPS || call == AMBIENT_READ || (call == AMBIENT_RAISE && kept == 0);
}

TEST(whatever_fails_refuses) {
    static const uint64_t rows[] = {0, net_bind};
    for (size_t i = 0; i < 2 * LENGTH(rows); i++) {
        for (enum call call = CAPGET; call < CALLS; call++) {
            bool locked;
            const uint64_t kept = rows[i / 2];
            (i % 2 == 0 ? start : start_with_few)(kept);
            (void)drop(&locked);
            const unsigned made = kernel.made[call];
            for (unsigned spared = 0; spared < made; spared++) {
                (i % 2 == 0 ? start : start_with_few)(kept);
                kernel.wrong = call;
                kernel.error = EPERM;
                kernel.spared = (int)spared;
                bool good = drop(&locked);
                bool wanted = may_fail(call, kept) && !(call == KEEPCAPS && kept != 0);
                expect(call != KEEPCAPS || said(&messages, "PR_SET_KEEPCAPS: ") == 1, "said");
                expect(good == wanted, "row %zu, call %d, after %u: %.*s", i, call, spared,
                       SAID(&messages));
                expect(good || (errors(&messages) == 1 && hints(&messages) == 1),
                       "row %zu, call %d, after %u: %.*s", i, call, spared, SAID(&messages));
            }
        }
    }
}

TEST(what_cannot_be_dropped_is_named) {
    static const struct {
        enum call call;
        int error, spared;
        const char *words;
    } rows[] = {
        {CAPGET, EPERM, 0, "reading the capabilities failed"},
        {CAPSET, EPERM, 0, "making CAP_NET_BIND_SERVICE inheritable failed"},
        {CHOOSE, EINVAL, 0, "making CAP_NET_BIND_SERVICE inheritable failed"},
        {CAPSET, EPERM, 1, "dropping the capabilities failed"},
        {BOUNDING_DROP, EPERM, 0, "dropping the bounding set failed"},
        {BOUNDING_DROP, EPERM, 30, "dropping the bounding set failed"},
        {BOUNDING_DROP, EINVAL, 0, "dropping the bounding set failed"},
        {SETGROUPS, EPERM, 0, "setgroups failed"},
        {SETRESGID, EPERM, 0, "setresgid failed"},
        {SETRESUID, EPERM, 0, "setresuid failed"},
        {SETRESUID, EINVAL, 0, "an id is not mapped"},
        {SETRESUID, EPERM, 0, "a user namespace that denies setgroups"},
        {AMBIENT_RAISE, EPERM, 0, "handing CAP_NET_BIND_SERVICE to the app as an ambient"},
        {SET_NO_NEW_PRIVS, EINVAL, 0, "setting no_new_privs failed"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        bool locked;
        start(net_bind);
        kernel.wrong = rows[i].call;
        kernel.error = rows[i].error;
        kernel.spared = rows[i].spared;
        expect(!drop(&locked) && is_refusal(rows[i].words), "%s: %.*s", rows[i].words,
               SAID(&messages));
    }
}

TEST(the_bounding_list_ends_with_einval) {
    bool locked;
    for (unsigned capabilities = 22; capabilities <= 64; capabilities++) {
        start(0);
        kernel.capabilities = capabilities;
        kernel.bounding = UINT64_MAX >> (64 - capabilities);
        kernel.permitted = kernel.effective = kernel.bounding;
        expect(drop(&locked) && is_as_planned(), "%u: %.*s", capabilities, SAID(&messages));
    }
}

TEST(ids_are_not_touched_once_a_step_has_failed) {
    bool locked;
    start(0);
    kernel.wrong = SETGROUPS;
    kernel.error = EPERM;
    expect(!drop(&locked) && kernel.made[SETRESGID] + kernel.made[SETRESUID] == 0, "setgroups");
    start(0);
    kernel.wrong = SETRESGID;
    kernel.error = EPERM;
    expect(!drop(&locked) && kernel.made[SETRESUID] == 0, "setresgid");
}

/* NO_CAP_AMBIENT_RAISE, locked by whoever started us: what is ambient already stays so. */
TEST(what_is_ambient_already_is_not_raised_again) {
    bool locked;
    start(net_bind);
    plan.switches = plan.drops_bounding = plan.locks_root = false;
    kernel.inheritable = kernel.ambient = net_bind;
    kernel.securebits = SECBIT_NO_CAP_AMBIENT_RAISE;
    expect(drop(&locked) && kernel.ambient == net_bind, "%.*s", SAID(&messages));
    kernel.ambient = 0;
    expect(!drop(&locked), "and what is not cannot be");
}

TEST(foreign_capabilities_go_from_every_set) {
    bool locked;
    start(0);
    kernel.inheritable = kernel.ambient = kernel.permitted;
    expect(drop(&locked) && is_as_planned(), "%.*s", SAID(&messages));
}

TEST(a_shim_that_could_be_traced_starts_nothing) {
    static const struct {
        int dumpable, error;
        bool good;
    } rows[] = {{0, 0, true}, {2, 0, true}, {1, 0, false}, {0, EPERM, false}, {2, ENOSYS, false}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start(0);
        kernel.dumpable = rows[i].dumpable;
        kernel.wrong = rows[i].error != 0 ? GET_DUMPABLE : NO_CALL;
        kernel.error = rows[i].error;
        expect(privilege_rehearse(&plan, &messages) == rows[i].good, "row %zu", i);
        expect(rows[i].good || is_refusal("it stays dumpable"), "row %zu", i);
        expect(said(&messages, "as far as can be told") == (rows[i].error != 0), "row %zu", i);
        expect(said(&messages, "sealed: ") == rows[i].good, "row %zu", i);
    }
}

TEST(what_is_to_be_given_up_is_rehearsed) {
    bool locked;
    start(net_bind);
    expect(drop(&locked), "dropped");
    kernel.wrong = CAPSET;
    kernel.error = EPERM;
    memset(kernel.made, 0, sizeof kernel.made);
    expect(!privilege_rehearse(&plan, &messages) && is_refusal("to what they are"), "forbidden");
    kernel.wrong = NO_CALL;
    expect(privilege_rehearse(&plan, &messages) && is_as_planned(), "nothing changes");
    start(0);
    kernel.dumpable = 0;
    kernel.wrong = CAPSET;
    kernel.error = EPERM;
    expect(privilege_rehearse(&plan, &messages) && kernel.made[CAPSET] == 0, "nothing kept");
}

TEST(the_shim_gives_up_what_the_app_keeps) {
    bool locked;
    start(net_bind);
    expect(drop(&locked) && privilege_release(&plan, &messages), "%.*s", SAID(&messages));
    expect((kernel.permitted | kernel.effective | kernel.inheritable | kernel.ambient) == 0,
           "gone");
    start(0);
    expect(privilege_release(&plan, &messages), "nothing to give up");
    expect(kernel.made[CAPSET] + kernel.made[CAPGET] == 0, "and nothing is done");
}

TEST(what_cannot_be_given_up_is_told) {
    static const enum call rows[] = {CAPSET, CAPGET};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        for (int error = 0; error <= EPERM; error++) {
            bool locked;
            start(net_bind);
            expect(drop(&locked), "dropped");
            memset(kernel.made, 0, sizeof kernel.made);
            kernel.wrong = rows[i];
            kernel.error = error; /* 0: it says that it has done so */
            expect(privilege_release(&plan, &messages) == (rows[i] == CAPGET && error == 0),
                   "row %zu, error %d", i, error);
        }
    }
}

TEST(an_error_in_giving_up_counts_whatever_is_held) {
    bool locked;
    start(net_bind);
    expect(drop(&locked), "dropped");
    kernel.permitted = kernel.effective = kernel.inheritable = kernel.ambient = 0;
    memset(kernel.made, 0, sizeof kernel.made);
    kernel.wrong = CAPSET;
    kernel.error = EPERM;
    expect(!privilege_release(&plan, &messages) && is_refusal("dropping the capabilities"), "told");
}

TEST(sealing_makes_it_undumpable) {
    start(0);
    privilege_seal();
    expect(kernel.dumpable == 0, "sealed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_drop_leaves_what_is_planned),
        cmocka_unit_test(securebits_that_are_there_stay),
        cmocka_unit_test(without_setpcap_bounding_set_and_securebits_stay),
        cmocka_unit_test(securebits_that_cannot_be_set_are_done_without),
        cmocka_unit_test(who_stays_keeps_ids_and_groups),
        cmocka_unit_test(groups_that_are_right_are_not_set),
        cmocka_unit_test(whatever_fails_refuses),
        cmocka_unit_test(what_cannot_be_dropped_is_named),
        cmocka_unit_test(the_bounding_list_ends_with_einval),
        cmocka_unit_test(ids_are_not_touched_once_a_step_has_failed),
        cmocka_unit_test(what_is_ambient_already_is_not_raised_again),
        cmocka_unit_test(foreign_capabilities_go_from_every_set),
        cmocka_unit_test(a_shim_that_could_be_traced_starts_nothing),
        cmocka_unit_test(what_is_to_be_given_up_is_rehearsed),
        cmocka_unit_test(the_shim_gives_up_what_the_app_keeps),
        cmocka_unit_test(what_cannot_be_given_up_is_told),
        cmocka_unit_test(an_error_in_giving_up_counts_whatever_is_held),
        cmocka_unit_test(sealing_makes_it_undumpable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
