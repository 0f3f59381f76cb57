/*
 * hostile: does to the process that has started it what a process of its uid can try, short of
 * reaching into it (pry, trick). It catches all signals but SIGTERM, and reads what to do from
 * stdin, a word a line; each is answered by one JSON object in a line: errno numbers, 0 for what
 * worked, and counts. When stdin ends it stays, until a signal ends it.
 *
 *   hostile [WORD]...    words that others may know it by
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS = 64, MARK = SIGUSR1, END = SIGUSR2, FLOOD = 40, FLOOD_MAX = 100000 };

static pid_t target;
static const char *separator;
static volatile sig_atomic_t seen[SIGNALS + 1];

static void print(const char *name, long number) {
    printf("%s\"%s\": %ld", separator, name, number);
    separator = ", ";
}

static void print_result(const char *name, long result) {
    print(name, result < 0 ? errno : 0);
}

static void count(int number) {
    seen[number]++;
}

/* Those that libc keeps to itself are ignored, by the kernel's own struct sigaction. */
static void set_action(int number, void (*handler)(int)) {
    static const unsigned long ignore[4] = {1};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    if (sigaction(number, &action, NULL) < 0) {
        (void)syscall(SYS_rt_sigaction, number, ignore, NULL, sizeof(uint64_t));
    }
}

static void block(int number, int how) {
    uint64_t mask = UINT64_C(1) << (number - 1);
    (void)syscall(SYS_rt_sigprocmask, how, &mask, NULL, sizeof mask);
}

static bool is_spared(int number) {
    return number == SIGTERM || number == SIGCHLD ||
           (target != 1 && (number == SIGKILL || number == SIGSTOP));
}

static char state_of_target(void) {
    char path[32];
    char text[512] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)target);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)read(fd, text, sizeof text - 1);
        (void)close(fd);
    }
    const char *end = strrchr(text, ')');
    return end != NULL ? end[2] : '?';
}

/* What is sent to the target comes back to us: it is there, and does its work. */
static void alive(void) {
    sig_atomic_t before = seen[MARK];
    sigset_t mask;
    (void)sigemptyset(&mask);
    block(MARK, SIG_BLOCK);
    long result = kill(target, MARK);
    while (result == 0 && seen[MARK] == before) {
        (void)sigsuspend(&mask);
    }
    block(MARK, SIG_UNBLOCK);
    print_result("back", result);
}

/* A while, by the processor's clock: one that spins beside us would take as much. */
static void burn(void) {
    clock_t end = clock() + CLOCKS_PER_SEC / 20;
    while (clock() < end) {
    }
    print("done", 0);
}

static void signals(void) {
    long sent = 0;
    for (int number = 1; number <= SIGNALS; number++) {
        sent += !is_spared(number) && kill(target, number) == 0;
    }
    print("sent", sent);
}

/* Of PID 1 there is nothing to wait for: whether it goes on is seen by what it does next. */
static void stop(void) {
    enum { LOOKS = 1000000 };
    print_result("STOP", kill(target, SIGSTOP));
    for (int look = 0; target != 1 && state_of_target() != 'T' && look < LOOKS; look++) {
        (void)sched_yield();
    }
    print("stopped", state_of_target() == 'T');
}

static void go_on(void) {
    print_result("CONT", kill(target, SIGCONT));
}

static void storm(void) {
    for (int sender = 0; sender < 4; sender++) {
        if (fork() == 0) {
            for (int round = 0; round < 2000; round++) {
                int number = 1 + round % SIGNALS;
                (void)(is_spared(number) ? 0 : kill(target, number));
            }
            _exit(0);
        }
    }
    while (wait(NULL) > 0) {
    }
    print("done", 0);
}

/* We keep what comes back: so the limit of our uid is reached, by the queues of both. */
static void flood(void) {
    union sigval value = {0};
    long queued = 0;
    block(FLOOD, SIG_BLOCK);
    errno = 0;
    while (queued < FLOOD_MAX && sigqueue(target, FLOOD, value) == 0) {
        queued++;
    }
    print("queued", queued);
    print("full", errno);
}

static _Noreturn void stay(void) {
    for (;;) {
        (void)pause();
    }
}

/* Every other one is left to the reaper of orphans. */
static void forks(void) {
    long made = 0;
    for (pid_t child; (child = fork()) >= 0; made++) {
        if (child == 0) {
            set_action(END, SIG_DFL);
            pid_t orphan = fork();
            if (orphan > 0) {
                _exit(0);
            }
            stay();
        }
    }
    print("full", errno);
    print("some", made > 10);
}

static void end_forks(void) {
    print_result("ended", kill(0, END));
    while (wait(NULL) > 0) {
    }
}

static _Noreturn void live_on(void) {
    for (;;) {
        if (fork() > 0) {
            _exit(0);
        }
    }
}

/* Processes that end all the time, each once it has a successor: orphans, as many as there may be.
 */
static void chains(void) {
    enum { CHAINS = 8 };
    for (int chain = 0; chain < CHAINS; chain++) {
        if (fork() == 0) {
            live_on();
        }
    }
    while (wait(NULL) > 0) {
    }
    print("done", 0);
}

static void everybody(void) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGCONT, SIGTSTP, 37, SIGNALS};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%d", numbers[i]);
        print_result(name, kill(-1, numbers[i]));
    }
}

static void kill_everybody(void) {
    print_result("KILL", kill(-1, SIGKILL));
}

