/*
 * listener: is handed a listening socket, as sd_listen_fds(3) says. Prints "ready PID", answers one
 * connection with "hello from PID", closes the socket, prints "closed", and ends when stdin does.
 * A socket that is not for it: it ends with 1.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST = 3 };

static void expect(const char *name, const char *value) {
    const char *found = getenv(name);
    if (found == NULL || strcmp(found, value) != 0) {
        errx(EXIT_FAILURE, "%s is %s, not %s", name, found == NULL ? "unset" : found, value);
    }
}

int main(void) {
    char pid[16];
    char nothing;
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    expect("LISTEN_PID", pid);
    expect("LISTEN_FDS", "1");
    printf("ready %s\n", pid);
    (void)fflush(stdout);
    int connection = accept(FIRST, NULL, NULL);
    if (connection < 0 || dprintf(connection, "hello from %s\n", pid) < 0) {
        err(EXIT_FAILURE, "accept");
    }
    (void)close(connection);
    (void)close(FIRST);
    printf("closed\n");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &nothing, 1) > 0) {
    }
    return EXIT_SUCCESS;
}
