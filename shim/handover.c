#include "handover.h"

#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool handover_fill_stdio(struct report *report) {
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) {
            continue;
        }
        /* The lowest free number: it is this one. */
        if (open("/dev/null", O_RDWR) != fd) {
            report_error(report, "descriptor %d is closed, and /dev/null cannot stand in: %s", fd,
                         strerror(errno));
            report_hint(report, "give the container a /dev/null, or leave stdin, stdout and "
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

void handover_stdio(const struct plan *plan, struct report *report) {
    for (int fd = 0; plan->uid_changes && fd <= STDERR_FILENO; fd++) {
        struct stat status;
        if (fstat(fd, &status) < 0 || status.st_uid == plan->uid) {
            continue;
        }
        bool ours = S_ISSOCK(status.st_mode) ||
                    (S_ISFIFO(status.st_mode) && is_anonymous_pipe(fd)) ||
                    (S_ISCHR(status.st_mode) && is_own_terminal(fd));
        if (ours && fchown(fd, plan->uid, (gid_t)-1) < 0) {
            report_debug(report, "descriptor %d keeps its owner: %s", fd, strerror(errno));
        }
    }
}

bool handover_home(const struct plan *plan, char **environment, struct report *report) {
    const char *given = environment_get(environment, "HOME");
    if (!plan->uid_changes || (given != NULL && strcmp(given, plan->home) == 0)) {
        return true;
    }
    char *entry = environment_entry("HOME", text_of(plan->home));
    if (entry == NULL) {
        report_error(report, "no memory for the app's environment");
        report_hint(report, "raise the container's limit of memory");
        return false;
    }
    environment_put(environment, entry);
    report_debug(report, "hand over: HOME=%s", plain(text_of(plan->home)).text);
    return true;
}
