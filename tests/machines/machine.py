"""A machine of its own to try the shim on: Debian's kernel under qemu, and an init of ours.

The init (guest/) makes the steps that it is asked for, one trial at a time: see there for what
there is. Machine.run() has the usual ones: a container in miniature, as a runtime would set it up.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import tempfile
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from initramfs import Device, Folder, pack
from sandbox import Result

BOOT = 180  # seconds; where nobody else wants the processor it is two to four
LIMIT = 60  # what a trial may take; the machine itself may take as long to answer
DOCKER = 0xA80425FB  # the capabilities of an ordinary container
CAP_NET_BIND_SERVICE = 1 << 10

RDONLY, NOSUID, REMOUNT, BIND = 1, 2, 32, 4096  # mount(2)
PR_SET_PDEATHSIG = 1

# A board, words for its kernel's command line, and the serial port that is the line to the init.
# (Where the processor is scarce the timer comes too late for the kernel's liking.)
BOARDS = {
    "amd64": (["qemu-system-x86_64", "-M", "pc", "-cpu", "max"],
              "console=ttyS0 no_timer_check LINE=/dev/ttyS1", "isa-serial"),
    "arm64": (["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57"],
              "console=ttyAMA0 LINE=/dev/ttyS0", "pci-serial"),
}


class MachineFailure(Exception):
    """The machine did not do what it was asked for: nothing that a program in it could cause."""


def encode(word):
    data = word if isinstance(word, bytes) else os.fsencode(str(word))
    return b"".join(b"%c" % byte if 0x21 <= byte < 0x7F and byte != 0x25 else b"%%%02x" % byte
                    for byte in data)


def end_with_us():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


@dataclass
class Start:
    """As whom and with what a container is started."""

    uid: object = 0  # or (real, effective, saved)
    gid: object = 0
    groups: tuple = ()
    bounding: int = DOCKER
    capabilities: int = 0  # of a user who is not root: permitted, effective, inheritable, ambient
    init: bool = True  # as PID 1 of a PID namespace
    terminal: bool = False  # in a session of its own, at a terminal
    blocked: int = 0  # a mask of signals
    proc: object = ""  # the options that /proc is mounted with; None: no /proc
    no_new_privs: bool = False
    before: tuple = ()  # steps that are made outside of the container
    inside: tuple = ()  # steps that are made in it, as root
    then: tuple = ()  # steps that are made outside once it runs

    def steps(self):
        uids = self.uid if isinstance(self.uid, tuple) else (self.uid,) * 3
        gids = self.gid if isinstance(self.gid, tuple) else (self.gid,) * 3
        yield from [("init",)] if self.init else []
        yield from [("terminal",)] if self.terminal else []
        yield from self.before
        yield ("unshare", "mount", "uts", "ipc")
        yield ("root", "/box")
        if self.proc is not None:
            yield ("mount", "proc", "/proc", "proc", 0, self.proc)
        yield ("mount", "tmpfs", "/tmp", "tmpfs", 0, "mode=1777")
        # What one trial does to the files must not be there in the next.
        yield ("mount", "/", "/", "", REMOUNT | BIND | RDONLY, "")
        yield from self.inside
        yield ("groups", *self.groups)
        yield ("bounding", f"{self.bounding:x}")
        yield ("gids", *gids)
        if 0 not in uids:
            yield ("keep",)
        yield ("uids", *uids)
        if 0 not in uids:
            yield ("capabilities", f"{self.capabilities:x}")
        yield from [("no-new-privs",)] if self.no_new_privs else []
        yield ("block", f"{self.blocked:x}")


class Machine:
    """A machine that runs, from `with` to its end.

    words: for the kernel's command line. memory: in MiB. tree: the files of the machine, as in
    initramfs.py; those below /box are the container's.
    """

    def __init__(self, arch, kernel, init, tree, words="", memory=256):
        self.arch, self.kernel, self.words, self.memory = arch, Path(kernel), words, memory
        self.tree = {"dev": Folder(), "dev/console": Device(5, 1, 0o600), "init": init, **tree}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="shim-machine-")
        self._console = Path(self._folder.name, "console")
        self._errors = Path(self._folder.name, "errors")  # qemu's own
        Path(self._folder.name, "initrd").write_bytes(pack(self.tree))
        try:
            try:
                self._boot()
            except MachineFailure as failure:
                # An emulated kernel may give up its own devices. Nothing of the shim has run yet;
                # what it does later is not tried twice.
                warnings.warn(f"the machine is booted again: {failure}", stacklevel=2)
                self._end()
                self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _boot(self):
        board, words, port = BOARDS[self.arch]
        append = f"{words} panic=-1 oops=panic {self.words}"
        with self._errors.open("w") as errors:
            self._qemu = subprocess.Popen(
                [*board, "-accel", "tcg", "-m", str(self.memory), "-nodefaults",
                 "-display", "none", "-no-reboot", "-serial", f"file:{self._console}",
                 "-chardev", "stdio,id=line,signal=off", "-device", f"{port},chardev=line",
                 "-kernel", self.kernel, "-initrd", Path(self._folder.name, "initrd"),
                 "-append", append],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0,
                preexec_fn=end_with_us,
            )
        self._text = b""
        if (word := self._line(BOOT)) != b"ready":
            self._fail(f"it says {word!r} for a start")
        # What the kernel says to the console costs time; only its last words go there.
        self.do(("write", "/proc/sys/kernel/printk", "1"))

    def _end(self):
        self._qemu.kill()
        self._qemu.wait()
        self._qemu.stdin.close()
        self._qemu.stdout.close()

    def __exit__(self, *_):
        self._end()
        self._folder.cleanup()

    def _fail(self, what):
        self._qemu.kill()  # the next trial need not wait for it
        said = [what]
        for path in (self._errors, self._console):
            text = path.read_bytes().decode(errors="replace") if path.exists() else ""
            said += [f"the last lines of its {path.name}:", *text.splitlines()[-40:]]
        raise MachineFailure("\n".join(said))

    def _line(self, limit):
        end = time.monotonic() + limit
        while b"\n" not in self._text:
            if not select.select([self._qemu.stdout], [], [], max(0, end - time.monotonic()))[0]:
                self._fail(f"no answer in {limit} s, but {self._text[-500:]!r}")
            part = os.read(self._qemu.stdout.fileno(), 65536)
            if not part:
                self._fail(f"qemu has ended: {self._text[-500:]!r}")
            self._text += part
        line, _, self._text = self._text.partition(b"\n")
        return line.rstrip(b"\r")

    def ask(self, *steps, limit=LIMIT):
        """Makes these steps, in so many seconds. Returns what came of it: see guest/machine.h."""
        steps = [("limit", limit), *steps]
        lines = [b"".join(encode(word) + b" " for word in step) + b"\n" for step in steps]
        try:
            self._qemu.stdin.write(b"".join(lines) + b"\n")
        except BrokenPipeError:
            self._fail("qemu has ended")
        found = json.loads(self._line(2 * limit))
        if found["failure"]:
            raise MachineFailure(f"a step failed: {found['failure']}")
        if found["timeout"]:
            raise MachineFailure(f"it does not end: {found}")
        return found

    def do(self, *steps):
        """Makes steps that are no program. Returns what they print."""
        found = self.ask(*steps)
        assert found["exit_code"] == 0, found
        return found["stdout"]

    def read(self, path):
        return self.do(("read", path))

    @contextmanager
    def setting(self, path, value):
        """With this value in a file of the kernel's."""
        before = self.read(path).strip()
        self.do(("write", path, value))
        try:
            yield
        finally:
            self.do(("write", path, before))

    def run(self, *words, file="/shim", env=(), **options):
        """Starts the shim, or another program, in a container. The options are those of Start."""
        start = Start(**options)
        if isinstance(env, dict):
            env = [f"{name}={value}" for name, value in env.items()]
        found = self.ask(*start.steps(), *(("environment", entry) for entry in env),
                         ("exec", file, file, *words), *start.then)
        return Result(found["exit_code"], found["stdout"], found["stderr"])
