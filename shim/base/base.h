/* What every room speaks in: slices of strings, variables, signals, messages and where they go. */
#ifndef SHIM_BASE_H
#define SHIM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text: slices of strings and strict numbers. Pure. */

/* A part of a string that somebody else owns; not terminated. at is NULL for "absent". */
struct text {
    const char *at;
    size_t length;
};

/* The text of a string literal. */
#define LITERAL(string) ((struct text){(string), sizeof(string) - 1})

/* The whole of a terminated string. */
struct text text_of(const char *string);

/* Whether a and b hold the same bytes; the second form takes A to Z for a to z. */
bool text_equal(struct text a, struct text b);
bool text_equal_nocase(struct text a, struct text b);

/* Whether whole begins with prefix, A to Z taken for a to z. */
bool text_starts_nocase(struct text whole, struct text prefix);

/* whole without its first count bytes; count is at most its length. */
struct text text_skip(struct text whole, size_t count);

/* Where byte first (or last) occurs in whole: its index, or whole.length when it does not. */
size_t text_find(struct text whole, char byte);
size_t text_find_last(struct text whole, char byte);

/*
 * Takes the next piece off *rest, up to separator or the end, into *piece. Returns false, and
 * leaves *piece alone, once nothing is left: "a,,b" and "a," give an empty piece, "" gives one.
 */
bool text_next(struct text *rest, char separator, struct text *piece);

/*
 * Reads a plain decimal number from 0 to max: digits only, no sign, space, prefix or leading
 * zero ("0" itself aside). Returns false, and leaves *value alone, for anything else, whatever
 * its length: the shim's one rule for the numbers of settings and of /etc/passwd (DESIGN.md,
 * Settings), because every laxer reading has once let somebody in as root.
 */
bool text_number(struct text digits, uint32_t max, uint32_t *value);

/* The largest uid or gid: beyond it, 32-bit tools read a negative number. */
enum { ID_MAX = 2147483647 };

/*
 * Environment: looking things up in the one we were given, and making the app's from it. A list is
 * a NULL-terminated array of "NAME=value" strings, as execve(2) takes it. Pure, the heap aside.
 */

/* Splits an entry at its first '='. Returns false for an entry without one. */
bool environment_split(const char *entry, struct text *name, struct text *value);

/* The value of name, the first one if there are several, as getenv(3) does; NULL if absent. */
const char *environment_get(char *const *list, const char *name);

/* Whether name occurs more than once, with values that differ. */
bool environment_conflicts(char *const *list, const char *name);

/*
 * A copy of list with room for environment_put() to add `more` names. The strings stay shared.
 * Returns NULL, with errno, when there is no memory. The caller frees it, or becomes the app.
 */
char **environment_copy(char *const *list, size_t more);

/* Puts entry ("NAME=value") into a copy in place of every entry of that name. */
void environment_put(char **copy, char *entry);

/* The same, in place of every spelling of the name: ASP.NET Core takes a for A. */
void environment_put_nocase(char **copy, char *entry);

/* Takes every entry of that name out of a copy. */
void environment_drop(char **copy, const char *name);

/* Makes "NAME=value" on the heap. Returns NULL, with errno, when there is no memory. */
char *environment_entry(const char *name, struct text value);

/*
 * Lines: a file of the image's or of /proc's, line by line, without a page for it from libc.
 */

struct lines {
    int fd;
    int error;    /* what has kept us from reading on, or 0 */
    char *buffer; /* room, or, once a line is too long for that, the heap's */
    size_t size;  /* the buffer's */
    size_t start; /* what is read and not yet given: from here */
    size_t end;   /* to here */
    char room[4096];
};

/*
 * Opens a regular file to read. Returns the descriptor, or -1 with errno: ENOENT for what is none.
 * Nothing in its place is waited for.
 */
int lines_open_file(const char *path);

/*
 * Opens a file to read. Returns false, with errno, where that fails: ENOENT when there is no such
 * file, or none that is a regular one. A FIFO in its place does not hold up the start.
 */
bool lines_open(struct lines *lines, const char *path);

/*
 * Takes the next line, without its end, whatever its length; it lives until the next call. Returns
 * false at the end of the file, and where it cannot be read, which lines_close() tells.
 */
bool lines_next(struct lines *lines, struct text *line);

/*
 * Closes the file. Returns false, with errno, where not all that was asked for could be read; else
 * keeps errno.
 */
bool lines_close(struct lines *lines);

/*
 * Reads the first line of a small file, such as /proc has, into room, as far as that goes. Returns
 * it; absent where there is no such file.
 */
struct text lines_first(const char *path, char *room, size_t size);

/* Memory that only the start has used, given back to the kernel: what is in it is lost. */

/* The whole pages from there on to the end. */
void memory_give_back(void *from, void *end);

/* What was used of the stack below the caller. */
void memory_give_back_stack(void);

/*
 * Signals by name and number. libc's view of them has holes: musl keeps 32 to 34 for itself and
 * counts SIGRTMIN from 35, where glibc, .NET and Docker count from 34. Pure.
 */

enum { SIGNAL_MAX = 64, SIGNAL_RTMIN = 34 };

/*
 * Reads a signal: TERM, SIGTERM, term, 15, RTMIN+3, RTMAX-1, and 0 for none. Returns false, and
 * leaves *number alone, for anything else. Real-time signals count from 34 and 64 (DESIGN.md,
 * Settings).
 */
bool signal_parse(struct text word, uint32_t *number);

