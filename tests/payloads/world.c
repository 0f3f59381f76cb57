/*
 * world: prints what a process finds around itself, as one JSON object: who it is, what it may
 * do, what it was handed. It changes nothing that it prints.
 *
 *   world [WORD]...
 *     out=PATH   writes to PATH; else to stdout
 *     settled    first asks the supervisor that started it for SIGUSR1, which comes back only once
 *                that supervisor has done all it does at a start; then looks at it
 *     wait       stays, once it has printed, until stdin ends
 *
 * A string's characters are bytes: \u00e9 is the byte 0xe9. Errors are errno numbers, 0 is success.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS = 64, CAPABILITIES = 64, DESCRIPTORS = 1024, GROUPS = 65536 };

static FILE *out;
static const char *separator = "{";

static void print_key(const char *name) {
    fprintf(out, "%s\n\"%s\": ", separator, name);
    separator = ",";
}

static void print_string(const char *bytes, size_t length) {
    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        fprintf(out, plain ? "%c" : "\\u%04x", byte);
    }
    fputc('"', out);
}

static void print_number(const char *name, long number) {
    print_key(name);
    fprintf(out, "%ld", number);
}

static void print_list(const char *name, char *const *list) {
    print_key(name);
    fputc('[', out);
    for (size_t i = 0; list[i] != NULL; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_string(list[i], strlen(list[i]));
    }
    fputc(']', out);
}

static void print_link(const char *path) {
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0) {
        fputs("null", out);
    } else {
        print_string(target, (size_t)length);
    }
}

static void print_ids(void) {
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid;
    static gid_t groups[GROUPS];
    int count = getgroups(GROUPS, groups);
    if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0 || count < 0) {
        err(1, "cannot read the ids");
    }
    /* An impossible id changes nothing; the answer is the one in force: setfsuid(2). */
    print_key("uids");
    fprintf(out, "[%u, %u, %u, %d]", ruid, euid, suid, setfsuid((uid_t)-1));
    print_key("gids");
    fprintf(out, "[%u, %u, %u, %d]", rgid, egid, sgid, setfsgid((gid_t)-1));
    print_key("groups");
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s%u", i == 0 ? "[" : ", ", groups[i]);
    }
    fputs(count == 0 ? "[]" : "]", out);
}

/* A set that can only be asked for one by one; past its last one the answer is an error. */
static uint64_t read_set(int option, unsigned long argument, bool number_first) {
    uint64_t set = 0;
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        int is_in = number_first ? prctl(option, i, 0, 0, 0) : prctl(option, argument, i, 0, 0);
        set |= is_in > 0 ? (uint64_t)1 << i : 0;
    }
    return set;
}

static void print_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct low[2];
    if (syscall(SYS_capget, &header, low) < 0) {
        err(1, "cannot read the capabilities");
    }
    print_key("capabilities");
    fprintf(out, "{\"permitted\": \"%08x%08x\", \"effective\": \"%08x%08x\", ", low[1].permitted,
            low[0].permitted, low[1].effective, low[0].effective);
    fprintf(out, "\"inheritable\": \"%08x%08x\", ", low[1].inheritable, low[0].inheritable);
    fprintf(out, "\"bounding\": \"%016llx\", \"ambient\": \"%016llx\"}",
            (unsigned long long)read_set(PR_CAPBSET_READ, 0, true),
            (unsigned long long)read_set(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, false));
    print_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    print_number("securebits", prctl(PR_GET_SECUREBITS));
    print_number("dumpable", prctl(PR_GET_DUMPABLE));
}

/* By raw system call: libc hides the signals that it has uses of its own for. */
static void print_signals(void) {
    uint64_t blocked = 0;
    uint64_t ignored = 0;
    (void)syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked);
    for (int number = 1; number <= SIGNALS; number++) {
        uintptr_t action[8] = {0}; /* the handler comes first */
        (void)syscall(SYS_rt_sigaction, number, NULL, action, sizeof blocked);
        ignored |= action[0] == (uintptr_t)SIG_IGN ? (uint64_t)1 << (number - 1) : 0;
    }
    print_key("signals_blocked");
    fprintf(out, "\"%016llx\"", (unsigned long long)blocked);
    print_key("signals_ignored");
    fprintf(out, "\"%016llx\"", (unsigned long long)ignored);
}

static void print_place(void) {
    char folder[PATH_MAX];
    mode_t mask = umask(0);
    (void)umask(mask);
    print_number("pid", getpid());
    print_number("ppid", getppid());
    print_number("pgrp", getpgrp());
    print_number("sid", getsid(0));
    print_number("umask", (long)mask);
    print_key("cwd");
    if (getcwd(folder, sizeof folder) == NULL) {
        fputs("null", out);
    } else {
        print_string(folder, strlen(folder));
    }
}

