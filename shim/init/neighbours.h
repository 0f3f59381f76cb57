/* The processes around us: who is PID 1 in our place, and whom the app has left behind. */
#ifndef SHIM_NEIGHBOURS_H
#define SHIM_NEIGHBOURS_H

#include "base/base.h"

/*
 * If PID 1 is a shell and we are its child (the form of ENTRYPOINT without brackets), says at info
 * what that costs.
 */
void neighbours_tell_of_shell(struct messages *messages);

/* How many processes there are besides us and the zombies, and whose; in words. */
struct neighbours {
    size_t count;
    size_t foreign; /* of them, those of other users than ours */
    char text[256]; /* "2 of uid 1654, 1 of uid 0" */
};

/*
 * Counts what /proc lists: all of our PID namespace. Where /proc is not to be had that is nobody.
 * Allocates nothing.
 */
struct neighbours neighbours_count(void);

#endif
