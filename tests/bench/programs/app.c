/*
 * app: what runs under an init while it is measured.
 *
 *   app echo              writes a byte when it is ready, and one for each signal
 *   app orphans LIVING    leaves so many living orphans behind, and then, for each number on
 *                         stdin, so many dead ones; prints "ready" each time it is done
 *   app storm             leaves dead orphans behind without end, and, once there are many, ends
 *                         itself; prints "end" and the time, in ns
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 100, MANY = 2000 };

static pid_t fork_or_die(void) {
    pid_t child = fork();
    if (child < 0) {
        err(EXIT_FAILURE, "fork");
    }
    return child;
}

static void say(const char *word) {
    if (puts(word) < 0 || fflush(stdout) != 0) {
        exit(EXIT_FAILURE);
    }
}

static _Noreturn void echo(void) {
    sigset_t all;
    siginfo_t info;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    while (write(STDOUT_FILENO, ".", 1) == 1) {
        (void)sigwaitinfo(&all, &info);
    }
    _exit(EXIT_FAILURE);
}

/* So many that end before their parent does, which is when they become somebody else's. */
static void leave_dead(int count) {
    pid_t parent = fork_or_die();
    if (parent == 0) {
        for (int i = 0; i < count; i++) {
            if (vfork() == 0) {
                _exit(0);
            }
        }
        _exit(0);
    }
    (void)waitpid(parent, NULL, 0);
}

static void leave_living(int count) {
    pid_t parent = fork_or_die();
    if (parent == 0) {
        for (int i = 0; i < count; i++) {
            if (fork_or_die() == 0) {
                for (;;) {
                    (void)pause();
                }
            }
        }
        _exit(0);
    }
    (void)waitpid(parent, NULL, 0);
}

static int leave_orphans(int living) {
    char line[16];
    leave_living(living);
    say("ready");
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (int left = atoi(line); left > 0; left -= BATCH) {
            leave_dead(left < BATCH ? left : BATCH);
        }
        say("ready");
    }
    return 0;
}

static int leave_storm(void) {
    int ends[2];
    char nothing;
    struct timespec now;
    if (pipe(ends) < 0) {
        err(EXIT_FAILURE, "pipe");
    }
    if (fork_or_die() == 0) {
        (void)close(ends[0]);
        for (int made = 0;; made += BATCH) {
            leave_dead(BATCH);
            if (made == MANY) {
                (void)close(ends[1]);
            }
        }
    }
    (void)close(ends[1]);
    (void)read(ends[0], &nothing, 1); /* ends once there are many */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    printf("end %lld\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    return 0;
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    if (strcmp(kind, "echo") == 0) {
        echo();
    }
    return strcmp(kind, "orphans") == 0 ? leave_orphans(argc > 2 ? atoi(argv[2]) : 0)
                                        : leave_storm();
}
