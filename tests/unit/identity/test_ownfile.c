/* What the file system or the kernel does not tell of a file is never for the app's good. */
#include "../../../shim/identity/ownfile.h"
#include "memory.h"
#include "unit.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/xattr.h>

/* What is said of access control lists, first of their length and then of what is in them. */
static struct {
    ssize_t length; /* negative: an error */
    ssize_t again;
} list;

static const char *given;   /* the path by which we were started */
static const char *link_to; /* what every link leads to; NULL: none can be read */
static bool folder_is_gone; /* the one that we are in */

ssize_t getxattr(const char *path, const char *name, void *value, size_t size) {
    (void)path;
    (void)name;
    const ssize_t answer = size == 0 ? list.length : list.again;
    if (answer < 0) {
        errno = (int)-answer;
        return -1;
    }
    if (size > 0) {
        memset(value, 0, size);
    }
    return answer;
}

unsigned long getauxval(unsigned long type) {
    return type == AT_EXECFN ? (unsigned long)given : 0;
}

char *getcwd(char *path, size_t size) {
    if (folder_is_gone) {
        errno = ENOENT;
        return NULL;
    }
    assert_true(size > 0);
    path[0] = '\0'; /* the root folder, with the slash that comes next */
    return path;
}

ssize_t readlink(const char *path, char *target, size_t size) {
    (void)path;
    if (link_to == NULL) {
        errno = EACCES;
        return -1;
    }
    assert_true(strlen(link_to) <= size);
    memcpy(target, link_to, strlen(link_to));
    return (ssize_t)strlen(link_to);
}

static gid_t own[] = {1654};
static const struct group_list groups = {own, 1};

static bool is_replaceable(const char *path) {
    return ownfile_is_replaceable(1654, &groups, path);
}

static char *file_of_group(gid_t group) {
    char *path = write_file("file", "", 0664);
    assert_int_equal(chown(path, 0, group), 0);
    return path;
}

TEST(where_there_is_no_access_control_list_the_group_decides) {
    static const int errors[] = {ENODATA, EOPNOTSUPP, ENOSYS, EPERM, EACCES, 0};
    for (size_t i = 0; i < LENGTH(errors); i++) {
        list.length = -errors[i];
        expect(!is_replaceable(file_of_group(0)), "%s", strerror(errors[i]));
        expect(is_replaceable(file_of_group(1654)), "%s", strerror(errors[i]));
    }
}

TEST(a_list_that_cannot_be_read_may_say_anything) {
    static const struct {
        ssize_t length, again;
    } rows[] = {{-EIO, 0}, {-ERANGE, 0}, {28, 20}, {28, -ENODATA}, {28, 28}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        list.length = rows[i].length;
        list.again = rows[i].again;
        expect(is_replaceable(file_of_group(0)), "row %zu", i);
    }
}

TEST(without_memory_nothing_is_read_of_a_list) {
    char *path = file_of_group(0);
    list.length = list.again = 28;
    memory_made = 0;
    memory_before = 0;
    bool replaceable = is_replaceable(path);
    memory_before = -1;
    assert_true(replaceable);
}

TEST(a_path_that_is_too_long_to_be_walked_is_not_believed) {
    list.length = -ENODATA;
    assert_true(is_replaceable(print("/%s", repeat('x', PATH_MAX))));
    assert_true(is_replaceable(print("%s/x", repeat('/', PATH_MAX))));
}

TEST(a_link_that_cannot_be_read_leads_nowhere) {
    char *path = print("%s.link", file_of_group(0));
    assert_int_equal(symlink("/tmp", path), 0);
    assert_false(is_replaceable(path));
    assert_int_equal(unlink(path), 0);
}

static const char *find(const char *path) {
    static char found[PATH_MAX];
    given = path;
    ownfile_find_writable(1654, &groups, found);
    return found;
}

TEST(without_proc_it_is_the_path_by_which_we_were_started) {
    char *path = file_of_group(1654);
    list.length = -ENODATA;
    assert_string_equal(find(path), path);
    assert_string_equal(find(path + 1), path); /* relative to the root folder */
    assert_string_equal(find(NULL), "");
    folder_is_gone = true;
    assert_string_equal(find(path), path);
    assert_string_equal(find(path + 1), ""); /* from there nobody starts it again */
    folder_is_gone = false;
}

TEST(the_path_by_which_we_were_started_may_not_be_known) {
    char *path = file_of_group(1654);
    list.length = -ENODATA;
    link_to = path;
    assert_string_equal(find(NULL), path);
    link_to = file_of_group(0);
    assert_string_equal(find(NULL), "");
    link_to = NULL;
}

TEST(without_proc_it_has_the_capabilities_of_that_path) {
    struct file_capabilities found;
    list.length = list.again = -ENODATA;
    given = NULL;
    ownfile_read_capabilities(&found);
    assert_int_equal(found.state, FILECAPS_NONE);
    given = "/shim";
    list.length = list.again = 20;
    ownfile_read_capabilities(&found);
    assert_int_not_equal(found.state, FILECAPS_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_there_is_no_access_control_list_the_group_decides),
        cmocka_unit_test(a_list_that_cannot_be_read_may_say_anything),
        cmocka_unit_test(without_memory_nothing_is_read_of_a_list),
        cmocka_unit_test(a_path_that_is_too_long_to_be_walked_is_not_believed),
        cmocka_unit_test(a_link_that_cannot_be_read_leads_nowhere),
        cmocka_unit_test(without_proc_it_is_the_path_by_which_we_were_started),
        cmocka_unit_test(the_path_by_which_we_were_started_may_not_be_known),
        cmocka_unit_test(without_proc_it_has_the_capabilities_of_that_path),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
