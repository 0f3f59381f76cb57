#include "neighbours.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Reads the beginning of a small file of /proc. Returns false where that is not to be had. What is
 * there in its place is not waited for.
 */
static bool read_file(const char *path, char *text, size_t size) {
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, text, size - 1);
    (void)close(fd); /* nothing was written */
    if (length <= 0) {
        return false;
    }
    text[length] = '\0';
    return true;
}

static bool is_shell(const char *name) {
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "busybox", "ksh", "zsh"};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(name, shells[i]) == 0) {
            return true;
        }
    }
    return false;
}

void neighbours_tell_of_shell(struct messages *messages) {
    char name[32];
    if (getppid() != 1 || !read_file("/proc/1/comm", name, sizeof name)) {
        return;
    }
    name[strcspn(name, "\n")] = '\0';
    if (is_shell(name)) {
        message_info(messages,
                     "PID 1 is a shell (%s), and the shim its child: signals such as that of "
                     "docker stop reach the shell, and not the app",
                     name);
        message_hint(messages, "write ENTRYPOINT with brackets: [\"/shim\", \"./aspnetapp\"]; a "
                               "script ends with exec /shim ./aspnetapp");
    }
}

/* Users that are told apart; those of more are counted together. */
enum { USERS = 8 };

struct census {
    size_t count;
    size_t users;
    struct {
        uint32_t uid;
        size_t count;
    } user[USERS];
    size_t others;
};

static void count_one(struct census *census, uint32_t uid) {
    size_t i = 0;
    while (i < census->users && census->user[i].uid != uid) {
        i++;
    }
    census->count++;
    if (i == USERS) {
        census->others++;
        return;
    }
    if (i == census->users) {
        census->users++;
        census->user[i].uid = uid;
        census->user[i].count = 0;
    }
    census->user[i].count++;
}

/* Whose a process is, by /proc/PID/status. Returns false for a zombie, and for one that has gone.
 */
static bool read_uid(const char *pid, uint32_t *uid) {
    static const char before[] = "\nUid:\t";
    char path[sizeof "/proc//status" + 3 * sizeof(pid_t)];
    char status[1024];
    (void)snprintf(path, sizeof path, "/proc/%s/status", pid);
    if (!read_file(path, status, sizeof status) || strstr(status, "\nState:\tZ") != NULL) {
        return false;
    }
    const char *at = strstr(status, before);
    if (at == NULL) {
        return false;
    }
    struct text word = text_of(at + sizeof before - 1);
    word.length = text_find(word, '\t');
    return text_number(word, UINT32_MAX, uid);
}

/* One buffer of getdents64(2): musl's struct dirent is the kernel's. */
static void count_listed(struct census *census, const char *buffer, size_t length) {
    for (size_t at = 0; at < length;) {
        unsigned short step;
        const char *name = buffer + at + offsetof(struct dirent, d_name);
        uint32_t pid;
        uint32_t uid;
        memcpy(&step, buffer + at + offsetof(struct dirent, d_reclen), sizeof step);
        if (text_number(text_of(name), INT_MAX, &pid) && (pid_t)pid != getpid() &&
            read_uid(name, &uid)) {
            count_one(census, uid);
        }
        at += step;
    }
}

static void take_census(struct census *census) {
    _Alignas(struct dirent) char buffer[2048];
    long length;
    int folder = openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return;
    }
    while ((length = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
        count_listed(census, buffer, (size_t)length);
    }
    (void)close(folder); /* nothing was written */
}

struct neighbours neighbours_count(void) {
    struct census census = {.count = 0};
    struct neighbours found = {.text = ""};
    size_t length = 0;
    take_census(&census);
    found.count = census.count;
    found.foreign = census.others;
    for (size_t i = 0; i < census.users; i++) {
        length += (size_t)snprintf(found.text + length, sizeof found.text - length,
                                   "%s%zu of uid %u", length > 0 ? ", " : "", census.user[i].count,
                                   (unsigned)census.user[i].uid);
        found.foreign += census.user[i].uid != getuid() ? census.user[i].count : 0;
    }
    if (census.others > 0) {
        (void)snprintf(found.text + length, sizeof found.text - length, ", %zu of others",
                       census.others);
    }
    return found;
}
