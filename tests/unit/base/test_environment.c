/* The environment: what is in it, and the app's own. */
#include "base/base.h"
#include "unit.h"

#define LIST(...) ((char *[]){__VA_ARGS__, NULL})

static char *const empty[] = {NULL};

static void expect_list(char *const *list, const char *const *wanted) {
    size_t i = 0;
    for (; wanted[i] != NULL; i++) {
        expect(list[i] != NULL, "entry %zu, %s, is missing", i, wanted[i]);
        expect(strcmp(list[i], wanted[i]) == 0, "entry %zu is %s, not %s", i, list[i], wanted[i]);
    }
    expect(list[i] == NULL, "there is one more: %s", list[i]);
}

#define expect_entries(list, ...) expect_list(list, (const char *const[]){__VA_ARGS__, NULL})

TEST(an_entry_is_split_at_its_first_equals_sign) {
    struct text name;
    struct text value;
    assert_true(environment_split("A=b", &name, &value));
    assert_true(is(name, "A") && is(value, "b"));
    assert_true(environment_split("A=b=c", &name, &value));
    assert_true(is(name, "A") && is(value, "b=c"));
    assert_true(environment_split("A=", &name, &value));
    assert_true(is(name, "A") && is(value, ""));
    assert_true(environment_split("=b", &name, &value));
    assert_true(is(name, "") && is(value, "b"));
    assert_false(environment_split("A", &name, &value));
    assert_false(environment_split("", &name, &value));
}

TEST(a_variable_has_its_value) {
    char *const *list = LIST("A=1", "B=", "C=x=y");
    assert_string_equal(environment_get(list, "A"), "1");
    assert_string_equal(environment_get(list, "B"), "");
    assert_string_equal(environment_get(list, "C"), "x=y");
    assert_null(environment_get(list, "D"));
    assert_null(environment_get(empty, "A"));
}

TEST(a_name_is_taken_whole_and_in_its_case) {
    char *const *list = LIST("APP_UID_X=1", "XAPP_UID=2", "app_uid=3", "APP_UI=4", "APP_UID", "=5");
    assert_null(environment_get(list, "APP_UID"));
    assert_string_equal(environment_get(list, "APP_UI"), "4");
}

TEST(of_several_the_first_counts_as_for_getenv) {
    assert_string_equal(environment_get(LIST("A=1", "A=2"), "A"), "1");
    assert_string_equal(environment_get(LIST("A=", "A=2"), "A"), "");
}

