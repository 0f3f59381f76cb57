/*
 * early: sends signals to an init while it starts, one at each of its system calls, and tells which
 * of them its app gets.
 *
 *   early FIRST SIGNAL[,SIGNAL]... PROGRAM [ARG]...
 *
 * PROGRAM is nest, which starts the init, which starts the app: all of them are traced. An init
 * stops twice at each of its system calls, before and after; so does its child until it is the
 * app. From stop FIRST on, counted from 0, every stop brings the init the next signal, until there
 * are no more of them or it waits for signals. Prints, a line each:
 *
 *   sent SIGNAL STOP CALL   to the init, at this stop, in the system call of that number
 *   init SIGNAL             the init took it as a signal: it was not blocked, and so it is lost
 *   child SIGNAL            its child took it before it was the app: lost as well
 *   app SIGNAL              the app got it
 *   end CODE                the app, having got what can be had, was killed: the init's exit code
 */
#include <err.h>
#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNALS_MAX = 4096, TRAPPED = SIGTRAP | 0x80, TIMEOUT = 60 };

static struct {
    int list[SIGNALS_MAX];
    int count;
    int first;
    int stop; /* the next one's number */
    int sent;
    int got;
    pid_t init;
    pid_t child;  /* of the init */
    pid_t app;    /* the same, from its execve on */
    bool called;  /* the init has made its first system call */
    bool waiting; /* it waits for signals: its start is over */
} run;

static void die(const char *what) {
    err(EXIT_FAILURE, "%s", what);
}

static void parse(const char *words) {
    for (const char *word = words; word != NULL && run.count < SIGNALS_MAX;) {
        run.list[run.count++] = atoi(word);
        word = strchr(word, ',');
        word = word == NULL ? NULL : word + 1;
    }
}

/* A stop of the init, or of what is to be the app. */
static void send_next(uint64_t call) {
    int turn = run.stop++ - run.first;
    if (turn < 0 || turn >= run.count) {
        return;
    }
    if (syscall(SYS_kill, run.init, run.list[turn]) < 0) {
        return; /* it has ended */
    }
    printf("sent %d %d %d\n", run.list[turn], run.stop - 1, (int)call);
    run.sent++;
}

/* What inits wait for signals with. */
static bool is_wait(uint64_t call) {
    return call == SYS_rt_sigtimedwait || call == SYS_rt_sigsuspend || call == SYS_ppoll ||
           call == SYS_epoll_pwait;
}

static void stop_in_call(pid_t pid) {
    static uint64_t call;
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) {
        die("PTRACE_GET_SYSCALL_INFO");
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        call = info.entry.nr;
        run.called = true;
        run.waiting = run.waiting || (run.app != 0 && is_wait(call));
    }
    /* Not the end of the execve that has made the init what it is. */
    if (run.called && !run.waiting) {
        send_next(call);
    }
}

/* nest, the init, the app: in this order. */
static void follow_exec(pid_t pid) {
    static int number = 0;
    number++;
    if (number == 2) {
        run.init = pid;
    } else if (number == 3) {
        run.app = pid;
    }
}

static void follow_fork(pid_t pid) {
    unsigned long child;
    if (pid == run.init && ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0) {
        run.child = (pid_t)child;
    }
}

/* Returns the signal that the process goes on with. */
static int follow_signal(pid_t pid, int number) {
    bool init = pid == run.init;
    if ((!init && pid != run.child) || (init && number == SIGCHLD)) {
        return number;
    }
    printf("%s %d\n", init ? "init" : run.app != 0 ? "app" : "child", number);
    run.got++;
    return 0;
}

/* Something has happened to a process; it goes on from there. */
static void follow(pid_t pid, int status) {
    int number = WSTOPSIG(status);
    int event = status >> 16;
    int handed = 0;
    if (number == TRAPPED) {
        if (run.init != 0 && (pid == run.init || pid == run.child)) {
            stop_in_call(pid);
        }
    } else if (event == PTRACE_EVENT_EXEC) {
        follow_exec(pid);
    } else if (event != 0) {
        follow_fork(pid);
    } else {
        handed = follow_signal(pid, number);
    }
    bool over = run.waiting || pid == run.app;
    /* ESRCH: it was killed meanwhile. */
    if (ptrace(over ? PTRACE_CONT : PTRACE_SYSCALL, pid, NULL, (long)handed) < 0 &&
        errno != ESRCH) {
        die("ptrace");
    }
}

static _Noreturn void become(char **program, int go) {
    char nothing;
    (void)read(go, &nothing, 1); /* ends once we are traced */
    (void)execv(program[0], program);
    die(program[0]);
    _exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
    static const unsigned long traced = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                                        PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                                        PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int go[2];
    int status;
    bool ended = false;
    if (argc < 4 || pipe(go) < 0) {
        return EXIT_FAILURE;
    }
    run.first = atoi(argv[1]);
    parse(argv[2]);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t child = fork();
    if (child == 0) {
        (void)close(go[1]);
        become(argv + 3, go[0]);
    }
    if (child < 0 || ptrace(PTRACE_SEIZE, child, NULL, traced) < 0) {
        die("cannot trace");
    }
    (void)close(go[0]);
    (void)close(go[1]);
    (void)alarm(TIMEOUT);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0) {
            die("waitpid");
        }
        if (WIFSTOPPED(status)) {
            follow(pid, status);
        } else if (pid == run.init) {
            printf("end %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
        } else if (pid == child) {
            return EXIT_SUCCESS;
        }
        if ((run.waiting || run.sent == run.count) && run.app != 0 && run.got == run.sent &&
            !ended) {
            ended = true;
            (void)kill(run.app, SIGKILL);
        }
    }
}
