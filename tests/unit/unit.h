/*
 * What the unit tests share: cmocka, checks that name the row of a table that does not hold,
 * files in a folder of their own, and what was written to stdout or stderr.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A test; its name says what holds. */
#define TEST(name) static void name(__attribute__((unused)) void **state)

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the test unless condition holds; the rest, printf style, says for which row. */
#define expect(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error(__VA_ARGS__);                                                              \
            print_error(": not so: %s\n", #condition);                                             \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)

/* count times byte, on the heap; lives until the program ends. */
static inline char *repeat(char byte, size_t count) {
    char *string = malloc(count + 1);
    assert_non_null(string);
    memset(string, byte, count);
    string[count] = '\0';
    return string;
}

/* A printed string on the heap; lives until the program ends. */
__attribute__((format(printf, 1, 2))) static inline char *print(const char *format, ...) {
    char *string = NULL;
    va_list values;
    va_start(values, format);
    assert_true(vasprintf(&string, format, values) >= 0);
    va_end(values);
    return string;
}

/* Whether a text holds the bytes of string, and no others. */
static inline bool is(struct text text, const char *string) {
    return text.at != NULL && text_equal(text, text_of(string));
}

/* An empty messages that keeps everything. */
static inline void messages_all(struct messages *messages) {
    messages_start(messages);
    messages->level = MESSAGE_DEBUG;
}

/* How often the messages has words in it. */
static inline size_t said(const struct messages *messages, const char *words) {
    size_t times = 0;
    const char *end = messages->text + messages->length;
    for (const char *at = messages->text;
         (at = memmem(at, (size_t)(end - at), words, strlen(words))) != NULL; at++) {
        times++;
    }
    return times;
}

static inline size_t errors(const struct messages *messages) {
    return said(messages, "shim: error: ");
}

static inline size_t warnings(const struct messages *messages) {
    return said(messages, "shim: warning: ");
}

static inline size_t hints(const struct messages *messages) {
    return said(messages, "shim: hint: ");
}

/* What a messages holds, to be printed with "%.*s". */
#define SAID(messages) (int)(messages)->length, (messages)->text

/* The folder of this program's files; made at the first call, gone at the end of the group. */
static char unit_folder[PATH_MAX];

static inline const char *folder(void) {
    if (unit_folder[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        (void)snprintf(unit_folder, sizeof unit_folder, "%s/unit.XXXXXX",
                       parent != NULL && parent[0] == '/' ? parent : "/tmp");
        assert_non_null(mkdtemp(unit_folder));
    }
    return unit_folder;
}

static inline int unit_remove(const char *path, __attribute__((unused)) const struct stat *status,
                              __attribute__((unused)) int type,
                              __attribute__((unused)) struct FTW *walk) {
    return remove(path);
}

/* The group's teardown, where folder() is used. */
static inline int remove_folder(__attribute__((unused)) void **state) {
    return unit_folder[0] == '\0' ? 0 : nftw(unit_folder, unit_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in that folder, on the heap. */
static inline char *in_folder(const char *name) {
    return print("%s/%s", folder(), name);
}

/* Writes a file of that mode there and returns its path. */
static inline char *write_bytes(const char *name, const char *bytes, size_t length, mode_t mode) {
    char *path = in_folder(name);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(write(fd, bytes, length) == (ssize_t)length);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

static inline char *write_file(const char *name, const char *content, mode_t mode) {
    return write_bytes(name, content, strlen(content), mode);
}

/* A descriptor that is written to a file for a while. */
struct capture {
    int target;
    int saved;
    int file;
};

static inline struct capture capture_begin(int target) {
    struct capture capture = {target, -1, -1};
    assert_int_equal(fflush(stdout), 0);
    capture.saved = fcntl(target, F_DUPFD_CLOEXEC, 3);
    capture.file = memfd_create("capture", MFD_CLOEXEC);
    assert_true(capture.saved >= 0 && capture.file >= 0);
    assert_true(dup2(capture.file, target) >= 0);
    return capture;
}

/* Puts the descriptor back and returns what was written, on the heap. */
static inline char *capture_end(struct capture capture) {
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(capture.saved, capture.target) >= 0);
    off_t length = lseek(capture.file, 0, SEEK_END);
    assert_true(length >= 0);
    char *written = repeat('\0', (size_t)length);
    assert_true(pread(capture.file, written, (size_t)length, 0) == (ssize_t)length);
    assert_int_equal(close(capture.saved), 0);
    assert_int_equal(close(capture.file), 0);
    return written;
}

#endif