static const char *name_type(mode_t mode) {
    return S_ISREG(mode)    ? "file"
           : S_ISFIFO(mode) ? "pipe"
           : S_ISSOCK(mode) ? "socket"
           : S_ISCHR(mode)  ? "device"
           : S_ISDIR(mode)  ? "folder"
                            : "other";
}

static void print_descriptors(void) {
    const char *before = "[";
    print_key("descriptors");
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        struct stat status;
        char link[64];
        if (fstat(fd, &status) < 0) {
            continue;
        }
        fprintf(out, "%s\n  {\"fd\": %d, \"type\": \"%s\", \"mode\": %u, ", before, fd,
                name_type(status.st_mode), status.st_mode & 07777);
        fprintf(out, "\"uid\": %u, \"gid\": %u, \"target\": ", status.st_uid, status.st_gid);
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        print_link(link);
        fputc('}', out);
        before = ",";
    }
    fputs(*before == '[' ? "[]" : "]", out);
}

/* What programs do that log to a file, and are told that the file is their output. */
static int reopen(const char *path) {
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return error;
}

static void print_reopened(void) {
    print_key("reopened");
    fprintf(out, "{\"/dev/stdout\": %d, \"/proc/1/fd/1\": %d}", reopen("/dev/stdout"),
            reopen("/proc/1/fd/1"));
}

static void print_status(FILE *status) {
    char line[4096];
    const char *before = "{";
    while (fgets(line, sizeof line, status) != NULL) {
        size_t name = strcspn(line, ":");
        size_t value = name + strspn(line + name, ":\t ");
        size_t length = strcspn(line + value, "\n");
        while (length > 0 &&
               (line[value + length - 1] == ' ' || line[value + length - 1] == '\t')) {
            length--;
        }
        fputs(before, out);
        print_string(line, name);
        fputs(": ", out);
        print_string(line + value, length);
        before = ",\n  ";
    }
    fputc('}', out);
}

/* What started us, as far as anybody may look. */
static void print_parent(void) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)getppid());
    FILE *status = fopen(path, "re");
    print_key("parent");
    if (status == NULL) {
        fputs("null", out);
        return;
    }
    fputs("{\"status\": ", out);
    print_status(status);
    (void)fclose(status);
    fputs("}", out);
}

/* A supervisor hands the signal on once it does nothing else any more: no need to wait and see. */
static void wait_for_supervisor(void) {
    const struct timespec limit = {10, 0};
    sigset_t set, before;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &set, &before);
    if (kill(getppid(), SIGUSR1) < 0 || sigtimedwait(&set, NULL, &limit) < 0) {
        err(1, "the supervisor does not hand SIGUSR1 on");
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static bool has_word(char *const *words, const char *word) {
    while (*words != NULL && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

/* What of root can be had again: nothing should. The process is of no other use after that. */
static void print_regained(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct all[2] = {{~0U, ~0U, 0}, {~0U >> 23, ~0U >> 23, 0}};
    struct __user_cap_data_struct one[2] = {{1, 1, 0}, {0, 0, 0}};
    const gid_t zero = 0;
    print_key("regained");
    fprintf(out, "[");
    const char *comma = "";
    const struct {
        const char *name;
        bool done;
    } tries[] = {
        {"capabilities", syscall(SYS_capset, &header, all) == 0},
        {"one capability", syscall(SYS_capset, &header, one) == 0},
        {"groups", setgroups(1, &zero) == 0},
        {"gid", setresgid((gid_t)-1, 0, (gid_t)-1) == 0 && getegid() == 0},
        {"uid", setresuid(0, 0, 0) == 0 || setuid(0) == 0 || seteuid(0) == 0},
    };
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        if (tries[i].done) {
            fprintf(out, "%s\"%s\"", comma, tries[i].name);
            comma = ", ";
        }
    }
    fprintf(out, "]");
}

static void print_world(char *const *arguments, char *const *environment) {
    print_ids();
    print_capabilities();
    print_signals();
    print_place();
    print_list("arguments", arguments);
    print_list("environment", environment);
    print_descriptors();
    print_reopened();
    if (has_word(arguments, "settled")) {
        wait_for_supervisor();
    }
    print_parent();
    if (has_word(arguments, "regain")) {
        print_regained();
    }
    fputs("\n}\n", out);
}

int main(int argc, char **argv, char **environment) {
    char *text = NULL;
    size_t size = 0;
    int fd = STDOUT_FILENO;
    /* Printed at the end: the file that it goes to is none of the descriptors we were handed. */
    out = open_memstream(&text, &size);
    if (out == NULL) {
        err(1, "no memory");
    }
    print_world(argv, environment);
    if (fclose(out) != 0) {
        err(1, "no memory");
    }
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            fd = open(argv[i] + 4, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        }
    }
    for (size_t written = 0; written < size;) {
        ssize_t more = write(fd, text + written, size - written);
        if (more < 0) {
            err(1, "cannot write");
        }
        written += (size_t)more;
    }
    while (has_word(argv, "wait") && read(STDIN_FILENO, text, 1) > 0) {
    }
    return 0;
}
