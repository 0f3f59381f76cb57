#include "supervise.h"

#include "descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct supervision {
    const struct options *options;
    struct terminal terminal;
    bool init;   /* we are PID 1 */
    pid_t app;   /* never signalled once it has ended: its number may be another's */
    bool ended;  /* and reaped */
    int status;  /* as waitpid(2) gave it */
    int stopped; /* the signal that has stopped the app; 0: it runs */
};

/* What becomes of the shim itself once the app runs: it holds nothing and is in nobody's way. */
static bool settle_down(bool (*release)(struct report *), struct report *report) {
    if (!release(report)) {
        return false;
    }
    if (chdir("/") < 0) {
        report_error(report, "cannot leave the working directory: %s", strerror(errno));
        return false;
    }
    if (!descriptors_close_from(STDERR_FILENO + 1)) {
        report_error(report, "cannot close the inherited descriptors: %s", strerror(errno));
        return false;
    }
    return true;
}

/* To the app, or to its whole process group, whose leader it is. */
static void send(const struct supervision *run, int number, bool group) {
    if (!run->ended) {
        /* It is our child and not reaped: it is there. A refusal is the kernel's last word. */
        (void)kill(group ? -run->app : run->app, number);
    }
}

/*
 * The app was stopped from its terminal (or as if). PID 1 has nobody who would say `fg`: the app
 * goes on, in the foreground if there is one. Else the shim stops too, for the shell to see.
 */
static void follow_stop(struct supervision *run) {
    int number = run->stopped;
    if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU) {
        return;
    }
    if (run->init) {
        terminal_give(&run->terminal, run->app);
        send(run, SIGCONT, true);
        run->stopped = 0;
        return;
    }
    terminal_take_back(&run->terminal);
    (void)raise(SIGSTOP); /* we are back here once somebody has sent us SIGCONT */
}

/* Somebody continues us, and so the app: a shell that said `fg` has given us its foreground. */
static void follow_continue(struct supervision *run) {
    if (terminal_is_ours(&run->terminal)) {
        terminal_give(&run->terminal, run->app);
    }
    send(run, SIGCONT, run->stopped != 0 || run->options->signal_group);
    run->stopped = 0;
}

/* Hands a signal on, rewritten as the settings say. */
static void hand_on(struct supervision *run, int number) {
    int handed = run->options->rewrite[number];
    if (handed == SIGCONT) {
        follow_continue(run);
    } else if (handed != 0) {
        send(run, handed, run->options->signal_group);
    }
}

/*
 * Takes every child that has ended or stopped: one SIGCHLD may stand for many. Only then is the
 * app's own end acted on. Returns false once there are no children left.
 */
static bool reap(struct supervision *run) {
    for (;;) {
        int status;
        pid_t child = waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (child < 0 && errno == EINTR) {
            continue;
        }
        if (child <= 0) {
            return child == 0;
        }
        if (child != run->app || run->ended) {
            continue;
        }
        run->stopped = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
        run->ended = !WIFSTOPPED(status);
        run->status = status;
    }
}

static void watch(struct supervision *run) {
    while (!run->ended) {
        int number = mask_wait(-1);
        if (number != SIGCHLD) {
            hand_on(run, number);
            continue;
        }
        (void)reap(run);
        if (!run->ended) {
            follow_stop(run);
        }
    }
}

static int64_t now_in_milliseconds(void) {
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock is there since 2.6 */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * The app is gone: what it has left behind is told to end, and gets its time to do so. As PID 1
 * alone: kill(-1) reaches all of this PID namespace then, and all of a machine else.
 */
static void give_grace(struct supervision *run) {
    int64_t end = now_in_milliseconds() + (int64_t)run->options->grace_seconds * 1000;
    (void)kill(-1, SIGTERM); /* ESRCH: nobody is left */
    (void)kill(-1, SIGCONT);
    while (reap(run)) {
        int64_t rest = end - now_in_milliseconds();
        int number = rest > 0 ? mask_wait(rest) : 0;
        if (number == 0) {
            return; /* the kernel kills the rest as PID 1 ends: pid_namespaces(7) */
        }
        if (number != SIGCHLD && run->options->rewrite[number] != 0) {
            (void)kill(-1, run->options->rewrite[number]);
        }
    }
}

static int end(struct supervision *run) {
    int code = WIFSIGNALED(run->status) ? 128 + WTERMSIG(run->status) : WEXITSTATUS(run->status);
    if (run->init && run->options->grace_seconds > 0) {
        give_grace(run);
    }
    if (!run->init) {
        terminal_take_back(&run->terminal);
    }
    return run->options->exit_codes[code];
}

int supervise(const struct launch *launch, const struct options *options,
              bool (*release)(struct report *), struct report *report) {
    struct supervision run = {.options = options, .init = getpid() == 1};
    int code;
    /* Some emulators have no subreaper: then orphans go to the init above us, as without us. */
    if (!run.init && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        report_warn(report, "cannot become the reaper of orphans: %s", strerror(errno));
        report_flush(report);
    }
    /* For /proc/1/fd/1 to be the app's too, as it is under USER: the change of uid took it. */
    if (prctl(PR_SET_DUMPABLE, 1) < 0) {
        report_error(report, "cannot become dumpable again: %s", strerror(errno));
        return EXIT_REFUSED;
    }
    run.terminal = terminal_find();
    run.app = spawn(launch, &run.terminal, report, &code);
    if (run.app == 0) {
        return code;
    }
    if (!settle_down(release, report)) {
        spawn_kill(run.app);
        terminal_take_back(&run.terminal);
        return EXIT_REFUSED;
    }
    watch(&run);
    return end(&run);
}
