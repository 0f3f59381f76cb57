/* The program that a program needs: its "#!" line, or the dynamic loader that its ELF names. */
#ifndef SHIM_INTERPRETER_H
#define SHIM_INTERPRETER_H

#include "base/base.h"

#include <limits.h>
#include <stdbool.h>

struct interpreter {
    bool is_elf;
    bool has_mark;       /* a byte-order mark hides what the first line says */
    char path[PATH_MAX]; /* empty: it names none */
};

/* Reads what file names. Returns false when the file cannot be read. */
bool interpreter_read(const char *file, struct interpreter *interpreter);

/* As many are followed as fs/exec.c follows. */
enum { INTERPRETERS_MAX = 5 };

/* Replaces a script's name by that of its interpreter. Returns false where it is none. */
bool interpreter_follow(char file[PATH_MAX]);

/*
 * Explains in messages that what a file names is not there, be it by way of other interpreters.
 * Returns the exit code, 127.
 */
int interpreter_explain_absence(const char *name, struct messages *messages);

#endif
