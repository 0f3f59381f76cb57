#include "terminal.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

/*
 * Whether our group is in the foreground. In a new PID namespace both numbers may be 0, out of
 * sight: there, reading nothing tells. In the background it fails with EIO, as SIGTTIN is
 * blocked, and else it takes nothing away: drivers/tty/n_tty.c, job_control(). Where we may only
 * write, nothing tells, and nothing is taken from anybody.
 */
static bool is_foreground(int fd, pid_t group) {
    pid_t current = tcgetpgrp(fd);
    if (current != group || current > 0) {
        return current == group;
    }
    return read(fd, NULL, 0) == 0 || (errno != EIO && errno != EBADF);
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
