#include "drop/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool handover_fill_stdio(struct messages *messages) {
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) {
            continue;
        }
        /* The lowest free number: it is this one. */
        if (openat(AT_FDCWD, "/dev/null", O_RDWR) != fd) {
            message_error(messages, "descriptor %d is closed, and /dev/null cannot stand in: %s",
                          fd, strerror(errno));
            message_hint(messages, "give the container a /dev/null, or leave stdin, stdout and "
                                   "stderr open");
            return false;
        }
    }
    return true;
}

/* A FIFO with a name belongs to whoever made it; only an anonymous pipe is on pipefs. */
static bool is_anonymous_pipe(int fd) {
    struct statfs system;
    return fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

/* Whether a terminal of our session is ours, and not that of the shell that has started us. */
static bool is_alone(void) {
    return getpid() == 1 || getsid(0) == getpid();
}

/* Somebody else's terminal stays somebody else's. */
static bool is_own_terminal(int fd) {
    return isatty(fd) && is_alone();
}

/* Whether the app will have a controlling terminal: a descriptor, or /dev/tty to open it by. */
static bool has_terminal(void) {
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (tcgetpgrp(fd) >= 0) {
            return true;
        }
    }
    int fd = openat(AT_FDCWD, "/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd);
    }
    return fd >= 0;
}

/* Whether the kernel lets anybody type into its controlling terminal. Before 6.2 it always does. */
static bool knows_tiocsti(void) {
    char room[4];
    return !text_equal(lines_first("/proc/sys/dev/tty/legacy_tiocsti", room, sizeof room),
                       LITERAL("0"));
}

/* Whether our session is that of an engine's init (`docker run -it --init`): it reads no terminal.
 */
static bool is_under_init(void) {
    static const char *const inits[] = {"catatonit", "docker-init", "dumb-init", "podman-init",
                                        "tini"};
    char path[32];
    char room[32];
    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)getsid(0));
    struct text name = lines_first(path, room, sizeof room);
    for (size_t i = 0; i < sizeof inits / sizeof inits[0]; i++) {
        if (text_equal(name, text_of(inits[i]))) {
            return true;
        }
    }
    return false;
}

/* Root's shell waits at the terminal that the app gets: what is typed there is root's to run. */
static void warn_of_shared_terminal(struct messages *messages) {
    if (is_alone() || !has_terminal() || !knows_tiocsti() || is_under_init()) {
        return;
    }
    message_warn(messages, "the app can type into the terminal that the shim was started from "
                           "(TIOCSTI), and so into a shell of root's");
    message_hint(messages, "start it in a session of its own: setsid -w /shim ..., or where it "
                           "wants a terminal: script -qec 'exec /shim ...' /dev/null; with the "
                           "sysctl dev.tty.legacy_tiocsti=0 it is over for all");
}

static bool is_ours(int fd, mode_t mode) {
    return S_ISSOCK(mode) || (S_ISFIFO(mode) && is_anonymous_pipe(fd)) ||
           (S_ISCHR(mode) && is_own_terminal(fd));
}

/* False: it stays as it is, for want of CAP_CHOWN. (No socket can be opened anew by anybody.) */
static bool hand_over(int fd, const char *name, const struct plan *plan,
                      struct messages *messages) {
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_uid == plan->uid || !is_ours(fd, status.st_mode) ||
        fchown(fd, plan->uid, (gid_t)-1) == 0) {
        return true;
    }
    if (plan->gives_stdio || S_ISSOCK(status.st_mode)) {
        message_debug(messages, "%s keeps its owner: %s", name, strerror(errno));
        return true;
    }
    message_info(messages,
                 "%s stays uid %u's without CAP_CHOWN: the app can use it, but not open /dev/%s",
                 name, (unsigned)status.st_uid, name);
    return false;
}

void handover_stdio(const struct plan *plan, struct messages *messages) {
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    bool kept = false;
    for (int fd = 0; plan->uid_changes && fd <= STDERR_FILENO; fd++) {
        kept = !hand_over(fd, names[fd], plan, messages) || kept;
    }
    if (kept) {
        message_hint(messages, "if the app opens one by that name: --cap-add CHOWN, or in a pod "
                               "capabilities: {add: [CHOWN]}");
    }
    if (plan->uid_changes) {
        warn_of_shared_terminal(messages);
    }
}

bool handover_home(const struct plan *plan, char **environment, struct messages *messages) {
    const char *given = environment_get(environment, "HOME");
    if (!plan->uid_changes || (given != NULL && strcmp(given, plan->home) == 0)) {
        return true;
    }
    char *entry = environment_entry("HOME", text_of(plan->home));
    if (entry == NULL) {
        message_error(messages, "no memory for the app's environment");
        message_hint(messages, "raise the container's memory limit");
        return false;
    }
    environment_put(environment, entry);
    message_debug(messages, "hand over: HOME=%s", plain(text_of(plan->home)).text);
    return true;
}
