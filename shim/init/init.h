/*
 * Being the app's init (DESIGN.md, Supervision): signals kept from the first instruction on,
 * finding and starting the app, handing signals on, reaping, and ending as it ended.
 */
#ifndef SHIM_INIT_H
#define SHIM_INIT_H

#include "settings/settings.h"

#include <limits.h>
#include <sys/types.h>

/* What the app gets back: bit n-1 of the mask stands for signal n. */
struct inherited_signals {
    uint64_t mask;
    bool child_ignored; /* SIGCHLD was ignored, which would reap behind our back */
};

/*
 * Blocks every signal that can be blocked, so that each is kept until it is asked for, and makes
 * SIGCHLD what waiting needs. Fills *inherited. Returns false, with errno, if that fails.
 */
bool mask_take(struct inherited_signals *inherited);

/*
 * For what starts no app: lets a signal end us again, if it would have at the start; as PID 1, HUP,
 * INT, QUIT and TERM. What our own writing raises stays blocked. Returns false, with errno, if that
 * fails.
 */
bool mask_let_end(const struct inherited_signals *inherited);

/* Blocks every signal that can be blocked. Returns the mask of before, for mask_release(). */
uint64_t mask_hold(void);

void mask_release(uint64_t before);

/* Whether every signal that can be blocked is. */
bool mask_is_whole(void);

/*
 * Finds the file that would be executed: the first that is there and has an x bit, else the
 * first that is there, else name itself. Returns 0 when it can be executed as far as its mode
 * tells, else the errno that execve(2) would give.
 */
int program_find(const char *name, const char *path, char file[PATH_MAX]);

/*
 * Whether a program that was found can be started although it, or the interpreter that its #! line
 * leads to, has file capabilities: limit is what will be left of the bounding set. Returns 0, or
 * 126 with an error in messages.
 */
int program_check_capabilities(const char *file, uint64_t limit, struct messages *messages);

/* Explains that failure in messages, in the user's words. Returns the exit code: 125, 126 or 127.
 */
int program_explain(const char *name, const char *path, int error, struct messages *messages);

struct launch {
    char *const *program;
    char **environment;               /* the app's */
    struct inherited_signals signals; /* what the shim was started with */
    const char *abort_hint; /* what to say, at info, of an app that aborts in its first minute */
    char listen_pid[sizeof "LISTEN_PID=" + 3 * sizeof(pid_t)]; /* room for the app's entry */
};

/*
 * Becomes the app instead (SHIM_SUPERVISE=0). Returns 125, 126 or 127, with an error in messages,
 * when that fails.
 */
int spawn_in_place(const struct launch *launch, struct messages *messages);

/* Our controlling terminal: terminal.h. */
struct terminal {
    int fd;          /* among 0 to 2, or /dev/tty; -1: none is known */
    pid_t group;     /* our own process group; 0: it is out of this PID namespace's sight */
    bool foreground; /* we are in its foreground, or the app is in our place */
};

/* The app and its init: what the four steps below hand to each other. */
struct supervision {
    struct launch *launch;
    const struct options *options;
    struct messages *messages;
    struct terminal terminal;
    struct birth *birth; /* what the child has left behind on its way to the app: spawn.h */
    bool init;           /* we are PID 1 */
    bool alone;          /* there is no shell above us in our session that could say `fg` */
    pid_t app;           /* never signalled once it has ended: its number may be another's */
    int64_t started;     /* in seconds of an arbitrary clock */
    bool killed;         /* we have sent it SIGKILL, as SHIM_SIGNAL_REWRITE says */
    bool ended;          /* and reaped */
    int status;          /* as waitpid(2) gave it */
    int stopped;         /* the signal that has stopped the app; 0: it runs */
};

/*
 * Before the start: becomes the reaper of orphans, and tries what supervise_settle() will do,
 * leaving nothing changed. Fills *run, which keeps launch, options and messages. Returns false,
 * with an error in messages, when the app must not be started.
 */
bool supervise_prepare(struct supervision *run, struct launch *launch,
                       const struct options *options, struct messages *messages);

/*
 * Starts the app, in a process group of its own, in the terminal's foreground if we have that.
 * Returns 0; or 125, 126 or 127, with an error in messages, when it did not run.
 */
int supervise_start(struct supervision *run, struct messages *messages);

/*
 * At once after the start: sits in / and closes every descriptor above 2, so that this process is
 * in nobody's way. Returns false, with an error in messages, if that fails.
 */
bool supervise_settle(struct supervision *run, struct messages *messages);

/*
 * Hands signals on and reaps until the app has ended. Returns the exit code to end with; the
 * reason for one of the shim's own is in messages.
 */
int supervise(struct supervision *run, struct messages *messages);

/*
 * After a failure of the shim's own once the app had been started, the error of which is in
 * messages: kills the app, and says so. Returns 125.
 */
int supervise_give_up(struct supervision *run, struct messages *messages);

#endif
