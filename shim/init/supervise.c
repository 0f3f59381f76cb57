#include "init/init.h"

#include "descriptors.h"
#include "grace.h"
#include "mask.h"
#include "neighbours.h"
#include "reap.h"
#include "spawn.h"
#include "tell.h"
#include "terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The process group that the app is in: its own, unless it has gone over to another. */
static pid_t app_group(const struct supervision *run) {
    pid_t group = getpgid(run->app);
    return group > 0 ? group : run->app; /* that is forbidden: a sandbox */
}

/* To the app, or to its whole process group: not if that is ours, or we would hear it again. */
static void send(const struct supervision *run, int number, bool group) {
    pid_t target = group ? app_group(run) : 0;
    if (target == 0 || target == getpgrp() || kill(-target, number) < 0) {
        (void)kill(run->app, number); /* a refusal is the kernel's last word */
    }
}

/* The app goes on, in the foreground if that is ours to give. */
static void resume(struct supervision *run) {
    terminal_give(&run->terminal, app_group(run));
    send(run, SIGCONT, true);
}

/*
 * Stops us as the app was stopped. Returns whether that went well: at a terminal the kernel says
 * whether there is a shell that could say `fg`; else a program stops the app, and continues it.
 */
static bool stop(const struct supervision *run) {
    return run->terminal.fd < 0 ? raise(SIGSTOP) == 0 : mask_stop(run->stopped);
}

/*
 * The app was stopped from its terminal (or as if). Where it only wanted the terminal, it gets
 * it, if it can be had. PID 1 and the leader of a session (`docker exec -it`) have nobody who
 * would say `fg`, nor has what the kernel calls an orphaned process group: nothing stops their
 * app, unless it would only try again to get at a terminal that is somebody else's. Else the shim
 * stops too, for the shell to see; not if it is to go on already: a stop would undo that.
 */
static void follow_stop(struct supervision *run) {
    bool wants_terminal = run->stopped == SIGTTIN || run->stopped == SIGTTOU;
    if (!wants_terminal && run->stopped != SIGTSTP) {
        return;
    }
    if (wants_terminal) {
        terminal_look_further(&run->terminal);
    }
    bool back = wants_terminal && terminal_is_back(&run->terminal);
    bool hopeless = wants_terminal && run->terminal.fd >= 0 && !run->terminal.foreground;
    if (!back && !run->alone) {
        if (mask_holds(SIGCONT)) {
            return;
        }
        terminal_take_back(&run->terminal);
        if (stop(run)) {
            return; /* somebody has sent us SIGCONT */
        }
        (void)terminal_is_back(&run->terminal);
    }
    if (back || !hopeless) {
        resume(run);
    }
}

/*
 * Somebody continues us, and so the app: whatever the settings say if it was stopped, and in the
 * foreground if that is where a shell has put us. Else that shell may have taken it. Returns
 * whether the app was stopped, and so has had its SIGCONT.
 */
static bool follow_continue(struct supervision *run) {
    bool stopped = run->stopped != 0;
    pid_t group = app_group(run);
    if (terminal_is_back(&run->terminal)) {
        terminal_give(&run->terminal, group);
    } else if (!run->alone) {
        terminal_lose(&run->terminal, group);
    }
    if (stopped) {
        send(run, SIGCONT, true);
        run->stopped = 0;
    }
    return stopped;
}

/* Hands a signal on, rewritten as the settings say. */
static void hand_on(struct supervision *run, int number) {
    int handed = run->options->rewrite[number];
    tell_signal(run, number, handed);
    run->killed = run->killed || handed == SIGKILL;
    bool continued = number == SIGCONT && follow_continue(run);
    if (handed != 0 && !(continued && handed == SIGCONT)) {
        send(run, handed, run->options->signal_group);
    }
}

/*
 * Until the app has ended. Returns false, with errno, when there is no way to wait for that. What
 * has ended before the first wait has sent its SIGCHLD to whoever was here before us.
 */
