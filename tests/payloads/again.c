/*
 * again: starts a program again and again, one after the other, and ends with the first exit code
 * that is not 0. It prints how often it has, at the end of stderr.
 *
 *   again COUNT PROGRAM [ARG]...
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int status = 0;
    int started = 0;
    if (argc < 3) {
        errx(2, "usage: again COUNT PROGRAM [ARG]...");
    }
    while (started < atoi(argv[1]) && status == 0) {
        pid_t child = fork();
        if (child == 0) {
            (void)execv(argv[2], argv + 2);
            err(1, "%s", argv[2]);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0) {
            err(1, "fork or wait");
        }
        started++;
    }
    (void)fprintf(stderr, "started %d\n", started);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
