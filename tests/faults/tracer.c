#include "tracer.h"

#include "fault.h"

#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

/* Where a call leaves its result; and the first argument that it leaves as it was. */
#ifdef __x86_64__
enum { FIRST_KEPT = 0 };
#define RESULT_OF(registers) ((registers)->rax)
#define ARGUMENTS(registers)                                                                       \
    {                                                                                              \
        &(registers)->rdi, &(registers)->rsi, &(registers)->rdx, &(registers)->r10,                \
            &(registers)->r8, &(registers)->r9                                                     \
    }
#else
enum { FIRST_KEPT = 1 };
#define RESULT_OF(registers) ((registers)->regs[0])
#define ARGUMENTS(registers)                                                                       \
    {                                                                                              \
        &(registers)->regs[0], &(registers)->regs[1], &(registers)->regs[2],                       \
            &(registers)->regs[3], &(registers)->regs[4], &(registers)->regs[5]                    \
    }
#endif

enum { CALLS = 512 };
enum { LOG_MAX = 48 * 1024, PATH_LENGTH = 64, LINE_LENGTH = 256 };

/* One that is in a call, or between two. */
struct traced {
    pid_t pid;
    bool runs, inside;
    unsigned call;
    uint64_t arguments[ARGUMENTS_MAX];
    char path[PATH_LENGTH];
    struct fault *fault;
    unsigned counts[CALLS];
};

static struct traced traced[] = {[SHIM] = {.pid = -1}, [CHILD] = {.pid = -1}};
static int log_fd = -1;
static bool logs_all;
static size_t logged;

void tracer_log_to(int fd, bool all) {
    log_fd = fd;
    logs_all = all;
}

bool tracer_is_wanted(void) {
    return !fault_all_happened() || logs_all;
}

/* Where nobody reads on, or it is too long, the rest is left out. */
static void log_line(const char *line, size_t length) {
    if (log_fd >= 0 && logged + length <= LOG_MAX && write(log_fd, line, length) > 0) {
        logged += length;
    }
}

static bool is_done(void) {
    return fault_all_happened() && (!logs_all || logged + LINE_LENGTH > LOG_MAX);
}

static void check(long answer, const char *what) {
    if (answer < 0 && errno != ESRCH) { /* it may have been killed meanwhile */
        err(1, "%s", what);
    }
}

void tracer_seize(pid_t program) {
    const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
                         PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    check(ptrace(PTRACE_SEIZE, program, NULL, options), "ptrace");
    traced[SHIM].pid = program;
}

static void load(pid_t pid, struct user_regs_struct *registers) {
    struct iovec place = {registers, sizeof *registers};
    check(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &place), "registers");
}

static void store(pid_t pid, struct user_regs_struct *registers) {
    struct iovec place = {registers, sizeof *registers};
    check(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &place), "registers");
}

static void skip_call(pid_t pid, struct user_regs_struct *registers) {
#ifdef __x86_64__
    (void)pid;
    registers->orig_rax = UINT64_MAX;
#else
    int none = -1;
    struct iovec place = {&none, sizeof none};
    (void)registers;
    check(ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSCALL */, &place), "call");
#endif
}

static bool copy_from(pid_t pid, uint64_t at, void *bytes, size_t length) {
    struct iovec here = {bytes, length};
    struct iovec there = {(void *)(uintptr_t)at, length};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)length;
}

/* What the program may only read, too: ptrace(2). Where there is nothing, nothing is written. */
static void copy_to(pid_t pid, uint64_t at, const void *bytes, size_t length) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!pwrite(fd, bytes, length, (off_t)at);
        (void)close(fd);
    }
}

/* An argument that may be a path: as much of it as can be read, and nothing that breaks a line. */
static void read_path(pid_t pid, uint64_t at, char path[PATH_LENGTH]) {
    size_t length = 0;
    while (length + 1 < PATH_LENGTH && copy_from(pid, at + length, path + length, 1) &&
           path[length] > ' ' && path[length] <= '~' && path[length] != '"') {
        length++;
    }
    path[length] = '\0';
}

static void meddle_before(struct traced *who) {
    struct user_regs_struct registers;
    load(who->pid, &registers);
    unsigned long long *arguments[] = ARGUMENTS(&registers);
    for (size_t i = 0; i < who->fault->step_count; i++) {
        struct step *step = &who->fault->steps[i];
        uint64_t at = who->arguments[step->argument] + step->offset;
        if (step->what == 'a') {
            *arguments[step->argument] = step->value;
        } else if (step->what == 'i' && copy_from(who->pid, at, step->saved, step->length)) {
            copy_to(who->pid, at, step->bytes, step->length);
        } else if (step->what == 'm' && rename(step->from, step->to) < 0) {
            err(1, "%s", step->to);
        }
    }
    if (who->fault->skips) {
        skip_call(who->pid, &registers);
    }
    store(who->pid, &registers);
}

