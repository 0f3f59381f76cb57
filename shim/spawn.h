/* From the shim to the app: fork, and what happens between it and execve(2). */
#ifndef SHIM_SPAWN_H
#define SHIM_SPAWN_H

#include "mask.h"
#include "report.h"
#include "terminal.h"

struct launch {
    char *const *program;
    char **environment;               /* the app's */
    struct inherited_signals signals; /* what the shim was started with */
};

/*
 * Starts the app in a process group of its own, in the terminal's foreground if we have that,
 * and waits until it runs. Returns its pid; 0, with an error in report and *code set to 125, 126
 * or 127, when it does not.
 */
pid_t spawn(const struct launch *launch, struct terminal *terminal, struct report *report,
            int *code);

/*
 * Becomes the app instead (SHIM_SUPERVISE=0). Returns 125, 126 or 127, with an error in report,
 * when that fails.
 */
int spawn_in_place(const struct launch *launch, struct report *report);

/* Ends a child of ours at once and reaps it. */
void spawn_kill(pid_t child);

#endif
