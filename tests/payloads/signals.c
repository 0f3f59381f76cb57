/*
 * signals: prints "ready PID", then every signal that it gets, a number a line. When stdin ends, so
 * does it, with 0; a number on stdin makes it end with that.
 *
 *   signals [-c] [-g] [-n] [SIGNAL]...
 *     -c        has a child that does the same until it ends, with "child " before each line
 *     -g        leaves its process group, which is gone then
 *     -n        does not look at stdin
 *     SIGNAL    is left alone: it does what it does to a program that knows nothing of it
 *
 * The raw system calls see signals 32 to 34, which libc keeps to itself.
 */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One write a line: two processes may print at once. */
static void print(const char *who, const char *word, unsigned number) {
    if (dprintf(STDOUT_FILENO, "%s%s%u\n", who, word, number) < 0) {
        exit(EXIT_FAILURE);
    }
}

static int watch(const uint64_t *mask) {
    long fd = -1;
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, sizeof *mask) < 0 ||
        (fd = syscall(SYS_signalfd4, -1, mask, sizeof *mask, SFD_CLOEXEC)) < 0) {
        err(EXIT_FAILURE, "cannot watch signals");
    }
    return (int)fd;
}

static void read_command(void) {
    char line[16] = "";
    ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);
    if (length <= 0 || (line[0] >= '0' && line[0] <= '9')) {
        exit(atoi(line));
    }
}

static _Noreturn void tell(const char *who, int fd, bool listen) {
    struct pollfd sources[] = {{fd, POLLIN, 0}, {listen ? STDIN_FILENO : -1, POLLIN, 0}};
    for (;;) {
        struct signalfd_siginfo info;
        if (poll(sources, 2, -1) < 0) {
            continue; /* a stop and a continue */
        }
        if (sources[0].revents != 0 && read(fd, &info, sizeof info) == sizeof info) {
            print(who, "", info.ssi_signo);
        } else if (sources[1].revents != 0) {
            read_command();
        }
    }
}

/* For that of a child, which stays, and gets nothing. */
static void leave_group(void) {
    pid_t child = fork();
    if (child == 0) {
        (void)watch(&(uint64_t){UINT64_MAX});
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            (void)pause();
        }
    }
    if (child < 0 || setpgid(child, child) < 0 || setpgid(0, child) < 0) {
        err(EXIT_FAILURE, "cannot leave the process group");
    }
}

int main(int argc, char **argv) {
    uint64_t mask = UINT64_MAX;
    bool family = false;
    bool listen = true;
    int ready[2];
    int option;
    while ((option = getopt(argc, argv, "cgn")) != -1) {
        family = family || option == 'c';
        listen = listen && option != 'n';
        if (option == 'g') {
            leave_group();
        }
    }
    for (char **word = argv + optind; *word != NULL; word++) {
        mask &= ~(UINT64_C(1) << (atoi(*word) - 1));
    }
    if (pipe(ready) < 0) {
        err(EXIT_FAILURE, "pipe");
    }
    if (family && fork() == 0) {
        int fd = watch(&mask);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(ready[1]);
        tell("child ", fd, false);
    }
    int fd = watch(&mask);
    (void)close(ready[1]);
    char nothing;
    (void)read(ready[0], &nothing, 1); /* ends once the child has closed its end too */
    print("", "ready ", (unsigned)getpid());
    tell("", fd, listen);
}
