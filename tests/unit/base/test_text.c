/* Slices of strings, and the one rule for numbers. */
#include "unit.h"

TEST(a_text_of_a_string_is_all_of_it) {
    struct text text = text_of("abc");
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.at, "abc", 3);
    assert_int_equal(text_of("").length, 0);
    assert_non_null(text_of("").at);
}

TEST(texts_are_equal_byte_for_byte) {
    assert_true(text_equal(text_of("abc"), text_of("abc")));
    assert_true(text_equal(text_of(""), text_of("")));
    assert_true(text_equal((struct text){NULL, 0}, text_of("")));
    assert_false(text_equal(text_of("abc"), text_of("abd")));
    assert_false(text_equal(text_of("a"), text_of("b")));
    assert_false(text_equal(text_of("abc"), text_of("ab")));
    assert_false(text_equal(text_of("ab"), text_of("abc")));
    assert_false(text_equal(text_of("abc"), text_of("ABC")));
    assert_true(text_equal((struct text){"abcd", 3}, text_of("abc")));
    assert_true(text_equal((struct text){"a\0b", 3}, (struct text){"a\0b", 3}));
    assert_false(text_equal((struct text){"a\0b", 3}, (struct text){"a\0c", 3}));
}

TEST(only_the_letters_a_to_z_have_a_case) {
    assert_true(text_equal_nocase(text_of("UrLs"), text_of("uRlS")));
    assert_true(text_equal_nocase(text_of("azAZ"), text_of("AZaz")));
    assert_true(text_equal_nocase(text_of(""), text_of("")));
    assert_false(text_equal_nocase(text_of("urls"), text_of("url")));
    assert_false(text_equal_nocase(text_of("url"), text_of("urls")));
    /* Neighbours of the letters, 32 apart like a letter and its capital. */
    assert_false(text_equal_nocase(text_of("@"), text_of("`")));
    assert_false(text_equal_nocase(text_of("["), text_of("{")));
    assert_false(text_equal_nocase(text_of("_"), text_of("\x7f")));
    /* The bytes of an accented letter. */
    assert_false(text_equal_nocase(text_of("\xc3\xa9"), text_of("\xc3\x89")));
}

TEST(a_prefix_is_found_in_any_case) {
    assert_true(text_starts_nocase(text_of("ASPNETCORE_URLS"), text_of("aspnetcore_")));
    assert_true(text_starts_nocase(text_of("abc"), text_of("abc")));
    assert_true(text_starts_nocase(text_of("abc"), text_of("")));
    assert_false(text_starts_nocase(text_of("ab"), text_of("abc")));
    assert_false(text_starts_nocase(text_of("xbc"), text_of("ab")));
    assert_false(text_starts_nocase((struct text){"abc", 2}, text_of("abc")));
}

TEST(skipping_leaves_the_rest) {
    assert_true(is(text_skip(text_of("abc"), 0), "abc"));
    assert_true(is(text_skip(text_of("abc"), 1), "bc"));
    assert_true(is(text_skip(text_of("abc"), 3), ""));
}

TEST(a_byte_is_found_from_either_end) {
    assert_int_equal(text_find(text_of("a:b:c"), ':'), 1);
    assert_int_equal(text_find_last(text_of("a:b:c"), ':'), 3);
    assert_int_equal(text_find(text_of(":"), ':'), 0);
    assert_int_equal(text_find_last(text_of(":"), ':'), 0);
    assert_int_equal(text_find(text_of("abc"), ':'), 3);
    assert_int_equal(text_find_last(text_of("abc"), ':'), 3);
    assert_int_equal(text_find(text_of(""), ':'), 0);
    assert_int_equal(text_find_last(text_of(""), ':'), 0);
    /* Not beyond the text's own end. */
    assert_int_equal(text_find((struct text){"ab:", 2}, ':'), 2);
    assert_int_equal(text_find_last((struct text){"ab:", 2}, ':'), 2);
}

