/* PROGRAM: where PATH leads, and why it does not start (design.md, section 7). */
#ifndef SHIM_PROGRAM_H
#define SHIM_PROGRAM_H

#include "report.h"

#include <limits.h>

/* A walk through the files that a name may mean: execvp(3) without the shell. */
struct program_search {
    const char *name;
    struct text rest; /* of PATH */
    bool done;
};

/* path is the app's PATH, or NULL. A name with a slash in it means itself alone. */
struct program_search program_search_begin(const char *name, const char *path);

/* Writes the next candidate to file. Returns false when there are no more. */
bool program_search_next(struct program_search *search, char file[PATH_MAX]);

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
