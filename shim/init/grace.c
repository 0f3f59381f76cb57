#include "grace.h"

#include "mask.h"
#include "neighbours.h"
#include "reap.h"

#include <time.h>
#include <unistd.h>

static bool read_clock(int64_t *milliseconds) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0) {
        return false;
    }
    *milliseconds = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return true;
}

/* Whom the app has left behind. Root's own, such as a daemon that a script has started, wait out.
 */
static void tell_before(struct supervision *run) {
    if (run->messages->level < MESSAGE_INFO) {
        return;
    }
    struct neighbours left = neighbours_count();
    if (left.count == 0) {
        return;
    }
    message_info(run->messages, "left-over processes: %s; they get SIGTERM and %u s to end",
                 left.text, (unsigned)run->options->grace_seconds);
    if (left.foreign > 0) {
        message_hint(
            run->messages,
            "PID 1 is uid %u, and cannot signal the processes of another user: whoever has started them must stop them",
            (unsigned)getuid());
    }
    output_flush(run->messages);
}

static void tell_after(struct supervision *run) {
    if (run->messages->level < MESSAGE_INFO) {
        return;
    }
    struct neighbours left = neighbours_count();
    if (left.count > 0) {
        message_info(run->messages, "left-over processes after %u s: %s; they are killed",
                     (unsigned)run->options->grace_seconds, left.text);
    }
}

void grace_give(struct supervision *run) {
    int64_t now;
    int64_t end;
    struct turns turns = {.served = 0};
    bool stopped;
    if (!read_clock(&end)) {
        return;
    }
    end += (int64_t)run->options->grace_seconds * 1000;
    tell_before(run);
    (void)kill(-1, SIGTERM); /* ESRCH: nobody is left */
    (void)kill(-1, SIGCONT);
    for (;;) {
        enum children children = reap(run, &stopped);
        bool left = children == CHILDREN_LEFT || children == CHILDREN_MORE;
        if (!left || !read_clock(&now) || now >= end) {
            break;
        }
        int number = mask_wait(&turns, children == CHILDREN_MORE ? 0 : end - now);
        if (number < 0) {
            break;
        }
        if (number > 0 && number != SIGCHLD && run->options->rewrite[number] != 0) {
            (void)kill(-1, run->options->rewrite[number]);
        }
    }
    tell_after(run);
}
