/*
 * What is done to a program from outside, by the machine's PID 1: the steps after `exec`.
 *
 *   await TEXT      until the program has printed this
 *   signal NUMBER   sends it
 *   input TEXT      writes to its stdin, which ends after the last step
 *   wait FILE TEXT  until the file has this text in it; the kernel must say when it changes
 *   put FILE TEXT   writes to the file
 *   pause N         for so many microseconds: moves what follows to another place in a start
 *   reaped          until nobody else has zombies
 */
#include "machine.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void await(struct trial *trial, const char *text) {
    struct stream *output = &trial->outcome->output;
    char *found = NULL;
    while ((found = strstr(output->text + trial->seen, text)) == NULL && pump(trial)) {
    }
    if (found != NULL) {
        trial->seen = (size_t)(found - output->text) + strlen(text);
    }
}

/* For files that poll(2) knows: cgroup.events is one. */
static void wait_for_file(struct trial *trial, const char *path, const char *text) {
    char content[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err(EXIT_FAILURE, "%s", path);
    }
    struct pollfd source = {fd, POLLPRI, 0};
    for (;;) {
        ssize_t length = pread(fd, content, sizeof content - 1, 0);
        content[length > 0 ? length : 0] = '\0';
        if (strstr(content, text) != NULL) {
            break;
        }
        if (poll(&source, 1, left(trial)) <= 0) {
            trial->outcome->timeout = true;
            break;
        }
    }
    (void)close(fd);
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        err(EXIT_FAILURE, "%s", path);
    }
    (void)close(fd);
}

/* The program itself is ours to reap, once the trial is over. */
static bool is_zombie(const struct trial *trial, const char *pid) {
    char path[300];
    char text[512] = "";
    (void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
    int fd = atoi(pid) == trial->pid ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false; /* ENOENT: gone */
    }
    (void)read(fd, text, sizeof text - 1);
    (void)close(fd);
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && strncmp(name_end, ") Z", 3) == 0;
}

/* That one is reaped is no event that anybody else could wait for. */
static void wait_for_reaper(struct trial *trial) {
    bool found = true;
    while (found && !trial->outcome->timeout) {
        struct dirent *entry;
        DIR *folder = opendir("/proc");
        if (folder == NULL) {
            err(EXIT_FAILURE, "/proc");
        }
        for (found = false; !found && (entry = readdir(folder)) != NULL;) {
            found = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
                    is_zombie(trial, entry->d_name);
        }
        (void)closedir(folder);
        (void)usleep(found ? 1000 : 0);
        trial->outcome->timeout = left(trial) == 0;
    }
}

void make_outer_step(struct trial *trial, char **words) {
    const char *name = words[0];
    if (strcmp(name, "await") == 0) {
        await(trial, words[1]);
    } else if (strcmp(name, "signal") == 0) {
        (void)syscall(SYS_kill, trial->pid, atoi(words[1])); /* not reaped: it is still that one */
    } else if (strcmp(name, "input") == 0) {
        (void)write(trial->input, words[1], strlen(words[1])); /* EPIPE: the outcome will tell */
    } else if (strcmp(name, "wait") == 0) {
        wait_for_file(trial, words[1], words[2]);
    } else if (strcmp(name, "put") == 0) {
        put(words[1], words[2]);
    } else if (strcmp(name, "pause") == 0) {
        (void)usleep((useconds_t)atoi(words[1]));
    } else if (strcmp(name, "reaped") == 0) {
        wait_for_reaper(trial);
    } else {
        errx(EXIT_FAILURE, "%s: not a step after exec", name);
    }
}
