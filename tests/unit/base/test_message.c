/* What the shim says: lines, levels, quoting, and the termination log. */
#include "base/base.h"
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/time.h>
#include <sys/wait.h>

/* What flushing the messages writes to stderr. */
static char *flush(struct messages *messages) {
    struct capture capture = capture_begin(STDERR_FILENO);
    output_flush(messages);
    return capture_end(capture);
}

static void say_everything(struct messages *messages) {
    message_debug(messages, "d %d", 1);
    message_hint(messages, "of d");
    message_info(messages, "i %s", "2");
    message_hint(messages, "of i");
    message_warn(messages, "w %u", 3u);
    message_hint(messages, "of w");
    message_error(messages, "e %c", '4');
    message_hint(messages, "of e");
    message_hint(messages, "of e, again");
}

TEST(nothing_is_said_when_there_is_nothing_to_say) {
    struct messages messages;
    messages_start(&messages);
    assert_false(messages.errors);
    assert_string_equal(flush(&messages), "");
}

TEST(each_level_says_its_own_lines_and_those_before_it) {
#define ERROR_LINES "shim: error: e 4\nshim: hint: of e\nshim: hint: of e, again\n"
#define WARN_LINES "shim: warning: w 3\nshim: hint: of w\n" ERROR_LINES
#define INFO_LINES "shim: info: i 2\nshim: hint: of i\n" WARN_LINES
#define DEBUG_LINES "shim: debug: d 1\nshim: hint: of d\n" INFO_LINES
    static const char *const wanted[] = {[MESSAGE_ERROR] = ERROR_LINES,
                                         [MESSAGE_WARN] = WARN_LINES,
                                         [MESSAGE_INFO] = INFO_LINES,
                                         [MESSAGE_DEBUG] = DEBUG_LINES};
    for (enum message_kind level = MESSAGE_ERROR; level <= MESSAGE_DEBUG; level++) {
        struct messages messages;
        messages_start(&messages);
        messages.level = level;
        say_everything(&messages);
        char *written = flush(&messages);
        expect(strcmp(written, wanted[level]) == 0, "level %d: %s", (int)level, written);
    }
}

TEST(without_a_level_warnings_and_errors_are_said) {
    struct messages messages;
    messages_start(&messages);
    say_everything(&messages);
    assert_string_equal(flush(&messages), WARN_LINES);
}

TEST(only_an_error_is_an_error) {
    struct messages messages;
    messages_all(&messages);
    message_warn(&messages, "w");
    message_hint(&messages, "h");
    message_info(&messages, "i");
    message_debug(&messages, "d");
    assert_false(messages.errors);
    message_error(&messages, "e");
    assert_true(messages.errors);
    free(flush(&messages));
    assert_true(messages.errors);
}

TEST(every_line_is_written_once_and_in_order) {
    struct messages messages;
    messages_start(&messages);
    message_error(&messages, "one");
    message_error(&messages, "two");
    assert_string_equal(flush(&messages), "shim: error: one\nshim: error: two\n");
    assert_string_equal(flush(&messages), "");
    message_error(&messages, "three");
    assert_string_equal(flush(&messages), "shim: error: three\n");
}

TEST(writing_keeps_errno) {
    struct messages messages;
    messages_start(&messages);
    message_error(&messages, "one");
    errno = EXDEV;
    struct capture capture = capture_begin(STDERR_FILENO);
    errno = EXDEV;
    output_flush(&messages);
    int kept = errno;
    free(capture_end(capture));
    assert_int_equal(kept, EXDEV);
}

TEST(a_line_holds_three_of_the_longest_values_whole) {
    struct messages messages;
    messages_start(&messages);
    char *value = repeat('\x1b', QUOTE_MAX + 1);
    message_error(&messages, "%s %s %s", quote(text_of(value)).text, quote(text_of(value)).text,
                  quote(text_of(value)).text);
    char *shown = print("%s", quote(text_of(value)).text);
    assert_string_equal(flush(&messages), print("shim: error: %s %s %s\n", shown, shown, shown));
}

TEST(a_line_that_is_too_long_is_cut_and_still_ends) {
    struct messages messages;
    messages_start(&messages);
    message_error(&messages, "%s", repeat('x', 100000));
    message_error(&messages, "next");
    char *written = flush(&messages);
    static const char next[] = "x\nshim: error: next\n";
    assert_true(strlen(written) > 3 * 800);
    assert_string_equal(written + strlen(written) - strlen(next), next);
    assert_int_equal(strspn(written + strlen("shim: error: "), "x"),
                     strlen(written) - strlen(next) - strlen("shim: error: ") + 1);
}