static void meddle_after(struct traced *who) {
    struct user_regs_struct registers;
    load(who->pid, &registers);
    unsigned long long *arguments[] = ARGUMENTS(&registers);
    for (size_t i = 0; i < who->fault->step_count; i++) {
        struct step *step = &who->fault->steps[i];
        uint64_t at = who->arguments[step->argument] + step->offset;
        if (step->what == 'i') {
            copy_to(who->pid, at, step->saved, step->length);
        } else if (step->what == 'o') {
            copy_to(who->pid, at, step->bytes, step->length);
        } else if (step->what == 'a' && (int)step->argument >= FIRST_KEPT) {
            *arguments[step->argument] = who->arguments[step->argument];
        }
    }
    if (who->fault->has_result) {
        RESULT_OF(&registers) = (unsigned long long)who->fault->result;
    }
    store(who->pid, &registers);
    who->fault->happened = true;
}

static void begin_call(struct traced *who, enum who name,
                       const struct __ptrace_syscall_info *info) {
    who->call = info->entry.nr < CALLS ? (unsigned)info->entry.nr : CALLS - 1;
    who->counts[who->call]++;
    who->fault = fault_find(name, who->call, who->counts[who->call]);
    memcpy(who->arguments, info->entry.args, sizeof who->arguments);
    if (logs_all || who->fault != NULL) {
        read_path(who->pid, who->arguments[0], who->path);
        if (who->path[0] == '\0') {
            read_path(who->pid, who->arguments[1], who->path);
        }
    }
    if (who->fault != NULL) {
        meddle_before(who);
    }
}

static void end_call(struct traced *who, enum who name) {
    char line[LINE_LENGTH];
    struct user_regs_struct registers;
    if (who->fault != NULL) {
        meddle_after(who);
    }
    if (who->fault == NULL && !logs_all) {
        return;
    }
    load(who->pid, &registers);
    const uint64_t *arguments = who->arguments;
    int length = snprintf(line, sizeof line, "%c%c %u %u %ld %lx %lx %lx %lx %lx \"%s\"\n",
                          name == SHIM ? 's' : 'c', who->fault != NULL ? '!' : '.', who->call,
                          who->counts[who->call], (long)RESULT_OF(&registers), arguments[0],
                          arguments[1], arguments[2], arguments[3], arguments[4], who->path);
    if (length > 0) {
        log_line(line, (size_t)length < sizeof line ? (size_t)length : sizeof line);
    }
}

static void resume(pid_t pid, enum who name, int signal) {
    bool calls = name != NOBODY && traced[name].runs;
    check(ptrace(calls ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, (long)signal), "go on");
}

static void let_go(pid_t pid) {
    check(ptrace(PTRACE_DETACH, pid, NULL, NULL), "let go");
}

static void follow_call(pid_t pid, enum who name) {
    struct __ptrace_syscall_info info;
    struct traced *who = &traced[name];
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0) {
        check(-1, "call");
        return;
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        who->inside = true;
        begin_call(who, name, &info);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && who->inside) {
        who->inside = false;
        end_call(who, name);
        if (is_done()) {
            let_go(pid);
            return;
        }
    }
    resume(pid, name, 0);
}

/* A program begins: the shim's own, or the app, which nobody lies to. */
static void follow_exec(pid_t pid, enum who name) {
    if (name == SHIM && !traced[SHIM].runs) {
        traced[SHIM].runs = true;
        resume(pid, name, 0);
        return;
    }
    let_go(pid);
}

bool tracer_follow(pid_t pid, int status) {
    if (!WIFSTOPPED(status)) {
        return false;
    }
    enum who name = pid == traced[SHIM].pid ? SHIM : pid == traced[CHILD].pid ? CHILD : NOBODY;
    int event = status >> 16;
    int number = WSTOPSIG(status);
    if (number == (SIGTRAP | 0x80)) {
        follow_call(pid, name);
    } else if (event == PTRACE_EVENT_EXEC) {
        follow_exec(pid, name);
    } else if (event == PTRACE_EVENT_STOP && name == NOBODY) {
        /* A child of the shim's: it is the app's process. */
        traced[CHILD] = (struct traced){.pid = pid, .runs = !is_done()};
        resume(pid, CHILD, 0);
    } else if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
        check(ptrace(PTRACE_LISTEN, pid, NULL, NULL), "stop");
    } else {
        resume(pid, name, event != 0 ? 0 : number);
    }
    return true;
}
