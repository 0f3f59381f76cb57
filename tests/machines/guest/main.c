/*
 * The /init of a test machine. The kernel's command line tells it where the host is:
 * LINE=/dev/ttyS1 (the kernel hands words that it does not know to init, as environment).
 */
#include "machine.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* A kernel may lack the file systems of a security module that is not in use. */
static void mount_all(void) {
    static const struct {
        const char *type, *target;
        bool optional;
    } list[] = {
        {"proc", "/proc", false},
        {"sysfs", "/sys", false},
        {"devtmpfs", "/dev", false},
        {"devpts", "/dev/pts", false},
        {"tmpfs", "/tmp", false},
        {"cgroup2", "/sys/fs/cgroup", false},
        {"securityfs", "/sys/kernel/security", true},
        {"selinuxfs", "/sys/fs/selinux", true},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        (void)mkdir(list[i].target, 0755); /* it may be there */
        if (mount(list[i].type, list[i].target, list[i].type, 0, NULL) < 0 && !list[i].optional) {
            err(EXIT_FAILURE, "mount %s", list[i].target);
        }
    }
}

/* Or nobody could bind an address of it. */
static void raise_loopback(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) {
        err(EXIT_FAILURE, "lo");
    }
    (void)close(fd);
}

static FILE *open_line(const char *path) {
    struct termios settings;
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &settings) < 0) {
        err(EXIT_FAILURE, "%s", path);
    }
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL;
    if (tcsetattr(fd, TCSANOW, &settings) < 0) {
        err(EXIT_FAILURE, "%s", path);
    }
    FILE *line = fdopen(fd, "r+");
    if (line == NULL) {
        err(EXIT_FAILURE, "%s", path);
    }
    return line;
}

int main(void) {
    static struct request request;
    static struct outcome outcome;
    const char *path = getenv("LINE");
    mount_all();
    raise_loopback();
    (void)umask(022);
    if (path == NULL) {
        errx(EXIT_FAILURE, "no LINE");
    }
    FILE *line = open_line(path);
    if (fputs("ready\n", line) < 0 || fflush(line) != 0) {
        err(EXIT_FAILURE, "%s", path);
    }
    for (;;) {
        read_request(line, &request);
        run_trial(&request, &outcome);
        write_outcome(line, &outcome);
    }
}
