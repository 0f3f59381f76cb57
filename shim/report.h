/*
 * What the shim says: one line `shim: error: ...` in the user's words, then `shim: hint: ...`
 * with what to do (design.md, section 8). The other rooms put their lines into a struct report,
 * which keeps the pure ones pure; report_flush() writes them.
 */
#ifndef SHIM_REPORT_H
#define SHIM_REPORT_H

#include "text.h"

/* Exit codes of the shim's own (design.md, section 7). */
enum { EXIT_REFUSED = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

/* SHIM_LOG, from the fewest lines to the most. */
enum report_level { REPORT_ERROR, REPORT_WARN, REPORT_INFO, REPORT_DEBUG };

/* What Kubernetes reads of a termination message at most. */
enum { REPORT_LOG_SIZE = 4096 };

struct report {
    enum report_level level; /* lines above it are dropped */
    bool errors;             /* an error was reported */
    enum report_level last;  /* the level that a hint belongs to */
    bool full;               /* lines were dropped for want of room */
    size_t length;
    char text[16384];
    size_t log_length; /* errors and their hints, for the termination log */
    char log[REPORT_LOG_SIZE];
    int log_fd; /* the open termination log, or -1 */
};

/* An empty report that drops all but errors. */
void report_start(struct report *report);

/* One line each, printf style, without a line end. A hint goes with the line before it. */
__attribute__((format(printf, 2, 3))) void report_error(struct report *report, const char *format,
                                                        ...);
__attribute__((format(printf, 2, 3))) void report_warn(struct report *report, const char *format,
                                                       ...);
__attribute__((format(printf, 2, 3))) void report_info(struct report *report, const char *format,
                                                       ...);
__attribute__((format(printf, 2, 3))) void report_debug(struct report *report, const char *format,
                                                        ...);
__attribute__((format(printf, 2, 3))) void report_hint(struct report *report, const char *format,
                                                       ...);

/* Writes what has been reported to stderr, and empties the report. Keeps errno. */
void report_flush(struct report *report);

/* Writes length bytes to fd, as far as that works. Returns false, with errno, where it did not. */
bool report_write(int fd, const char *bytes, size_t length);

/* Whether all that was printed on stdout has got there; if not, an error in report. */
bool report_flush_stdout(struct report *report);

/*
 * As PID 1: opens /dev/termination-log for report_end(), if it is what Kubernetes mounts there,
 * an empty regular file with one link. Anything else is left alone. Once is enough.
 */
void report_open_log(struct report *report);

/*
 * The last word of a run that ends with one of the shim's own codes: flushes, and as PID 1
 * writes the errors and hints to the termination log. Returns code, for the caller to return.
 */
int report_end(struct report *report, int code);

/* Bytes of a value from outside that are shown at most. */
enum { QUOTE_MAX = 200 };

/* A value from outside, made fit to print; lives until the end of the expression it is made in. */
struct quote {
    char text[sizeof "\\xff" * QUOTE_MAX + sizeof "\"...\""];
};

/*
 * value in double quotes, cut at QUOTE_MAX bytes (then it ends in "..."), with everything but
 * printable ASCII escaped, so that no value moves a cursor or hides a character.
 */
struct quote quote(struct text value);

/* The same without the quotes: for names and for --check, whose lines a program may read. */
struct quote plain(struct text value);

#endif
