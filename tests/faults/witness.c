/*
 * witness: the app of the fault tests. Prints what it is and may do, and what the shim that runs
 * it is by then, one "name: value" a line; the shim's names begin with "shim.".
 *
 *   witness [alone]
 *     alone   says nothing of the shim: it is in the shim's place
 *
 * It asks /proc, because a filter that lies to the shim lies to the app as well, and enter about
 * what the shim keeps to itself. It prints once it has seen that the shim hands signals on, so that
 * nothing happens at a start after that.
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 128, MOMENTS = 2500, SPARE_FD = 100 };

static volatile sig_atomic_t handed_on;

static void print_folder(FILE *out) {
    char target[PATH_MAX] = "";
    ssize_t length = readlink("/proc/self/cwd", target, sizeof target - 1);
    fprintf(out, "cwd: %s\n", length < 0 ? strerror(errno) : target);
}

static void print_process(FILE *out, const char *prefix, const char *who) {
    char path[64];
    char line[4096];
    (void)snprintf(path, sizeof path, "/proc/%s/status", who);
    FILE *status = fopen(path, "re");
    if (status == NULL) {
        err(1, "%s", path);
    }
    while (fgets(line, sizeof line, status) != NULL) {
        fprintf(out, "%s%s", prefix, line);
    }
    (void)fclose(status);
}

static void print_descriptors(FILE *out) {
    fputs("descriptors:", out);
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        char path[64];
        char target[1];
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target) >= 0) {
            fprintf(out, " %d", fd);
        }
    }
    fputc('\n', out);
}

/* What only root sees of the shim: enter says it. */
static void print_observed(FILE *out) {
    char text[4096];
    ssize_t length = write(SPARE_FD, "?", 1) == 1 ? read(SPARE_FD, text, sizeof text) : -1;
    if (length < 0) {
        err(1, "nobody observes the shim");
    }
    (void)fwrite(text, 1, (size_t)length, out);
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
    char shim[16];
    const char *home = getenv("HOME");
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        err(1, "no memory");
    }
    print_process(out, "", "self");
    print_folder(out);
    print_descriptors(out);
    fprintf(out, "securebits: %d\n", prctl(PR_GET_SECUREBITS));
    fprintf(out, "group: %s\n", getpgrp() == getpid() ? "own" : "another's");
    fprintf(out, "HOME: %s\n", home == NULL ? "" : home);
    if (argc < 2 || strcmp(argv[1], "alone") != 0) {
        wait_for_shim();
        (void)snprintf(shim, sizeof shim, "%d", (int)getppid());
        print_process(out, "shim.", shim);
        print_observed(out);
    }
    if (fclose(out) != 0) {
        err(1, "no memory");
    }
    return write(STDOUT_FILENO, text, size) == (ssize_t)size ? 0 : 1;
}
