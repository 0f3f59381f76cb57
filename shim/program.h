/* PROGRAM: where PATH leads, and why it does not start (design.md, section 7). */
#ifndef SHIM_PROGRAM_H
#define SHIM_PROGRAM_H

#include "report.h"

#include <limits.h>

/*
 * Finds the file that would be executed: the first that is there and has an x bit, else the
 * first that is there, else name itself. Returns 0 when it can be executed as far as its mode
 * tells, else the errno that execve(2) would give.
 */
int program_find(const char *name, const char *path, char file[PATH_MAX]);

/*
 * Becomes the program: execve(2) of each candidate in turn, as execvp(3) does. Returns the errno
 * of the failure.
 */
int program_exec(char *const *program, char *const *environment);

/* Explains that failure in report, in the user's words. Returns the exit code: 125, 126 or 127. */
int program_explain(const char *name, const char *path, int error, struct report *report);

#endif
