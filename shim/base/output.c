#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A write to a pipe without a reader left a SIGPIPE pending: it must not be handed to the app. */
static void take_back_sigpipe(void) {
    const struct timespec now = {0, 0};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigtimedwait(&set, NULL, &now);
}

bool output_write(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        /* A pipe that is full for the moment gets a second; nothing else is waiting for us. */
        if (written < 0 && errno == EAGAIN) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            if (poll(&room, 1, 1000) == 1) {
                continue;
            }
            errno = EAGAIN;
        }
        if (written < 0 && errno == EPIPE) {
            take_back_sigpipe();
            errno = EPIPE;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

void output_flush(struct messages *messages) {
    static const char more[] = "shim: warning: further messages did not fit and are left out\n";
    int saved = errno;
    /* A reader that is gone is no reason to change what the shim does. */
    (void)output_write(STDERR_FILENO, messages->text, messages->length);
    if (messages->full) {
        (void)output_write(STDERR_FILENO, more, sizeof more - 1);
    }
    messages->length = 0;
    messages->full = false;
    errno = saved;
}

bool output_flush_stdout(struct messages *messages) {
    if (fflush(stdout) != 0 || ferror(stdout)) {
        message_error(messages, "cannot write to stdout: %s", strerror(errno));
        message_hint(messages, "who reads it may be gone, or the disk that it goes to full");
        return false;
    }
    return true;
}

void output_open_log(struct messages *messages) {
    struct stat status;
    if (getpid() != 1 || messages->log_fd >= 0) {
        return;
    }
    int fd = open("/dev/termination-log", O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
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
