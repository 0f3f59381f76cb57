#include "spawn.h"

#include "mask.h"
#include "program.h"
#include "terminal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { STEP_NONE, STEP_GROUP, STEP_SIGNALS, STEP_EXEC };

/* What has kept somebody from becoming the app. */
struct failure {
    enum step step;
    int error;
};

/*
 * What we share with the child until it becomes the app, which has nothing of it: nobody can hold
 * it open, or forge it. Mapped, and not only left to CLONE_VM: an emulator makes a fork of that.
 */
struct birth {
    _Alignas(16) char stack[49152 - 64]; /* the child's, downwards from what follows */
    struct failure failure;
    struct stops stops; /* that were to stop the child, and must not have */
};

/* What the child is told, in memory that is its parent's too unless it was made by fork. */
struct child {
    struct launch *launch;
    const struct terminal *terminal;
    struct birth *birth;
    pid_t parent;
    bool listens; /* its pid belongs into its environment */
    bool shares;  /* the child says so: its parent's memory is its own */
};

/* Tells it in messages. Returns the exit code: 125, 126 or 127. */
static int explain(const struct launch *launch, struct failure failure, struct messages *messages) {
    const char *what = failure.step == STEP_GROUP     ? "giving it a process group of its own"
                       : failure.step == STEP_SIGNALS ? "giving it back the signals"
                                                      : "making its process";
    if (failure.step == STEP_EXEC) {
        return program_explain(launch->program[0], environment_get(launch->environment, "PATH"),
                               failure.error, messages);
    }
    message_error(messages, "cannot start the app: %s failed: %s", what, strerror(failure.error));
    message_hint(messages, "a sandbox or a seccomp profile may forbid it");
    return EXIT_REFUSED;
}

/* Becomes the app, with the signals as they were. Returns only when that fails. */
static struct failure become_app(const struct launch *launch) {
    if (!mask_give_back(&launch->signals)) {
        return (struct failure){STEP_SIGNALS, errno};
    }
    return (struct failure){STEP_EXEC, program_exec(launch->program, launch->environment)};
}

static void name_listener(struct launch *launch, pid_t pid) {
    (void)snprintf(launch->listen_pid, sizeof launch->listen_pid, "LISTEN_PID=%d", (int)pid);
}

/*
 * LISTEN_PID says whom the descriptors of sd_listen_fds(3) are for. If they are for us, they are
 * for the app, and its process writes its pid here. LISTEN_PIDFDID (systemd 258) says it once
 * more, in a number that only we have; without it the pid is enough. Returns whether there is one
 * to write.
 */
static bool rename_listener(struct launch *launch, pid_t self) {
    const char *pid = environment_get(launch->environment, "LISTEN_PID");
    if (pid == NULL) {
        return false;
    }
    name_listener(launch, self);
    if (strcmp(pid, launch->listen_pid + sizeof "LISTEN_PID=" - 1) != 0) {
        return false;
    }
    environment_put(launch->environment, launch->listen_pid);
    environment_drop(launch->environment, "LISTEN_PIDFDID");
    return true;
}

/*
 * In the child: becomes the app, or leaves behind why not and ends. It must not be stopped on its
 * way: its parent waits for it, and hears nothing meanwhile.
 */
static int run_child(void *argument) {
    struct child *child = argument;
    struct failure *failure = &child->birth->failure;
    const char *here = __builtin_frame_address(0);
    pid_t self = getpid();
    /* A sandbox that lies about clone(2): there is no child. (In a new namespace it is 1 as we
     * are.) */
    if (here < child->birth->stack || here >= child->birth->stack + sizeof child->birth->stack) {
        __builtin_trap();
    }
    child->shares = true;
    if (child->listens) {
        name_listener(child->launch, self);
    }
    if (setpgid(0, 0) < 0) {
        *failure = (struct failure){STEP_GROUP, errno};
    } else {
        terminal_give(child->terminal, self);
        *failure = mask_note_stops(&child->birth->stops) ? become_app(child->launch)
                                                         : (struct failure){STEP_SIGNALS, errno};
    }
    (void)syscall(SYS_exit_group, EXIT_REFUSED);
    __builtin_trap(); /* nor must a lie about that go on in our parent's memory */
}

void spawn_kill(pid_t child) {
    /* An unreaped child is there to be signalled, whatever group it is in. */
    (void)kill(-child, SIGKILL);
    if (kill(child, SIGKILL) < 0) {
        return; /* nor is there an end to wait for */
    }
    unsigned times = 0;
    while (waitpid(child, NULL, 0) < 0 && signal_interrupted(&times)) {
    }
}

/* What the terminal, or somebody else, has sent on the way reaches the app after all. */
static void pass_stops(pid_t app, uint64_t stops) {
    for (int number = 1; number <= SIGNAL_MAX; number++) {
        if ((stops >> (number - 1) & 1) != 0) {
            (void)kill(-app, number); /* it may be gone already */
        }
    }
}

static void forget(struct birth *birth) {
    (void)munmap(birth, sizeof *birth); /* a mapping too many hurts nobody */
}

static bool has_started(const struct child *child, pid_t pid, struct messages *messages,
                        int error) {
    if (pid < 0) {
        message_error(messages, "cannot start the app: no new process: %s", strerror(error));
        message_hint(messages, "%s",
                     error == EAGAIN || error == ENOMEM
                         ? "raise the container's limit of processes (--pids-limit, nproc) or its "
                           "memory"
                         : "a sandbox or a seccomp profile may forbid it");
        return false;
    }
    return !child->shares || child->birth->failure.step == STEP_NONE;
}

pid_t spawn(struct launch *launch, struct terminal *terminal, struct birth **birth,
            struct messages *messages, int *code) {
    struct child child = {launch, terminal, NULL, getpid(), false, false};
    int saved = errno;
    *code = EXIT_REFUSED;
    child.birth =
        mmap(NULL, sizeof *child.birth, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (child.birth == MAP_FAILED) {
        message_error(messages, "cannot start the app: no memory: %s", strerror(errno));
        message_hint(messages, "raise the container's memory limit");
        return 0;
    }
    child.listens = rename_listener(launch, child.parent);
    pid_t pid = clone(run_child, child.birth->stack + sizeof child.birth->stack,
                      CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
    int error = errno;
    errno = saved; /* the child's calls have failed into it */
    if (!has_started(&child, pid, messages, error)) {
        if (pid > 0) {
            spawn_kill(pid);
            terminal_take_back(terminal);
            *code = explain(launch, child.birth->failure, messages);
        }
        forget(child.birth);
        return 0;
    }
    pass_stops(pid, child.birth->stops.noted);
    *birth = child.birth;
    if (child.shares) {
        forget(child.birth);
        *birth = NULL;
    }
    return pid;
}

bool spawn_is_pending(const struct birth *birth) {
    return birth != NULL;
}

bool spawn_has_failed(const struct launch *launch, const struct birth *birth,
                      struct messages *messages, int *code) {
    if (birth == NULL || birth->failure.step == STEP_NONE) {
        return false;
    }
    *code = explain(launch, birth->failure, messages);
    return true;
}

int spawn_in_place(const struct launch *launch, struct messages *messages) {
    struct failure failure = become_app(launch);
    (void)mask_hold(); /* or what is written about it could end us with another code */
    return explain(launch, failure, messages);
}
