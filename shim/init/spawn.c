#include "spawn.h"

#include "mask.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What has kept the child from becoming the app. */
struct failure {
    enum { FAILED_NOTHING, FAILED_GROUP, FAILED_SIGNALS, FAILED_EXEC, FAILED_PIPE } step;
    int error;
};

/* Tells it in messages. Returns the exit code: 125, 126 or 127. */
static int explain(const struct launch *launch, struct failure failure, struct messages *messages) {
    static const char *const steps[] = {
        [FAILED_GROUP] = "giving it a process group of its own",
        [FAILED_SIGNALS] = "giving it back the signals",
        [FAILED_PIPE] = "hearing from it",
    };
    if (failure.step == FAILED_EXEC) {
        return program_explain(launch->program[0], environment_get(launch->environment, "PATH"),
                               failure.error, messages);
    }
    message_error(messages, "cannot start the app: %s failed: %s", steps[failure.step],
                  strerror(failure.error));
    message_hint(messages, "a sandbox or a seccomp profile may forbid it");
    return EXIT_REFUSED;
}

/* Becomes the app, with the signals as they were. Returns only when that fails. */
static struct failure become(const struct launch *launch) {
    if (!mask_give_back(&launch->signals)) {
        return (struct failure){FAILED_SIGNALS, errno};
    }
    return (struct failure){FAILED_EXEC, program_exec(launch->program, launch->environment)};
}

/* "LISTEN_PID=" and the digits of a pid. */
struct listener {
    char entry[sizeof "LISTEN_PID=" + 3 * sizeof(pid_t)];
};

static struct listener name_listener(pid_t pid) {
    struct listener listener;
    (void)snprintf(listener.entry, sizeof listener.entry, "LISTEN_PID=%d", (int)pid);
    return listener;
}

/*
 * LISTEN_PID says whom the descriptors of sd_listen_fds(3) are for. If they are for us, they are
 * for the app, whose pid nobody knows before it is there. LISTEN_PIDFDID (systemd 258) says it
 * once more, in a number that only we have; without it the pid is enough.
 */
static void rename_listener(char **environment, struct listener from, struct listener *to) {
    const char *pid = environment_get(environment, "LISTEN_PID");
    if (pid != NULL && strcmp(pid, from.entry + sizeof "LISTEN_PID=" - 1) == 0) {
        environment_put(environment, to->entry);
        environment_drop(environment, "LISTEN_PIDFDID");
    }
}

/* In the child: becomes the app, or says why not and ends. */
static _Noreturn void run_child(const struct launch *launch, const struct terminal *terminal,
                                int failed) {
    pid_t self = getpid();
    struct listener listener = name_listener(self);
    struct failure failure = {FAILED_GROUP, 0};
    rename_listener(launch->environment, name_listener(getppid()), &listener);
    if (setpgid(0, 0) < 0) {
        failure.error = errno;
    } else {
        terminal_give(terminal, self);
        failure = become(launch);
    }
    (void)output_write(failed, (const char *)&failure, sizeof failure);
    _exit(EXIT_REFUSED);
}

/*
 * Waits until the child has become the app, which closes its end, or says why not. A Ctrl-Z may
 * stop it on its way there, with nobody else to continue it: so it is looked after meanwhile.
 */
static struct failure read_failure(int failed, pid_t child) {
    struct pollfd end = {.fd = failed, .events = POLLIN};
    struct failure failure = {FAILED_NOTHING, 0};
    siginfo_t stopped;
    ssize_t length;
    while (poll(&end, 1, 100) == 0) {
        stopped.si_pid = 0;
        if (waitid(P_PID, (id_t)child, &stopped, WSTOPPED | WNOHANG) == 0 && stopped.si_pid != 0) {
            (void)kill(child, SIGCONT); /* an unreaped child is there to be signalled */
        }
    }
    do {
        length = read(failed, &failure, sizeof failure);
    } while (length < 0 && errno == EINTR);
    return length < 0 ? (struct failure){FAILED_PIPE, errno} : failure;
}

void spawn_kill(pid_t child) {
    (void)kill(child, SIGKILL); /* an unreaped child is there to be signalled */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

pid_t spawn(const struct launch *launch, struct terminal *terminal, struct messages *messages,
            int *code) {
    int ends[2];
    *code = EXIT_REFUSED;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        message_error(messages, "cannot start the app: no pipe: %s", strerror(errno));
        message_hint(messages, "raise the limit of open files (nofile)");
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        run_child(launch, terminal, ends[1]);
    }
    int error = errno;
    (void)close(ends[1]); /* ours alone: nothing is written through it */
    if (child < 0) {
        (void)close(ends[0]);
        message_error(messages, "cannot start the app: no new process: %s", strerror(error));
        message_hint(messages, "raise the container's limit of processes (--pids-limit, nproc) "
                               "or its memory");
        return 0;
    }
    struct failure failure = read_failure(ends[0], child);
    (void)close(ends[0]); /* only read from */
    if (failure.step == FAILED_NOTHING) {
        return child;
    }
    spawn_kill(child);
    terminal_take_back(terminal);
    *code = explain(launch, failure, messages);
    return 0;
}

int spawn_in_place(const struct launch *launch, struct messages *messages) {
    return explain(launch, become(launch), messages);
}
