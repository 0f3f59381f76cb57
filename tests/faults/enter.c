/*
 * enter: starts a program as a container runtime would, and holds it back until a tracer is there.
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
 *     -p FD     writes the program's pid there
 *     -w FD     waits until something can be read there
 *
 * Sets and masks are hexadecimal. The program is in /home, has a spare descriptor and ignores
 * SIGCHLD, as careless parents leave it. The spare one is a socket: whoever writes to it, and
 * reads again, hears what the program's process has open and where it is, which it may keep to
 * itself. enter ends as the program ends.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RULES_MAX = 16, CAPABILITIES = 64, SPARE_FD = 100, DESCRIPTORS = 128 };

struct rule {
    uint32_t call;
    int argument; /* the one that is looked at; -1: none is */
    uint32_t value;
    uint32_t error; /* 0: pretends success */
};

struct start {
    bool init;
    const char *network;
    uint64_t bounding, held, mask;
    uid_t id;
    size_t group_count;
    gid_t group;
    int pid_fd, wait_fd;
    int observer; /* the program's end */
    size_t rule_count;
    struct rule rules[RULES_MAX];
};

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

static void install_rules(const struct start *start) {
    struct sock_filter filter[5 * RULES_MAX + 1];
    size_t length = 0;
    if (start->rule_count == 0) {
        return;
    }
    for (size_t i = 0; i < start->rule_count; i++) {
        const struct rule *rule = &start->rules[i];
        const bool looks = rule->argument >= 0;
        const unsigned argument =
            (unsigned)(offsetof(struct seccomp_data, args) +
                       sizeof(uint64_t) * (looks ? (size_t)rule->argument : 0));
        const struct sock_filter steps[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
            BPF_JUMP(BPF_JMP | (looks ? BPF_JEQ : BPF_JGE) | BPF_K, looks ? rule->value : 0, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | rule->error),
        };
        memcpy(filter + length, steps, sizeof steps);
        length += sizeof steps / sizeof steps[0];
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {(unsigned short)length, filter};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        err(1, "seccomp");
    }
}

static void mount_at(const char *source, const char *root, const char *place, const char *type,
                     unsigned long flags) {
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s%s", root, place);
    if (mount(source, path, type, flags, NULL) < 0) {
        err(1, "mount %s", path);
    }
}

/* With a /dev of its own, where the termination log is empty every time. */
static void enter_root(const char *root) {
    char path[PATH_MAX];
    mount_at(NULL, "", "/", NULL, MS_REC | MS_PRIVATE);
    mount_at("proc", root, "/proc", "proc", 0);
    mount_at("tmpfs", root, "/dev", "tmpfs", 0);
    static const char *const files[] = {"/dev/null", "/dev/termination-log"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", root, files[i]);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0 || close(fd) < 0) {
            err(1, "%s", path);
        }
    }
    mount_at("/dev/null", root, "/dev/null", NULL, MS_BIND);
    if (chdir(root) < 0 || chroot(".") < 0 || chdir("home") < 0) {
        err(1, "chroot %s", root);
    }
}

static void become_user(const struct start *start) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const uint32_t low = (uint32_t)start->held;
    const uint32_t high = (uint32_t)(start->held >> 32);
    const struct __user_cap_data_struct sets[] = {{low, low, low}, {high, high, high}};
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresgid(start->id, start->id, start->id) < 0 ||
        setresuid(start->id, start->id, start->id) < 0 || syscall(SYS_capset, &header, sets) < 0 ||
        prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) {
        err(1, "ids and capabilities");
    }
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        if ((start->held >> i & 1) != 0 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0) {
            err(1, "ambient set");
        }
    }
}

static void become(const struct start *start) {
    if (setgroups(start->group_count, &start->group) < 0) {
        err(1, "setgroups");
    }
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        /* EINVAL: the kernel does not know as many. */
        if ((start->bounding >> i & 1) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 &&
            errno != EINVAL) {
            err(1, "bounding set");
        }
    }
    install_rules(start);
    if (start->id != 0) {
        become_user(start);
    }
}

/*
 * With nothing but select(2) after the word to the parent, because the shim has no use of that: a
 * tracer's count of all other calls begins with the program.
 */
