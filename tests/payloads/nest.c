/*
 * nest: runs a program as PID 1 of a PID namespace of its own, and ends as it ended: with its exit
 * code, or by its signal.
 *
 *   nest [-o] [-n] [-t] [-x DIGITS] [-b MASK] [-i MASK] PROGRAM [ARG]...
 *     -o         as an ordinary process of the namespace instead, under a PID 1 that only reaps
 *     -n         without a namespace, where none is to be had: nest itself reaps
 *     -t         as leader of a session whose terminal is stdin
 *     -x DIGITS  without these descriptors: 02 stands for 0 and 2
 *     -b MASK    with these signals blocked, and no others (in hex; bit n-1 stands for signal n)
 *     -i MASK    with these signals ignored, and no others
 *
 * In the namespace /proc shows the namespace. By raw system call where libc leaves signals out.
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DESCRIPTORS = 1024 };

struct options {
    bool ordinary;
    bool alone;
    bool terminal;
    const char *closed;
    uint64_t blocked;
    uint64_t ignored;
};

/* The kernel's own struct sigaction. */
struct action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void set_signals(const struct options *options) {
    for (int number = 1; number <= 64; number++) {
        bool ignored = (options->ignored >> (number - 1) & 1) != 0;
        struct action action = {ignored ? SIG_IGN : SIG_DFL, 0, NULL, 0};
        if (number != SIGKILL && number != SIGSTOP &&
            syscall(SYS_rt_sigaction, number, &action, NULL, sizeof action.mask) < 0) {
            err(EXIT_FAILURE, "disposition of signal %d", number);
        }
    }
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &options->blocked, NULL, sizeof(uint64_t)) < 0) {
        err(EXIT_FAILURE, "signal mask");
    }
}

static _Noreturn void become(const struct options *options, char **program) {
    if (options->terminal && (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)) {
        err(EXIT_FAILURE, "controlling terminal");
    }
    set_signals(options);
    for (const char *digit = options->closed; *digit != '\0'; digit++) {
        (void)close(*digit - '0');
    }
    (void)execvp(program[0], program);
    err(EXIT_FAILURE, "%s", program[0]);
}

static pid_t fork_or_die(void) {
    pid_t child = fork();
    if (child < 0) {
        err(EXIT_FAILURE, "fork");
    }
    return child;
}

static int wait_for(pid_t child) {
    int status;
    pid_t ended;
    while ((ended = wait(&status)) != child) {
        if (ended < 0 && errno != EINTR) {
            err(EXIT_FAILURE, "wait");
        }
    }
    return status;
}

/* What the program is handed is none of ours: nobody shall wait for us to close it. */
static void close_inherited(int kept) {
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++) {
        if (fd != kept) {
            (void)close(fd);
        }
    }
}

/* The first process of the namespace: the program itself, or its parent. */
static _Noreturn void run_inside(const struct options *options, char **program, int statuses) {
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
        err(EXIT_FAILURE, "/proc of the namespace");
    }
    if (options->ordinary) {
        pid_t child = fork_or_die();
        if (child != 0) {
            close_inherited(statuses);
            int status = wait_for(child);
            exit(write(statuses, &status, sizeof status) == sizeof status ? 0 : EXIT_FAILURE);
        }
    }
    (void)close(statuses);
    become(options, program);
}

/* What the end of a PID namespace does for its processes: none outlives the program. */
static void end_others(void) {
    pid_t child;
    for (;;) {
        FILE *children = fopen("/proc/thread-self/children", "re");
        if (children == NULL) {
            err(EXIT_FAILURE, "/proc/thread-self/children");
        }
        bool any = false;
        while (fscanf(children, "%d", &child) == 1) {
            any = kill(child, SIGKILL) == 0;
        }
        (void)fclose(children);
        if (!any) {
            return;
        }
        (void)wait(NULL);
    }
}

static int run_alone(const struct options *options, char **program) {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
        err(EXIT_FAILURE, "subreaper");
    }
    pid_t child = fork_or_die();
    if (child == 0) {
        become(options, program);
    }
    close_inherited(-1);
    int status = wait_for(child);
    end_others();
    return status;
}

static _Noreturn void end_as(int status) {
    if (WIFSIGNALED(status)) {
        static const struct rlimit none = {0, 0};
        static const struct action standard = {SIG_DFL, 0, NULL, 0};
        static const uint64_t nothing = 0;
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)syscall(SYS_rt_sigaction, WTERMSIG(status), &standard, NULL, sizeof nothing);
        (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, NULL, sizeof nothing);
        (void)syscall(SYS_kill, getpid(), WTERMSIG(status));
    }
    exit(WEXITSTATUS(status));
}

static uint64_t parse_mask(const char *word) {
    return strtoull(word, NULL, 16);
}

int main(int argc, char **argv) {
    struct options options = {false, false, false, "", 0, 0};
    int statuses[2];
    int option;
    int status;
    while ((option = getopt(argc, argv, "+ontx:b:i:")) != -1) {
        switch (option) {
        case 'o':
            options.ordinary = true;
            break;
        case 'n':
            options.alone = true;
            break;
        case 't':
            options.terminal = true;
            break;
        case 'x':
            options.closed = optarg;
            break;
        case 'b':
            options.blocked = parse_mask(optarg);
            break;
        case 'i':
            options.ignored = parse_mask(optarg);
            break;
        default:
            return EXIT_FAILURE;
        }
    }
    if (argv[optind] == NULL) {
        errx(EXIT_FAILURE, "no program");
    }
    if (options.alone) {
        end_as(run_alone(&options, argv + optind));
    }
    if (unshare(CLONE_NEWPID) < 0 || pipe(statuses) < 0) {
        err(EXIT_FAILURE, "PID namespace");
    }
    pid_t init = fork_or_die();
    if (init == 0) {
        (void)close(statuses[0]);
        run_inside(&options, argv + optind, statuses[1]);
    }
    close_inherited(statuses[0]);
    status = wait_for(init);
    if (options.ordinary && read(statuses[0], &status, sizeof status) != sizeof status) {
        end_as(SIGKILL);
    }
    end_as(status);
}
