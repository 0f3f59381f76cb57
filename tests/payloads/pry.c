/*
 * pry: tries what one process could do to another of its uid, and prints, as one JSON object, what
 * came of each: an errno number, or 0 where it worked. It does no harm with what it has got.
 *
 *   pry PID|child|parent    child: a child of its own; parent: who has started it
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t target;
static const char *separator = "{";

static void print(const char *name, long result) {
    printf("%s\"%s\": %d", separator, name, result < 0 ? errno : 0);
    separator = ", ";
}

static void open_file(const char *name, int flags) {
    char path[64];
    char byte;
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)target, name);
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
    /* Some open for everybody, and ask at the first read. */
    long result = fd < 0 || (strcmp(name, "environ") == 0 && read(fd, &byte, 1) < 0) ? -1 : 0;
    print(name, result);
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void read_link(const char *name) {
    char path[64];
    char text[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)target, name);
    print(name, readlink(path, text, sizeof text));
}

static void trace(int request, const char *name) {
    long result = ptrace(request, target, NULL, NULL);
    print(name, result);
    if (result == 0) {
        if (request == PTRACE_ATTACH) {
            (void)waitpid(target, NULL, __WALL);
        }
        (void)ptrace(PTRACE_DETACH, target, NULL, NULL);
    }
}

/* From and to where nothing can be: a target that lets us in says EFAULT. */
static void reach_memory(void) {
    char byte = 0;
    struct iovec ours = {&byte, 1};
    struct iovec theirs = {NULL, 1};
    print("process_vm_readv", process_vm_readv(target, &ours, 1, &theirs, 1, 0));
    print("process_vm_writev", process_vm_writev(target, &ours, 1, &theirs, 1, 0));
}

static void take_descriptor(void) {
    int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
    if (pidfd < 0) {
        err(EXIT_FAILURE, "pidfd_open");
    }
    print("pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, 1, 0));
    (void)close(pidfd);
}

static pid_t make_child(void) {
    pid_t child = fork();
    if (child < 0) {
        err(EXIT_FAILURE, "fork");
    }
    while (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)pause();
    }
    return child;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        errx(2, "usage: pry PID|child|parent");
    }
    target = strcmp(argv[1], "child") == 0    ? make_child()
             : strcmp(argv[1], "parent") == 0 ? getppid()
                                              : (pid_t)atoi(argv[1]);
    trace(PTRACE_ATTACH, "attach");
    trace(PTRACE_SEIZE, "seize");
    reach_memory();
    take_descriptor();
    open_file("mem", O_RDWR);
    open_file("fd/1", O_WRONLY);
    open_file("environ", O_RDONLY);
    open_file("maps", O_RDONLY);
    read_link("root");
    read_link("cwd");
    read_link("exe");
    read_link("ns/mnt");
    printf("}\n");
    return 0;
}
