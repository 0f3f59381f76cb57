#include "base/base.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* Of two names for one number, the first is the one that is shown. */
static const struct {
    const char *name;
    uint32_t number;
} names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT},       {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGABRT},        {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1},       {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM},       {"TERM", SIGTERM},
    {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},        {"CONT", SIGCONT},
    {"STOP", SIGSTOP},     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN},       {"TTOU", SIGTTOU},
    {"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ},       {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},           {"POLL", SIGIO},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},     {"RTMIN", SIGNAL_RTMIN}, {"RTMAX", SIGNAL_MAX},
};
enum { NAMES = sizeof names / sizeof names[0] };

/* RTMIN+n or RTMAX-n, with n up to the other end of the real-time signals. */
static bool parse_real_time(struct text word, uint32_t *number) {
    static const struct text low = LITERAL("RTMIN+");
    static const struct text high = LITERAL("RTMAX-");
    uint32_t distance;
    bool up = text_starts_nocase(word, low);
    if (!up && !text_starts_nocase(word, high)) {
        return false;
    }
    if (!text_number(text_skip(word, low.length), SIGNAL_MAX - SIGNAL_RTMIN, &distance)) {
        return false;
    }
    *number = up ? SIGNAL_RTMIN + distance : SIGNAL_MAX - distance;
    return true;
}

bool signal_interrupted(unsigned *times) {
    static const unsigned most = 100;
    return errno == EINTR && (*times)++ < most;
}

bool signal_parse(struct text word, uint32_t *number) {
    static const struct text sig = LITERAL("SIG");
    if (text_number(word, SIGNAL_MAX, number)) {
        return true;
    }
    if (text_starts_nocase(word, sig)) {
        word = text_skip(word, sig.length);
    }
    for (size_t i = 0; i < NAMES; i++) {
        if (text_equal_nocase(word, text_of(names[i].name))) {
            *number = names[i].number;
            return true;
        }
    }
    return parse_real_time(word, number);
}

struct signal_text signal_show(int number) {
    struct signal_text shown;
    const char *name = NULL;
    for (size_t i = 0; i < NAMES && name == NULL; i++) {
        name = names[i].number == (uint32_t)number ? names[i].name : NULL;
    }
    if (name != NULL) {
        (void)snprintf(shown.text, sizeof shown.text, "%d (%s)", number, name);
    } else if (number > SIGNAL_RTMIN && number < SIGNAL_MAX) {
        (void)snprintf(shown.text, sizeof shown.text, "%d (RTMIN+%d)", number,
                       number - SIGNAL_RTMIN);
    } else {
        (void)snprintf(shown.text, sizeof shown.text, "%d", number);
    }
    return shown;
}
