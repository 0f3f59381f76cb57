#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void report_start(struct report *report) {
    *report = (struct report){.level = REPORT_ERROR, .log_fd = -1};
}

/* Adds a whole line to the length bytes in buffer. Returns false, adding nothing, without room. */
static bool append(char *buffer, size_t size, size_t *length, const char *line) {
    size_t more = strlen(line);
    if (*length > size || more > size - *length) {
        return false;
    }
    memcpy(buffer + *length, line, more);
    *length += more;
    return true;
}

/* Errors have a part of the room to themselves: no number of warnings crowds them out. */
static bool append_line(struct report *report, const char *line) {
    size_t size = sizeof report->text;
    if (report->last == REPORT_ERROR) {
        (void)append(report->log, sizeof report->log, &report->log_length, line);
    } else if (report->full) {
        return false;
    } else {
        size -= sizeof report->log;
    }
    return append(report->text, size, &report->length, line);
}

__attribute__((format(printf, 3, 0))) static void add_line(struct report *report, const char *label,
                                                           const char *format, va_list values) {
    /* Room for three quoted values; what is longer is cut, and still ends its line. */
    char line[4 * sizeof(struct quote)];
    int head = snprintf(line, sizeof line, "shim: %s: ", label);
    int body = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, values);
    if (body < 0) {
        return;
    }
    memcpy(line + strlen(line), "\n", sizeof "\n");
    report->full = !append_line(report, line) || report->full;
}

__attribute__((format(printf, 4, 0))) static void add(struct report *report,
                                                      enum report_level level, const char *label,
                                                      const char *format, va_list values) {
    report->last = level;
    if (level <= report->level) {
        add_line(report, label, format, values);
    }
}

void report_error(struct report *report, const char *format, ...) {
    va_list values;
    va_start(values, format);
    report->errors = true;
    add(report, REPORT_ERROR, "error", format, values);
    va_end(values);
}

void report_warn(struct report *report, const char *format, ...) {
    va_list values;
    va_start(values, format);
    add(report, REPORT_WARN, "warning", format, values);
    va_end(values);
}

void report_info(struct report *report, const char *format, ...) {
    va_list values;
    va_start(values, format);
    add(report, REPORT_INFO, "info", format, values);
    va_end(values);
}

void report_debug(struct report *report, const char *format, ...) {
    va_list values;
    va_start(values, format);
    add(report, REPORT_DEBUG, "debug", format, values);
    va_end(values);
}

void report_hint(struct report *report, const char *format, ...) {
    va_list values;
    va_start(values, format);
    add(report, report->last, "hint", format, values);
    va_end(values);
}

/* A write to a pipe without a reader left a SIGPIPE pending: it must not be handed to the app. */
static void take_back_sigpipe(void) {
    const struct timespec now = {0, 0};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigtimedwait(&set, NULL, &now);
}

bool report_write(int fd, const char *bytes, size_t length) {
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

void report_flush(struct report *report) {
    static const char more[] = "shim: warning: further messages did not fit and are left out\n";
    int saved = errno;
    /* A reader that is gone is no reason to change what the shim does. */
    (void)report_write(STDERR_FILENO, report->text, report->length);
    if (report->full) {
        (void)report_write(STDERR_FILENO, more, sizeof more - 1);
    }
    report->length = 0;
    report->full = false;
    errno = saved;
}

bool report_flush_stdout(struct report *report) {
    if (fflush(stdout) != 0 || ferror(stdout)) {
        report_error(report, "cannot write to stdout: %s", strerror(errno));
        report_hint(report, "who reads it may be gone, or the disk that it goes to full");
        return false;
    }
    return true;
}

void report_open_log(struct report *report) {
    struct stat status;
    if (getpid() != 1 || report->log_fd >= 0) {
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
    report->log_fd = fd;
}

int report_end(struct report *report, int code) {
    report_flush(report);
    if (report->log_length > 0) {
        report_open_log(report);
        /* Best effort: the same lines are on stderr. */
        (void)report_write(report->log_fd, report->log, report->log_length);
    }
    return code;
}

/* How one byte is shown; returns how many characters that takes, at most 4. */
static size_t escape(char byte, char *out, bool quoted) {
    static const char digits[] = "0123456789abcdef";
    unsigned char value = (unsigned char)byte;
    if (quoted && (byte == '"' || byte == '\\')) {
        out[0] = '\\';
        out[1] = byte;
        return 2;
    }
    if (value >= 0x20 && value < 0x7f) {
        out[0] = byte;
        return 1;
    }
    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[value >> 4];
    out[3] = digits[value & 15];
    return 4;
}

static struct quote show(struct text value, bool quoted) {
    struct quote shown;
    size_t used = 0;
    size_t count = value.length < QUOTE_MAX ? value.length : QUOTE_MAX;
    if (quoted) {
        shown.text[used++] = '"';
    }
    for (size_t i = 0; i < count; i++) {
        used += escape(value.at[i], shown.text + used, quoted);
    }
    if (count < value.length) {
        memcpy(shown.text + used, "...", 3);
        used += 3;
    }
    if (quoted) {
        shown.text[used++] = '"';
    }
    shown.text[used] = '\0';
    return shown;
}

struct quote quote(struct text value) {
    return show(value, true);
}

struct quote plain(struct text value) {
    return show(value, false);
}
