/* PROGRAM: where PATH leads, and becoming it (DESIGN.md, Supervision). */
#ifndef SHIM_PROGRAM_H
#define SHIM_PROGRAM_H

#include "init/init.h"

/*
 * Becomes the program: execve(2) of each candidate in turn, as execvp(3) does. Returns the errno
 * of the failure.
 */
int program_exec(char *const *program, char *const *environment);

#endif
