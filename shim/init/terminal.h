/*
 * The foreground of the terminal, handed to the app and taken back: setpgid(2), tcsetpgrp(3),
 * credentials(7). Without a terminal of ours all of it does nothing.
 */
#ifndef SHIM_TERMINAL_H
#define SHIM_TERMINAL_H

#include "init/init.h"

/* Finds our controlling terminal among descriptors 0 to 2. Call it with SIGTTIN blocked. */
struct terminal terminal_find(void);

/*
 * Once the app wants one: where none of them is our controlling terminal, it may have it by
 * /dev/tty, and so have we from here on.
 */
void terminal_look_further(struct terminal *terminal);

/*
 * Makes group the foreground process group, if the foreground is ours to give. Call it with
 * SIGTTOU blocked: that signal would stop a caller in the background.
 */
void terminal_give(const struct terminal *terminal, pid_t group);

/* Makes our own group the foreground again, if it was ours. */
void terminal_take_back(struct terminal *terminal);

/*
 * Whether our own group is in the foreground now, where a shell's `fg` has put it: then it is
 * ours to give again.
 */
bool terminal_is_back(struct terminal *terminal);

/* Forgets that the foreground is ours to take back, unless it is still with group. */
void terminal_lose(struct terminal *terminal, pid_t group);

#endif
