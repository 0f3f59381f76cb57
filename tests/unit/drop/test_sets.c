/* Reading the sets: a list that is not what a kernel gives is not believed. */
#include "../../../shim/drop/sets.h"
#include "kernel.h"

TEST(three_sets_of_64) {
    struct sets sets;
    kernel_start();
    kernel.permitted = 0x8000000180000001;
    kernel.effective = 0x4000000240000002;
    kernel.inheritable = 0x2000000420000004;
    expect(sets_read(&sets), "read");
    expect(sets.permitted == kernel.permitted && sets.effective == kernel.effective &&
               sets.inheritable == kernel.inheritable,
           "as they are");
    kernel.wrong = CAPGET;
    kernel.answer = 0; /* says yes, and tells nothing */
    expect(sets_read(&sets), "nothing");
    expect((sets.permitted | sets.effective | sets.inheritable) == 0, "nothing is held then");
    kernel.error = EPERM;
    expect(!sets_read(&sets) && errno == EPERM, "fails");
}

TEST(a_list_of_any_length) {
    for (unsigned length = 0; length <= 64; length++) {
        uint64_t bounding = 1;
        uint64_t ambient = 1;
        bool absent = true;
        kernel_start();
        kernel.capabilities = length;
        kernel.bounding = UINT64_MAX;
        kernel.ambient = 0x5555555555555555;
        const uint64_t known = length == 64 ? UINT64_MAX : (UINT64_C(1) << length) - 1;
        expect(sets_read_bounding(&bounding) == (length > 0) && bounding == known, "%u", length);
        expect(length > 0 || errno == EINVAL, "no list, and why");
        expect(kernel.made[BOUNDING_READ] == 64, "asked to its end");
        expect(sets_read_ambient(&ambient, &absent), "%u", length);
        expect(ambient == (kernel.ambient & known) && absent == (length == 0), "%u", length);
    }
}

/* An answer behind the end, a gap, a third answer: somebody pretends to be a kernel. */
TEST(a_list_that_lies) {
    static const struct {
        int error, answer, spared, is;
    } rows[] = {{0, 2, 0, EPROTO},     {0, 2, 40, EPROTO}, {EPERM, 0, 0, EPERM},
                {EPERM, 0, 40, EPERM}, {0, 1, 50, EPROTO}, {0, 0, 50, EPROTO}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        uint64_t set;
        bool absent;
        kernel_start();
        kernel.wrong = BOUNDING_READ;
        kernel.error = rows[i].error;
        kernel.answer = rows[i].answer;
        kernel.spared = rows[i].spared;
        expect(!sets_read_bounding(&set) && errno == rows[i].is, "bounding, row %zu", i);
        kernel.wrong = AMBIENT_READ;
        kernel.spared = rows[i].spared + 1; /* it asks once whether there is one */
        expect(!sets_read_ambient(&set, &absent) && errno == rows[i].is, "ambient, row %zu", i);
    }
}

TEST(an_ambient_set_that_is_not_to_be_had) {
    uint64_t set = 1;
    bool absent = false;
    kernel_start();
    kernel.wrong = AMBIENT_READ;
    kernel.error = EPERM;
    expect(sets_read_ambient(&set, &absent) && absent && set == 0, "absent");
}

/* The first question is refused, as by an old kernel, and the others are not. */
TEST(an_ambient_set_that_is_there_after_all) {
    uint64_t set = 0;
    bool absent = false;
    kernel_start();
    kernel.ambient = 0x2000;
    kernel.wrong = AMBIENT_READ;
    kernel.error = EINVAL;
    kernel.times = 1;
    expect(sets_read_ambient(&set, &absent) && absent && set == 0x2000, "what is seen counts");
}

TEST(securebits_that_are_not_told_are_none) {
    kernel_start();
    kernel.securebits = 0x2f;
    expect(sets_read_securebits() == 0x2f, "as they are");
    kernel.wrong = GET_SECUREBITS;
    kernel.error = EINVAL;
    expect(sets_read_securebits() == 0, "none");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_sets_of_64),
        cmocka_unit_test(a_list_of_any_length),
        cmocka_unit_test(a_list_that_lies),
        cmocka_unit_test(an_ambient_set_that_is_not_to_be_had),
        cmocka_unit_test(an_ambient_set_that_is_there_after_all),
        cmocka_unit_test(securebits_that_are_not_told_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