TEST(what_does_not_fit_is_left_out_and_that_is_said) {
    struct messages messages;
    messages_start(&messages);
    for (int i = 0; i < 100; i++) {
        message_error(&messages, "%d %s", i, repeat('x', 1000));
    }
    char *written = flush(&messages);
    assert_non_null(strstr(written, "shim: error: 0 x"));
    assert_non_null(strstr(written, "shim: error: 14 x"));
    assert_null(strstr(written, "shim: error: 99 x"));
    static const char last[] = "shim: warning: further messages did not fit and are left out\n";
    assert_string_equal(written + strlen(written) - strlen(last), last);
    /* Then there is room again. */
    message_error(&messages, "after");
    assert_string_equal(flush(&messages), "shim: error: after\n");
}

TEST(warnings_do_not_crowd_out_the_error) {
    struct messages messages;
    messages_all(&messages);
    for (int i = 0; i < 1000; i++) {
        message_warn(&messages, "%d %s", i, repeat('x', 100));
    }
    char *reason = repeat('y', 500);
    message_error(&messages, "%s", reason);
    assert_non_null(strstr(flush(&messages), print("shim: error: %s\n", reason)));
}

TEST(after_a_warning_that_did_not_fit_there_is_none_that_does) {
    struct messages messages;
    messages_all(&messages);
    for (int i = 0; i < 20; i++) {
        message_warn(&messages, "%d %s", i, repeat('x', 1000));
    }
    message_hint(&messages, "short, and it belongs to nothing");
    assert_null(strstr(flush(&messages), "short"));
}

TEST(a_value_is_shown_in_quotes_with_nothing_but_printable_ascii) {
    static const struct {
        const char *value;
        const char *quoted;
        const char *plain;
    } rows[] = {
        {"", "\"\"", ""},
        {"8080", "\"8080\"", "8080"},
        {" a ", "\" a \"", " a "},
        {"~!'`$", "\"~!'`$\"", "~!'`$"},
        {"a\"b", "\"a\\\"b\"", "a\"b"},
        {"a\nb", "\"a\\x0ab\"", "a\\x0ab"},
        {"\r\t\v\b", "\"\\x0d\\x09\\x0b\\x08\"", "\\x0d\\x09\\x0b\\x08"},
        {"\x1b[2J", "\"\\x1b[2J\"", "\\x1b[2J"},
        {"\x7f", "\"\\x7f\"", "\\x7f"},
        {"\xc3\xa9", "\"\\xc3\\xa9\"", "\\xc3\\xa9"},
        {"\x80\xff", "\"\\x80\\xff\"", "\\x80\\xff"},
        {"\xe2\x80\xae", "\"\\xe2\\x80\\xae\"", "\\xe2\\x80\\xae"}, /* turns the text around */
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct quote quoted = quote(text_of(rows[i].value));
        struct quote bare = plain(text_of(rows[i].value));
        expect(strcmp(quoted.text, rows[i].quoted) == 0, "row %zu: %s", i, quoted.text);
        expect(strcmp(bare.text, rows[i].plain) == 0, "row %zu: %s", i, bare.text);
    }
    assert_string_equal(quote((struct text){"a\0b", 3}).text, "\"a\\x00b\"");
    assert_string_equal(quote((struct text){"abc", 2}).text, "\"ab\"");
}

TEST(a_backslash_is_escaped_so_that_an_escape_can_be_told_from_it) {
    assert_string_equal(quote(text_of("a\\b")).text, "\"a\\\\b\"");
    assert_string_equal(quote(text_of("\\x1b")).text, "\"\\\\x1b\"");
    assert_string_equal(quote(text_of("\\\"")).text, "\"\\\\\\\"\"");
}

TEST(every_byte_is_shown_as_printable_ascii) {
    for (int byte = 0; byte < 256; byte++) {
        char value = (char)byte;
        struct quote quoted = quote((struct text){&value, 1});
        struct quote bare = plain((struct text){&value, 1});
        for (size_t i = 0; quoted.text[i] != '\0'; i++) {
            expect(quoted.text[i] >= ' ' && quoted.text[i] <= '~', "byte %d", byte);
        }
        for (size_t i = 0; bare.text[i] != '\0'; i++) {
            expect(bare.text[i] >= ' ' && bare.text[i] <= '~', "byte %d", byte);
        }
        expect(strlen(bare.text) > 0, "byte %d", byte);
    }
}

