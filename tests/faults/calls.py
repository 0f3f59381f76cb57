"""What can go wrong with a system call: the errors that it can give, and success that is none."""

import errno
import functools
import re
import signal
import subprocess
from dataclasses import dataclass

# By a seccomp profile, a security module, or a sandbox that is not quite Linux: with every call.
ANY = ("EPERM", "ENOSYS")

FILE = ("ENOENT", "EACCES", "ENOMEM", "EIO", "ELOOP")

# From section 2 of the manual.
ERRORS = {
    "bind": ("EACCES", "EADDRINUSE", "EADDRNOTAVAIL"),
    "brk": ("ENOMEM",),
    "capget": ("EINVAL", "ESRCH"),
    "capset": ("EINVAL",),
    "chdir": FILE,
    "clone": ("EAGAIN", "ENOMEM"),
    "close_range": ("EINVAL", "ENOMEM"),
    "execve": ("EACCES", "ENOENT", "ENOTDIR", "ENOEXEC", "E2BIG", "ENOMEM", "EAGAIN", "ELOOP"),
    "fchown": ("EROFS", "EINVAL", "EIO"),
    "fcntl": ("EBADF", "EINVAL"),
    "fgetxattr": ("ENODATA", "EOPNOTSUPP"),
    "fork": ("EAGAIN", "ENOMEM"),
    "fsetxattr": ("EOPNOTSUPP", "ENOSPC"),
    "fstat": ("ENOMEM", "EIO"),
    "fstatfs": ("ENOMEM", "EIO"),
    "getcwd": ("ENOENT", "ENOMEM"),
    "getgroups": ("EINVAL",),
    "getxattr": ("ENODATA", "EOPNOTSUPP"),
    "ioctl": ("ENOTTY", "EIO"),
    "kill": ("ESRCH",),
    "lseek": ("EINVAL", "ESPIPE"),
    "mmap": ("ENOMEM",),
    "munmap": ("ENOMEM",),
    "open": (*FILE, "EMFILE", "ENFILE", "EINTR"),
    "pipe2": ("EMFILE", "ENFILE"),
    "poll": ("EINTR", "ENOMEM"),
    "prctl": ("EINVAL", "EACCES"),
    "read": ("EIO", "EINTR"),
    "readlink": FILE,
    "rt_sigaction": ("EINVAL",),
    "rt_sigprocmask": ("EINVAL",),
    "setgroups": ("EINVAL", "ENOMEM"),
    "setpgid": ("EACCES", "ESRCH"),
    "setresgid": ("EINVAL", "EAGAIN"),
    "setresuid": ("EINVAL", "EAGAIN"),
    "setsockopt": ("ENOPROTOOPT",),
    "setuid": ("EINVAL", "EAGAIN"),
    "socket": ("EACCES", "EAFNOSUPPORT", "EMFILE", "ENOMEM"),
    "stat": FILE,
    "statfs": FILE,
    "write": ("EINTR", "EAGAIN", "EIO", "EPIPE"),
}

ALIASES = {
    "faccessat": "stat", "fstatat64": "stat", "newfstatat": "stat", "openat": "open",
    "ppoll": "poll", "readlinkat": "readlink", "statx": "stat",
}

# The loop: it makes these calls for ever. What forbids one forbids it every time, which is
# test_forbidden.py's matter; once, they can only be interrupted.
LOOP = {"rt_sigtimedwait": ("EINTR", "EAGAIN"), "wait4": ("EINTR",)}

# To libc ENOSYS says that there is no protection, and so nothing to be done for memory.
ONLY = {**LOOP, "mprotect": ("ENOMEM", "EACCES")}

# Few, or of another kind at every start: all their errors are tried everywhere.
ALWAYS = {"clone", "execve", "fork", "poll", "rt_sigtimedwait", "setpgid", "wait4", "write"}

# A signal may cut these short at any time: that is no reason for anything. Files are not waited
# for.
INTERRUPTIBLE = {"poll", "rt_sigtimedwait", "wait4", "write"}

# Cannot be tried: without the first libc ends itself at once, the others never come back.
NEVER = {"arch_prctl", "exit", "exit_group"}

# Success of these is an answer, not only a word: memory, a process, a descriptor, what a file is. A
# kernel that makes it up is one that nobody can stand on. A kill(2) that does nothing is
# test_forbidden.py's matter. All else may say yes and do nothing.
ANSWERS = {
    "brk", "clone", "execve", "fstat", "fstatfs", "getcwd", "kill", "lstat", "mmap", "mprotect",
    "newfstatat", "open", "openat", "read", "readlink", "readlinkat", "socket", "stat", "statfs",
    "statx",
}

# The argument that is a path, or a descriptor.
PATHS = {
    "access": 0, "chdir": 0, "execve": 0, "faccessat": 1, "getxattr": 0, "lgetxattr": 0, "lstat": 0,
    "newfstatat": 1, "open": 0, "openat": 1, "readlink": 0, "readlinkat": 1, "stat": 0, "statx": 1,
}
DESCRIPTORS = {"close", "fchown", "fcntl", "fstat", "fstatfs", "ioctl", "lseek", "read", "write",
               "writev"}


@functools.cache
def numbers_of(prefix, header):
    """{name: number} of the macros of that prefix on this machine."""
    macros = subprocess.run(["gcc", "-E", "-dM", "-"], input=f"#include <{header}>\n", text=True,
                            capture_output=True, check=True).stdout
    found = re.findall(rf"define ({prefix}\w+) (\d+)$", macros, re.M)
    return {name: int(number) for name, number in found}


