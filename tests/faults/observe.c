#include "observe.h"

#include <err.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 16384, DESCRIPTORS = 128 };

struct answer {
    char text[ANSWER_MAX];
    size_t length;
};

/* The end of what is too long is left out. */
__attribute__((format(printf, 2, 3))) static void add(struct answer *answer, const char *format,
                                                      ...) {
    size_t room = sizeof answer->text - answer->length;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(answer->text + answer->length, room, format, values);
    va_end(values);
    answer->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

static void add_status(struct answer *answer, const char *prefix, pid_t pid) {
    char path[64];
    char line[4096];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        add(answer, "%s%s", prefix, line);
    }
    if (status != NULL) {
        (void)fclose(status);
    }
}

/* As seen from here, whose root is another. */
static void add_folder(struct answer *answer, pid_t pid, const char *root) {
    char path[64];
    char target[PATH_MAX] = "?";
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 1 : length] = '\0';
    const char *inside = strncmp(target, root, strlen(root)) == 0 ? target + strlen(root) : target;
    add(answer, "shim.cwd: %s\n", inside[0] == '\0' ? "/" : inside);
}

static void add_descriptors(struct answer *answer, pid_t pid) {
    char path[64];
    char target[1];
    add(answer, "shim.descriptors:");
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
        if (readlink(path, target, sizeof target) >= 0) {
            add(answer, " %d", fd);
        }
    }
    add(answer, "\n");
}

/* Whoever asks, by the number that it has here. Returns 0 when nobody is left who could. */
static pid_t hear_question(int fd) {
    char question;
    struct iovec place = {&question, sizeof question};
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(struct ucred))];
    struct ucred who = {.pid = 0};
    struct msghdr message = {
        .msg_iov = &place, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    if (recvmsg(fd, &message, 0) <= 0) {
        return 0;
    }
    const struct cmsghdr *first = CMSG_FIRSTHDR(&message);
    if (first != NULL && first->cmsg_type == SCM_CREDENTIALS) {
        memcpy(&who, CMSG_DATA(first), sizeof who);
    }
    return who.pid;
}

void observe_begin(int fd) {
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        err(1, "observer");
    }
}

bool observe_answer(int fd, pid_t program, const char *root) {
    struct answer answer = {.length = 0};
    pid_t app = hear_question(fd);
    if (app == 0) {
        return false;
    }
    add_status(&answer, "", app);
    if (app != program) {
        add_status(&answer, "shim.", program);
        add_folder(&answer, program, root);
        add_descriptors(&answer, program);
    }
    return send(fd, answer.text, answer.length, MSG_NOSIGNAL) >= 0;
}
