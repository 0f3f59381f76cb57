"""Starts the shim as PID 1, or as an ordinary process, and talks with it and with its app.

Every Run has a PID namespace of its own, made by the payload nest, so that whatever it leaves
behind ends with it. Process ids here are those of the test's side, except where one is said to be
the namespace's. Where no PID namespace is to be had (a `docker build`), the shim can still be an
ordinary process: a Run has none then, and what needs a PID 1 is skipped.
"""

import atexit
import functools
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]
DEADLINE = float(os.environ.get("SHIM_TEST_DEADLINE", 60))  # seconds; the machine may be busy
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
APP_UID = 1654
NAME = 15  # as many letters of a program's name does /proc/PID/comm have

# All that can be handed on.
SIGNALS = [number for number in range(1, 65) if number not in (9, 17, 19)]
HUP, INT, QUIT, ABRT, USR1, SEGV, USR2, PIPE, TERM = 1, 2, 3, 6, 10, 11, 12, 13, 15
KILL, CHLD, CONT, STOP, TSTP, TTIN, TTOU, WINCH = 9, 17, 18, 19, 20, 21, 22, 28
RTMAX = 64


def bits(*signals):
    """The mask of these signals."""
    return sum(1 << number - 1 for number in signals)


ALL = bits(*range(1, 65))
BLOCKABLE = ALL & ~bits(KILL, STOP)


class Stage:
    """Copies of the programs in a folder that the app's user can reach."""

    def __init__(self):
        self.folder = None

    def open(self):
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="shim-init-", dir="/tmp"))
            self.folder.chmod(0o755)
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        return self.folder

    def program(self, source):
        path = self.open() / source.name
        if not path.exists():
            shutil.copy(source, path)
            path.chmod(0o755)
        return str(path)


STAGE = Stage()


def shim():
    """The program under test: build/shim, or what SHIM_UNDER_TEST names."""
    return STAGE.program(Path(os.environ.get("SHIM_UNDER_TEST") or REPO / "build/shim"))


def payload(name):
    return STAGE.program(REPO / "build/payloads" / name)


def wait_until(condition, what, deadline=DEADLINE):
    """Looks again and again, for what sends no event. Returns what was found."""
    end = time.monotonic() + deadline
    while not (found := condition()):
        assert time.monotonic() < end, f"not in {deadline} s: {what}"
        time.sleep(0.005)
    return found


def status(pid):
    """/proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def memory(pid):
    """What a process takes, in kB. (VmRSS is an estimate, this is not.)"""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pages = dict(re.findall(r"(\w+): +(\d+) kB", text))
    found = {name: int(pages[name]) for name in ("Rss", "Anonymous")}
    return found | {"VmData": int(status(pid)["VmData"].split()[0])}


def processes():
    """{pid: (parent, state)} of all there are."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            state, parent = text.rpartition(")")[2].split()[:2]
            found[int(entry)] = (int(parent), state)
    return found


def children(pid):
    return sorted(child for child, (parent, _) in processes().items() if parent == pid)


def state(pid):
    """R, S, T, Z and so on; None: it is gone."""
    return processes().get(pid, (0, None))[1]


def zombies(pid):
    """Children of this process that nobody has reaped."""
    return [child for child, (parent, state) in processes().items() if (parent, state) == (pid, "Z")]


@functools.cache
def why_no_namespace():
    """The reason why there is no PID namespace with its /proc here, or None."""
    probe = subprocess.run([payload("nest"), "/bin/true"], capture_output=True, text=True)
    return f"needs a PID namespace ({probe.stderr.strip()})" if probe.returncode else None


def may_trace():
    """Whether we have CAP_SYS_PTRACE."""
    return int(status("self")["CapEff"], 16) >> 19 & 1 == 1


def executable(pid):
    """The path of what a process runs; its name alone if that is all one may know."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except PermissionError:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def portrait(pid):
    """What a process is at, in a line: for the one who has to find out why nothing happens."""
    try:
        about = status(pid)
        at = Path(f"/proc/{pid}/syscall").read_text().split()[0]
    except OSError as error:
        return f"{pid}: {error.strerror}"
    names = ("Name", "State", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt")
    return f"{pid}: system call {at}, " + ", ".join(f"{name} {about[name]}" for name in names)


class Reader:
    """What a descriptor brings, against the clock. explain() says more of it when nothing comes."""

    def __init__(self, fd):
        self.fd = fd
        self.explain = str
        self.text = ""
        self.ended = False

    def more(self, end):
        ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
        assert ready, f"nothing more comes after: {self.text!r}{self.explain()}"
        try:
            part = os.read(self.fd, 65536)
        except OSError:  # EIO: a terminal that nobody has open any more
            part = b""
        self.ended = not part
        self.text += part.decode(errors="replace")

    def line(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while "\n" not in self.text and not self.ended:
            self.more(end)
        line, _, self.text = self.text.partition("\n")
        return line

    def find(self, pattern, deadline=DEADLINE):
        """Reads until there is a match; all up to its end counts as read."""
        end = time.monotonic() + deadline
        while not (match := re.search(pattern, self.text)):
            assert not self.ended, f"it ended without {pattern!r}: {self.text!r}"
            self.more(end)
        self.text = self.text[match.end() :]
        return match

    def rest(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while not self.ended:
            self.more(end)
        text, self.text = self.text, ""
        return text


class Terminal:
    """A terminal, and somebody who sits in front of it. It does not echo what is typed."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        self.name = os.ttyname(self.slave)
        settings = termios.tcgetattr(self.slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        self.reader = Reader(self.master)
        self.resize(24, 80)

    def type(self, text):
        os.write(self.master, text.encode())

    def find(self, pattern):
        return self.reader.find(pattern)

    def line(self):
        return self.reader.line().rstrip("\r")

    def resize(self, rows, columns):
        termios.tcsetwinsize(self.master, (rows, columns))

    def foreground(self):
        """The process group that the keys go to."""
        return os.tcgetpgrp(self.master)

    def wait_for_foreground(self, group):
        wait_until(lambda: self.foreground() == group, "the foreground has changed")

    def hang_up(self):
        os.close(self.master)
        self.master = -1

    def close(self):
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)


