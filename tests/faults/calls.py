"""What can go wrong with a system call: the errors that it can give, and success that is none."""

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
LOOP = {"rt_sigtimedwait": ("EINTR", "EAGAIN"), "wait4": ("EINTR",), "kill": ()}

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
    "brk", "clone", "execve", "fstat", "fstatfs", "getcwd", "kill", "lstat", "mmap", "newfstatat",
    "open", "openat", "read", "readlink", "readlinkat", "socket", "stat", "statfs", "statx",
}

# What they leave behind when they have done nothing, and nobody is harmed by it: a working
# directory, descriptors that the app has too, the one that libcap-ng opens before main(). A SIGCHLD
# that the app does not ignore, as it was, lets it wait for its children.
LEFT_BEHIND = {
    "chdir": ("shim.cwd",),
    "close": ("descriptors", "shim.descriptors"),
    "close_range": ("shim.descriptors",),
    "rt_sigaction": ("SigIgn",),
}


def errors_of(name):
    """The errors of one call, the likeliest first."""
    name = ALIASES.get(name, name)
    return LOOP[name] if name in LOOP else ANY + ERRORS.get(name, ())


@dataclass(frozen=True)
class Fault:
    """The count-th call of that name does not do what it should."""

    name: str
    count: int
    how: str  # "error=EPERM", "retval=0"
    text: str  # the call, as the trace without faults has it
    forking: bool  # it comes once the app's process has been made

    @property
    def inject(self):
        what = f"{self.name}:{self.how}:when={self.count}"
        return ["-e", f"trace={self.name}", "-e", f"inject={what}"]

    @property
    def is_interruption(self):
        return self.how == "error=EINTR" and self.name in INTERRUPTIBLE

    @property
    def leaves_behind(self):
        """What the app may find other than promised."""
        return LEFT_BEHIND.get(self.name, ())

    @property
    def silences(self):
        """The line that says why is the very thing that cannot be written."""
        return self.text.startswith("write(2,") and self.how not in ("error=EINTR", "error=EAGAIN")

    def __str__(self):
        return f"{self.how} for {self.name} no. {self.count}: {self.text}"


def is_in_a_row(calls, place):
    """In the midst of calls that differ in a number only: one for each capability."""
    kinds = [text.rsplit(",", 1)[0] for _, text in calls[place - 1:place + 2]]
    return calls[place][0] == "prctl" and len(kinds) == 3 and len(set(kinds)) == 1


def faults_of(calls, thorough):
    """All faults for the calls of one start, or one error of each call and what is pretended."""
    seen = {}
    forking = False
    for place, (name, text) in enumerate(calls):
        seen[name] = seen.get(name, 0) + 1
        forking = forking or name == "clone"
        if place == 0 or name in NEVER:
            continue
        errors = errors_of(name)
        all_errors = name in ALWAYS or (thorough and not is_in_a_row(calls, place))
        for error in errors if all_errors else errors[:1]:
            yield Fault(name, seen[name], f"error={error}", text, forking)
        # The right answer, where it is 0, is no fault; what changes something does not answer.
        asks = name.startswith("get") or "_GET_" in text or "_READ" in text or "IS_SET" in text
        if name not in ANSWERS and not (asks and text.endswith("= 0")):
            yield Fault(name, seen[name], "retval=0", text, forking)