/* All but RLIMIT_CPU, which ends it; and then the other way. */
static void limits(void) {
    static const struct rlimit none = {0, 0};
    static const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    long lowered = 0;
    long raised = 0;
    for (int what = 0; what < RLIM_NLIMITS; what++) {
        if (what != RLIMIT_CPU) {
            lowered += prlimit(target, what, &none, NULL) == 0;
            raised += prlimit(target, what, &all, NULL) == 0;
        }
    }
    print("lowered", lowered);
    print("raised", raised);
}

/* Until the kernel ends us. */
static void memory(void) {
    enum { CHUNK = 1 << 20 };
    for (char *chunk; (chunk = malloc(CHUNK)) != NULL;) {
        memset(chunk, 'x', CHUNK);
    }
    print("none", errno);
}

static void limit_processor(void) {
    static const struct rlimit none = {0, 0};
    print_result("CPU", prlimit(target, RLIMIT_CPU, &none, NULL));
}

static void write_file(const char *name, const char *text) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)target, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    print_result(name, fd < 0 ? fd : write(fd, text, strlen(text)));
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* To the worse, which its uid may; to the better, and what ends others first when memory ends. */
static void priorities(void) {
    struct sched_param none = {0};
    struct sched_param first = {.sched_priority = 1};
    const uint64_t one = 1;
    print_result("nice 19", setpriority(PRIO_PROCESS, (id_t)target, 19));
    print_result("idle", (long)syscall(SYS_sched_setscheduler, target, SCHED_IDLE, &none));
    print_result("io idle", (long)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, target,
                                          IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 7)));
    print_result("one processor", (long)syscall(SYS_sched_setaffinity, target, sizeof one, &one));
    print_result("nice -20", setpriority(PRIO_PROCESS, (id_t)target, -20));
    print_result("real time", (long)syscall(SYS_sched_setscheduler, target, SCHED_FIFO, &first));
    print_result("io real time", (long)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, target,
                                               IOPRIO_PRIO_VALUE(IOPRIO_CLASS_RT, 0)));
    write_file("oom_score_adj", "1000");
    write_file("timerslack_ns", "1");
    write_file("coredump_filter", "ff");
    write_file("clear_refs", "1");
    write_file("comm", "mine");
    write_file("uid_map", "0 1654 1");
}

static void fill_stderr(void) {
    static const char text[4096] = {'x'};
    int flags = fcntl(STDERR_FILENO, F_GETFL);
    (void)fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
    for (int pages = 0; pages < 4096 && write(STDERR_FILENO, text, sizeof text) > 0; pages++) {
    }
    print("full", errno);
    (void)fcntl(STDERR_FILENO, F_SETFL, flags);
}

static void groups(void) {
    print_result("setsid", setsid());
    print_result("the target's group", setpgid(0, getpgid(target)));
    print_result("the target into ours", setpgid(target, getpid()));
    print_result("the target's own", setpgid(target, target));
    if (fork() == 0) {
        (void)setsid();
        stay();
    }
    print("done", 0);
}

/* What a terminal's owner can do with it. */
static void terminal(void) {
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    print_result("/dev/tty", fd);
    print_result("TIOCSTI", ioctl(fd, TIOCSTI, "\n"));
    print_result("the target's group in front", tcsetpgrp(fd, getpgid(target)));
    print_result("TIOCSCTTY", ioctl(fd, TIOCSCTTY, 1));
    print_result("TIOCNOTTY", ioctl(fd, TIOCNOTTY));
    (void)close(fd);
}

/* It prints a JSON object, or we the error that keeps it from starting. */
static void try_program(char *path, char *word) {
    char *words[] = {path, word, NULL};
    printf("%s\"%s\": ", separator, path);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)execv(path, words);
        (void)dprintf(STDOUT_FILENO, "%d", errno);
        _exit(0);
    }
    (void)waitpid(child, NULL, 0);
    separator = ", ";
}

/* What the image has lying about. */
static void programs(void) {
    static char setuid[] = "/setuid";
    static char setgid[] = "/setgid";
    static char port[] = "/capable";
    static char admin[] = "/mighty";
    try_program(setuid, NULL);
    try_program(setgid, NULL);
    try_program(port, NULL);
    try_program(admin, NULL);
}

static void reach(void) {
    static char path[] = "/pry";
    char number[16];
    (void)snprintf(number, sizeof number, "%d", (int)target);
    try_program(path, number);
}

static const struct attack {
    const char *name;
    void (*make)(void);
} attacks[] = {
    {"alive", alive},         {"burn", burn},
    {"signals", signals},     {"stop", stop},
    {"continue", go_on},      {"storm", storm},
    {"flood", flood},         {"forks", forks},
    {"end forks", end_forks}, {"chains", chains},
    {"everybody", everybody}, {"kill everybody", kill_everybody},
    {"limits", limits},       {"limit processor", limit_processor},
    {"memory", memory},       {"priorities", priorities},
    {"stderr", fill_stderr},  {"groups", groups},
    {"terminal", terminal},   {"programs", programs},
    {"reach", reach},
};

static void make(const char *name) {
    separator = "{";
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        if (strcmp(attacks[i].name, name) == 0) {
            attacks[i].make();
            printf("}\n");
            return;
        }
    }
    errx(2, "%s is no attack", name);
}

int main(void) {
    char line[64];
    target = getppid();
    for (int number = 1; number <= SIGNALS; number++) {
        if (number != SIGTERM && number != SIGCHLD) {
            set_action(number, count);
        }
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] >= '0' && line[0] <= '9') {
            return atoi(line);
        }
        if (line[0] != '\0') {
            make(line);
            (void)fflush(stdout);
        }
    }
    stay();
}