class Run:
    """A program as PID 1, or as an ordinary process, and what runs under it.

    command: the program and its arguments. env: its whole environment, PATH and HOME aside. blocked,
    ignored: the signals that it starts with. terminal: its session's own. closed: digits, the
    descriptors that it starts without. stdin, stdout, stderr, cwd, pass_fds: as subprocess has
    them; stderr is kept in a file. prefix: words before nest.
    """

    def __init__(self, *command, init=True, env=(), blocked=0, ignored=0, terminal=None, prefix=(),
                 closed="", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, **options):
        self.program = os.path.realpath(command[0])
        self.init = init
        self.alone = why_no_namespace() is not None
        if init and self.alone:
            pytest.skip(why_no_namespace())
        self.errors = tempfile.TemporaryFile()
        nest = [payload("nest"), f"-b{blocked:x}", f"-i{ignored:x}"]
        nest += ([] if init else ["-n" if self.alone else "-o"]) + (["-t"] if terminal else [])
        nest += [f"-x{closed}"] if closed else []
        if terminal:
            stdin = stdout = stderr = terminal.slave
        self.process = subprocess.Popen(
            [str(word) for word in (*prefix, *nest, *command)],
            env={"PATH": PATH, "HOME": "/tmp", **dict(env)},
            stdin=stdin,
            stdout=stdout,
            stderr=self.errors if stderr is None else stderr,
            start_new_session=True,
            **options,
        )
        self.out = Reader(self.process.stdout.fileno()) if self.process.stdout else None
        if terminal:
            os.close(terminal.slave)
            terminal.slave = -1
            self.out = terminal.reader
        if self.out:
            self.out.explain = self.portraits

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self._namespace() if self.process.poll() is None else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def below(self):
        """All processes of it, those of nest and of a prefix included, parents first."""
        table = processes()
        found = [self.process.pid]
        for pid in found:
            found += sorted(child for child, (parent, _) in table.items() if parent == pid)
        return found

    def portraits(self):
        return "".join(f"\n{portrait(pid)}" for pid in self.below())

    def _namespace(self):
        """Its processes that are in the namespace; all, where it has none."""
        if self.alone:
            return self.below()
        here = os.readlink("/proc/self/ns/pid")
        found = []
        for pid in self.below():
            try:
                if os.readlink(f"/proc/{pid}/ns/pid") != here:
                    found.append(pid)
            except OSError:
                pass
        return found

    @functools.cached_property
    def pid(self):
        """The program's own process."""

        def find():
            return [pid for pid in self.below() if self.is_program(pid)]

        return wait_until(find, f"{self.program} runs")[0]

    def is_program(self, pid):
        """Whether a process runs it: by the file's name, which is the same from within a chroot."""
        found = os.path.basename(executable(pid) or "")
        return found[:NAME] == os.path.basename(self.program)[:NAME]

    def find(self, name):
        """The processes of a program."""
        return [pid for pid in self.below() if os.path.basename(executable(pid) or "") == name]

    @property
    def app(self):
        """Its app: the child that has become another program."""

        def find():
            below = [pid for pid in children(self.pid) if executable(pid)]
            return [pid for pid in below if not self.is_program(pid)]

        return wait_until(find, "the app runs")[0]

    def outside(self, number):
        """The process that has this number in the namespace."""
        for pid in self._namespace():
            if status(pid)["NSpid"].split()[-1] == str(number):
                return pid
        return None

    def ready(self):
        """Waits for the payload to say so. Returns its number in the namespace."""
        try:
            return int(self.out.find(r"ready (\d+)\r?\n")[1])
        except AssertionError as error:
            raise AssertionError(f"{error} stderr: {self.stderr()!r}") from None

    def line(self):
        return self.out.line()

    def numbers(self, count):
        """The next lines, a signal's number each."""
        return [int(self.line()) for _ in range(count)]

    def send(self, *signals):
        for number in signals:
            os.kill(self.pid, number)

    def say(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def close_input(self):
        self.process.stdin.close()

    def end(self, deadline=DEADLINE):
        """Waits for its end: its exit code, or -n if signal n has killed the program itself."""
        return self.process.wait(deadline)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def finish(self):
        """Lets it end by itself. Returns exit code, the rest of stdout, stderr."""
        if self.process.stdin and not self.process.stdin.closed:
            self.close_input()
        text = self.out.rest() if self.out else ""
        return self.end(), text, self.stderr()
