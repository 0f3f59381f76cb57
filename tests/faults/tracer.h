/*
 * tracer: stands in for the kernel, with the faults that have been added: fault.h.
 */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Faults are written there once they have happened, or all calls, one a line:
 *
 *   s! CALL COUNT RESULT ARGUMENT... "PATH"
 *
 * "c" for the app's process, "." where no fault was; arguments are hexadecimal, and the path is the
 * first or second of them, if it is one.
 */
void tracer_log_to(int fd, bool all);

/* Whether there is anything to do. */
bool tracer_is_wanted(void);

/* Takes hold of the process that will execute the program. */
void tracer_seize(pid_t program);

/* What waitpid(2) has said of a process. Returns whether it was a stop, and is dealt with. */
bool tracer_follow(pid_t pid, int status);

#endif
