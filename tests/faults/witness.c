/*
 * witness: the app of the fault tests. Tries to be root again and to get at the shim, and then
 * prints what it is and may do, and what the shim that runs it is by then, one "name: value" a
 * line; the shim's names begin with "shim.".
 *
 *   witness [alone]
 *     alone   does not wait for the shim: it is in the shim's place
 *
 * What a filter could lie to it about, enter says, from outside: observe.h. It asks once it has
 * seen that the shim hands signals on, so that nothing happens at a start after that.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 128, MOMENTS = 2500, SPARE_FD = 100 };

static volatile sig_atomic_t handed_on;

static void print_folder(FILE *out) {
    char target[PATH_MAX] = "";
    fprintf(out, "cwd: %s\n", getcwd(target, sizeof target) == NULL ? strerror(errno) : target);
}

static void print_descriptors(FILE *out) {
    fputs("descriptors:", out);
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            fprintf(out, " %d", fd);
        }
    }
    fputc('\n', out);
}

static void print_observed(FILE *out) {
    char text[16384];
    ssize_t length = write(SPARE_FD, "?", 1) == 1 ? read(SPARE_FD, text, sizeof text) : -1;
    if (length < 0) {
        err(1, "nobody observes the shim");
    }
    (void)fwrite(text, 1, (size_t)length, out);
}

/* What comes of it is seen from outside. */
static void try_to_be_root(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct all[] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
    const gid_t group = 0;
    (void)!syscall(SYS_setresuid, 0, 0, 0);
    (void)!syscall(SYS_setresgid, 0, 0, 0);
    (void)!syscall(SYS_setgroups, 1, &group);
    (void)!syscall(SYS_capset, &header, all);
}

/* Whoever may read its memory may trace it. */
static void try_to_reach(FILE *out, pid_t shim) {
    char byte;
    struct iovec here = {&byte, 1};
    struct iovec there = {&byte, 1};
    bool reached = process_vm_readv(shim, &here, 1, &there, 1, 0) >= 0 || errno != EPERM;
    fprintf(out, "reaches the shim: %s\n", reached ? "yes" : "no");
}

static void note_signal(int number) {
    (void)number;
    handed_on = 1;
}

/*
 * The shim hands signals on when it has done all that it does at a start, and not before. By the
 * plainest of means: a filter may forbid the others.
 */
static void wait_for_shim(void) {
    const struct timespec moment = {0, 2000000};
    (void)signal(SIGUSR1, note_signal);
    if (kill(getppid(), SIGUSR1) < 0) {
        err(1, "kill");
    }
    for (int i = 0; i < MOMENTS && !handed_on; i++) {
        (void)nanosleep(&moment, NULL); /* a signal cuts it short */
    }
    if (!handed_on) {
        errx(1, "the shim does not hand SIGUSR1 on");
    }
}

int main(int argc, char **argv) {
    char *text = NULL;
    size_t size = 0;
    bool alone = argc > 1 && strcmp(argv[1], "alone") == 0;
    const char *home = getenv("HOME");
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        err(1, "no memory");
    }
    print_folder(out);
    print_descriptors(out);
    fprintf(out, "securebits: %d\n", prctl(PR_GET_SECUREBITS));
    fprintf(out, "group: %s\n", getpgrp() == getpid() ? "own" : "another's");
    fprintf(out, "foreground: %s\n", tcgetpgrp(STDIN_FILENO) == getpgrp() ? "yes" : "no");
    fprintf(out, "HOME: %s\n", home == NULL ? "" : home);
    try_to_be_root();
    if (!alone) {
        wait_for_shim();
        try_to_reach(out, getppid());
    }
    print_observed(out);
    if (fclose(out) != 0) {
        err(1, "no memory");
    }
    return write(STDOUT_FILENO, text, size) == (ssize_t)size ? 0 : 1;
}