TEST(a_value_is_cut_at_200_bytes) {
    char *full = repeat('a', 200);
    char *more = repeat('a', 201);
    assert_string_equal(quote(text_of(full)).text, print("\"%s\"", full));
    assert_string_equal(quote(text_of(more)).text, print("\"%s...\"", full));
    assert_string_equal(plain(text_of(full)).text, full);
    assert_string_equal(plain(text_of(more)).text, print("%s...", full));
    assert_string_equal(quote(text_of(repeat('a', 1000000))).text, print("\"%s...\"", full));

    /* Bytes of the value are counted, not what they are shown as. */
    struct quote worst = quote(text_of(repeat('\xff', 201)));
    assert_int_equal(strlen(worst.text), 200 * 4 + 3 + 2);
    assert_string_equal(worst.text + 200 * 4 + 1, "...\"");
}

TEST(a_write_that_fails_says_why) {
    errno = 0;
    assert_false(output_write(-1, "a", 1));
    assert_int_equal(errno, EBADF);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_false(output_write(full, "a", 1));
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(close(full), 0);
}

enum { MANY = 1000000 };

/* A child that reads a pipe to its end, and is content with MANY bytes. */
static pid_t start_reader(const int *ends) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char bytes[777];
        size_t count = 0;
        ssize_t got;
        (void)close(ends[1]);
        while ((got = read(ends[0], bytes, sizeof bytes)) > 0) {
            count += (size_t)got;
        }
        _exit(count == MANY ? 0 : 1);
    }
    return child;
}

TEST(all_bytes_are_written_however_few_a_pipe_takes_at_once) {
    static const int flags[] = {O_CLOEXEC, O_CLOEXEC | O_NONBLOCK};
    char *bytes = repeat('x', MANY);
    for (size_t i = 0; i < LENGTH(flags); i++) {
        int ends[2];
        int status;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t child = start_reader(ends);
        assert_int_equal(fcntl(ends[1], F_SETFL, flags[i] & O_NONBLOCK), 0);
        assert_int_equal(close(ends[0]), 0);
        expect(output_write(ends[1], bytes, MANY), "flags %d", flags[i]);
        assert_int_equal(close(ends[1]), 0);
        assert_true(waitpid(child, &status, 0) == child);
        expect(status == 0, "flags %d", flags[i]);
    }
}

static int full_pipe;
static volatile sig_atomic_t interruptions;

static void drain(int signal) {
    char bytes[4096];
    (void)signal;
    interruptions++;
    (void)!read(full_pipe, bytes, sizeof bytes);
}

TEST(a_signal_that_interrupts_it_loses_nothing) {
    struct sigaction action = {.sa_handler = drain};
    struct sigaction old;
    struct itimerval soon = {{0, 1000}, {0, 1000}};
    struct itimerval never = {{0, 0}, {0, 0}};
    static const char bytes[4096] = {0};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(ends[1], bytes, sizeof bytes) > 0) {
    }
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
    full_pipe = ends[0];
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    bool written = output_write(ends[1], bytes, sizeof bytes);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_true(written);
    assert_true(interruptions > 0);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

TEST(a_reader_that_is_gone_leaves_no_sigpipe_for_the_app) {
    sigset_t set;
    sigset_t old;
    sigset_t pending;
    int ends[2];
    assert_int_equal(sigemptyset(&set), 0);
    assert_int_equal(sigaddset(&set, SIGPIPE), 0);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(close(ends[0]), 0);
    errno = 0;
    assert_false(output_write(ends[1], "a", 1));
    assert_int_equal(errno, EPIPE);
    assert_int_equal(sigpending(&pending), 0);
    assert_false(sigismember(&pending, SIGPIPE));
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
}

TEST(a_stderr_that_takes_nothing_stops_nobody) {
    struct messages messages;
    messages_start(&messages);
    message_error(&messages, "lost");
    int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(saved >= 0);
    assert_int_equal(close(STDERR_FILENO), 0);
    errno = EXDEV;
    output_flush(&messages);
    int kept = errno;
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
    assert_int_equal(kept, EXDEV);
    assert_int_equal(messages.length, 0);
}

