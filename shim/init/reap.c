#include "reap.h"

#include <errno.h>
#include <sys/wait.h>

/* What waitpid(2) says of the app. Returns whether it has stopped now. */
static bool note(struct supervision *run, int status) {
    run->stopped = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
        run->ended = true;
        run->status = status;
    }
    return run->stopped != 0;
}

/* How often in a row waitpid(2) may have looked in vain, when there is something to be seen. */
enum { VAIN_MAX = 100 };

/* So many at a time; and so many times for what the app has left behind: a storm never ends. */
enum { BATCH = 100, REST_MAX = 10 };

/* unknown is the answer where waitid(2) is forbidden: then it is worth one more look. */
static bool has_ended_child(bool unknown) {
    siginfo_t ended = {.si_pid = 0};
    return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 ? unknown : ended.si_pid != 0;
}

enum children reap(struct supervision *run, bool *stopped) {
    int vain = 0;
    *stopped = false;
    for (int reaped = 0; vain < VAIN_MAX;) {
        int status;
        /* __WALL: clone(2) can make children that end with another signal than SIGCHLD, or none. */
        pid_t child = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED | __WALL);
        if (child < 0 && errno != EINTR) {
            return errno == ECHILD ? CHILDREN_NONE : CHILDREN_UNKNOWN;
        }
        if (child == 0 && !has_ended_child(vain == 0)) {
            return CHILDREN_LEFT;
        }
        vain = child <= 0 ? vain + 1 : 0;
        if (child == run->app && !run->ended) {
            *stopped = note(run, status);
        }
        reaped += child > 0;
        if (reaped == BATCH) {
            return CHILDREN_MORE;
        }
    }
    errno = ENOSYS;
    return CHILDREN_UNKNOWN;
}

void reap_rest(struct supervision *run) {
    bool stopped;
    for (int batch = 0; batch < REST_MAX && reap(run, &stopped) == CHILDREN_MORE; batch++) {
    }
}