static void wait_for_tracer(int fd, int ready) {
    fd_set set;
    (void)close(ready);
    do {
        FD_ZERO(&set);
        FD_SET(fd, &set);
    } while (select(fd + 1, &set, NULL, NULL, NULL) != 1);
}

static _Noreturn void go_on_as(const struct start *start, char **words, int ready) {
    enter_root(words[0]);
    for (int number = 1; number <= SIGRTMAX; number++) {
        (void)signal(number, SIG_DFL); /* whoever started the tests may ignore some: nohup */
    }
    if (dup2(start->observer, SPARE_FD) < 0 || signal(SIGCHLD, SIG_IGN) == SIG_ERR ||
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &start->mask, NULL, sizeof start->mask) < 0) {
        err(1, "descriptor and signals");
    }
    become(start);
    if (start->wait_fd >= 0) {
        wait_for_tracer(start->wait_fd, ready);
    }
    (void)execve(words[1], words + 1, environ);
    err(1, "%s", words[1]);
}

static void tell_pid(int fd, pid_t child, const int ready[2]) {
    char byte;
    (void)close(ready[1]);
    (void)read(ready[0], &byte, sizeof byte); /* the end of file */
    (void)dprintf(fd, "%d\n", (int)child);
}

/* As seen from here, whose root is another; the longest of what is told is cut. */
static size_t describe(pid_t program, const char *root, char *text, size_t size) {
    char path[PATH_MAX];
    char target[PATH_MAX] = "?";
    size_t length;
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", (int)program);
    ssize_t got = readlink(path, target, sizeof target - 1);
    target[got < 0 ? 1 : got] = '\0';
    const char *inside = strncmp(target, root, strlen(root)) == 0 ? target + strlen(root) : target;
    length = (size_t)snprintf(text, size,
                              "shim.cwd: %s\nshim.descriptors:", inside[0] == '\0' ? "/" : inside);
    for (int fd = 0; fd < DESCRIPTORS && length < size; fd++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)program, fd);
        if (readlink(path, target, 1) >= 0) {
            length += (size_t)snprintf(text + length, size - length, " %d", fd);
        }
    }
    if (length < size) {
        length += (size_t)snprintf(text + length, size - length, "\n");
    }
    return length < size ? length : size;
}

/* Until nobody is left who could ask. */
static void observe(int fd, pid_t program, const char *root) {
    char text[4096];
    char question;
    while (read(fd, &question, sizeof question) > 0) {
        size_t length = describe(program, root, text, sizeof text);
        if (send(fd, text, length, MSG_NOSIGNAL) < 0) {
            return;
        }
    }
}

static int wait_for_end(pid_t child, int observer, const char *root) {
    int status;
    /* What the program is to hold alone, or nobody sees it closed. */
    for (int fd = 0; fd <= SPARE_FD; fd++) {
        if (fd != observer) {
            (void)close(fd);
        }
    }
    observe(observer, child, root);
    while (waitpid(child, &status, 0) < 0) {
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
    case 'p':
        start->pid_fd = (int)read_number(optarg);
        break;
    case 'w':
        start->wait_fd = (int)read_number(optarg);
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

int main(int argc, char **argv) {
    struct start start = {.bounding = UINT64_MAX, .pid_fd = -1, .wait_fd = -1};
    int option;
    while ((option = getopt(argc, argv, "+1n:b:u:i:m:g:r:p:w:")) != -1) {
        read_option(&start, option);
    }
    if (argc < optind + 2) {
        errx(1, "no ROOT or no PROGRAM");
    }
    for (int fd = STDERR_FILENO + 1; fd < SPARE_FD; fd++) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* fails where there is none */
    }
    enter_namespaces(&start);
    int ready[2];
    int ends[2];
    if (pipe2(ready, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        err(1, "descriptors");
    }
    start.observer = ends[1];
    pid_t child = fork();
    if (child < 0) {
        err(1, "fork");
    }
    if (child == 0) {
        go_on_as(&start, argv + optind, ready[1]);
    }
    if (start.pid_fd >= 0) {
        tell_pid(start.pid_fd, child, ready);
    }
    return wait_for_end(child, ends[0], argv[optind]);
}
