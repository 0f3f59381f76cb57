/* Capabilities by name, and those of files. */
#include "base/base.h"
#include "unit.h"

TEST(a_set_is_listed_by_name_in_ascending_order) {
    static const struct {
        uint64_t set;
        const char *names;
    } rows[] = {
        {0, ""},
        {1, "cap_chown"},
        {CAPABILITY_BIT(7) | CAPABILITY_BIT(6), "cap_setgid,cap_setuid"},
        {CAPABILITY_BIT(10), "cap_net_bind_service"},
        {CAPABILITY_BIT(40), "cap_checkpoint_restore"},
        {CAPABILITY_BIT(41), "41"},
        {CAPABILITY_BIT(63) | 1, "cap_chown,63"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        assert_string_equal(capability_names(rows[i].set).text, rows[i].names);
    }
}

TEST(the_longest_list_fits) {
    struct capability_list all = capability_names(UINT64_MAX);
    assert_true(strlen(all.text) < sizeof all.text - 1);
    assert_string_equal(all.text + strlen(all.text) - 6, ",62,63");
}

TEST(those_of_a_file_are_shown_as_getcap_does) {
    static const struct {
        bool effective;
        uint64_t permitted, inheritable;
        const char *shown;
    } rows[] = {
        {true, CAPABILITY_BIT(13), 0, "cap_net_raw=ep"},
        {false, CAPABILITY_BIT(10), 0, "cap_net_bind_service=p"},
        {true, 0, CAPABILITY_BIT(10), "cap_net_bind_service=ei"},
        {true, CAPABILITY_BIT(0), CAPABILITY_BIT(0), "cap_chown=eip"},
        {false, CAPABILITY_BIT(0) | CAPABILITY_BIT(7), CAPABILITY_BIT(0) | CAPABILITY_BIT(6),
         "cap_chown=ip cap_setuid=p cap_setgid=i"},
        {true, 0, 0, ""},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct file_capabilities of = {FILECAPS_HONOURED, rows[i].effective,
                                             rows[i].permitted, rows[i].inheritable};
        assert_string_equal(filecaps_show(&of).text, rows[i].shown);
    }
}

TEST(a_list_that_is_too_long_is_cut) {
    const struct file_capabilities of = {FILECAPS_HONOURED, true, UINT64_MAX, UINT64_MAX >> 1};
    struct capability_list shown = filecaps_show(&of);
    assert_true(strlen(shown.text) < sizeof shown.text);
}

TEST(a_file_without_any_has_none) {
    struct file_capabilities found;
    filecaps_read(write_file("plain", "", 0644), &found);
    assert_int_equal(found.state, FILECAPS_NONE);
    filecaps_read("/nowhere/at/all", &found);
    assert_int_equal(found.state, FILECAPS_NONE);
    assert_true(filecaps_uncovered(&found, 0) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_listed_by_name_in_ascending_order),
        cmocka_unit_test(the_longest_list_fits),
        cmocka_unit_test(those_of_a_file_are_shown_as_getcap_does),
        cmocka_unit_test(a_list_that_is_too_long_is_cut),
        cmocka_unit_test(a_file_without_any_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
