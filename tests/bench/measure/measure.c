/*
 * measure: starts programs in turns, and prints what each took, a line a time, with tabs:
 *
 *   measure starts ROUNDS     from exec to end:       name, wall ns, CPU us, page faults
 *   measure signals ROUNDS    through a living init:  name, ns for one signal, ns for a burst
 *
 * The jobs come on stdin (job.h). In turns, so that what disturbs the one disturbs the others; on
 * one CPU, and in a real-time class where that is allowed, so that little does. Needs root.
 */
#include "job.h"

#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals that every init hands on, and that tests/bench/programs/app.c answers. */
static const int burst[] = {SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGTERM, SIGCONT, SIGWINCH, SIGIO};
enum { BURST = sizeof burst / sizeof burst[0] };

/* The last CPU that we may use: the first one has the machine's interrupts more often than not. */
static void settle_on_one_cpu(void) {
    static const struct sched_param first = {.sched_priority = 1};
    cpu_set_t all;
    cpu_set_t one;
    if (sched_getaffinity(0, sizeof all, &all) < 0) {
        err(EXIT_FAILURE, "sched_getaffinity");
    }
    size_t last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &all)) {
        last--;
    }
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    if (sched_setaffinity(0, sizeof one, &one) < 0) {
        err(EXIT_FAILURE, "sched_setaffinity");
    }
    if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first) < 0) { /* musl's does nothing */
        warn("no real-time class");
    }
}

static int64_t microseconds(struct timeval time) {
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static void measure_start(const struct job *job, int out, bool counts) {
    uint64_t begin;
    int status;
    struct rusage usage;
    pid_t child = job_start(job, out, &begin);
    if (wait4(child, &status, 0, &usage) != child) {
        err(EXIT_FAILURE, "wait4");
    }
    uint64_t end = read_clock();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        errx(EXIT_FAILURE, "%s has failed: status %x", job->name, (unsigned)status);
    }
    if (counts) {
        printf("%s\t%llu\t%lld\t%ld\n", job->name, (unsigned long long)(end - begin),
               (long long)(microseconds(usage.ru_utime) + microseconds(usage.ru_stime)),
               usage.ru_minflt);
    }
}

static void measure_starts(const struct jobs *jobs, int rounds) {
    int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (int round = 0; round <= rounds; round++) { /* the first one warms the caches */
        for (size_t i = 0; i < jobs->count; i++) {
            measure_start(&jobs->list[i], out, round > 0);
        }
    }
}

/* An init that runs, with an app under it that answers every signal with a byte. */
struct talk {
    pid_t init;
    int answers;
};

static void hear(const struct talk *talk, const char *name, int count) {
    char answers[BURST];
    while (count > 0) {
        ssize_t length = read(talk->answers, answers, sizeof answers);
        if (length <= 0) {
            errx(EXIT_FAILURE, "%s: the app is gone", name);
        }
        count -= (int)length;
    }
}

static struct talk start_talk(const struct job *job) {
    int ends[2];
    uint64_t begin;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        err(EXIT_FAILURE, "pipe");
    }
    struct talk talk = {job_start(job, ends[1], &begin), ends[0]};
    (void)close(ends[1]);
    hear(&talk, job->name, 1);
    return talk;
}

static uint64_t send(const struct talk *talk, const char *name, int count) {
    uint64_t begin = read_clock();
    for (int i = 0; i < count; i++) {
        if (kill(talk->init, burst[i]) < 0) {
            err(EXIT_FAILURE, "%s is gone", name);
        }
    }
    hear(talk, name, count);
    return read_clock() - begin;
}

static void measure_signals(const struct jobs *jobs, int rounds) {
    struct talk *talks = calloc(jobs->count, sizeof *talks);
    if (talks == NULL) {
        err(EXIT_FAILURE, "no memory");
    }
    for (size_t i = 0; i < jobs->count; i++) {
        talks[i] = start_talk(&jobs->list[i]);
    }
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < jobs->count; i++) {
            const char *name = jobs->list[i].name;
            uint64_t one = send(&talks[i], name, 1);
            uint64_t many = send(&talks[i], name, BURST);
            printf("%s\t%llu\t%llu\n", name, (unsigned long long)one, (unsigned long long)many);
        }
    }
    for (size_t i = 0; i < jobs->count; i++) {
        (void)kill(talks[i].init, SIGKILL);
        (void)waitpid(talks[i].init, NULL, 0);
    }
    free(talks);
}

int main(int argc, char **argv) {
    static char buffer[1 << 20];
    int rounds = argc == 3 ? atoi(argv[2]) : 0;
    if (rounds <= 0) {
        errx(EXIT_FAILURE, "usage: measure starts|signals ROUNDS");
    }
    struct jobs jobs = jobs_read();
    settle_on_one_cpu();
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    if (strcmp(argv[1], "starts") == 0) {
        measure_starts(&jobs, rounds);
    } else {
        measure_signals(&jobs, rounds);
    }
    return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}
