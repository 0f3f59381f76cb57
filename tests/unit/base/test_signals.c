/* Signals by name and number. */
#include "base/base.h"
#include "unit.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>

static const struct {
    const char *name;
    uint32_t number;
} names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGABRT},  {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},  {"CONT", SIGCONT},
    {"STOP", SIGSTOP},     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
    {"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGPOLL},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},     {"RTMIN", 34},     {"RTMAX", 64},
};

static void expect_signal(const char *word, uint32_t wanted) {
    uint32_t number = 999;
    expect(signal_parse(text_of(word), &number), "%s", word);
    expect(number == wanted, "%s was read as %u", word, (unsigned)number);
}

static void expect_no_signal(const char *word) {
    uint32_t number = 999;
    expect(!signal_parse(text_of(word), &number), "\"%s\" was read as %u", word, (unsigned)number);
    expect(number == 999, "\"%s\" changed the number", word);
}

static char *in_lower_case(const char *word) {
    char *copy = print("%s", word);
    for (char *letter = copy; *letter != '\0'; letter++) {
        *letter = (char)tolower(*letter);
    }
    return copy;
}

TEST(a_signal_has_its_name_with_or_without_sig_in_any_case) {
    for (size_t i = 0; i < LENGTH(names); i++) {
        char *full = print("SIG%s", names[i].name);
        expect_signal(names[i].name, names[i].number);
        expect_signal(full, names[i].number);
        expect_signal(in_lower_case(names[i].name), names[i].number);
        expect_signal(in_lower_case(full), names[i].number);
        expect_signal(print("Sig%s", names[i].name), names[i].number);
    }
    expect_signal("sigTerm", SIGTERM);
}

TEST(a_call_that_is_always_interrupted_is_given_up) {
    unsigned times = 0;
    errno = EAGAIN;
    expect(!signal_interrupted(&times) && times == 0, "another error");
    errno = EINTR;
    for (int i = 0; i < 100; i++) {
        expect(signal_interrupted(&times), "%d", i);
    }
    expect(!signal_interrupted(&times), "for ever");
}

TEST(every_signal_below_32_is_known_by_the_name_that_libc_has_for_it) {
    for (int number = 1; number < 32; number++) {
        expect_signal(sigabbrev_np(number), (uint32_t)number);
    }
}

TEST(a_signal_has_its_number_up_to_64_and_zero_is_none) {
    for (uint32_t number = 0; number <= 64; number++) {
        expect_signal(print("%u", (unsigned)number), number);
    }
    expect_no_signal("65");
    expect_no_signal("100");
    expect_no_signal("255");
    expect_no_signal("256");
    expect_no_signal("271"); /* 15, where a reader keeps a byte of it */
    expect_no_signal("4294967311");
}

TEST(real_time_signals_count_from_34_and_64_as_glibc_and_docker_do) {
    for (uint32_t n = 0; n <= 30; n++) {
        expect_signal(print("RTMIN+%u", (unsigned)n), 34 + n);
        expect_signal(print("SIGRTMIN+%u", (unsigned)n), 34 + n);
        expect_signal(print("RTMAX-%u", (unsigned)n), 64 - n);
        expect_signal(print("SIGRTMAX-%u", (unsigned)n), 64 - n);
    }
    expect_signal("sigrtmin+3", 37); /* what systemd halts on */
    expect_signal("rtmax-14", 50);
}

TEST(real_time_signals_do_not_reach_beyond_their_ends) {
    static const char *const words[] = {
        "RTMIN+31",     "RTMAX-31", "RTMIN-1",          "RTMAX+1",    "RTMIN+",
        "RTMAX-",       "RTMIN+01", "RTMIN++1",         "RTMIN+ 1",   "RTMIN+-1",
        "RTMIN1",       "RTMIN +1", "RTMIN+1x",         "RTMIN+0x1",  "RTMINX1",
        "RTMIN+999999", "RTMID+1",  "RTMIN+4294967296", "SIGRTMIN+31"};
    for (size_t i = 0; i < LENGTH(words); i++) {
        expect_no_signal(words[i]);
    }
}

TEST(other_words_are_no_signal) {
    static const char *const words[] = {
        "",         " ",      "SIG",         "sig",   "TER",      "TERMS",
        "TERM ",    " TERM",  "SIGSIGTERM",  "SIG15", "SIG 15",   "SIG-TERM",
        "SIG_TERM", "TERM\n", "+15",         "-15",   "-1",       "015",
        "00",       "0xf",    "15 ",         " 15",   "15.0",     "1e1",
        "NULL",     "EXIT",   "UNUSED",      "EMT",   "LOST",     "INFO",
        "STK",      "CANCEL", "T\xc3\x8bRM", "*",     "TERM:INT", "TERM,INT"};
    for (size_t i = 0; i < LENGTH(words); i++) {
        expect_no_signal(words[i]);
    }
}

TEST(only_the_given_bytes_are_read) {
    uint32_t number = 999;
    assert_true(signal_parse((struct text){"TERM:INT", 4}, &number));
    assert_int_equal(number, SIGTERM);
    assert_true(signal_parse((struct text){"155", 2}, &number));
    assert_int_equal(number, 15);
    assert_false(signal_parse((struct text){"TERM", 3}, &number));
    assert_false(signal_parse((struct text){"RTMIN+3", 6}, &number));
}

TEST(a_signal_is_shown_by_number_and_name) {
    static const struct {
        int number;
        const char *shown;
    } rows[] = {
        {SIGHUP, "1 (HUP)"},
        {SIGABRT, "6 (ABRT)"},
        {SIGKILL, "9 (KILL)"},
        {SIGTERM, "15 (TERM)"},
        {SIGCHLD, "17 (CHLD)"},
        {SIGIO, "29 (IO)"},
        {SIGSYS, "31 (SYS)"},
        {32, "32"},
        {33, "33"},
        {34, "34 (RTMIN)"},
        {35, "35 (RTMIN+1)"},
        {63, "63 (RTMIN+29)"},
        {64, "64 (RTMAX)"},
        {0, "0"},
        {65, "65"},
        {-1, "-1"},
        {INT_MIN, "-2147483648"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct signal_text shown = signal_show(rows[i].number);
        expect(strcmp(shown.text, rows[i].shown) == 0, "%d: %s", rows[i].number, shown.text);
    }
}

TEST(what_is_shown_can_be_read) {
    for (int number = 1; number <= SIGNAL_MAX; number++) {
        struct signal_text shown = signal_show(number);
        char *name = strchr(shown.text, '(');
        if (name != NULL) {
            name[strlen(name) - 1] = '\0';
            expect_signal(name + 1, (uint32_t)number);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_has_its_name_with_or_without_sig_in_any_case),
        cmocka_unit_test(a_call_that_is_always_interrupted_is_given_up),
        cmocka_unit_test(every_signal_below_32_is_known_by_the_name_that_libc_has_for_it),
        cmocka_unit_test(a_signal_has_its_number_up_to_64_and_zero_is_none),
        cmocka_unit_test(real_time_signals_count_from_34_and_64_as_glibc_and_docker_do),
        cmocka_unit_test(real_time_signals_do_not_reach_beyond_their_ends),
        cmocka_unit_test(other_words_are_no_signal),
        cmocka_unit_test(only_the_given_bytes_are_read),
        cmocka_unit_test(a_signal_is_shown_by_number_and_name),
        cmocka_unit_test(what_is_shown_can_be_read),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
