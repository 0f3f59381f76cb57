/* A file, line by line. */
#include "unit.h"

#include <errno.h>
#include <sys/wait.h>

enum { ROOM = sizeof((struct lines *)NULL)->room };

/* The lines of a file, each with "|" behind it, on the heap. */
static char *read_all(const char *path) {
    struct lines lines;
    struct text line;
    char *all = print("%s", "");
    expect(lines_open(&lines, path), "%s", path);
    while (lines_next(&lines, &line)) {
        all = print("%s%.*s|", all, (int)line.length, line.at);
    }
    expect(lines_close(&lines), "%s", path);
    return all;
}

static char *read_text(const char *content) {
    return read_all(write_file("file", content, 0644));
}

TEST(every_line_comes_without_its_end) {
    assert_string_equal(read_text(""), "");
    assert_string_equal(read_text("\n"), "|");
    assert_string_equal(read_text("one"), "one|");
    assert_string_equal(read_text("one\n"), "one|");
    assert_string_equal(read_text("one\ntwo"), "one|two|");
    assert_string_equal(read_text("one\n\n\nfour\n"), "one|||four|");
    assert_string_equal(read_text("\r\n"), "\r|");
}

TEST(a_nul_byte_is_a_byte_like_others) {
    struct lines lines;
    struct text line;
    assert_true(lines_open(&lines, write_bytes("file", "a\0b\nc", 5, 0644)));
    assert_true(lines_next(&lines, &line));
    assert_int_equal(line.length, 3);
    assert_memory_equal(line.at, "a\0b", 3);
    assert_true(lines_next(&lines, &line));
    assert_true(is(line, "c"));
    assert_false(lines_next(&lines, &line));
    assert_false(lines_next(&lines, &line));
    assert_true(lines_close(&lines));
}

TEST(a_line_may_be_of_any_length) {
    static const size_t lengths[] = {1,        ROOM - 2,     ROOM - 1,     ROOM,    ROOM + 1,
                                     2 * ROOM, 2 * ROOM + 1, 3 * ROOM + 7, 1 << 20, 5};
    for (size_t first = 0; first < LENGTH(lengths); first++) {
        for (size_t second = 0; second < LENGTH(lengths); second++) {
            char *a = repeat('a', lengths[first]);
            char *b = repeat('b', lengths[second]);
            char *wanted = print("%s|%s||%s|", a, b, a);
            char *found = read_text(print("%s\n%s\n\n%s", a, b, a));
            expect(strcmp(found, wanted) == 0, "%zu, %zu", lengths[first], lengths[second]);
        }
    }
}

TEST(many_lines_come_in_their_order) {
    enum { MANY = 20000 };
    struct lines lines;
    struct text line;
    char *content = repeat('\0', MANY * sizeof "line 20000\n");
    size_t used = 0;
    for (int i = 0; i < MANY; i++) {
        used += (size_t)sprintf(content + used, "line %d\n", i);
    }
    assert_true(lines_open(&lines, write_file("file", content, 0644)));
    for (int i = 0; i < MANY; i++) {
        assert_true(lines_next(&lines, &line));
        expect(is(line, print("line %d", i)), "%d", i);
    }
    assert_false(lines_next(&lines, &line));
    assert_true(lines_close(&lines));
}

TEST(a_file_of_proc_is_read_though_its_size_is_none) {
    struct lines lines;
    struct text line;
    assert_true(lines_open(&lines, "/proc/self/uid_map"));
    assert_true(lines_next(&lines, &line));
    assert_true(line.length > 0);
    assert_true(lines_close(&lines));
}

TEST(the_first_line_is_what_fits_of_it) {
    static const struct {
        const char *content;
        const char *line;
    } rows[] = {{"allow\n", "allow"},        {"40", "40"},
                {"one\ntwo\n", "one"},       {"12345678\n", "12345678"},
                {"123456789\n", "12345678"}, {"\n", ""}};
    char room[8];
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct text line =
            lines_first(write_file("file", rows[i].content, 0644), room, sizeof room);
        expect(is(line, rows[i].line), "%s", rows[i].content);
    }
    assert_null(lines_first(write_file("file", "", 0644), room, sizeof room).at);
    assert_null(lines_first(in_folder("missing"), room, sizeof room).at);
    assert_null(lines_first(folder(), room, sizeof room).at);
}

TEST(what_is_no_file_is_not_there) {
    char *fifo = in_folder("fifo");
    char *dangling = in_folder("dangling");
    char *circle = in_folder("circle");
    assert_int_equal(mkfifo(fifo, 0644), 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    assert_int_equal(symlink("circle", circle), 0);
    const char *const paths[] = {
        in_folder("missing"), fifo,        dangling, circle,         folder(),
        "/dev/null",          "/dev/zero", "",       "/dev/tty/file"};
    for (size_t i = 0; i < LENGTH(paths); i++) {
        struct lines lines;
        errno = 0;
        expect(!lines_open(&lines, paths[i]), "%s", paths[i]);
        expect(errno == ENOENT, "%s: %d", paths[i], errno);
    }
}

TEST(a_file_that_breaks_off_is_told) {
    /* Regular by its mode, and nothing is mapped where it is read first. */
    struct lines lines;
    struct text line;
    assert_true(lines_open(&lines, "/proc/self/mem"));
    assert_false(lines_next(&lines, &line));
    assert_false(lines_next(&lines, &line));
    errno = 0;
    assert_false(lines_close(&lines));
    assert_int_equal(errno, EIO);
}

TEST(a_file_that_may_not_be_read_is_not_taken_for_none) {
    int status;
    const char *path = write_file("locked", "line\n", 0);
    assert_int_equal(chmod(folder(), 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lines lines;
        bool good = geteuid() != 0 || setresuid(65534, 65534, 65534) == 0;
        _exit(good && !lines_open(&lines, path) && errno == EACCES ? 0 : 1);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_int_equal(chmod(folder(), 0700), 0);
    assert_int_equal(status, 0);
}

TEST(no_descriptor_is_left_open) {
    int before = dup(STDERR_FILENO);
    struct lines lines;
    assert_int_equal(close(before), 0);
    (void)read_text("line\n");
    assert_false(lines_open(&lines, folder()));
    assert_false(lines_open(&lines, "/dev/null"));
    int after = dup(STDERR_FILENO);
    assert_int_equal(close(after), 0);
    assert_int_equal(after, before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_comes_without_its_end),
        cmocka_unit_test(a_nul_byte_is_a_byte_like_others),
        cmocka_unit_test(a_line_may_be_of_any_length),
        cmocka_unit_test(many_lines_come_in_their_order),
        cmocka_unit_test(a_file_of_proc_is_read_though_its_size_is_none),
        cmocka_unit_test(the_first_line_is_what_fits_of_it),
        cmocka_unit_test(what_is_no_file_is_not_there),
        cmocka_unit_test(a_file_that_breaks_off_is_told),
        cmocka_unit_test(a_file_that_may_not_be_read_is_not_taken_for_none),
        cmocka_unit_test(no_descriptor_is_left_open),
    };
    return cmocka_run_group_tests_name("lines", tests, NULL, remove_folder);
}