TEST(the_last_word_is_written_and_hands_the_code_on) {
    struct messages messages;
    messages_start(&messages);
    message_error(&messages, "why");
    struct capture capture = capture_begin(STDERR_FILENO);
    int code = output_end(&messages, EXIT_NOT_FOUND);
    assert_string_equal(capture_end(capture), "shim: error: why\n");
    assert_int_equal(code, 127);
    assert_int_equal(output_end(&messages, 0), 0);
}

TEST(only_pid_1_opens_the_termination_log) {
    struct messages messages;
    messages_start(&messages);
    output_open_log(&messages);
    assert_int_equal(messages.log_fd, -1);
}

/*
 * The termination log needs a PID 1 and a /dev of its own. The child that is that PID 1 makes
 * /dev/termination-log with `make`, ends with an error, and says with `look` whether it was right.
 */
struct log_case {
    const char *name;
    bool (*make)(void); /* NULL: it is opened before the errors are there, and then moved */
    bool (*look)(void);
};

static const char termination_log[] = "/dev/termination-log";

static bool make_empty(void) {
    int fd = open(termination_log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd >= 0 && close(fd) == 0;
}

static bool put_in(const char *path, const char *content) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd >= 0 && output_write(fd, content, strlen(content)) && close(fd) == 0;
}

static bool holds(const char *path, const char *content) {
    char found[2 * MESSAGE_LOG_SIZE] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, found, sizeof found - 1) >= 0 && close(fd) == 0 &&
           strcmp(found, content) == 0;
}

static bool holds_the_errors(void) {
    return holds(termination_log, ERROR_LINES);
}

static bool make_moved(struct messages *messages) {
    bool good = make_empty();
    output_open_log(messages);
    output_open_log(messages); /* once is enough */
    return good && rename(termination_log, "/dev/target") == 0;
}

static bool holds_the_errors_elsewhere(void) {
    return holds("/dev/target", ERROR_LINES);
}

static bool make_nothing(void) {
    return true;
}

static bool is_still_missing(void) {
    return access(termination_log, F_OK) < 0 && errno == ENOENT;
}

static bool make_used(void) {
    return put_in(termination_log, "before");
}

static bool is_still_used(void) {
    return holds(termination_log, "before");
}

static bool make_symlink(void) {
    return put_in("/dev/target", "") && symlink("target", termination_log) == 0;
}

static bool make_linked(void) {
    return put_in("/dev/target", "") && link("/dev/target", termination_log) == 0;
}

static bool is_target_empty(void) {
    return holds("/dev/target", "");
}

static bool make_fifo(void) {
    return mkfifo(termination_log, 0644) == 0;
}

static bool is_still_there(void) {
    return access(termination_log, F_OK) == 0;
}

static int fifo_reader = -1;

static bool make_read_fifo(void) {
    fifo_reader = mkfifo(termination_log, 0644) == 0
                      ? open(termination_log, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                      : -1;
    return fifo_reader >= 0;
}

static bool has_read_nothing(void) {
    char byte;
    return read(fifo_reader, &byte, 1) == 0;
}

static bool make_folder(void) {
    return mkdir(termination_log, 0755) == 0;
}

/* In the child that is PID 1: 0 when all was well, 1 when not, 2 where /dev cannot be had. */
static int end_as_init(const struct log_case *row) {
    struct messages messages;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (getpid() != 1 || null < 0 || dup2(null, STDERR_FILENO) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/dev", "tmpfs", 0, NULL) < 0) {
        return 2;
    }
    messages_start(&messages);
    messages.level = MESSAGE_DEBUG;
    bool made = row->make != NULL ? row->make() : make_moved(&messages);
    say_everything(&messages);
    return made && output_end(&messages, 125) == 125 && row->look() ? 0 : 1;
}

/* Namespaces of our own; an ordinary user needs to be root of a user namespace first. */
static bool make_namespaces(void) {
    int spaces = CLONE_NEWPID | CLONE_NEWNS;
    char *uid_map = print("0 %u 1", (unsigned)geteuid());
    char *gid_map = print("0 %u 1", (unsigned)getegid());
    return unshare(spaces) == 0 ||
           (unshare(CLONE_NEWUSER | spaces) == 0 && put_in("/proc/self/setgroups", "deny") &&
            put_in("/proc/self/uid_map", uid_map) && put_in("/proc/self/gid_map", gid_map));
}

/* The same answers, for a child that makes them. */
static int end_in_namespaces(const struct log_case *row) {
    int status;
    if (!make_namespaces()) {
        return 2;
    }
    pid_t init = fork();
    if (init == 0) {
        _exit(end_as_init(row));
    }
    return init > 0 && waitpid(init, &status, 0) == init && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                              : 1;
}

TEST(as_pid_1_errors_and_their_hints_go_to_the_termination_log_that_kubernetes_mounts) {
    static const struct log_case rows[] = {
        {"an empty regular file", make_empty, holds_the_errors},
        {"a file that was opened early", NULL, holds_the_errors_elsewhere},
        {"no file", make_nothing, is_still_missing},
        {"a file with something in it", make_used, is_still_used},
        {"a symlink", make_symlink, is_target_empty},
        {"a file with a second name", make_linked, is_target_empty},
        {"a FIFO", make_fifo, is_still_there},
        {"a FIFO that somebody reads", make_read_fifo, has_read_nothing},
        {"a folder", make_folder, is_still_there},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        int status;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            _exit(end_in_namespaces(&rows[i]));
        }
        assert_true(waitpid(child, &status, 0) == child);
        expect(WIFEXITED(status), "%s", rows[i].name);
        if (WEXITSTATUS(status) == 2) {
            skip(); /* no namespaces here */
        }
        expect(WEXITSTATUS(status) == 0, "%s", rows[i].name);
    }
}

