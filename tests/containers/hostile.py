"""A container with a hostile app in it (tests/payloads/hostile.c), and a look at its PID 1 from the
machine's side."""

import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path

from engine import START_SECONDS, Container

SECONDS = 120  # for an answer; the machine may be busy
FIELDS = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs",
          "Seccomp", "NSpid")


def stat(pid):
    """State, parent, and ticks of the processor's time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[1]), int(fields[11]) + int(fields[12])


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: " ".join(value.split()) for name, value in (line.split(":", 1) for line in lines)}


def find(*words):
    """The processes of this machine with just this command line."""
    line = "".join(f"{word}\0" for word in words).encode()
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and Path(f"/proc/{entry}/cmdline").read_bytes() == line:
                found.append(int(entry))
        except OSError:
            pass
    return found


def portraits():
    """What all that may have to do with a container are at: for the one who has to find out why
    nothing happens."""
    programs = ("shim", "hostile", "hunter", "again", "pry", "podman", "conmon", "runc", "docker")
    told = [""]
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            found = status(entry)
            at = Path(f"/proc/{entry}/syscall").read_text().split()[0]
        except OSError:
            continue
        if found["Name"].startswith(programs):
            names = ("PPid", "State", "TracerPid", "NSpid", "SigPnd", "ShdPnd", "SigBlk")
            told.append(f"{found['Name']} {entry}: system call {at}, "
                        + ", ".join(f"{name} {found[name]}" for name in names))
    return "\n".join(told)


def until(condition, what):
    """Looks again and again; what was found."""
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.005)
    return found


class Answers:
    """JSON objects, one after the other, from a stream."""

    def __init__(self, stream):
        self.fd = stream.fileno()
        self.text = ""

    def next(self):
        """None: it has ended."""
        deadline = time.monotonic() + SECONDS
        while True:
            self.text = self.text.lstrip()
            try:
                found, end = json.JSONDecoder().raw_decode(self.text)
                self.text = self.text[end:]
                return found
            except ValueError:
                pass
            ready, _, _ = select.select([self.fd], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"no answer after {self.text[-500:]!r}{portraits()}"
            more = os.read(self.fd, 65536)
            if not more:
                return None
            self.text += more.decode(errors="replace")


class Hostile(Container):
    """For use in `with`. The shim starts the app as `/hostile NAME`."""

    def __init__(self, engine, image, env=(), options=(), unread=False):
        self.number = f"app-{engine.new_name()}"
        self.errors = None if unread else tempfile.TemporaryFile()
        stderr = subprocess.PIPE if unread else self.errors
        words = ("/hostile", self.number)
        self.folder = tempfile.TemporaryDirectory()  # podman leaves a file where it is at a lack of memory
        client = {"stderr": stderr, "cwd": self.folder.name}
        name, self.process = engine.attach(image, *words, env=env, options=options, **client)
        super().__init__(engine, name, None)
        self.answers = Answers(self.process.stdout)
        try:
            assert self.ask("alive") == {"back": 0}, self.said()
            [self.pid] = find("/shim", *words)
            [self.app] = [pid for pid in find(*words) if stat(pid)[1] == self.pid]
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        super().__exit__()
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def said(self):
        if self.errors is None:
            return ""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def tell(self, word):
        self.process.stdin.write(f"{word}\n".encode())
        self.process.stdin.flush()

    def ask(self, word):
        """What comes of an attack; None: the container has ended."""
        try:
            self.tell(word)
        except BrokenPipeError:
            return None
        return self.answers.next()

    def end(self):
        """Waits for it; the exit code."""
        return self.process.wait(SECONDS)

    def term(self):
        self.kill("TERM")
        return self.end()

    def holds(self, pid=None):
        """What a process is and may do, and where: nothing of it may change."""
        pid = pid or self.pid
        found = status(pid)
        spaces = {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in os.listdir(f"/proc/{pid}/ns")}
        return {**{name: found.get(name) for name in FIELDS}, **spaces}

    def takes(self):
        """What PID 1 takes of the machine, in kB and descriptors."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        [anonymous] = [int(line.split()[1]) for line in lines if line.startswith("Anonymous")]
        return anonymous, len(os.listdir(f"/proc/{self.pid}/fd"))

    def has_reaped(self):
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return not any(self._is_zombie(child) for child in children)

    def _is_zombie(self, pid):
        try:
            return stat(pid)[0] == "Z"
        except OSError:
            return False

    def is_idle(self):
        """It sleeps while the app takes a fifth of a second of a processor, and is not woken."""
        until(lambda: stat(self.pid)[0] == "S", "PID 1 comes to rest")
        before = self._work()
        assert self.ask("burn") == {"done": 0}
        return before == self._work()

    def _work(self):
        found = status(self.pid)
        return stat(self.pid)[2], found["voluntary_ctxt_switches"], found["nonvoluntary_ctxt_switches"]
