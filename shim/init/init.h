/*
 * Being the app's init (DESIGN.md, Supervision): signals kept from the first instruction on,
 * finding and starting the app, handing signals on, reaping, and ending as it ended.
 */
#ifndef SHIM_INIT_H
#define SHIM_INIT_H

#include "settings/settings.h"

#include <limits.h>

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

/* Whether every signal that can be blocked is. */
bool mask_is_whole(void);

/*
 * Finds the file that would be executed: the first that is there and has an x bit, else the
 * first that is there, else name itself. Returns 0 when it can be executed as far as its mode
 * tells, else the errno that execve(2) would give.
 */
int program_find(const char *name, const char *path, char file[PATH_MAX]);

/* Explains that failure in messages, in the user's words. Returns the exit code: 125, 126 or 127.
 */
int program_explain(const char *name, const char *path, int error, struct messages *messages);

struct launch {
    char *const *program;
    char **environment;               /* the app's */
    struct inherited_signals signals; /* what the shim was started with */
};

/*
 * Becomes the app instead (SHIM_SUPERVISE=0). Returns 125, 126 or 127, with an error in messages,
 * when that fails.
 */
int spawn_in_place(const struct launch *launch, struct messages *messages);

/*
 * Starts the app and stays until it has ended. release is called once the app runs: it gives up
 * what only the app may keep. Returns the exit code to end with; the reason for one of the
 * shim's own is in messages.
 */
int supervise(const struct launch *launch, const struct options *options,
              bool (*release)(struct messages *), struct messages *messages);

#endif
