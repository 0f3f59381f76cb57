#include "enter.h"

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
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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
static void enter_root(const struct start *start, const char *root) {
    char path[PATH_MAX];
    mount_at(NULL, "", "/", NULL, MS_REC | MS_PRIVATE);
    if (!start->no_proc) {
        mount_at("proc", root, "/proc", "proc", 0);
    }
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

static void take_terminal(int fd) {
    if (setsid() < 0 || ioctl(fd, TIOCSCTTY, 0) < 0 || dup2(fd, STDIN_FILENO) < 0) {
        err(1, "terminal");
    }
}

_Noreturn void become_program(const struct start *start, char **words, int ready) {
    char byte;
    (void)read(ready, &byte, sizeof byte); /* the end of file */
    enter_root(start, words[0]);
    if (start->stdin_fd >= 0) {
        take_terminal(start->stdin_fd);
    }
    for (int number = 1; number <= SIGRTMAX; number++) {
        (void)signal(number, SIG_DFL); /* whoever started the tests may ignore some: nohup */
    }
    if (dup2(start->observer, SPARE_FD) < 0 || signal(SIGCHLD, SIG_IGN) == SIG_ERR ||
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &start->mask, NULL, sizeof start->mask) < 0) {
        err(1, "descriptor and signals");
    }
    become(start);
    (void)execve(words[1], words + 1, environ);
    err(1, "%s", words[1]);
}
