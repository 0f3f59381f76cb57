#include "terminal.h"

#include <termios.h>
#include <unistd.h>

struct terminal terminal_find(void) {
    struct terminal terminal = {-1, getpgrp()};
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        /* Fails where there is no terminal, or where it is not our session's. */
        if (tcgetpgrp(fd) == terminal.group) {
            terminal.fd = fd;
            break;
        }
    }
    return terminal;
}

void terminal_give(const struct terminal *terminal, pid_t group) {
    if (terminal->fd >= 0) {
        /* It may have been hung up meanwhile: then there is no foreground to have. */
        (void)tcsetpgrp(terminal->fd, group);
    }
}

void terminal_take_back(const struct terminal *terminal) {
    if (terminal->group > 0) {
        terminal_give(terminal, terminal->group);
    }
}

bool terminal_is_ours(const struct terminal *terminal) {
    return terminal->fd >= 0 && terminal->group > 0 && tcgetpgrp(terminal->fd) == terminal->group;
}
