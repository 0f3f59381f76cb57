/*
 * One trial: the process that makes the steps and then is the program, and what it prints.
 *
 * Some of its steps matter here. `init`: the program is PID 1 of a PID namespace. `terminal`: its
 * stdin, stdout and stderr are one. `limit SECONDS`: what it may take, instead of 60.
 */
#include "machine.h"

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 60, ENDS = 4, FAILURE = 3 }; /* seconds; for 0, 1, 2 and for failures */

int left(const struct trial *trial) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long milliseconds = (trial->end.tv_sec - now.tv_sec) * 1000;
    return milliseconds > 0 ? (int)milliseconds : 0;
}

void drain(struct stream *stream) {
    char rest[4096];
    size_t room = TEXT_MAX - stream->length;
    ssize_t length = read(stream->fd, room > 0 ? stream->text + stream->length : rest,
                          room > 0 ? room : sizeof rest);
    if (length <= 0) {
        (void)close(stream->fd);
        stream->fd = -1;
    } else if (room > 0) {
        stream->length += (size_t)length;
        stream->text[stream->length] = '\0';
    }
}

bool pump(struct trial *trial) {
    struct outcome *outcome = trial->outcome;
    struct stream *streams[] = {&outcome->output, &outcome->errors, &outcome->failure};
    struct pollfd sources[] = {{streams[0]->fd, POLLIN, 0},
                               {streams[1]->fd, POLLIN, 0},
                               {streams[2]->fd, POLLIN, 0},
                               {trial->pidfd, POLLIN, 0}};
    if (poll(sources, 4, left(trial)) <= 0) {
        outcome->timeout = true;
        return false;
    }
    bool some = false;
    for (int i = 0; i < 3; i++) {
        if (sources[i].revents != 0) {
            drain(streams[i]);
            some = true;
        }
    }
    return some || sources[3].revents == 0;
}

/* Returns the index of the first step of that name, or of the NULL after the last. */
static size_t find(const struct request *request, const char *name) {
    size_t i = 0;
    while (request->steps[i] != NULL && strcmp(request->steps[i][0], name) != 0) {
        i++;
    }
    return i;
}

static bool has(const struct request *request, const char *name) {
    return request->steps[find(request, name)] != NULL;
}

/* The program's end of each, and ours. */
struct ends {
    int theirs[ENDS], ours[ENDS];
};

static void open_pipes(struct ends *ends) {
    for (int i = 0; i < ENDS; i++) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0) {
            err(EXIT_FAILURE, "pipe");
        }
        ends->theirs[i] = fds[i == 0 ? 0 : 1];
        ends->ours[i] = fds[i == 0 ? 1 : 0];
    }
}

/* In place of the pipes; that of stderr stays, and nobody writes to it. */
static void open_terminal(struct ends *ends) {
    const int unlock = 0;
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int slave = -1;
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 ||
        (slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
        err(EXIT_FAILURE, "terminal");
    }
    for (int i = 0; i < FAILURE; i++) {
        if (dup3(slave, ends->theirs[i], O_CLOEXEC) < 0 ||
            (i < 2 && dup3(master, ends->ours[i], O_CLOEXEC) < 0)) {
            err(EXIT_FAILURE, "terminal");
        }
    }
    (void)close(slave);
    (void)close(master);
}

static _Noreturn void become(const struct request *request, const struct ends *ends) {
    for (int i = 0; i < FAILURE; i++) {
        (void)dup2(ends->theirs[i], i);
    }
    make_steps(request, ends->theirs[FAILURE]);
}

static void start(struct trial *trial, const struct request *request) {
    struct outcome *outcome = trial->outcome;
    struct ends ends;
    open_pipes(&ends);
    if (has(request, "terminal")) {
        open_terminal(&ends);
    }
    int flags = SIGCHLD | (has(request, "init") ? CLONE_NEWPID : 0);
    trial->pid = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (trial->pid == 0) {
        become(request, &ends);
    }
    trial->pidfd = (int)syscall(SYS_pidfd_open, trial->pid, 0);
    if (trial->pid < 0 || trial->pidfd < 0) {
        err(EXIT_FAILURE, "clone");
    }
    trial->input = ends.ours[0];
    outcome->output.fd = ends.ours[1];
    outcome->errors.fd = ends.ours[2];
    outcome->failure.fd = ends.ours[FAILURE];
    for (int i = 0; i < ENDS; i++) {
        (void)close(ends.theirs[i]);
    }
}

/* As PID 1 of the machine we can kill all there is, and reap it. */
static void clear(struct trial *trial) {
    struct stream *streams[] = {&trial->outcome->output, &trial->outcome->errors,
                                &trial->outcome->failure};
    int status;
    pid_t pid;
    (void)kill(-1, SIGKILL);
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (pid == trial->pid) {
            trial->outcome->status = status;
        }
    }
    for (int i = 0; i < 3; i++) {
        while (streams[i]->fd >= 0) {
            drain(streams[i]);
        }
    }
    (void)close(trial->pidfd);
}

void run_trial(const struct request *request, struct outcome *outcome) {
    struct trial trial = {.outcome = outcome};
    (void)memset(outcome, 0, sizeof *outcome);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)clock_gettime(CLOCK_MONOTONIC, &trial.end);
    size_t limit = find(request, "limit");
    trial.end.tv_sec += request->steps[limit] == NULL ? LIMIT : atoi(request->steps[limit][1]);
    start(&trial, request);
    size_t step = find(request, "exec");
    while (outcome->failure.fd >= 0 && pump(&trial)) {
        /* Its end closes at the exec. */
    }
    if (request->steps[step] != NULL) {
        for (step++; request->steps[step] != NULL && !outcome->timeout; step++) {
            make_outer_step(&trial, request->steps[step]);
        }
    }
    (void)close(trial.input);
    while (!outcome->timeout && pump(&trial)) {
    }
    clear(&trial);
}
