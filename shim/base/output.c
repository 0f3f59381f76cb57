#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What a failed write of our own has raised stays pending, as all is blocked. It is not for the
 * app: ours is taken back, before any that somebody has sent (the kernel keeps the two apart).
 */
static void take_back(int error) {
    const struct timespec now = {0, 0};
    sigset_t set;
    if (error == EPIPE || error == EFBIG) {
        (void)sigemptyset(&set);
        (void)sigaddset(&set, error == EPIPE ? SIGPIPE : SIGXFSZ);
        (void)sigtimedwait(&set, NULL, &now); /* there may be none: a socket does without */
    }
    errno = error;
}

/* Whether fd takes something, within so many milliseconds: 1 or 0; -1 where nobody tells. */
static int has_room(int fd, int milliseconds) {
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    return poll(&room, 1, milliseconds);
}

/* How often in a row somebody else may have taken the room before us, or a sandbox have said so. */
enum { VAIN_MAX = 100 };

bool output_write(int fd, const char *bytes, size_t length) {
    unsigned vain = 0;
    while (length > 0) {
        size_t part = length < OUTPUT_AT_ONCE ? length : OUTPUT_AT_ONCE;
        /* Who takes nothing for a second holds up no start, nor does a stopped terminal. */
        if (fd >= 0 && has_room(fd, 1000) == 0) {
            errno = EAGAIN;
            return false;
        }
        ssize_t written = write(fd, bytes, part);
        if (written < 0 && (signal_interrupted(&vain) || (errno == EAGAIN && vain++ < VAIN_MAX))) {
            continue;
        }
        if (written <= 0) {
            take_back(errno);
            return false;
        }
        vain = 0;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/*
 * The same pipe or terminal, opened anew so that a write to it never waits: the flag O_NONBLOCK
 * of the one that we have is the app's too. Returns -1 where that cannot be had.
 */
static int open_twin(mode_t mode) {
    return S_ISFIFO(mode) || S_ISCHR(mode)
               ? openat(AT_FDCWD, "/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
               : -1;
}

/*
 * One write to stderr that does not wait. The app may write there too, between the question
 * whether there is room and the write: so that alone is not enough where there is a better way.
 */
static bool write_at_once(const char *bytes, size_t length) {
    struct stat status;
    if (has_room(STDERR_FILENO, 0) != 1 || fstat(STDERR_FILENO, &status) < 0) {
        return false;
    }
    if (S_ISSOCK(status.st_mode)) {
        return send(STDERR_FILENO, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    }
    int twin = open_twin(status.st_mode);
    ssize_t written = write(twin >= 0 ? twin : STDERR_FILENO, bytes, length);
    if (written < 0) {
        take_back(errno);
    }
    if (twin >= 0) {
        (void)close(twin); /* what could be written has been */
    }
    return written >= 0;
}

/* Whole lines, as many as go into one write. The others are left out, and counted. */
static void flush_at_once(struct messages *messages) {
    char lines[OUTPUT_AT_ONCE];
    size_t length = 0;
    size_t taken = 0;
    size_t left = 0;
    struct text rest = {messages->text, messages->length};
    struct text line;
    if (messages->lost > 0 && messages->level >= MESSAGE_WARN) {
        length = (size_t)snprintf(lines, sizeof lines,
                                  "shim: warning: lines left out for want of room on stderr: %zu\n",
                                  messages->lost);
    }
    while (text_next(&rest, '\n', &line) && rest.at != NULL) {
        if (left > 0 || line.length >= sizeof lines - length) {
            left++;
            continue;
        }
        memcpy(lines + length, line.at, line.length + 1);
        length += line.length + 1;
        taken++;
    }
    messages->lost = write_at_once(lines, length) ? left : messages->lost + taken + left;
}

static void flush_whole(const struct messages *messages) {
    static const char more[] = "shim: warning: further messages did not fit and are left out\n";
    /* A reader that is gone is no reason to change what the shim does. */
    (void)output_write(STDERR_FILENO, messages->text, messages->length);
    if (messages->full) {
        (void)output_write(STDERR_FILENO, more, sizeof more - 1);
    }
}

void output_flush(struct messages *messages) {
    int saved = errno;
    if (!messages->app_runs) {
        flush_whole(messages);
    } else if (messages->length > 0) {
        flush_at_once(messages);
    }
    messages->length = 0;
    messages->full = false;
    errno = saved;
}

bool output_flush_stdout(struct messages *messages) {
    if (fflush(stdout) != 0 || ferror(stdout)) {
        message_error(messages, "cannot write to stdout: %s", strerror(errno));
        message_hint(messages, "its reader may be gone, or its disk full");
        return false;
    }
    return true;
}

void output_open_log(struct messages *messages) {
    struct stat status;
    if (getpid() != 1 || messages->log_fd >= 0) {
        return;
    }
    int fd =
        openat(AT_FDCWD, "/dev/termination-log", O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size != 0 ||
        status.st_nlink != 1) {
        (void)close(fd); /* nothing was written: there is nothing to lose */
        return;
    }
    messages->log_fd = fd;
}

int output_end(struct messages *messages, int code) {
    output_flush(messages);
    if (messages->log_length > 0) {
        output_open_log(messages);
        /* Best effort: the same lines are on stderr. */
        (void)output_write(messages->log_fd, messages->log, messages->log_length);
    }
    return code;
}
