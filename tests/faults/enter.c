/*
 * enter: starts a program as a container runtime would, and lies to it in the kernel's place.
 *
 *   enter [OPTION]... ROOT PROGRAM [ARG]...
 *     -1        as PID 1 of a PID namespace; else as an ordinary process
 *     -n FILE   in the network namespace of this file
 *     -b SET    with this bounding set, and so as root with these capabilities alone
 *     -u ID     as this uid and gid
 *     -i SET    with these capabilities as that user: permitted, effective, inheritable, ambient
 *     -m MASK   with these signals blocked
 *     -g ID     with this one supplementary group; else with none
 *     -r RULE   under a seccomp filter that answers in the kernel's place: see read_rule()
 *     -x FAULT  with this fault: see fault.h
 *     -l FD     the faults that have happened are written there; -L FD: all its system calls
 *     -t        its stdin is a terminal, which controls its session
 *     -P        without /proc
 *
 * Sets and masks are hexadecimal. The program is in /home, has a spare descriptor and ignores
 * SIGCHLD, as careless parents leave it. The spare one is a socket to an observer: see observe.h.
 * enter ends as the program ends.
 */
#include "enter.h"
#include "fault.h"
#include "observe.h"
#include "tracer.h"

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* CALL:ERROR, or CALL:ARGUMENT:VALUE:ERROR for a call with that value as its argument. */
static struct rule read_rule(const char *text) {
    struct rule rule;
    if (sscanf(text, "%u:%d:%u:%u", &rule.call, &rule.argument, &rule.value, &rule.error) == 4) {
        return rule;
    }
    rule = (struct rule){0, -1, 0, 0};
    if (sscanf(text, "%u:%u", &rule.call, &rule.error) != 2) {
        errx(1, "not a rule: %s", text);
    }
    return rule;
}

/* As long as its other end is open, nobody hangs up. */
static int open_terminal(int *other_end) {
    *other_end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*other_end < 0 || grantpt(*other_end) < 0 || unlockpt(*other_end) < 0) {
        err(1, "terminal");
    }
    int fd = open(ptsname(*other_end), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        err(1, "terminal");
    }
    return fd;
}

/* Follows what the program and its children do. Returns whether it has ended, with status. */
static bool follow(pid_t program, int *status) {
    pid_t pid;
    int found;
    while ((pid = waitpid(-1, &found, WNOHANG | __WALL)) > 0) {
        if (!tracer_follow(pid, found) && pid == program) {
            *status = found;
            return true;
        }
    }
    return false;
}

static int wait_for_end(pid_t program, int observer, int signals, const char *root) {
    struct signalfd_siginfo ignored;
    struct pollfd events[] = {{.fd = signals, .events = POLLIN},
                              {.fd = observer, .events = POLLIN}};
    int status;
    while (!follow(program, &status)) {
        if (poll(events, 2, -1) < 0) {
            continue;
        }
        if (events[0].revents != 0) {
            (void)read(signals, &ignored, sizeof ignored);
        }
        if (events[1].revents != 0 && !observe_answer(observer, program, root)) {
            events[1].fd = -1; /* nobody is left who could ask */
        }
    }
    if (WIFSIGNALED(status)) {
        (void)kill(getpid(), WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}

static uint64_t read_set(const char *text) {
    return strtoull(text, NULL, 16);
}

static unsigned read_number(const char *text) {
    return (unsigned)strtoul(text, NULL, 10);
}

static void read_option(struct start *start, int option) {
    switch (option) {
    case '1':
        start->init = true;
        break;
    case 'n':
        start->network = optarg;
        break;
    case 'b':
        start->bounding = read_set(optarg);
        break;
    case 'u':
        start->id = read_number(optarg);
        break;
    case 'i':
        start->held = read_set(optarg);
        break;
    case 'm':
        start->mask = read_set(optarg);
        break;
    case 'g':
        start->group = read_number(optarg);
        start->group_count = 1;
        break;
    case 'r':
        if (start->rule_count == RULES_MAX) {
            errx(1, "more than %d rules", RULES_MAX);
        }
        start->rules[start->rule_count++] = read_rule(optarg);
        break;
    case 'x':
        fault_add(optarg);
        break;
    case 'l':
    case 'L':
        start->log = (int)read_number(optarg);
        tracer_log_to(start->log, option == 'L');
        break;
    case 't':
        start->terminal = true;
        break;
    case 'P':
        start->no_proc = true;
        break;
    default:
        exit(1);
    }
}

static void enter_namespaces(const struct start *start) {
    if (start->network != NULL) {
        int network = open(start->network, O_RDONLY | O_CLOEXEC);
        if (network < 0 || setns(network, CLONE_NEWNET) < 0) {
            err(1, "%s", start->network);
        }
        (void)close(network);
    }
    if (unshare(CLONE_NEWNS | (start->init ? CLONE_NEWPID : 0)) < 0) {
        err(1, "unshare");
    }
}

/* Its end and its stops are told by a descriptor. */
static int block_and_open_signals(void) {
    sigset_t set;
    (void)signal(SIGCHLD, SIG_DFL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    int fd = sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -1 : signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0) {
        err(1, "signals");
    }
    return fd;
}

int main(int argc, char **argv) {
    struct start start = {.bounding = UINT64_MAX, .log = -1, .stdin_fd = -1};
    int option;
    int other_end = -1;
    int ready[2];
    int ends[2];
    while ((option = getopt(argc, argv, "+1n:b:u:i:m:g:r:x:l:L:tP")) != -1) {
        read_option(&start, option);
    }
    if (argc < optind + 2) {
        errx(1, "no ROOT or no PROGRAM");
    }
    for (int fd = STDERR_FILENO + 1; fd < SPARE_FD; fd++) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* fails where there is none */
    }
    if (start.terminal) {
        start.stdin_fd = open_terminal(&other_end);
    }
    enter_namespaces(&start);
    int signals = block_and_open_signals();
    if (pipe2(ready, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        err(1, "descriptors");
    }
    start.observer = ends[1];
    observe_begin(ends[0]);
    pid_t child = fork();
    if (child < 0) {
        err(1, "fork");
    }
    if (child == 0) {
        (void)close(ready[1]);
        become_program(&start, argv + optind, ready[0]);
    }
    if (tracer_is_wanted()) {
        tracer_seize(child);
    }
    /* What the program is to hold alone, or nobody sees it closed. */
    for (int fd = 0; fd <= SPARE_FD; fd++) {
        if (fd != STDERR_FILENO && fd != start.log && fd != other_end && fd != signals &&
            fd != ends[0]) {
            (void)close(fd);
        }
    }
    return wait_for_end(child, ends[0], signals, argv[optind]);
}
