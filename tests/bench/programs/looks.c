/*
 * looks PROGRAM [ARG]...: the floor, and every other call that DESIGN.md asks of a start as root:
 * the looks at the machine, the users and the own file, the handing over, the page that parent and
 * child share, and the room that is given back. It decides nothing, and checks only that the calls
 * are made: no shim that looks at all of it can cost less.
 */
#include "floor.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>

struct birth {
    char stack[49152];
};

struct child {
    char **program;
    uint64_t mask;
};

static bool look_in(const char *path, bool whole) {
    char room[4096];
    struct stat status;
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool good = fd >= 0 && (!whole || fstat(fd, &status) == 0) && read(fd, room, sizeof room) > 0 &&
                (!whole || read(fd, room, sizeof room) >= 0);
    return good && close(fd) == 0;
}

/* Every folder on the way, and the file. */
static bool walk(const char *path) {
    char here[256];
    struct stat status;
    bool good = strlen(path) < sizeof here && stat("/", &status) == 0;
    for (size_t i = 1; good && i <= strlen(path); i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(here, path, i);
            here[i] = '\0';
            good = lstat(here, &status) == 0;
        }
    }
    return good;
}

static bool look(void) {
    char path[256] = "";
    struct stat status;
    uid_t user[3];
    gid_t group[3];
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capget, &header, sets) == 0 &&
           prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) >= 0 &&
           prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL) >= 0 &&
           look_in("/proc/sys/net/ipv4/ip_unprivileged_port_start", false) &&
           getresuid(&user[0], &user[1], &user[2]) == 0 &&
           getresgid(&group[0], &group[1], &group[2]) == 0 && getgroups(0, NULL) >= 0 &&
           look_in("/etc/passwd", true) && look_in("/etc/group", true) && walk("/etc/passwd") &&
           walk("/etc/group") && stat("/proc/self/ns/user", &status) == 0 &&
           readlink("/proc/self/exe", path, sizeof path - 1) > 0 &&
           stat("/proc/self/exe", &status) == 0 && walk(path);
}

static bool hand_over(void) {
    struct stat status;
    struct winsize size;
    bool good = prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == 0;
    for (int fd = 0; good && fd <= 2; fd++) {
        good = fcntl(fd, F_GETFD) >= 0 && fstat(fd, &status) == 0;
        (void)ioctl(fd, TIOCGWINSZ, &size); /* mostly no terminal */
    }
    return good && access("/", X_OK) == 0;
}

static int become(void *argument) {
    static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
    const struct child *child = argument;
    bool good = setpgid(0, 0) == 0;
    for (int i = 0; good && i < 3; i++) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        good = sigaction(stops[i], &action, NULL) == 0;
    }
    if (good && syscall(SYS_rt_sigprocmask, SIG_SETMASK, &child->mask, NULL, 8) == 0) {
        (void)execve(child->program[0], child->program, environ);
    }
    _exit(125);
}

static int run(struct child child) {
    int status;
    struct birth *birth =
        mmap(NULL, sizeof *birth, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (birth == MAP_FAILED) {
        return 125;
    }
    pid_t pid =
        clone(become, birth->stack + sizeof birth->stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
    bool good = pid > 0 && munmap(birth, sizeof *birth) == 0 && chdir("/") == 0 &&
                syscall(SYS_close_range, 3U, ~0U, 0U) == 0;
    return good && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

int main(int argc, char **argv) {
    struct child child = {argv + 1, limit_block()};
    return argc > 1 && hand_over() && look() && drop() && prove() ? run(child) : 125;
}