def system_calls():
    return {name.removeprefix("__NR_"): number
            for name, number in numbers_of("__NR_", "sys/syscall.h").items()}


@functools.cache
def names_of_system_calls():
    return {number: name for name, number in system_calls().items()}


@functools.cache
def names_of_options():
    """Of prctl(2). PR_SET_PTRACER and the like are values of another kind."""
    return {number: name for name, number in numbers_of("PR_", "linux/prctl.h").items()
            if re.match(r"PR_(GET|SET|CAPBSET)_|PR_CAP_AMBIENT$", name)}


def errors_of(name):
    """The errors of one call, the likeliest first."""
    name = ALIASES.get(name, name)
    return ONLY[name] if name in ONLY else ANY + ERRORS.get(name, ())


@dataclass(frozen=True)
class Call:
    """One system call of the shim's ("s"), or of the app's process until that is the app ("c")."""

    who: str
    name: str
    count: int  # the how manieth of that name
    args: tuple
    result: int
    file: str  # the path that it is about, or that its descriptor has been opened by
    is_faulty: bool
    started: bool  # the app's process is there

    @property
    def key(self):
        return self.who, self.name, self.count

    @property
    def option(self):
        """What prctl(2) is to do; "" for all others."""
        return names_of_options().get(self.args[0], "?") if self.name == "prctl" else ""

    @property
    def asks(self):
        """It changes nothing."""
        return (self.name.startswith("get") or "_GET_" in self.option or "_READ" in self.option
                or self.option == "PR_CAP_AMBIENT" and self.args[1] == 1
                or self.name == "rt_sigprocmask" and self.args[1] == 0
                or self.name in ("capget", "setfsuid", "setfsgid", "access", "faccessat"))

    def __str__(self):
        words = [self.option, *(str(word) for word in self.args[1:4])] if self.option else [
            str(word if word < 1 << 31 else word - (1 << 64) if word >> 63 else hex(word))
            for word in self.args[:3]]
        who = "" if self.who == "s" else "the app's process: "
        return f"{who}{self.name}({', '.join(words)}) {self.file} = {self.result}"


def read_calls(text):
    """The calls that enter has logged."""
    files = {0: "stdin", 1: "stdout", 2: "stderr"}
    started = False
    for line in text.splitlines():
        words = line.split(" ")
        number, count, result = (int(word) for word in words[1:4])
        name = names_of_system_calls().get(number, str(number))
        args = tuple(int(word, 16) for word in words[4:9])
        file = words[9].strip('"') if name in PATHS else ""
        if name in DESCRIPTORS:
            file = files.get(args[0], "")
        if name in ("open", "openat") and result >= 0:
            files[result] = file
        yield Call(words[0][0], name, count, args, result, file, words[0][1] == "!", started)
        started = started or name == "clone" or words[0][0] == "c"


@dataclass(frozen=True)
class Fault:
    """A call that does not do what it should."""

    call: Call
    how: str  # for people
    steps: str  # for enter
    kind: str = "error"  # or "pretended", "value", "otherwise", "unreported"
    may: tuple = ()  # what is promised then instead: functions of a Scenario, that give one
    blind: tuple = ()  # what the app may find other than promised
    is_true: bool = False  # as long as nothing else is wrong: a lie only beside another fault

    @property
    def spec(self):
        return f"{self.call.who}:{system_calls()[self.call.name]}:{self.call.count}:{self.steps}"

    @property
    def is_interruption(self):
        return self.how == "error=EINTR" and self.call.name in INTERRUPTIBLE

    @property
    def is_in_the_telling(self):
        """While the app runs a line is written at once, or left out."""
        return (self.call.name in ("poll", "ppoll") or self.call.file == "/proc/self/fd/2"
                or self.call.file == "stderr" and self.call.name in ("fstat", "write"))

    @property
    def silences(self):
        """The line that says why is the very thing that cannot be written, or seems to find no room."""
        if self.call.name in ("poll", "ppoll"):
            return self.how == "pretended"
        return (self.call.name == "write" and self.call.file == "stderr"
                and self.how not in ("error=EINTR", "error=EAGAIN"))

    def __str__(self):
        return f"{self.how} for {self.call.name} no. {self.call.count}: {self.call}"


def is_in_a_row(calls, place):
    """In the midst of calls that differ in a number only: one for each capability."""
    kinds = {(call.who, call.name, call.option) for call in calls[place - 1:place + 2]}
    return calls[place].name == "prctl" and len(kinds) == 1 and 0 < place < len(calls) - 1


def is_libcs_own(call):
    """Where AT_SECURE is set libc looks whether 0 to 2 are open before the program begins, and ends
    itself by a signal if it cannot."""
    return call.name in ("poll", "ppoll") and call.args[1] == 3


def can_fail(call):
    """A signal of the app's own is no part of a start."""
    if call.name == "kill" and call.args[1] != signal.SIGKILL:
        return False
    return call.name not in NEVER and not is_libcs_own(call)


def failures_of(call, all_errors=True):
    """It is not made, and says so; or it says that it was."""
    errors = errors_of(call.name)
    for error in errors if all_errors else errors[:1]:
        yield Fault(call, f"error={error}", f"skip,={-getattr(errno, error)}")
    # The right answer, where it is 0, is no fault; what changes something does not answer.
    if call.name not in ANSWERS and not (call.asks and call.result == 0):
        yield Fault(call, "pretended", "skip,=0", "pretended")

