/*
 * binds: opens ports, and says what came of it.
 *
 *   binds TYPE:PORT...    TYPE is tcp or udp; any address of IPv6, else of IPv4, as Kestrel does it
 *
 * Prints a line for each, "udp:443: Success"; ends with 0 whatever came of them.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Returns 0, or why not. */
static int open_port(int type, uint16_t port) {
    const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET6, type, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&v6, sizeof v6) == 0) {
        return 0;
    }
    fd = socket(AF_INET, type, 0);
    return fd >= 0 && bind(fd, (const struct sockaddr *)&v4, sizeof v4) == 0 ? 0 : errno;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *colon = strchr(argv[i], ':');
        if (colon == NULL) {
            errx(EXIT_FAILURE, "%s is not TYPE:PORT", argv[i]);
        }
        int type = strncmp(argv[i], "udp:", 4) == 0 ? SOCK_DGRAM : SOCK_STREAM;
        int error = open_port(type, (uint16_t)atoi(colon + 1));
        printf("%s: %s\n", argv[i], error == 0 ? "Success" : strerror(error));
    }
    return EXIT_SUCCESS;
}
