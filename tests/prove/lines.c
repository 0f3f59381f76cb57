/*
 * A file that comes in two parts of up to N bytes, or fails, by way of a buffer that is too small.
 * With: base/lines.c base/signals.c base/text.c
 */
#include "any.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N = 3, SIZE = 2 };
static int left = 2;

int openat(int folder, const char *path, int flags, ...) {
    (void)folder;
    (void)path;
    (void)flags;
    errno = Frama_C_interval(1, 133);
    return (int)any_of(-1, 0);
}

int fstat(int fd, struct stat *status) {
    (void)fd;
    status->st_mode = Frama_C_unsigned_int_interval(0, UINT16_MAX);
    return (int)any_of(-1, 0);
}

int close(int fd) {
    (void)fd;
    return 0;
}

ssize_t read(int fd, void *buffer, size_t size) {
    (void)fd;
    if (left-- <= 0) {
        return 0;
    }
    const long length = any_of(-1, size < N ? (long)size : N);
    if (length > 0) {
        Frama_C_make_unknown(buffer, (size_t)length);
    }
    if (length < 0) {
        errno = any_of(0, 1) != 0 ? EINTR : EIO;
    }
    return length;
}

static void read_all(void) {
    struct lines lines;
    struct text line;
    if (lines_open(&lines, "/x")) {
        lines.size = SIZE;
        while (lines_next(&lines, &line)) {
            (void)text_find(line, ':');
        }
        (void)lines_close(&lines);
    }
}

static void read_first(void) {
    char room[N];
    (void)lines_first("/x", room, sizeof room);
}

int main(void) {
    read_all();
    left = 2;
    read_first();
    Frama_C_show_each_end();
    return 0;
}
