/*
 * The foreground of the terminal, handed to the app and taken back: setpgid(2), tcsetpgrp(3),
 * credentials(7). Without a terminal of ours all of it does nothing.
 */
#ifndef SHIM_TERMINAL_H
#define SHIM_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

struct terminal {
    int fd;      /* of our controlling terminal; -1: there is none, or it is not ours to give */
    pid_t group; /* our own process group; 0: it is out of this PID namespace's sight */
};

/* Finds our terminal on descriptors 0 to 2, if we are in its foreground. */
struct terminal terminal_find(void);

/*
 * Makes group the foreground process group. Call it with SIGTTOU blocked: that signal would stop
 * a caller in the background.
 */
void terminal_give(const struct terminal *terminal, pid_t group);

/* Makes our own group the foreground again. */
void terminal_take_back(const struct terminal *terminal);

/* Whether our own group is in the foreground: a shell's `fg` has put us there. */
bool terminal_is_ours(const struct terminal *terminal);

#endif
