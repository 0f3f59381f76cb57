/* The signals that we were started with: what the kernel refuses, or only pretends, is seen. */
#include "../../../shim/init/mask.h"
#include "unit.h"

#include <errno.h>
#include <sys/syscall.h>

/* A kernel's view of one process: what it has, and which call goes wrong. */
enum call { NO_CALL, ACTION, MASK, WAIT, PENDING, STACK, KILL };

static struct {
    uint64_t mask, pending;
    void (*handlers[SIGNAL_MAX + 1])(int);
    const void *stack;
    enum call wrong;
    int error, spared; /* after so many; without an error: says yes, and does nothing */
    unsigned made[KILL + 1];
    long answers[4]; /* of rt_sigtimedwait(2) in turn, negative: errors; the last one goes on */
    uint64_t set;    /* what was waited for */
    bool limited;
    long seconds, nanoseconds;
    int killed;
} process;

static bool started;

struct kernel_action {
    void (*handler)(int);
};

static bool works(enum call call, long *answer) {
    process.made[call]++;
    if (process.wrong != call || process.made[call] <= (unsigned)process.spared) {
        return true;
    }
    errno = process.error;
    *answer = process.error != 0 ? -1 : 0;
    return false;
}

static long set_action(int number, const struct kernel_action *action, struct kernel_action *old) {
    if (old != NULL) {
        old->handler = process.handlers[number];
    }
    if (action != NULL) {
        process.handlers[number] = action->handler;
    }
    return 0;
}

static long set_mask(int how, const uint64_t *mask, uint64_t *old) {
    if (old != NULL) {
        *old = process.mask;
    }
    if (mask != NULL) {
        process.mask = how == SIG_BLOCK     ? process.mask | *mask
                       : how == SIG_UNBLOCK ? process.mask & ~*mask
                                            : *mask;
    }
    return 0;
}

static long wait_for_signal(const uint64_t *set, const long *limit) {
    unsigned turn = process.made[WAIT] - 1;
    long answer = process.answers[turn < LENGTH(process.answers) ? turn : 3];
    process.set = *set;
    process.limited = limit != NULL;
    if (limit != NULL) {
        process.seconds = limit[0];
        process.nanoseconds = limit[1];
    }
    errno = answer < 0 ? (int)-answer : 0;
    return answer < 0 ? -1 : answer;
}

/* libc's own, but for these. */
long syscall(long number, ...) {
    long answer;
    va_list words;
    va_start(words, number);
    long a = va_arg(words, long);
    void *b = va_arg(words, void *);
    void *c = va_arg(words, void *);
    va_end(words);
    switch (number) {
    case SYS_rt_sigaction:
        return works(ACTION, &answer) ? set_action((int)a, b, c) : answer;
    case SYS_rt_sigprocmask:
        return works(MASK, &answer) ? set_mask((int)a, b, c) : answer;
    case SYS_rt_sigtimedwait:
        return works(WAIT, &answer) ? wait_for_signal((const uint64_t *)a, c) : answer;
    case SYS_rt_sigpending:
        *(uint64_t *)a = process.pending;
        return works(PENDING, &answer) ? 0 : answer;
    default:
        errno = ENOSYS;
        return -1;
    }
}

/* The sanitizer asks for one too, before there is anything. */
__attribute__((no_sanitize("address", "undefined"))) int
sigaltstack(const stack_t *stack, __attribute__((unused)) stack_t *old) {
    long answer;
    if (!started) {
        return 0;
    }
    process.stack = stack->ss_sp;
    return works(STACK, &answer) ? 0 : (int)answer;
}

int kill(pid_t pid, int number) {
    long answer;
    assert_int_equal(pid, 0);
    process.killed = number;
    return works(KILL, &answer) ? 0 : (int)answer;
}

static void start(void) {
    started = true;
    memset(&process, 0, sizeof process);
    entry_masked = false;
    entry_mask = 0;
}

static void go_wrong(enum call call, int error, int spared) {
    process.wrong = call;
    process.error = error;
    process.spared = spared;
}

static const uint64_t some = (uint64_t)1 << (SIGUSR1 - 1);
static const uint64_t exempt =
    (uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1) | (uint64_t)3 << 62;

