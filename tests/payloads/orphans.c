/*
 * orphans: leaves processes without a parent behind, for whoever adopts them. Prints "ready PID"
 * when they are made, and ends with 0 when stdin ends; a number on stdin makes it leave so many
 * more.
 *
 *   orphans batch COUNT     COUNT that have ended or are about to, a hundred at a time
 *   orphans chain DEPTH     each the child of the one before it, which then ends: DEPTH times
 *   orphans sibling         a child of its own parent's, which ends at once
 *   orphans endless CODE    without end, while it ends itself with CODE once there are many
 *   orphans KIND            one that stays: "sleeper", "stopped", "traced" by another orphan,
 *                           or "tracee" of its adopter; it prints "ready" and its own PID instead
 */
#include <err.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 100, MANY = 2000 };

static void print(const char *word, pid_t pid) {
    if (dprintf(STDOUT_FILENO, "%s %d\n", word, (int)pid) < 0) {
        exit(EXIT_FAILURE);
    }
}

static pid_t fork_or_die(void) {
    pid_t child = fork();
    if (child < 0) {
        err(EXIT_FAILURE, "fork");
    }
    return child;
}

/* Some end before their parent, some after it. */
static void make_batch(int count) {
    pid_t parent = fork_or_die();
    if (parent == 0) {
        for (int i = 0; i < count; i++) {
            pid_t orphan = i % 20 == 0 ? fork() : vfork();
            if (orphan <= 0) {
                _exit(orphan == 0 ? 0 : EXIT_FAILURE);
            }
        }
        _exit(0);
    }
    (void)waitpid(parent, NULL, 0);
}

static void make_batches(int count) {
    for (int made = 0; made < count; made += BATCH) {
        make_batch(BATCH);
    }
}

static void make_chain(int depth) {
    int ends[2];
    char nothing;
    if (pipe(ends) < 0) {
        err(EXIT_FAILURE, "pipe");
    }
    pid_t child = fork_or_die();
    if (child == 0) {
        (void)close(ends[0]);
        for (int i = 0; i < depth; i++) {
            if (fork_or_die() != 0) {
                _exit(0);
            }
        }
        _exit(0);
    }
    (void)close(ends[1]);
    (void)waitpid(child, NULL, 0);
    (void)read(ends[0], &nothing, 1); /* ends once all of them have */
}

static void make_sibling(void) {
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = CLONE_PARENT;
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child < 0) {
        err(EXIT_FAILURE, "clone3");
    }
    if (child == 0) {
        _exit(0);
    }
}

static int make_endlessly(int code) {
    int ends[2];
    char nothing;
    if (pipe(ends) < 0) {
        err(EXIT_FAILURE, "pipe");
    }
    if (fork_or_die() == 0) {
        make_batches(MANY);
        (void)close(ends[0]);
        (void)close(ends[1]);
        for (;;) {
            make_batch(BATCH);
        }
    }
    (void)close(ends[1]);
    (void)read(ends[0], &nothing, 1); /* ends once there are many */
    return code;
}

/* By an orphan of its own, which stays its tracer. */
static _Noreturn void be_traced(pid_t orphan) {
    int status;
    if (fork_or_die() == 0) {
        if (ptrace(PTRACE_SEIZE, orphan, NULL, NULL) < 0) {
            err(EXIT_FAILURE, "ptrace");
        }
        print("ready", orphan);
        while (waitpid(orphan, &status, __WALL) == orphan && WIFSTOPPED(status)) {
            (void)ptrace(PTRACE_CONT, orphan, NULL, (long)WSTOPSIG(status));
        }
        for (;;) {
            pause();
        }
    }
    for (;;) {
        pause();
    }
}

/* In the orphan, once it is one. */
static _Noreturn void stay(const char *kind) {
    if (strcmp(kind, "traced") == 0) {
        be_traced(getpid());
    }
    if (strcmp(kind, "tracee") == 0 && ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) {
        err(EXIT_FAILURE, "ptrace");
    }
    print("ready", getpid());
    if (strcmp(kind, "sleeper") != 0) {
        (void)raise(SIGSTOP);
    }
    for (;;) {
        pause();
    }
}

static void make_one(const char *kind) {
    int ends[2];
    char nothing;
    if (pipe(ends) < 0) {
        err(EXIT_FAILURE, "pipe");
    }
    pid_t parent = fork_or_die();
    if (parent == 0) {
        if (fork_or_die() == 0) {
            (void)close(ends[1]);
            (void)read(ends[0], &nothing, 1); /* ends once the parent has */
            stay(kind);
        }
        _exit(0);
    }
    (void)waitpid(parent, NULL, 0);
    (void)close(ends[1]);
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    bool stays = false;
    char line[16] = "";
    if (strcmp(kind, "batch") == 0) {
        make_batches(number);
    } else if (strcmp(kind, "chain") == 0) {
        make_chain(number);
    } else if (strcmp(kind, "sibling") == 0) {
        make_sibling();
    } else if (strcmp(kind, "endless") == 0) {
        return make_endlessly(number);
    } else {
        make_one(kind);
        stays = true;
    }
    if (!stays) {
        print("ready", getpid());
    }
    while (read(STDIN_FILENO, line, sizeof line - 1) > 0) {
        make_batches(atoi(line));
        print("ready", getpid());
        memset(line, 0, sizeof line);
    }
    return 0;
}
