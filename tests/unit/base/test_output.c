/* What is written to stderr once the app runs: at once, or not at all, and nothing for the app. */
#include "base/base.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>

/* Milliseconds for what has to come, however busy the machine is. */
enum { SOON = 30000 };

/* Another stderr for a while. */
static int stderr_begin(int fd) {
    int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(saved >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    return saved;
}

static void stderr_end(int saved) {
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
}

/* Flushes to fd. Whatever waits longer than a minute is ended, and so this test, by SIGALRM. */
static void flush_to(int fd, struct messages *messages) {
    int saved = stderr_begin(fd);
    (void)alarm(60);
    output_flush(messages);
    (void)alarm(0);
    stderr_end(saved);
    assert_int_equal(messages->length, 0);
}

static struct messages running(void) {
    struct messages messages;
    messages_start(&messages);
    messages.level = MESSAGE_WARN;
    messages.app_runs = true;
    return messages;
}

/*
 * Fills fd, which blocks, to the last byte that it takes. The kernel hands on what a terminal has
 * got when it finds the time, and then there is room again.
 */
static void fill(int fd) {
    static const char bytes[1 << 16] = {0};
    int flags = fcntl(fd, F_GETFL);
    assert_true(flags >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    do {
        for (size_t size = sizeof bytes; size > 0; size /= 2) {
            while (write(fd, bytes, size) > 0) {
            }
        }
    } while (poll(&room, 1, 100) > 0);
    assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

/*
 * All there is to be read, up to the end or to when nothing comes any more, if something comes in
 * that time: what is written to a terminal gets to its other end when the kernel finds the time.
 */
static char *drain(int fd, int milliseconds) {
    struct pollfd end = {.fd = fd, .events = POLLIN};
    char *text = repeat('\0', 1 << 20);
    size_t length = 0;
    ssize_t got;
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while (poll(&end, 1, length == 0 ? milliseconds : 500) == 1 &&
           (got = read(fd, text + length, (1 << 20) - length)) > 0) {
        length += (size_t)got;
    }
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    return text;
}

static void make_pipe(int *ends) {
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static void make_socket(int *ends) {
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    ends[0] = pair[0];
    ends[1] = pair[1];
}

/* A terminal that hands on what is written as it is. */
static void make_terminal(int *ends) {
    struct termios settings;
    assert_int_equal(openpty(&ends[0], &ends[1], NULL, NULL, NULL), 0);
    assert_int_equal(tcgetattr(ends[1], &settings), 0);
    cfmakeraw(&settings);
    assert_int_equal(tcsetattr(ends[1], TCSANOW, &settings), 0);
}

static const struct {
    const char *name;
    void (*make)(int *ends);
} kinds[] = {{"pipe", make_pipe}, {"socket", make_socket}, {"terminal", make_terminal}};

TEST(a_stderr_that_is_full_holds_up_nobody) {
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct messages messages = running();
        int ends[2];
        kinds[i].make(ends);
        fill(ends[1]);
        message_warn(&messages, "one");
        message_hint(&messages, "two");
        flush_to(ends[1], &messages);
        expect(messages.lost == 2, "%s: %zu", kinds[i].name, messages.lost);
        message_warn(&messages, "three");
        flush_to(ends[1], &messages);
        expect(messages.lost == 3, "%s: %zu", kinds[i].name, messages.lost);
        assert_int_equal(close(ends[0]), 0);
        assert_int_equal(close(ends[1]), 0);
    }
}

TEST(once_there_is_room_the_number_of_lost_lines_is_told) {
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct messages messages = running();
        int ends[2];
        kinds[i].make(ends);
        fill(ends[1]);
        message_warn(&messages, "lost");
        flush_to(ends[1], &messages);
        (void)drain(ends[0], SOON);
        message_warn(&messages, "next");
        flush_to(ends[1], &messages);
        char *text = drain(ends[0], SOON);
        expect(strcmp(text, "shim: warning: lines left out for want of room on stderr: 1\n"
                            "shim: warning: next\n") == 0,
               "%s: %s", kinds[i].name, text);
        expect(messages.lost == 0, "%s", kinds[i].name);
        assert_int_equal(close(ends[0]), 0);
        assert_int_equal(close(ends[1]), 0);
    }
}

/* The question whether there is room does not tell how much: a terminal would wait for the rest. */
TEST(a_stderr_with_too_little_room_holds_up_nobody) {
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        int ends[2];
        kinds[i].make(ends);
        fill(ends[1]);
        for (int taken = 0; taken < 5000; taken += 100) {
            char bytes[100];
            struct messages messages = running();
            expect(read(ends[0], bytes, sizeof bytes) > 0, "%s", kinds[i].name);
            for (int line = 0; line < 40; line++) {
                message_warn(&messages, "%s", repeat('x', 80));
            }
            flush_to(ends[1], &messages);
        }
        assert_int_equal(close(ends[0]), 0);
        assert_int_equal(close(ends[1]), 0);
    }
}

TEST(a_terminal_whose_output_is_stopped_holds_up_nobody) {
    struct messages messages = running();
    int ends[2];
    make_terminal(ends);
    assert_int_equal(tcflow(ends[1], TCOOFF), 0);
    message_warn(&messages, "lost");
    flush_to(ends[1], &messages);
    assert_int_equal(messages.lost, 1);
    assert_int_equal(tcflow(ends[1], TCOON), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

TEST(whole_lines_of_4096_bytes_at_most_are_written_at_once) {
    struct messages messages = running();
    int ends[2];
    make_pipe(ends);
    for (int i = 0; i < 100; i++) {
        message_warn(&messages, "%d %s", i, repeat('x', 100));
    }
    flush_to(ends[1], &messages);
    char *text = drain(ends[0], SOON);
    size_t length = strlen(text);
    assert_true(length > 4096 - 200 && length <= 4096);
    assert_int_equal(text[length - 1], '\n');
    assert_memory_equal(text, "shim: warning: 0 x", 18);
    size_t lines = 0;
    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n' ? 1 : 0;
    }
    assert_int_equal(messages.lost, 100 - lines);
    /* Nothing of the shim's is left to be written later. */
    flush_to(ends[1], &messages);
    assert_string_equal(drain(ends[0], 0), "");
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

TEST(a_line_that_nobody_wants_tells_of_no_lost_ones) {
    struct messages messages = running();
    int ends[2];
    make_pipe(ends);
    messages.level = MESSAGE_ERROR;
    messages.lost = 7;
    message_error(&messages, "why");
    flush_to(ends[1], &messages);
    assert_string_equal(drain(ends[0], SOON), "shim: error: why\n");
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

TEST(a_file_gets_its_lines_at_its_end) {
    char *path = write_file("log", "before\n", 0600);
    struct messages messages = running();
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    message_warn(&messages, "one");
    flush_to(fd, &messages);
    message_warn(&messages, "two");
    flush_to(fd, &messages);
    assert_int_equal(close(fd), 0);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_string_equal(drain(fd, SOON), "before\nshim: warning: one\nshim: warning: two\n");
    assert_int_equal(close(fd), 0);
}

TEST(a_closed_stderr_holds_up_nobody) {
    struct messages messages = running();
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int saved = stderr_begin(null);
    assert_int_equal(close(STDERR_FILENO), 0);
    message_warn(&messages, "lost");
    output_flush(&messages);
    stderr_end(saved);
    assert_int_equal(close(null), 0);
    assert_int_equal(messages.lost, 1);
}

/* Blocks a signal for a while, as the shim blocks all. */
static sigset_t block(int number) {
    sigset_t set;
    sigset_t old;
    assert_int_equal(sigemptyset(&set), 0);
    assert_int_equal(sigaddset(&set, number), 0);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
    return old;
}

static bool is_pending(int number) {
    sigset_t pending;
    assert_int_equal(sigpending(&pending), 0);
    return sigismember(&pending, number) == 1;
}

static void take(int number) {
    const struct timespec now = {0, 0};
    sigset_t set;
    assert_int_equal(sigemptyset(&set), 0);
    assert_int_equal(sigaddset(&set, number), 0);
    assert_int_equal(sigtimedwait(&set, NULL, &now), number);
}

static void unblock(const sigset_t *old) {
    assert_int_equal(sigprocmask(SIG_SETMASK, old, NULL), 0);
}

static void write_to_nobody(bool app_runs) {
    struct messages messages = running();
    int ends[2];
    make_pipe(ends);
    assert_int_equal(close(ends[0]), 0);
    messages.app_runs = app_runs;
    message_warn(&messages, "lost");
    flush_to(ends[1], &messages);
    assert_int_equal(close(ends[1]), 0);
}

static void write_beyond_the_limit(bool app_runs) {
    struct messages messages = running();
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit none = {0, old.rlim_max};
    int fd = open(in_folder("limited"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    messages.app_runs = app_runs;
    message_warn(&messages, "lost");
    flush_to(fd, &messages);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(close(fd), 0);
}

static const struct {
    int number;
    void (*raise)(bool app_runs);
} raised[] = {{SIGPIPE, write_to_nobody}, {SIGXFSZ, write_beyond_the_limit}};

TEST(what_our_writing_raises_is_not_left_for_the_app) {
    for (size_t i = 0; i < LENGTH(raised); i++) {
        sigset_t old = block(raised[i].number);
        for (int app_runs = 0; app_runs < 2; app_runs++) {
            raised[i].raise(app_runs != 0);
            expect(!is_pending(raised[i].number), "signal %d", raised[i].number);
        }
        unblock(&old);
    }
}

TEST(what_somebody_has_sent_stays_for_the_app) {
    for (size_t i = 0; i < LENGTH(raised); i++) {
        sigset_t old = block(raised[i].number);
        for (int app_runs = 0; app_runs < 2; app_runs++) {
            assert_int_equal(kill(getpid(), raised[i].number), 0);
            raised[i].raise(app_runs != 0);
            expect(is_pending(raised[i].number), "signal %d", raised[i].number);
            take(raised[i].number);
        }
        unblock(&old);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stderr_that_is_full_holds_up_nobody),
        cmocka_unit_test(once_there_is_room_the_number_of_lost_lines_is_told),
        cmocka_unit_test(a_stderr_with_too_little_room_holds_up_nobody),
        cmocka_unit_test(a_terminal_whose_output_is_stopped_holds_up_nobody),
        cmocka_unit_test(whole_lines_of_4096_bytes_at_most_are_written_at_once),
        cmocka_unit_test(a_line_that_nobody_wants_tells_of_no_lost_ones),
        cmocka_unit_test(a_file_gets_its_lines_at_its_end),
        cmocka_unit_test(a_closed_stderr_holds_up_nobody),
        cmocka_unit_test(what_our_writing_raises_is_not_left_for_the_app),
        cmocka_unit_test(what_somebody_has_sent_stays_for_the_app),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, remove_folder);
}
