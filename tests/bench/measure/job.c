#include "job.h"

#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint64_t read_clock(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0) {
        err(EXIT_FAILURE, "clock_gettime");
    }
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One more element for a list of count that ends in room for one. Grows at powers of two. */
static void *grow(void *list, size_t count, size_t size) {
    if ((count & (count - 1)) == 0) {
        list = realloc(list, (count == 0 ? 2 : count * 2) * size);
        if (list == NULL) {
            err(EXIT_FAILURE, "no memory");
        }
    }
    return list;
}

/* A list of words that ends in NULL, and is never empty in memory. */
struct words {
    char **list;
    size_t count;
};

static void add(struct words *words, char *word) {
    words->list = grow(words->list, words->count + 1, sizeof *words->list);
    words->list[words->count++] = word;
    words->list[words->count] = NULL;
}

struct jobs jobs_read(void) {
    struct jobs jobs = {NULL, 0};
    struct words words = {NULL, 0};
    struct words environment = {NULL, 0};
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, stdin)) > 0) {
        line[length - 1] = '\0';
        char *value = strchr(line, ' ');
        value = strdup(value == NULL ? "" : value + 1);
        struct job *job = jobs.count == 0 ? NULL : &jobs.list[jobs.count - 1];
        if (strncmp(line, "job ", 4) == 0) {
            jobs.list = grow(jobs.list, jobs.count, sizeof *jobs.list);
            jobs.list[jobs.count++] = (struct job){.name = value, .descriptors = 3};
            words = environment = (struct words){NULL, 0};
        } else if (job != NULL && strncmp(line, "user ", 5) == 0) {
            job->user = (uid_t)atoi(value);
        } else if (job != NULL && strncmp(line, "root ", 5) == 0) {
            job->root = value;
        } else if (job != NULL && strncmp(line, "descriptors ", 12) == 0) {
            job->descriptors = atoi(value);
        } else if (job != NULL && strncmp(line, "env ", 4) == 0) {
            add(&environment, value);
            job->environment = environment.list;
        } else if (job != NULL && strncmp(line, "word ", 5) == 0) {
            add(&words, value);
            job->words = words.list;
        } else {
            errx(EXIT_FAILURE, "what is this: %s", line);
        }
    }
    free(line);
    return jobs;
}

/* For the child: what it is to start, and what it tells. */
struct start {
    const struct job *job;
    int out;
    int null;
    uint64_t begin;
};

/* A bare process with nothing of its own but what the job asks for, up to its execve(2). */
static int become(void *data) {
    struct start *start = data;
    const struct job *job = start->job;
    gid_t group = job->user;
    bool good = dup2(start->null, STDIN_FILENO) >= 0 && dup2(start->out, STDOUT_FILENO) >= 0 &&
                dup2(start->null, STDERR_FILENO) >= 0;
    for (int fd = 3; good && fd < job->descriptors; fd++) {
        good = dup2(start->null, fd) == fd;
    }
    good = good && (job->root == NULL || (chroot(job->root) == 0 && chdir("/") == 0));
    /* By raw system call: libc's would have all threads of the parent follow. */
    good = good && (job->user == 0 || (syscall(SYS_setgroups, 1, &group) == 0 &&
                                       syscall(SYS_setresgid, group, group, group) == 0 &&
                                       syscall(SYS_setresuid, group, group, group) == 0));
    start->begin = read_clock();
    if (good) {
        (void)execve(job->words[0], job->words, job->environment);
    }
    _exit(EXIT_FAILURE);
}

/* Where what is ours to open stays clear of what a job inherits. */
enum { OWN_DESCRIPTORS = 900 };

pid_t job_start(const struct job *job, int out, uint64_t *begin) {
    static char stack[65536] __attribute__((aligned(16)));
    static int null = -1;
    if (null < 0) {
        null = fcntl(open("/dev/null", O_RDWR | O_CLOEXEC), F_DUPFD_CLOEXEC, OWN_DESCRIPTORS);
    }
    struct start start = {job, out, null, 0};
    pid_t child = clone(become, stack + sizeof stack,
                        CLONE_VM | CLONE_VFORK | CLONE_NEWPID | SIGCHLD, &start);
    if (null < 0 || child < 0) {
        err(EXIT_FAILURE, "cannot start %s", job->name);
    }
    *begin = start.begin;
    return child;
}
