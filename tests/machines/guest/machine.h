/*
 * What runs inside of a test machine, as its /init: it is asked for trials over a serial line, one
 * at a time, and answers each with one line of JSON. tests/machines/machine.py is the other end.
 *
 * A request is a list of steps, a step is a list of words. The steps up to `exec` are made by a
 * process of the trial's own (steps.c), those after it by the machine's PID 1 (outside.c).
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

enum { STEPS_MAX = 256, WORDS_MAX = 4096, TEXT_MAX = 1 << 20 };

struct request {
    char **steps[STEPS_MAX + 1]; /* NULL after the last; in each the words, NULL after the last */
};

/* What was read from a descriptor, and the descriptor until its end, then -1. */
struct stream {
    int fd;
    size_t length;
    char text[TEXT_MAX + 1];
};

struct outcome {
    int status; /* of waitpid(2) */
    bool timeout;
    struct stream output, errors, failure; /* failure: the step that could not be made, and why */
};

struct trial {
    struct outcome *outcome;
    pid_t pid; /* of the program, as the machine sees it */
    int pidfd;
    int input;           /* a descriptor: what is written there the program reads */
    size_t seen;         /* of the output: what `await` has found already */
    struct timespec end; /* of CLOCK_MONOTONIC: then it is given up */
};

/* Reads the next request; it is valid until the one after it. Nothing more, or nonsense: exits. */
void read_request(FILE *line, struct request *request);

/* Writes the outcome as a line of JSON. */
void write_outcome(FILE *line, const struct outcome *outcome);

/* Makes the steps, waits for the end of the program and kills whatever it has left behind. */
void run_trial(const struct request *request, struct outcome *outcome);

/* Milliseconds until the trial is given up, at least 0. */
int left(const struct trial *trial);

/* Reads what there is, and closes the descriptor at its end. */
void drain(struct stream *stream);

/* Waits for what the program prints. False: it has ended, or its time is up. */
bool pump(struct trial *trial);

/* Makes one of the steps after `exec`. */
void make_outer_step(struct trial *trial, char **words);

/*
 * Makes the steps up to `exec`, which does not return. Where there is none, or one of them fails
 * (this and the reason go to the descriptor), the process ends.
 */
_Noreturn void make_steps(const struct request *request, int failure);

#endif