TEST(all_signals_are_taken_and_given_back) {
    struct inherited_signals inherited;
    start();
    process.mask = some;
    process.handlers[SIGCHLD] = SIG_IGN;
    expect(mask_take(&inherited) && process.mask == UINT64_MAX && mask_is_whole(), "taken");
    expect(inherited.mask == some && inherited.child_ignored, "noted");
    expect(process.handlers[SIGCHLD] == SIG_DFL, "children are waited for");
    expect(mask_give_back(&inherited) && process.mask == some, "given back");
    expect(process.handlers[SIGCHLD] == SIG_IGN, "given back");
}

/* entry.S has blocked all before, and noted what was there. */
TEST(the_mask_from_the_first_instruction_counts) {
    static const struct {
        bool masked;
        uint64_t now, wanted;
    } rows[] = {
        {true, UINT64_MAX, 2},
        {true, UINT64_MAX & ~((uint64_t)3 << 62), 2}, /* an emulator keeps two to itself */
        {true, 4, 4},                                 /* it has been told yes, and nothing done */
        {false, UINT64_MAX, UINT64_MAX},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct inherited_signals inherited;
        start();
        entry_masked = rows[i].masked;
        entry_mask = 2;
        process.mask = rows[i].now;
        expect(mask_take(&inherited) && inherited.mask == rows[i].wanted, "row %zu", i);
    }
}

TEST(what_cannot_be_taken_or_is_only_said_to_be_is_an_error) {
    static const struct {
        enum call call;
        int error, is;
    } rows[] = {{MASK, EPERM, EPERM}, {ACTION, EPERM, EPERM}, {ACTION, 0, ENOSYS}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct inherited_signals inherited;
        start();
        go_wrong(rows[i].call, rows[i].error, 0);
        expect(!mask_take(&inherited) && errno == rows[i].is, "row %zu", i);
    }
}

TEST(what_cannot_be_given_back_is_an_error) {
    static const struct {
        enum call call;
        int error, spared, is;
    } rows[] = {{ACTION, EPERM, 0, EPERM},
                {MASK, EINVAL, 0, EINVAL},
                {MASK, EINVAL, 1, EPERM},
                {MASK, 0, 0, EPERM}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct inherited_signals inherited = {.mask = some, .child_ignored = true};
        start();
        process.mask = UINT64_MAX;
        go_wrong(rows[i].call, rows[i].error, rows[i].spared);
        expect(!mask_give_back(&inherited) && errno == rows[i].is, "row %zu", i);
    }
}

TEST(a_mask_is_whole_but_for_what_nobody_can_block) {
    for (unsigned bit = 0; bit < SIGNAL_MAX; bit++) {
        start();
        process.mask = UINT64_MAX ^ (uint64_t)1 << bit;
        expect(mask_is_whole() == ((exempt >> bit & 1) != 0), "signal %u", bit + 1);
    }
    start();
    process.mask = UINT64_MAX;
    go_wrong(MASK, EPERM, 0);
    expect(!mask_is_whole(), "not told");
}

TEST(stops_are_noted_where_they_are_not_ignored) {
    struct stops stops = {.noted = 0};
    start();
    process.handlers[SIGTTIN] = SIG_IGN;
    expect(mask_note_stops(&stops) && process.stack == &stops, "set");
    expect(process.handlers[SIGTSTP] != SIG_DFL && process.handlers[SIGTTOU] != SIG_DFL, "noted");
    expect(process.handlers[SIGTTIN] == SIG_IGN, "it stays ignored");
}

TEST(stops_that_cannot_be_noted_are_an_error) {
    struct stops stops = {.noted = 0};
    start();
    go_wrong(STACK, EPERM, 0);
    expect(!mask_note_stops(&stops), "no place");
    for (int spared = 0; spared < 4; spared++) {
        start();
        process.handlers[SIGTTOU] = SIG_IGN;
        go_wrong(ACTION, EPERM, spared);
        expect(!mask_note_stops(&stops), "after %d", spared);
    }
}