TEST(a_list_comes_apart_at_its_separators) {
    static const struct {
        const char *list;
        const char *pieces[5];
    } rows[] = {
        {"a,b,c", {"a", "b", "c"}}, {"a", {"a"}},      {"", {""}},      {"a,,b", {"a", "", "b"}},
        {"a,", {"a", ""}},          {",a", {"", "a"}}, {",", {"", ""}}, {",,", {"", "", ""}},
        {"a;b", {"a;b"}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct text rest = text_of(rows[i].list);
        struct text piece;
        for (size_t j = 0; rows[i].pieces[j] != NULL; j++) {
            expect(text_next(&rest, ',', &piece), "\"%s\", piece %zu", rows[i].list, j);
            expect(is(piece, rows[i].pieces[j]), "\"%s\", piece %zu", rows[i].list, j);
        }
        piece = text_of("untouched");
        expect(!text_next(&rest, ',', &piece), "\"%s\"", rows[i].list);
        expect(is(piece, "untouched"), "\"%s\"", rows[i].list);
        expect(!text_next(&rest, ',', &piece), "\"%s\", once more", rows[i].list);
    }
}

TEST(plain_digits_are_a_number) {
    static const struct {
        const char *digits;
        uint32_t max;
        uint32_t number;
    } rows[] = {
        {"0", 0, 0},
        {"0", 9, 0},
        {"1", 1, 1},
        {"10", 10, 10},
        {"1654", 2147483647, 1654},
        {"65535", 65535, 65535},
        {"2147483647", 2147483647, 2147483647},
        {"4294967294", UINT32_MAX, 4294967294},
        {"4294967295", UINT32_MAX, UINT32_MAX},
        {"1234567890", UINT32_MAX, 1234567890},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        uint32_t number = 77;
        expect(text_number(text_of(rows[i].digits), rows[i].max, &number), "%s", rows[i].digits);
        expect(number == rows[i].number, "%s", rows[i].digits);
    }
}

TEST(nothing_but_plain_digits_up_to_the_limit_is_a_number) {
    static const struct {
        const char *digits;
        uint32_t max;
    } rows[] = {
        {"", UINT32_MAX},
        {" ", UINT32_MAX},
        {"-", UINT32_MAX},
        {"+", UINT32_MAX},
        {"+1", UINT32_MAX},
        {"-1", UINT32_MAX},
        {"-0", UINT32_MAX},
        {" 1", UINT32_MAX},
        {"1 ", UINT32_MAX},
        {"\t1", UINT32_MAX},
        {"1\n", UINT32_MAX},
        {"1\r", UINT32_MAX},
        {"1 2", UINT32_MAX},
        {"00", UINT32_MAX},
        {"01", UINT32_MAX},
        {"000000000000000000001", UINT32_MAX},
        {"0x1", UINT32_MAX},
        {"0b1", UINT32_MAX},
        {"1x", UINT32_MAX},
        {"1e3", UINT32_MAX},
        {"1.0", UINT32_MAX},
        {"1,0", UINT32_MAX},
        {"1_0", UINT32_MAX},
        {"a", UINT32_MAX},
        {"/", UINT32_MAX},
        {":", UINT32_MAX},
        {"1/", UINT32_MAX},
        {"1:", UINT32_MAX},
        {"\xef\xbc\x91", UINT32_MAX}, /* a full-width one */
        {"\xd9\xa1", UINT32_MAX},     /* an Arabic one */
        {"1", 0},
        {"65536", 65535},
        {"2147483648", 2147483647},
        {"4294967295", 2147483647},
        {"4294967296", UINT32_MAX},
        {"4294968950", UINT32_MAX}, /* 1654, where a reader keeps 32 bits of it */
        {"9999999999", UINT32_MAX},
        {"18446744073709551615", UINT32_MAX},
        {"18446744073709551616", UINT32_MAX}, /* 0, where a reader keeps 64 */
        {"18446744073709553270", UINT32_MAX}, /* 1654 */
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        uint32_t number = 77;
        expect(!text_number(text_of(rows[i].digits), rows[i].max, &number), "\"%s\"",
               rows[i].digits);
        expect(number == 77, "\"%s\" changed the number", rows[i].digits);
    }
}

TEST(a_number_is_too_long_whatever_its_length) {
    uint32_t number = 77;
    for (size_t length = 11; length <= 400; length++) {
        char *nines = repeat('9', length);
        expect(!text_number(text_of(nines), UINT32_MAX, &number), "%zu nines", length);
        free(nines);
        char *zeros = repeat('0', length);
        expect(!text_number(text_of(zeros), UINT32_MAX, &number), "%zu zeros", length);
        free(zeros);
    }
    assert_int_equal(number, 77);
}

TEST(no_byte_but_a_digit_stands_in_a_number) {
    for (int byte = 0; byte < 256; byte++) {
        char digits[] = {'1', (char)byte, '2'};
        uint32_t number = 0;
        bool digit = byte >= '0' && byte <= '9';
        expect(text_number((struct text){digits, 3}, 1000, &number) == digit, "byte %d", byte);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_a_string_is_all_of_it),
        cmocka_unit_test(texts_are_equal_byte_for_byte),
        cmocka_unit_test(only_the_letters_a_to_z_have_a_case),
        cmocka_unit_test(a_prefix_is_found_in_any_case),
        cmocka_unit_test(skipping_leaves_the_rest),
        cmocka_unit_test(a_byte_is_found_from_either_end),
        cmocka_unit_test(a_list_comes_apart_at_its_separators),
        cmocka_unit_test(plain_digits_are_a_number),
        cmocka_unit_test(nothing_but_plain_digits_up_to_the_limit_is_a_number),
        cmocka_unit_test(a_number_is_too_long_whatever_its_length),
        cmocka_unit_test(no_byte_but_a_digit_stands_in_a_number),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
