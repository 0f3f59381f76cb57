/*
 * What a process does to itself before it is the program: as a container runtime would, and with
 * what the test adds. Numbers are decimal; modes are octal; sets of capabilities and the values of
 * attributes are hexadecimal.
 *
 *   init                                as PID 1 of a PID namespace (see trial.c)
 *   limit SECONDS                       (see there)
 *   terminal                            in a session of its own, whose terminal is stdin
 *   unshare NAME...                     mount, net, user, uts, ipc, cgroup
 *   mount SOURCE TARGET TYPE FLAGS DATA as mount(2); FLAGS is a number
 *   root PATH                           this folder becomes the root
 *   folder PATH                         it may be there
 *   write PATH TEXT                     in one write; the file is there already
 *   load PATH FILE                      the same, with what is in a file
 *   read PATH                           to stdout
 *   attribute PATH NAME VALUE           setxattr(2)
 *   close FD
 *   groups GID...
 *   gids REAL EFFECTIVE SAVED
 *   uids REAL EFFECTIVE SAVED           stdin, stdout and stderr go to that user
 *   bounding SET                        all others leave the bounding set
 *   keep                                permitted capabilities survive `uids`
 *   capabilities SET                    permitted, effective, inheritable and ambient
 *   no-new-privs
 *   block MASK                          these signals, a bit each: 1 for signal 1; hexadecimal
 *   environment NAME=VALUE              one more
 *   exec FILE NAME ARG...
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { CAPABILITIES = 64, GROUPS = 256, VARIABLES = 1024, FILE_MAX = 1 << 20 };

static char *environment[VARIABLES + 1];

static int take_terminal(char **words) {
    (void)words;
    return setsid() < 0 ? -1 : ioctl(STDIN_FILENO, TIOCSCTTY, 0);
}

static int unshare_namespaces(char **names) {
    static const struct {
        const char *name;
        int flag;
    } list[] = {{"mount", CLONE_NEWNS}, {"net", CLONE_NEWNET}, {"user", CLONE_NEWUSER},
                {"uts", CLONE_NEWUTS},  {"ipc", CLONE_NEWIPC}, {"cgroup", CLONE_NEWCGROUP}};
    int flags = 0;
    for (; *names != NULL; names++) {
        for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
            flags |= strcmp(list[i].name, *names) == 0 ? list[i].flag : 0;
        }
    }
    return unshare(flags);
}

static int mount_there(char **words) {
    return mount(words[0], words[1], words[2], strtoul(words[3], NULL, 10), words[4]);
}

/* The root of a machine that lives in memory cannot be pivoted; it can be covered. */
static int change_root(char **words) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(words[0], words[0], NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(words[0]) < 0 ||
        mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) {
        return -1;
    }
    return chdir("/");
}

static int make_folder(char **words) {
    return mkdir(words[0], 0755) < 0 && errno != EEXIST ? -1 : 0;
}

static int write_bytes(const char *path, const char *bytes, size_t length) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    ssize_t written = write(fd, bytes, length);
    int error = errno;
    (void)close(fd);
    errno = error;
    return written < 0 ? -1 : 0;
}

static int write_text(char **words) {
    return write_bytes(words[0], words[1], strlen(words[1]));
}

static ssize_t read_all(const char *path, char *bytes) {
    ssize_t length = 0;
    ssize_t more = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    while ((more = read(fd, bytes + length, (size_t)(FILE_MAX - length))) > 0) {
        length += more;
    }
    int error = errno;
    (void)close(fd);
    errno = error;
    return more < 0 ? -1 : length;
}

static char content[FILE_MAX];

static int load_file(char **words) {
    ssize_t length = read_all(words[1], content);
    return length < 0 ? -1 : write_bytes(words[0], content, (size_t)length);
}

static int print_file(char **words) {
    ssize_t length = read_all(words[0], content);
    return length < 0 || write(STDOUT_FILENO, content, (size_t)length) != length ? -1 : 0;
}

