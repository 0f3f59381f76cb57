/*
 * From the shim to the app: a process that shares our memory until its execve(2), as every libc's
 * posix_spawn(3) makes it, and what happens in it on the way there.
 */
#ifndef SHIM_SPAWN_H
#define SHIM_SPAWN_H

#include "init/init.h"

/*
 * Starts the app in a process group of its own, in the terminal's foreground if we have that.
 * Returns its pid, and *birth to be asked by spawn_has_failed(); or 0, with an error in messages
 * and *code set to 125, 126 or 127, when it did not run.
 */
pid_t spawn(struct launch *launch, struct terminal *terminal, struct birth **birth,
            struct messages *messages, int *code);

/*
 * Whether the child, which has ended, never became the app: an emulator that makes a fork of it
 * lets us go on before that is known. If so, an error in messages and *code set to 125, 126 or 127.
 */
bool spawn_has_failed(const struct launch *launch, const struct birth *birth,
                      struct messages *messages, int *code);

/*
 * Whether the child may still be on its way to the app, and we may have to tell from here why it
 * did not get there.
 */
bool spawn_is_pending(const struct birth *birth);

/* Ends a child of ours at once, with its process group, and reaps it. */
void spawn_kill(pid_t child);

#endif
