/* The capabilities that a file has, in every form that one may have them: security/commoncap.c. */
#include "unit.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* The file, and the mount that it is on. */
static struct {
    uint32_t words[8];
    size_t size;
    int error;
    unsigned long flags;
    bool no_statvfs;
    uint64_t bounding;
} file;

/* libc's own, but for these. */

ssize_t getxattr(const char *path, const char *name, void *value, size_t size) {
    assert_string_equal(path, "/file");
    assert_string_equal(name, "security.capability");
    if (file.error != 0 || size < file.size) {
        errno = file.error != 0 ? file.error : ERANGE;
        return -1;
    }
    memcpy(value, file.words, file.size);
    return (ssize_t)file.size;
}

int statvfs(__attribute__((unused)) const char *path, struct statvfs *system) {
    memset(system, 0, sizeof *system);
    system->f_flag = file.flags;
    errno = EIO;
    return file.no_statvfs ? -1 : 0;
}

int prctl(int option, ...) {
    va_list words;
    va_start(words, option);
    unsigned long number = va_arg(words, unsigned long);
    va_end(words);
    return option == PR_CAPBSET_READ ? (int)(file.bounding >> number & 1) : -1;
}

static struct file_capabilities read_file(void) {
    struct file_capabilities found;
    memset(&found, 0xa5, sizeof found);
    filecaps_read("/file", &found);
    return found;
}

static void make(uint32_t magic, size_t words) {
    static const uint32_t sets[] = {0, 0x401, 0x402, 0x80, 0x100, 0};
    memset(&file, 0, sizeof file);
    memcpy(file.words, sets, sizeof sets);
    file.words[0] = magic;
    file.size = words * sizeof(uint32_t);
    file.bounding = UINT64_MAX;
}

enum { ONE = VFS_CAP_REVISION_1, TWO = VFS_CAP_REVISION_2, THREE = VFS_CAP_REVISION_3 };

TEST(a_file_without_any_has_none) {
    static const int errors[] = {ENODATA, EOPNOTSUPP, EPERM};
    for (size_t i = 0; i < LENGTH(errors); i++) {
        make(TWO, 5);
        file.error = errors[i];
        struct file_capabilities found = read_file();
        expect(found.state == FILECAPS_NONE && found.permitted == 0 && !found.effective, "%zu", i);
    }
}

TEST(each_revision_has_its_length) {
    static const struct {
        uint32_t revision;
        size_t words;
    } rows[] = {{ONE, 3}, {TWO, 5}, {THREE, 6}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        for (size_t words = 1; words <= 6; words++) {
            make(rows[i].revision, words);
            bool fits = words == rows[i].words;
            expect(read_file().state == (fits ? FILECAPS_HONOURED : FILECAPS_ODD), "%zu, %zu", i,
                   words);
        }
    }
    make(THREE, 7);
    expect(read_file().state == FILECAPS_ODD, "longer than any");
    make(0x04000000, 6);
    expect(read_file().state == FILECAPS_ODD, "a revision to come");
}

TEST(the_sets_are_taken_as_they_are) {
    make(ONE | VFS_CAP_FLAGS_EFFECTIVE, 3);
    struct file_capabilities found = read_file();
    expect(found.permitted == 0x401 && found.inheritable == 0x402 && found.effective, "1");
    make(TWO, 5);
    found = read_file();
    expect(found.permitted == ((uint64_t)0x80 << 32 | 0x401), "2");
    expect(found.inheritable == ((uint64_t)0x100 << 32 | 0x402) && !found.effective, "2");
}

TEST(those_of_another_namespace_are_foreign) {
    make(THREE, 6);
    file.words[5] = 1000;
    expect(read_file().state == FILECAPS_FOREIGN, "a root id");
    make(THREE, 6);
    file.error = EOVERFLOW;
    expect(read_file().state == FILECAPS_FOREIGN, "one that has no number here");
}

TEST(a_nosuid_mount_lends_nothing) {
    make(TWO, 5);
    file.flags = ST_NOSUID;
    expect(read_file().state == FILECAPS_NOSUID, "nosuid");
    make(TWO, 5);
    file.flags = ST_RDONLY | ST_NODEV;
    expect(read_file().state == FILECAPS_HONOURED, "others");
    make(TWO, 5);
    file.flags = ST_NOSUID;
    file.no_statvfs = true;
    expect(read_file().state == FILECAPS_HONOURED, "not to be told");
    make(THREE, 6);
    file.words[5] = 1;
    file.flags = ST_NOSUID;
    expect(read_file().state == FILECAPS_FOREIGN, "foreign anyway");
}

TEST(what_the_bounding_set_lacks_is_uncovered) {
    struct file_capabilities of = {FILECAPS_HONOURED, true, 0x8000000000000401, 0x2};
    file.bounding = UINT64_MAX;
    expect(filecaps_uncovered(&of, UINT64_MAX) == 0, "all there");
    expect(filecaps_uncovered(&of, 0x401) == UINT64_C(1) << 63, "beyond the limit");
    file.bounding = ~UINT64_C(0x400);
    expect(filecaps_uncovered(&of, UINT64_MAX) == 0x400, "not in the set");
    of.effective = false;
    expect(filecaps_uncovered(&of, 0) == 0, "the kernel does not mind");
    of.effective = true;
    of.state = FILECAPS_NOSUID;
    expect(filecaps_uncovered(&of, 0) == 0, "it does not look");
}

TEST(they_are_shown_as_setcap_takes_them) {
    static const struct {
        uint64_t permitted, inheritable;
        bool effective;
        const char *wanted;
    } rows[] = {
        {0, 0, true, ""},
        {0x400, 0, false, "cap_net_bind_service=p"},
        {0x400, 0x400, true, "cap_net_bind_service=eip"},
        {0, 0x400, false, "cap_net_bind_service=i"},
        {0x401, 0x480, true, "cap_net_bind_service=eip cap_chown=ep cap_setuid=ei"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct file_capabilities of = {FILECAPS_HONOURED, rows[i].effective,
                                             rows[i].permitted, rows[i].inheritable};
        struct capability_list shown = filecaps_show(&of);
        expect(strcasecmp(shown.text, rows[i].wanted) == 0, "row %zu: %s", i, shown.text);
    }
    const struct file_capabilities many = {FILECAPS_HONOURED, true, 0x5555555555555555,
                                           0x3333333333333333};
    struct capability_list shown = filecaps_show(&many);
    expect(strcmp(shown.text + strlen(shown.text) - strlen(",61=ei"), ",61=ei") == 0,
           "there is room for all: %s", shown.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_any_has_none),
        cmocka_unit_test(each_revision_has_its_length),
        cmocka_unit_test(the_sets_are_taken_as_they_are),
        cmocka_unit_test(those_of_another_namespace_are_foreign),
        cmocka_unit_test(a_nosuid_mount_lends_nothing),
        cmocka_unit_test(what_the_bounding_set_lacks_is_uncovered),
        cmocka_unit_test(they_are_shown_as_setcap_takes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
