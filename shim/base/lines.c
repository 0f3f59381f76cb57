#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_ONLY = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

int lines_open_file(const char *path) {
    struct stat status;
    int fd = openat(AT_FDCWD, path, READ_ONLY);
    if (fd < 0) {
        return -1;
    }
    int error = fstat(fd, &status) < 0 ? errno : S_ISREG(status.st_mode) ? 0 : ENOENT;
    if (error != 0) {
        (void)close(fd); /* nothing was read from it */
        errno = error;
        return -1;
    }
    return fd;
}

bool lines_open(struct lines *lines, const char *path) {
    lines->fd = lines_open_file(path);
    lines->buffer = lines->room;
    lines->size = sizeof lines->room;
    lines->start = 0;
    lines->end = 0;
    lines->error = 0;
    if (lines->fd < 0 && (errno == ENOTDIR || errno == ELOOP || errno == ENXIO)) {
        errno = ENOENT;
    }
    return lines->fd >= 0;
}

static void free_buffer(struct lines *lines) {
    if (lines->buffer != lines->room) {
        free(lines->buffer);
    }
}

/* Makes room behind what is read of a line. Returns false, with errno, when there is no memory. */
static bool make_room(struct lines *lines) {
    lines->end -= lines->start;
    memmove(lines->buffer, lines->buffer + lines->start, lines->end);
    lines->start = 0;
    if (lines->end < lines->size) {
        return true;
    }
    char *larger = malloc(lines->size * 2);
    if (larger == NULL) {
        return false;
    }
    memcpy(larger, lines->buffer, lines->end);
    free_buffer(lines);
    lines->buffer = larger;
    lines->size *= 2;
    return true;
}

/* Reads on. Returns false at the end of the file, and where that fails: then it is noted. */
static bool read_more(struct lines *lines) {
    ssize_t length = -1;
    unsigned times = 0;
    if (make_room(lines)) {
        do {
            length = read(lines->fd, lines->buffer + lines->end, lines->size - lines->end);
        } while (length < 0 && signal_interrupted(&times));
    }
    if (length < 0) {
        lines->error = errno;
        return false;
    }
    lines->end += (size_t)length;
    return length > 0;
}

bool lines_next(struct lines *lines, struct text *line) {
    size_t seen = 0;
    const char *newline;
    while ((newline = memchr(lines->buffer + lines->start + seen, '\n',
                             lines->end - lines->start - seen)) == NULL) {
        seen = lines->end - lines->start;
        if (!read_more(lines)) {
            /* What has no end is a line too, unless that is because it could not be read. */
            *line = (struct text){lines->buffer + lines->start, lines->end - lines->start};
            lines->start = lines->end;
            return line->length > 0 && lines->error == 0;
        }
    }
    line->at = lines->buffer + lines->start;
    line->length = (size_t)(newline - line->at);
    lines->start += line->length + 1;
    return true;
}

bool lines_close(struct lines *lines) {
    int error = lines->error != 0 ? lines->error : errno;
    free_buffer(lines);
    (void)close(lines->fd); /* only read from */
    errno = error;
    return lines->error == 0;
}

struct text lines_first(const char *path, char *room, size_t size) {
    struct text line = {NULL, 0};
    int fd = openat(AT_FDCWD, path, READ_ONLY);
    if (fd < 0) {
        return line;
    }
    ssize_t length = read(fd, room, size);
    (void)close(fd); /* only read from */
    if (length > 0) {
        line = (struct text){room, (size_t)length};
        line.length = text_find(line, '\n');
    }
    return line;
}
