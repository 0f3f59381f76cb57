/* Access control lists of forms that no kernel shows; the others are held against it in behaviour.
 */
#include "identity/acl.h"
#include "unit.h"

enum { MINIMAL = 4 + 3 * 8 };

/* user::rwx, group::r-x, other::r-x */
static const uint8_t minimal[MINIMAL] = {
    2,  0, 0, 0,                         /* version 2 */
    1,  0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* owner */
    4,  0, 5, 0, 0xff, 0xff, 0xff, 0xff, /* group */
    32, 0, 5, 0, 0xff, 0xff, 0xff, 0xff, /* other */
};

static bool judge(const uint8_t *list, size_t length) {
    gid_t ids[] = {1654};
    const struct group_list groups = {ids, 1};
    return acl_lets_write(list, length, 0, 1654, &groups);
}

TEST(a_list_that_says_what_the_mode_says_does_no_more) {
    assert_false(judge(minimal, sizeof minimal));
    uint8_t list[MINIMAL];
    memcpy(list, minimal, sizeof list);
    list[4 + 2 * 8 + 2] = 7;
    assert_true(judge(list, sizeof list));
}

TEST(a_list_of_an_odd_form_lets_anybody) {
    for (size_t length = 0; length < sizeof minimal; length++) {
        uint8_t *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, minimal, length);
        /* Whole entries are a list, if one that grants nothing. */
        expect(judge(cut, length) == (length < 4 || (length - 4) % 8 != 0), "%zu bytes", length);
        free(cut);
    }
    static const struct {
        size_t place;
        uint8_t value;
    } odd[] = {{0, 1}, {0, 3}, {3, 1}, {4, 0}, {4, 3}, {12, 64}, {13, 1}};
    for (size_t i = 0; i < LENGTH(odd); i++) {
        uint8_t list[MINIMAL];
        memcpy(list, minimal, sizeof list);
        list[odd[i].place] = odd[i].value;
        expect(judge(list, sizeof list), "row %zu", i);
    }
}

TEST(of_two_entries_for_the_user_the_first_counts) {
    enum { PAIR = 4 + 5 * 8 };
    static const uint8_t mine[] = {2, 0, 0, 0, 0x76, 0x06, 0, 0}; /* 1654 */
    uint8_t list[PAIR];
    memcpy(list, minimal, 4 + 8);
    memcpy(list + 4 + 8, mine, sizeof mine);
    memcpy(list + 4 + 2 * 8, mine, sizeof mine);
    memcpy(list + 4 + 3 * 8, minimal + 4 + 8, 2 * 8);
    for (int first = 0; first < 2; first++) {
        list[4 + 8 + 2] = first == 1 ? 7 : 5;
        list[4 + 2 * 8 + 2] = first == 1 ? 5 : 7;
        expect(judge(list, sizeof list) == (first == 1), "%d", first);
    }
}

TEST(the_mask_is_over_what_an_entry_gives) {
    static const uint8_t mask[] = {16, 0, 5, 0, 0xff, 0xff, 0xff, 0xff};
    uint8_t list[MINIMAL + sizeof mask];
    memcpy(list, minimal, 4 + 8);
    memcpy(list + 4 + 8, (uint8_t[]){8, 0, 7, 0, 0x76, 0x06, 0, 0}, 8); /* group 1654 */
    memcpy(list + 4 + 2 * 8, mask, sizeof mask);
    memcpy(list + 4 + 3 * 8, minimal + 4 + 2 * 8, 8);
    assert_false(judge(list, sizeof list));
    list[4 + 2 * 8 + 2] = 7;
    assert_true(judge(list, sizeof list));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_that_says_what_the_mode_says_does_no_more),
        cmocka_unit_test(a_list_of_an_odd_form_lets_anybody),
        cmocka_unit_test(of_two_entries_for_the_user_the_first_counts),
        cmocka_unit_test(the_mask_is_over_what_an_entry_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
