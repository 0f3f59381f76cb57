/*
 * hunter: waits for processes of its uid, and takes what it can get of each: by ptrace(2), before
 * it has done anything, and again and again.
 *
 *   hunter SELF
 *
 * Prints "hunting" once it looks, then "caught PROGRAM", a line for each process that it could
 * trace, with the file that this runs; SELF, a prefix, is not told of. Ends when stdin does.
 */
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDS = 1 << 16 };

static bool caught[PIDS];

static void hunt(pid_t pid, const char *self) {
    char path[64];
    char program[256];
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0) {
        return;
    }
    (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0) {
        (void)waitpid(pid, NULL, __WALL);
    }
    (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
    caught[pid] = true;
    if (strncmp(program, self, strlen(self)) != 0) {
        printf("caught %s\n", program);
        (void)fflush(stdout);
    }
}

int main(int argc, char **argv) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (argc != 2) {
        errx(2, "usage: hunter SELF");
    }
    puts("hunting");
    (void)fflush(stdout);
    while (poll(&input, 1, 0) == 0) {
        for (pid_t pid = 2; pid < 4096; pid++) {
            if (pid != getpid() && !caught[pid]) {
                hunt(pid, argv[1]);
            }
        }
    }
    return 0;
}