TEST(a_wait_ends_with_a_signal_its_limit_or_an_error) {
    static const struct {
        int64_t limit;
        long answers[4];
        int number, error;
        unsigned calls;
    } rows[] = {
        {-1, {SIGTERM}, SIGTERM, 0, 1},
        {-1, {64}, 64, 0, 1},
        {-1, {-EINTR, -EINTR, 1}, 1, 0, 3},
        {-1, {-EAGAIN, SIGTERM}, SIGTERM, 0, 2},
        {-1, {0, 65, SIGTERM}, SIGTERM, 0, 3}, /* no signal at all */
        {-1, {-EPERM}, -1, EPERM, 1},
        {-1, {-EINTR, -ENOSYS}, -1, ENOSYS, 2},
        {1500, {-EAGAIN}, 0, 0, 1},
        {1500, {-EINTR}, 0, 0, 1}, /* the caller has a clock */
        {1500, {SIGTERM}, SIGTERM, 0, 1},
        {-1, {-EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN}, -1, EAGAIN, 1 << 20},
        {-1, {0, 0, 0, 0}, -1, ENOSYS, 1 << 20},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        memcpy(process.answers, rows[i].answers, sizeof process.answers);
        struct turns turns = {.served = 0};
        int number = mask_wait(&turns, rows[i].limit);
        int error = errno;
        expect(number == rows[i].number && process.made[WAIT] == rows[i].calls, "row %zu", i);
        expect(number >= 0 || error == rows[i].error, "row %zu", i);
        expect(process.limited == (rows[i].limit >= 0), "row %zu", i);
        expect(process.seconds * 1000 + process.nanoseconds / 1000000 ==
                   (rows[i].limit < 0 ? 0 : rows[i].limit),
               "row %zu", i);
    }
}

TEST(what_comes_again_comes_after_all_others) {
    struct turns turns = {.served = 0};
    start();
    process.answers[0] = process.answers[1] = SIGHUP;
    process.answers[2] = SIGTERM;
    process.answers[3] = -EAGAIN;
    for (int i = 0; i < 2; i++) {
        expect(mask_wait(&turns, -1) == SIGHUP && process.set == UINT64_MAX, "any");
        expect(!process.limited, "for ever");
    }
    expect(mask_wait(&turns, -1) == SIGTERM && process.set == (UINT64_MAX ^ 1), "another");
    expect(process.limited && process.seconds == 0 && process.nanoseconds == 0, "at once");
    expect(mask_wait(&turns, 0) == 0 && process.made[WAIT] == 5, "none of the others, and none");
    expect(process.set == UINT64_MAX && turns.served == 0 && !turns.again, "from the beginning");
}

TEST(what_has_come_and_is_not_told_is_held) {
    start();
    process.pending = some;
    expect(mask_holds(SIGUSR1) && !mask_holds(SIGUSR2), "as it is");
    go_wrong(PENDING, EPERM, 0);
    expect(!mask_holds(SIGUSR1), "not told");
}

TEST(a_stop_is_that_of_the_whole_group) {
    start();
    process.mask = UINT64_MAX;
    process.handlers[SIGTSTP] = SIG_IGN;
    expect(!mask_stop(SIGTSTP) && process.killed == SIGTSTP, "nobody continues us");
    expect(process.handlers[SIGTSTP] == SIG_DFL && process.mask == UINT64_MAX, "blocked again");
    expect(process.made[MASK] == 2, "it came in between");
    process.pending = (uint64_t)1 << (SIGCONT - 1);
    expect(mask_stop(SIGTSTP), "continued");
    go_wrong(KILL, EPERM, 0);
    process.made[KILL] = process.made[MASK] = 0;
    expect(!mask_stop(SIGTSTP) && process.made[MASK] == 0, "not sent");
    go_wrong(ACTION, EPERM, 0);
    process.made[ACTION] = process.made[KILL] = 0;
    expect(!mask_stop(SIGTSTP) && process.made[KILL] == 0, "not to be had");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_signals_are_taken_and_given_back),
        cmocka_unit_test(the_mask_from_the_first_instruction_counts),
        cmocka_unit_test(what_cannot_be_taken_or_is_only_said_to_be_is_an_error),
        cmocka_unit_test(what_cannot_be_given_back_is_an_error),
        cmocka_unit_test(a_mask_is_whole_but_for_what_nobody_can_block),
        cmocka_unit_test(stops_are_noted_where_they_are_not_ignored),
        cmocka_unit_test(stops_that_cannot_be_noted_are_an_error),
        cmocka_unit_test(a_wait_ends_with_a_signal_its_limit_or_an_error),
        cmocka_unit_test(what_comes_again_comes_after_all_others),
        cmocka_unit_test(what_has_come_and_is_not_told_is_held),
        cmocka_unit_test(a_stop_is_that_of_the_whole_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