static bool watch(struct supervision *run) {
    enum children children = CHILDREN_LEFT;
    struct turns turns = {.served = 0};
    bool stopped;
    int number = SIGCHLD;
    for (;;) {
        if (number < 0) {
            return false;
        }
        if (number != SIGCHLD && number != 0) {
            hand_on(run, number);
        }
        if (number == SIGCHLD || number == 0 || children == CHILDREN_MORE) {
            children = reap(run, &stopped);
            if (run->ended) {
                return true;
            }
            if (children != CHILDREN_LEFT && children != CHILDREN_MORE) {
                return false; /* the app is a child of ours: it must be there */
            }
            if (stopped) {
                follow_stop(run);
            }
        }
        number = mask_wait(&turns, children == CHILDREN_MORE ? 0 : -1);
    }
}

static int end(struct supervision *run, struct messages *messages) {
    reap_rest(run);
    int code = WIFSIGNALED(run->status) ? 128 + WTERMSIG(run->status) : WEXITSTATUS(run->status);
    bool failed = spawn_has_failed(run->launch, run->birth, messages, &code);
    if (!failed) {
        tell_end(run);
    }
    if (run->init && run->options->grace_seconds > 0) {
        grace_give(run);
    }
    if (!run->init) {
        if (mask_holds(SIGCONT)) { /* the shell that has sent it may have the foreground now */
            terminal_lose(&run->terminal, run->app);
        }
        terminal_take_back(&run->terminal);
    }
    return failed ? code : run->options->exit_codes[code];
}

bool supervise_prepare(struct supervision *run, struct launch *launch,
                       const struct options *options, struct messages *messages) {
    *run = (struct supervision){
        .launch = launch, .options = options, .messages = messages, .init = getpid() == 1};
    run->alone = run->init || getsid(0) == getpid();
    /* Some emulators have no subreaper: then orphans go to the init above us, as without us. */
    if (!run->init && prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) < 0) {
        message_info(messages, "cannot become the reaper of orphans: %s", strerror(errno));
    }
    neighbours_tell_of_shell(messages);
    /* Not by going there: there may be no way back to where we are. */
    if (access("/", X_OK) < 0) {
        message_error(messages, "the app's user cannot enter /: %s", strerror(errno));
        message_hint(messages, "chmod 0755 / in the image: the shim stays there while the app "
                               "runs");
        return false;
    }
    run->terminal = terminal_find();
    return true;
}

int supervise_start(struct supervision *run, struct messages *messages) {
    int code = 0;
    run->app = spawn(run->launch, &run->terminal, &run->birth, messages, &code);
    messages->app_runs = run->app > 0;
    return messages->app_runs ? 0 : code;
}

bool supervise_settle(struct supervision *run, struct messages *messages) {
    /* What has yet to be told of a relative path can only be told from here. */
    if (!spawn_is_pending(run->birth) && chdir("/") < 0) {
        message_error(messages, "cannot leave the working directory: %s", strerror(errno));
        message_hint(messages, "a sandbox or a seccomp profile may forbid it");
        return false;
    }
    descriptors_close_from(STDERR_FILENO + 1);
    messages->log_fd = -1; /* it is closed too: whoever has to write there opens it again */
    return true;
}

int supervise_give_up(struct supervision *run, struct messages *messages) {
    message_hint(messages, "the app had been started, and was killed");
    spawn_kill(run->app);
    terminal_take_back(&run->terminal);
    return EXIT_REFUSED;
}

int supervise(struct supervision *run, struct messages *messages) {
    tell_start(run);
    if (!watch(run)) {
        message_error(messages, "cannot wait for signals or for the app: %s", strerror(errno));
        message_hint(messages, "a sandbox that forbids rt_sigtimedwait or wait4 lets nobody be an "
                               "init in it");
        return supervise_give_up(run, messages);
    }
    return end(run, messages);
}
