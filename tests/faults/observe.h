/*
 * observe: what only root sees of the program and of the app, told to the app that asks: a filter
 * or a tracer that lies to the one may lie to the other as well.
 */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <stdbool.h>
#include <sys/types.h>

/* Makes fd an observer's end. */
void observe_begin(int fd);

/*
 * Answers one question: the status of whoever asks, as /proc has it, then the program's, whose
 * names begin with "shim.", with its folder and descriptors; unless it is the program itself that
 * asks. root is the folder that they are in. Returns whether there may be another question.
 */
bool observe_answer(int fd, pid_t program, const char *root);

#endif
