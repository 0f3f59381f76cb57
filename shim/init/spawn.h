/* From the shim to the app: fork, and what happens between it and execve(2). */
#ifndef SHIM_SPAWN_H
#define SHIM_SPAWN_H

#include "init/init.h"
#include "terminal.h"

/*
 * Starts the app in a process group of its own, in the terminal's foreground if we have that,
 * and waits until it runs. Returns its pid; 0, with an error in messages and *code set to 125, 126
 * or 127, when it does not.
 */
pid_t spawn(const struct launch *launch, struct terminal *terminal, struct messages *messages,
            int *code);

/* Ends a child of ours at once and reaps it. */
void spawn_kill(pid_t child);

#endif
