#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

/* Our session's terminal, whatever 0 to 2 are, by a descriptor that never waits. -1: none. */
static int open_terminal(void) {
    int fd = openat(AT_FDCWD, "/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && tcgetpgrp(fd) < 0) { /* something else in its place */
        (void)close(fd);
        return -1;
    }
    return fd;
}

/*
 * Whether our group is in the foreground. In a new PID namespace both numbers may be 0, out of
 * sight: there, reading nothing tells. In the background it fails with EIO, as SIGTTIN is
 * blocked, and else it takes nothing away: drivers/tty/n_tty.c, job_control(). Not by fd itself:
 * where somebody else is reading, that would wait. Without a /dev/tty nothing tells, and nothing is
 * taken from anybody.
 */
static bool is_foreground(int fd, pid_t group) {
    pid_t current = tcgetpgrp(fd);
    if (current != group || current > 0) {
        return current == group;
    }
    int terminal = open_terminal();
    bool foreground = terminal >= 0 && (read(terminal, NULL, 0) == 0 || errno != EIO);
    if (terminal >= 0) {
        (void)close(terminal); /* nothing was read */
    }
    return foreground;
}

struct terminal terminal_find(void) {
    struct terminal terminal = {-1, getpgrp(), false};
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        /* Fails where there is no terminal, or where it is not our session's. */
        if (tcgetpgrp(fd) >= 0) {
            terminal.fd = fd;
            terminal.foreground = is_foreground(fd, terminal.group);
            break;
        }
    }
    return terminal;
}

void terminal_look_further(struct terminal *terminal) {
    if (terminal->fd < 0) {
        terminal->fd = open_terminal();
    }
}

void terminal_give(const struct terminal *terminal, pid_t group) {
    if (terminal->foreground) {
        /* It may have been hung up meanwhile: then there is no foreground to have. */
        (void)tcsetpgrp(terminal->fd, group);
    }
}

void terminal_take_back(struct terminal *terminal) {
    if (terminal->group > 0) {
        terminal_give(terminal, terminal->group);
        terminal->foreground = false;
    }
}

bool terminal_is_back(struct terminal *terminal) {
    bool back = terminal->fd >= 0 && is_foreground(terminal->fd, terminal->group);
    terminal->foreground = terminal->foreground || back;
    return back;
}

void terminal_lose(struct terminal *terminal, pid_t group) {
    if (terminal->foreground && tcgetpgrp(terminal->fd) != group) {
        terminal->foreground = false;
    }
}