static int set_attribute(char **words) {
    unsigned char value[256];
    char byte[3] = "";
    size_t length = strlen(words[2]) / 2;
    for (size_t i = 0; i < length && i < sizeof value; i++) {
        (void)memcpy(byte, words[2] + 2 * i, 2);
        value[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    return setxattr(words[0], words[1], value, length, 0);
}

static int close_descriptor(char **words) {
    return close(atoi(words[0]));
}

static int set_groups(char **words) {
    gid_t groups[GROUPS];
    size_t count = 0;
    for (; words[count] != NULL && count < GROUPS; count++) {
        groups[count] = (gid_t)strtoul(words[count], NULL, 10);
    }
    return setgroups(count, groups);
}

static void read_ids(char **words, unsigned ids[3]) {
    for (int i = 0; i < 3; i++) {
        ids[i] = (unsigned)strtoul(words[i], NULL, 10);
    }
}

static int set_gids(char **words) {
    unsigned ids[3];
    read_ids(words, ids);
    return setresgid(ids[0], ids[1], ids[2]);
}

static int set_uids(char **words) {
    unsigned ids[3];
    read_ids(words, ids);
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        (void)fchown(fd, ids[0], (gid_t)-1); /* it may have been closed */
    }
    return setresuid(ids[0], ids[1], ids[2]);
}

static int bound(char **words) {
    uint64_t set = strtoull(words[0], NULL, 16);
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        bool held = prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
        if (held && (set >> i & 1) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0) {
            return -1;
        }
    }
    return 0;
}

static int keep_capabilities(char **words) {
    (void)words;
    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

static int set_capabilities(char **words) {
    uint64_t set = strtoull(words[0], NULL, 16);
    uint32_t low = (uint32_t)set;
    uint32_t high = (uint32_t)(set >> 32);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[] = {{low, low, low}, {high, high, high}};
    if (syscall(SYS_capset, &header, sets) < 0) {
        return -1;
    }
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        if ((set >> i & 1) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0) {
            return -1;
        }
    }
    return 0;
}

static int set_no_new_privs(char **words) {
    (void)words;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int block_signals(char **words) {
    uint64_t mask = strtoull(words[0], NULL, 16);
    return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
}

static int add_variable(char **words) {
    static size_t count = 0;
    if (count == VARIABLES) {
        errno = E2BIG;
        return -1;
    }
    environment[count++] = words[0];
    return 0;
}

static int execute(char **words) {
    (void)signal(SIGPIPE, SIG_DFL);
    return execve(words[0], words + 1, environment);
}

static int nothing(char **words) {
    (void)words;
    return 0;
}

static const struct {
    const char *name;
    size_t words; /* at least */
    int (*make)(char **words);
} STEPS[] = {
    {"init", 0, nothing},
    {"limit", 1, nothing},
    {"terminal", 0, take_terminal},
    {"unshare", 1, unshare_namespaces},
    {"mount", 5, mount_there},
    {"root", 1, change_root},
    {"folder", 1, make_folder},
    {"write", 2, write_text},
    {"load", 2, load_file},
    {"read", 1, print_file},
    {"attribute", 3, set_attribute},
    {"close", 1, close_descriptor},
    {"groups", 0, set_groups},
    {"gids", 3, set_gids},
    {"uids", 3, set_uids},
    {"bounding", 1, bound},
    {"keep", 0, keep_capabilities},
    {"capabilities", 1, set_capabilities},
    {"no-new-privs", 0, set_no_new_privs},
    {"block", 1, block_signals},
    {"environment", 1, add_variable},
    {"exec", 1, execute},
};

static int make_step(char **words) {
    size_t count = 0;
    while (words[count + 1] != NULL) {
        count++;
    }
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        if (strcmp(STEPS[i].name, words[0]) == 0 && count >= STEPS[i].words) {
            return STEPS[i].make(words + 1);
        }
    }
    errno = ENOSYS;
    return -1;
}

_Noreturn void make_steps(const struct request *request, int failure) {
    for (char **const *step = request->steps; *step != NULL; step++) {
        if (make_step(*step) < 0) {
            int error = errno;
            for (char **word = *step; *word != NULL; word++) {
                (void)dprintf(failure, "%s ", *word);
            }
            (void)dprintf(failure, "-- %s", strerror(error));
            _exit(EXIT_FAILURE);
        }
    }
    _exit(EXIT_SUCCESS);
}