TEST(the_termination_log_takes_whole_lines_of_4096_bytes_at_most) {
    struct messages messages;
    messages_start(&messages);
    for (int i = 0; i < 100; i++) {
        message_error(&messages, "%d %s", i, repeat('x', 100));
    }
    assert_true(messages.log_length <= 4096);
    assert_true(messages.log_length > 4096 - 200);
    assert_int_equal(messages.log[messages.log_length - 1], '\n');
    assert_memory_equal(messages.log, "shim: error: 0 x", 16);
}

TEST(warnings_are_not_for_the_termination_log) {
    struct messages messages;
    messages_all(&messages);
    message_warn(&messages, "w");
    message_hint(&messages, "of w");
    message_info(&messages, "i");
    message_debug(&messages, "d");
    assert_int_equal(messages.log_length, 0);
    message_error(&messages, "e");
    assert_int_equal(messages.log_length, strlen("shim: error: e\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_when_there_is_nothing_to_say),
        cmocka_unit_test(each_level_says_its_own_lines_and_those_before_it),
        cmocka_unit_test(without_a_level_warnings_and_errors_are_said),
        cmocka_unit_test(only_an_error_is_an_error),
        cmocka_unit_test(every_line_is_written_once_and_in_order),
        cmocka_unit_test(writing_keeps_errno),
        cmocka_unit_test(a_line_holds_three_of_the_longest_values_whole),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_ends),
        cmocka_unit_test(what_does_not_fit_is_left_out_and_that_is_said),
        cmocka_unit_test(warnings_do_not_crowd_out_the_error),
        cmocka_unit_test(after_a_warning_that_did_not_fit_there_is_none_that_does),
        cmocka_unit_test(a_value_is_shown_in_quotes_with_nothing_but_printable_ascii),
        cmocka_unit_test(a_backslash_is_escaped_so_that_an_escape_can_be_told_from_it),
        cmocka_unit_test(every_byte_is_shown_as_printable_ascii),
        cmocka_unit_test(a_value_is_cut_at_200_bytes),
        cmocka_unit_test(a_write_that_fails_says_why),
        cmocka_unit_test(all_bytes_are_written_however_few_a_pipe_takes_at_once),
        cmocka_unit_test(a_signal_that_interrupts_it_loses_nothing),
        cmocka_unit_test(a_reader_that_is_gone_leaves_no_sigpipe_for_the_app),
        cmocka_unit_test(a_stderr_that_takes_nothing_stops_nobody),
        cmocka_unit_test(the_last_word_is_written_and_hands_the_code_on),
        cmocka_unit_test(only_pid_1_opens_the_termination_log),
        cmocka_unit_test(
            as_pid_1_errors_and_their_hints_go_to_the_termination_log_that_kubernetes_mounts),
        cmocka_unit_test(the_termination_log_takes_whole_lines_of_4096_bytes_at_most),
        cmocka_unit_test(warnings_are_not_for_the_termination_log),
    };
    return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
