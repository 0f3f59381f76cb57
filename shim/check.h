/* --check: the plan as text (DESIGN.md, Messages). */
#ifndef SHIM_CHECK_H
#define SHIM_CHECK_H

#include "plan/plan.h"

/*
 * Looks for the program by path, the app's PATH, and writes the file that it leads to into file; a
 * failure is an error in messages. Returns what a start would end with: 125 for a plan that is
 * refused, 126 or 127 for a program that is not there, has no x bit, or has file capabilities that
 * keep it from starting, else 0. On lent rights nobody is told which files there are.
 */
int check_program(const struct plan *plan, const char *program, const char *path,
                  char file[PATH_MAX], struct messages *messages);

/* Prints the eight keys on stdout; code and file are what check_program() has found. Returns code,
 * or 125, with an error in messages, if that could not be written. */
int check_print(const struct plan *plan, const struct options *options,
                const struct identity *identity, const char *file, int code,
                struct messages *messages);

/*
 * What to say of an app that aborts as it starts, which it does for want of a port that only its
 * code or its files name: NULL where that is no matter of a capability that the app has not got.
 */
const char *check_advise_on_abort(const struct plan *plan, const struct held *held);

/* What is started, as whom and with what, in one line for SHIM_LOG=info. */
void check_summarize(const struct plan *plan, const struct identity *identity, const char *program,
                     struct messages *messages);

#endif
