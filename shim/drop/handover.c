#include "drop/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
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
        if (open("/dev/null", O_RDWR) != fd) {
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

/* Somebody else's terminal stays somebody else's. */
static bool is_own_terminal(int fd) {
    return isatty(fd) && (getpid() == 1 || getsid(0) == getpid());
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
}

bool handover_home(const struct plan *plan, char **environment, struct messages *messages) {
    const char *given = environment_get(environment, "HOME");
    if (!plan->uid_changes || (given != NULL && strcmp(given, plan->home) == 0)) {
        return true;
    }
    char *entry = environment_entry("HOME", text_of(plan->home));
    if (entry == NULL) {
        message_error(messages, "no memory for the app's environment");
        message_hint(messages, "raise the container's limit of memory");
        return false;
    }
    environment_put(environment, entry);
    message_debug(messages, "hand over: HOME=%s", plain(text_of(plan->home)).text);
    return true;
}
