/* How long .NET finds bytes that need not be UTF-8; what is right, .NET has said. */
#include "aspnet/utf8.h"
#include "unit.h"

TEST(what_is_utf8_is_as_long_as_it_is) {
    static const char *const texts[] = {
        "",
        "a",
        "/run/app.sock",
        "\xc2\x80",
        "\xc3\xa9",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xe2\x82\xac",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf0\x9f\x98\x80",
        "\xf4\x8f\xbf\xbf",
        "a\xe2\x82\xac\x62",
    };
    for (size_t i = 0; i < LENGTH(texts); i++) {
        expect(utf8_length_in_dotnet(text_of(texts[i])) == strlen(texts[i]), "text %zu", i);
    }
}

TEST(what_is_not_becomes_three_bytes_for_each_sequence) {
    /* So many U+FFFD, and so many bytes of other characters. */
    static const struct {
        const char *text;
        size_t odd, good;
    } rows[] = {
        {"\x80", 1, 0},
        {"\xbf\x80", 2, 0},
        {"\xff\xfe", 2, 0},
        {"\xc0\x80", 2, 0},
        {"\xc1\xbf", 2, 0},
        {"\xc3", 1, 0},
        {"\xc3(", 1, 1},
        {"\xc3\xc3\xa9", 1, 2},
        {"\xe2\x82", 1, 0},
        {"\xe2\x82\xff", 2, 0},
        {"\xe2\x82\xe2\x82\xac", 1, 3},
        {"\xe2(\xa1", 2, 1},
        {"\xf0\x9f", 1, 0},
        {"\xf0\x9f\x98", 1, 0},
        {"\xf0\x9f\xc3\xa9", 1, 2},
        {"\xf0\x90(\xbc", 2, 1},
        /* Overlong, a surrogate, beyond the last: the second byte goes with the first. */
        {"\xe0\x9f", 1, 0},
        {"\xe0\x9f\xbf", 2, 0},
        {"\xed\xa0", 1, 0},
        {"\xed\xa0\x80", 2, 0},
        {"\xed\xbf\xbf", 2, 0},
        {"\xf0\x8f", 1, 0},
        {"\xf0\x8f\xbf\xbf", 3, 0},
        {"\xf4\x90", 1, 0},
        {"\xf4\x90\x80\x80", 3, 0},
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xf8\x80\x80\x80\x80", 5, 0},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        size_t length = utf8_length_in_dotnet(text_of(rows[i].text));
        expect(length == 3 * rows[i].odd + rows[i].good, "row %zu: %zu", i, length);
    }
}

TEST(nothing_is_read_beyond_the_end) {
    static const char bytes[] = {'\xf0', '\x9f', '\x98', '\x80'};
    assert_int_equal(utf8_length_in_dotnet((struct text){bytes, 4}), 4);
    for (size_t length = 1; length < 4; length++) {
        char *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, bytes, length);
        assert_int_equal(utf8_length_in_dotnet((struct text){copy, length}), 3);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_utf8_is_as_long_as_it_is),
        cmocka_unit_test(what_is_not_becomes_three_bytes_for_each_sequence),
        cmocka_unit_test(nothing_is_read_beyond_the_end),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
