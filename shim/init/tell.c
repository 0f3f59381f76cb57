#include "tell.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

/* An app that cannot open its ports ends about that soon after its start. */
enum { EARLY = 60 };

static int64_t read_seconds(void) {
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* only what is told hangs on it */
    return (int64_t)now.tv_sec;
}

void tell_start(struct supervision *run) {
    if (run->messages->level >= MESSAGE_INFO) { /* libc has to find its clock first */
        run->started = read_seconds();
    }
    message_debug(run->messages, "started: the app is process %d%s", (int)run->app,
                  run->terminal.foreground ? ", in the foreground" : "");
    message_debug(run->messages, "settled: the shim itself holds nothing any more");
    output_flush(run->messages);
}

void tell_signal(struct supervision *run, int number, int handed) {
    const char *whom = run->options->signal_group ? "the app's process group" : "the app";
    if (run->messages->level < MESSAGE_DEBUG) {
        return; /* not one signal is to wait for the words */
    }
    if (handed == 0) {
        message_debug(run->messages, "signal %s is swallowed", signal_show(number).text);
    } else if (handed == number) {
        message_debug(run->messages, "signal %s is handed on to %s", signal_show(number).text,
                      whom);
    } else {
        message_debug(run->messages, "signal %s is handed on to %s as %s", signal_show(number).text,
                      whom, signal_show(handed).text);
    }
    output_flush(run->messages);
}

/* " (to be 0, by SHIM_EXIT_CODES)", or nothing. */
struct rewritten {
    char text[64];
};

static struct rewritten show_rewritten(const struct supervision *run, int code) {
    struct rewritten shown = {""};
    int ours = run->options->exit_codes[code];
    if (ours != code) {
        (void)snprintf(shown.text, sizeof shown.text, "; by SHIM_EXIT_CODES the shim ends with %d",
                       ours);
    }
    return shown;
}

/* The .NET runtime aborts for want of a port, and does not name it. */
static void hint_at_abort(struct supervision *run, int code) {
    if (code == 128 + SIGABRT && run->launch->abort_hint != NULL &&
        read_seconds() - run->started < EARLY) {
        message_hint(run->messages, "%s", run->launch->abort_hint);
    }
}

void tell_end(struct supervision *run) {
    if (!WIFSIGNALED(run->status)) {
        int code = WEXITSTATUS(run->status);
        message_info(run->messages, "the app ended: exit code %d%s", code,
                     show_rewritten(run, code).text);
        hint_at_abort(run, code);
    } else {
        int number = WTERMSIG(run->status);
        message_info(run->messages, "the app ended: killed by signal %s%s",
                     signal_show(number).text, show_rewritten(run, 128 + number).text);
        hint_at_abort(run, 128 + number);
        if (number == SIGKILL && !run->killed) {
            message_hint(run->messages, "the shim has not sent it: the container was out of memory "
                                        "(OOMKilled), or the platform has ended it");
        }
    }
    output_flush(run->messages);
}