TEST(a_name_with_two_values_is_a_conflict) {
    const struct {
        char *const *list;
        bool conflicts;
    } rows[] = {
        {(char *[]){"A=1", "A=2", NULL}, true},
        {(char *[]){"A=1", "B=1", "A=2", NULL}, true},
        {(char *[]){"A=1", "A=1", "A=2", NULL}, true},
        {(char *[]){"A=", "A=2", NULL}, true},
        {(char *[]){"A=1", "A=", NULL}, true},
        {(char *[]){"A=1", "A=1 ", NULL}, true},
        {(char *[]){"A=1", "A=1", NULL}, false},
        {(char *[]){"A=", "A=", NULL}, false},
        {(char *[]){"A=1", NULL}, false},
        {(char *[]){"A=1", "a=2", NULL}, false},
        {(char *[]){"A=1", "AA=2", "A", "B=3", NULL}, false},
        {(char *[]){"B=1", "B=2", NULL}, false},
        {(char *[]){NULL}, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        expect(environment_conflicts(rows[i].list, "A") == rows[i].conflicts, "row %zu", i);
    }
}

TEST(a_copy_has_the_same_entries_and_leaves_the_list_alone) {
    char *const *list = LIST("A=1", "B=2", "junk", "A=3");
    char **copy = environment_copy(list, 1);
    assert_non_null(copy);
    expect_entries(copy, "A=1", "B=2", "junk", "A=3");
    environment_put(copy, (char *)"A=9");
    expect_entries(list, "A=1", "B=2", "junk", "A=3");
    free(copy);
    copy = environment_copy(empty, 0);
    assert_non_null(copy);
    assert_null(copy[0]);
    free(copy);
}

TEST(a_new_variable_finds_room) {
    char **copy = environment_copy(LIST("A=1"), 3);
    assert_non_null(copy);
    environment_put(copy, (char *)"B=2");
    environment_put_nocase(copy, (char *)"C=3");
    environment_put(copy, (char *)"D=");
    expect_entries(copy, "A=1", "B=2", "C=3", "D=");
    free(copy);
}

TEST(a_variable_is_put_in_the_place_of_all_of_its_name) {
    char **copy = environment_copy(LIST("HOME=/root", "A=1", "HOME=", "home=/x", "HOME2=/y"), 1);
    assert_non_null(copy);
    environment_put(copy, (char *)"HOME=/home/app");
    assert_string_equal(environment_get(copy, "HOME"), "/home/app");
    expect_entries(copy, "A=1", "home=/x", "HOME2=/y", "HOME=/home/app");
    free(copy);
}

TEST(a_port_is_put_in_the_place_of_every_spelling) {
    char **copy =
        environment_copy(LIST("ASPNETCORE_HTTP_PORTS=8080", "aspnetcore_http_ports=1", "A=1",
                              "AspNetCore_Http_Ports=2", "ASPNETCORE_HTTPS_PORTS=3", "HTTP_PORTS=4",
                              "ASPNETCORE_HTTP_PORTSX=5", "ASPNETCORE_HTTP_PORTS"),
                         1);
    assert_non_null(copy);
    environment_put_nocase(copy, (char *)"ASPNETCORE_HTTP_PORTS=9000");
    expect_entries(copy, "A=1", "ASPNETCORE_HTTPS_PORTS=3", "HTTP_PORTS=4",
                   "ASPNETCORE_HTTP_PORTSX=5", "ASPNETCORE_HTTP_PORTS",
                   "ASPNETCORE_HTTP_PORTS=9000");
    free(copy);
}

TEST(putting_what_is_no_entry_changes_nothing) {
    char **copy = environment_copy(LIST("A=1"), 1);
    assert_non_null(copy);
    environment_put(copy, (char *)"A");
    environment_put_nocase(copy, (char *)"");
    expect_entries(copy, "A=1");
    free(copy);
}

TEST(a_variable_is_dropped_with_all_of_its_name) {
    char **copy = environment_copy(LIST("A=1", "AB=2", "A=", "a=3", "A", "B=A=4", "A=5"), 0);
    assert_non_null(copy);
    environment_drop(copy, "A");
    expect_entries(copy, "AB=2", "a=3", "A", "B=A=4");
    environment_drop(copy, "C");
    expect_entries(copy, "AB=2", "a=3", "A", "B=A=4");
    free(copy);
}

TEST(an_entry_is_made_of_its_name_and_value) {
    char *entry = environment_entry("HOME", text_of("/home/app"));
    assert_string_equal(entry, "HOME=/home/app");
    free(entry);
    entry = environment_entry("A", text_of(""));
    assert_string_equal(entry, "A=");
    free(entry);
    entry = environment_entry("A", (struct text){"b;c", 1});
    assert_string_equal(entry, "A=b");
    free(entry);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_split_at_its_first_equals_sign),
        cmocka_unit_test(a_variable_has_its_value),
        cmocka_unit_test(a_name_is_taken_whole_and_in_its_case),
        cmocka_unit_test(of_several_the_first_counts_as_for_getenv),
        cmocka_unit_test(a_name_with_two_values_is_a_conflict),
        cmocka_unit_test(a_copy_has_the_same_entries_and_leaves_the_list_alone),
        cmocka_unit_test(a_new_variable_finds_room),
        cmocka_unit_test(a_variable_is_put_in_the_place_of_all_of_its_name),
        cmocka_unit_test(a_port_is_put_in_the_place_of_every_spelling),
        cmocka_unit_test(putting_what_is_no_entry_changes_nothing),
        cmocka_unit_test(a_variable_is_dropped_with_all_of_its_name),
        cmocka_unit_test(an_entry_is_made_of_its_name_and_value),
    };
    return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
