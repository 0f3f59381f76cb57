/*
 * midway: becomes a program, and meddles with it where that makes a process that shares its memory
 * until an execve(2) of its own.
 *
 *   midway fork PROGRAM [ARG]...
 *     makes a plain fork of that process, as emulators do: qemu's user mode
 *   midway compare FILE PROGRAM [ARG]...
 *     writes to FILE what the process has changed of the program's memory, as the program finds it
 *     at its next system call: a line "ADDRESS OLD NEW" for each byte, the program's stack and what
 *     it has mapped to be shared aside
 *
 *   midway signal NUMBER CALL PROGRAM [ARG]...
 *     sends that process a signal at the end of its first system call of that number
 *
 * A tracer does it, that is gone by then. By registers: x86_64 and aarch64.
 */
#if defined(__x86_64__) || defined(__aarch64__)
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RANGES = 64 };

struct range {
    uint64_t start, end;
    unsigned char *bytes;
};

static pid_t program;
static int memory;

#if defined(__x86_64__)
#define NUMBER(registers) ((long)(registers).orig_rax)
#define FIRST(registers) ((registers).rdi)
#elif defined(__aarch64__)
#define NUMBER(registers) ((long)(registers).regs[8])
#define FIRST(registers) ((registers).regs[0])
#endif

static void ask(int request, pid_t process, struct user_regs_struct *registers) {
    struct iovec whole = {registers, sizeof *registers};
    if (ptrace(request, process, NT_PRSTATUS, &whole) < 0) {
        err(1, "registers");
    }
}

/* To where the next system call of a process begins, or ends, past whatever else stops it. */
static void go_to_call(pid_t process, struct user_regs_struct *registers) {
    int status;
    do {
        if (ptrace(PTRACE_SYSCALL, process, NULL, NULL) < 0 ||
            waitpid(process, &status, __WALL) < 0) {
            err(1, "trace");
        }
        if (!WIFSTOPPED(status)) {
            errx(1, "it has ended");
        }
    } while (WSTOPSIG(status) != (SIGTRAP | 0x80));
    ask(PTRACE_GETREGSET, process, registers);
}

static void let_go(pid_t process) {
    if (ptrace(PTRACE_DETACH, process, NULL, NULL) < 0) {
        err(1, "detach");
    }
}

static void read_range(struct range *range) {
    size_t size = (size_t)(range->end - range->start);
    range->bytes = malloc(size);
    if (range->bytes == NULL || pread(memory, range->bytes, size, (off_t)range->start) < 0) {
        err(1, "memory at %" PRIx64, range->start);
    }
}

/* What is the program's own to write to. */
static size_t read_ranges(struct range *ranges) {
    char path[64];
    char line[512];
    char rights[8];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)program);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && count < RANGES && fgets(line, sizeof line, maps) != NULL) {
        struct range range = {0, 0, NULL};
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &range.start, &range.end, rights) == 3 &&
            strncmp(rights, "rw-p", 4) == 0 && strstr(line, "[stack]") == NULL) {
            read_range(&range);
            ranges[count++] = range;
        }
    }
    if (count == 0) {
        err(1, "%s", path);
    }
    (void)fclose(maps);
    return count;
}

static void print_changes(FILE *out, const struct range *before, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct range after = before[i];
        read_range(&after);
        for (size_t at = 0; at < after.end - after.start; at++) {
            if (before[i].bytes[at] != after.bytes[at]) {
                fprintf(out, "%" PRIx64 " %02x %02x\n", after.start + at, before[i].bytes[at],
                        after.bytes[at]);
            }
        }
    }
}

static void compare(const char *file, struct user_regs_struct *registers) {
    struct range ranges[RANGES];
    char path[64];
    FILE *out = fopen(file, "we");
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)program);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (out == NULL || memory < 0) {
        err(1, "%s", out == NULL ? file : path);
    }
    size_t count = read_ranges(ranges);
    go_to_call(program, registers); /* its end, and so that of the sharing */
    go_to_call(program, registers);
    print_changes(out, ranges, count);
    if (fputs("compared\n", out) < 0 || fclose(out) != 0) {
        err(1, "%s", file);
    }
}

static void unshare_memory(struct user_regs_struct *registers) {
    FIRST(*registers) &= ~(unsigned long)(CLONE_VM | CLONE_VFORK);
    ask(PTRACE_SETREGSET, program, registers);
}

/* The program itself waits for the end of the sharing meanwhile. */
static void send_signal(int number, long call) {
    struct user_regs_struct registers;
    unsigned long child;
    int status;
    if (ptrace(PTRACE_SETOPTIONS, program, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEVFORK) < 0 ||
        ptrace(PTRACE_CONT, program, NULL, NULL) < 0 || waitpid(program, &status, __WALL) < 0 ||
        status >> 8 != (SIGTRAP | PTRACE_EVENT_VFORK << 8) ||
        ptrace(PTRACE_GETEVENTMSG, program, NULL, &child) < 0 ||
        waitpid((pid_t)child, &status, __WALL) < 0) {
        err(1, "no child");
    }
    do {
        go_to_call((pid_t)child, &registers);
    } while (NUMBER(registers) != call);
    go_to_call((pid_t)child, &registers); /* its end */
    if (kill((pid_t)child, number) < 0) {
        err(1, "kill");
    }
    let_go((pid_t)child);
}

static _Noreturn void meddle(char **words, int ready) {
    struct user_regs_struct registers;
    int status;
    if (ptrace(PTRACE_SEIZE, program, NULL, PTRACE_O_TRACESYSGOOD) < 0 ||
        ptrace(PTRACE_INTERRUPT, program, NULL, NULL) < 0 ||
        waitpid(program, &status, __WALL) < 0 || write(ready, ".", 1) != 1) {
        err(1, "trace");
    }
    (void)close(ready);
    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++) {
        (void)close(fd); /* the program's alone, or nobody sees it closed */
    }
    do {
        go_to_call(program, &registers);
    } while (NUMBER(registers) != SYS_clone || (FIRST(registers) & CLONE_VM) == 0);
    if (strcmp(words[0], "compare") == 0) {
        compare(words[1], &registers);
    } else if (strcmp(words[0], "signal") == 0) {
        send_signal(atoi(words[1]), atol(words[2]));
    } else {
        unshare_memory(&registers);
    }
    let_go(program);
    exit(0);
}

/* How many words stand before PROGRAM; 0: it is not what this program does. */
static int count_words(const char *verb) {
    return strcmp(verb, "fork") == 0      ? 1
           : strcmp(verb, "compare") == 0 ? 2
           : strcmp(verb, "signal") == 0  ? 3
                                          : 0;
}

int main(int argc, char **argv) {
    int words = argc > 1 ? count_words(argv[1]) : 0;
    char byte;
    int ready[2];
    if (words == 0 || argc < 2 + words) {
        errx(2, "usage: midway fork|compare FILE|signal NUMBER CALL PROGRAM [ARG]...");
    }
    program = getpid();
    if (pipe2(ready, O_CLOEXEC) < 0) {
        err(1, "pipe");
    }
    pid_t child = fork();
    if (child < 0) {
        err(1, "fork");
    }
    if (child == 0) {
        meddle(argv + 1, ready[1]);
    }
    (void)close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) {
        errx(1, "nobody traces");
    }
    (void)execvp(argv[1 + words], argv + 1 + words);
    err(1, "%s", argv[1 + words]);
}
#else
#include <err.h>

int main(void) {
    errx(77, "not on this machine");
}
#endif