/*
 * Whether the call that has just failed, by errno, was only interrupted, and is to be made again.
 * *times, 0 at first, counts how often in a row: a sandbox may say so for ever.
 */
bool signal_interrupted(unsigned *times);

/* A signal as it is shown: "9 (KILL)"; "32" where it has no name. */
struct signal_text {
    char text[sizeof "-2147483648 (RTMIN+29)"];
};

struct signal_text signal_show(int number);

/* Capabilities by name: capabilities(7). Pure. */

/* The bit of a capability's number in a set of them. */
#define CAPABILITY_BIT(number) ((uint64_t)1 << (number))

/* A list such as "cap_setgid,cap_setuid"; lives until the end of the expression it is made in. */
struct capability_list {
    char text[1024];
};

/* The names of a set, as getcap(8) prints them: numbers for those that have no name here. */
struct capability_list capability_names(uint64_t set);

/* Capabilities that a file gives or asks for: its attribute security.capability. */

struct file_capabilities {
    enum {
        FILECAPS_NONE,
        FILECAPS_HONOURED,
        FILECAPS_NOSUID,  /* on a mount that lends nothing */
        FILECAPS_FOREIGN, /* of another user namespace */
        FILECAPS_ODD,     /* of a form that no kernel knows */
    } state;
    bool effective;
    uint64_t permitted, inheritable;
};

/* Reads those of a file, and whether execve(2) honours them: security/commoncap.c. */
void filecaps_read(const char *file, struct file_capabilities *found);

/*
 * What keeps such a file from being started: with the effective flag execve(2) answers EPERM if the
 * bounding set lacks one of its capabilities. limit is what will be left of the set by then.
 */
uint64_t filecaps_uncovered(const struct file_capabilities *of, uint64_t limit);

/* As getcap(8) prints them: "cap_net_raw=ep". */
struct capability_list filecaps_show(const struct file_capabilities *of);

/*
 * Messages: one line `shim: error: ...` in the user's words, then `shim: hint: ...` with what to do
 * (DESIGN.md, Messages). The rooms put their lines into a struct messages, which keeps the pure
 * ones pure; output_flush() writes them.
 */

/* The levels of SHIM_LOG, from the fewest lines to the most; a hint has that of the line before it.
 */
enum message_kind { MESSAGE_ERROR, MESSAGE_WARN, MESSAGE_INFO, MESSAGE_DEBUG, MESSAGE_HINT };

/* What Kubernetes reads of a termination message at most. */
enum { MESSAGE_LOG_SIZE = 4096 };

struct messages {
    enum message_kind level; /* lines above it are dropped */
    bool errors;             /* an error was reported */
    enum message_kind last;  /* the level that a hint belongs to */
    bool full;               /* lines were dropped for want of room */
    bool app_runs;           /* it may hold the other end of stderr: nothing may wait for it */
    size_t lost;             /* lines that stderr has not taken since */
    int log_fd;              /* the open termination log, or -1 */
    size_t log_length;       /* errors and their hints, for that log */
    size_t length;
    char text[16384];
    char log[MESSAGE_LOG_SIZE];
};

/* No messages yet; at the level that is SHIM_LOG's default. */
void messages_start(struct messages *messages);

/*
 * Adds one line, printf style, without a line end. A hint goes with the line before it, and is
 * dropped with it.
 */
__attribute__((format(printf, 3, 4))) void
message_add(struct messages *messages, enum message_kind kind, const char *format, ...);

#define message_error(messages, ...) message_add(messages, MESSAGE_ERROR, __VA_ARGS__)
#define message_warn(messages, ...) message_add(messages, MESSAGE_WARN, __VA_ARGS__)
#define message_info(messages, ...) message_add(messages, MESSAGE_INFO, __VA_ARGS__)
#define message_debug(messages, ...) message_add(messages, MESSAGE_DEBUG, __VA_ARGS__)
#define message_hint(messages, ...) message_add(messages, MESSAGE_HINT, __VA_ARGS__)

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

/* Output: where messages go. */

/* Exit codes of the shim's own (DESIGN.md, Supervision). */
enum { EXIT_REFUSED = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

/* The most that is written at a time: what a pipe that has room takes whole, pipe(7). */
enum { OUTPUT_AT_ONCE = 4096 };

/*
 * Writes all messages to stderr, and empties them. Once the app runs: in one write that does not
 * wait, else they are dropped, and their number is told with the next that is written. What
 * our writing raises (SIGPIPE, SIGXFSZ) is taken back. Keeps errno.
 */
void output_flush(struct messages *messages);

/*
 * Writes length bytes to fd, as far as that works, and as fd takes some within a second. Returns
 * false, with errno, where it did not.
 */
bool output_write(int fd, const char *bytes, size_t length);

/* Whether all that was printed on stdout has got there; if not, an error in messages. */
bool output_flush_stdout(struct messages *messages);

/*
 * As PID 1: opens /dev/termination-log for output_end(), if it is what Kubernetes mounts there,
 * an empty regular file with one link. Anything else is left alone. Once is enough.
 */
void output_open_log(struct messages *messages);

/*
 * The last word of a run that ends with one of the shim's own codes: flushes, and as PID 1
 * writes the errors and hints to the termination log. Returns code, for the caller to return.
 */
int output_end(struct messages *messages, int code);

/*
 * What --version prints: the version, the architecture, and the versions of the libraries as they
 * were found in what was linked. dist/identify writes it at build time.
 */
extern const char build_version[];

#endif
