"""One start of the shim with something going wrong, and the judgement of what came of it."""

import os
import re
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 20  # a trial takes 20 milliseconds
THREADS = 4  # at a time: they wait for the kernel, mostly
# What is worth a warning is the tests of messages' matter.
SETTLED = {"HOME": "/root", "APP_GROUPS": "3000", "SHIM_LOG": "error"}

# enter -m: SIGUSR2, and 34, which libc leaves out of its sets. enter ignores SIGCHLD.
BLOCKED = 1 << 11 | 1 << 33
IGNORED = 1 << 16

NET_BIND = 1 << 10
FEW = 1 << 6 | 1 << 7 | NET_BIND  # CAP_SETGID, CAP_SETUID; without CAP_SETPCAP

PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1654:2654::/home/app:/bin/sh\n"
GROUP = "root:x:0:\napp:x:2654:\nmore:x:2000:other,app\n"


@dataclass(frozen=True)
class Scenario:
    """A start: what goes in, and what is promised to come out when all is well."""

    name: str
    enter: tuple = ()
    env: dict = field(default_factory=dict, hash=False)
    shim: str = "/shim"
    program: tuple = ("/witness",)
    code: int = 0
    kept: int = 0  # capabilities in the app
    bounding: int = 0
    securebits: int = 0xF
    ids: tuple = (1654, 2654)
    groups: str = "5 2000 2654 3000"  # 5 is nobody's in the image: the platform's
    home: str = "/home/app"

    def command(self, root, extra=()):
        start = [*self.enter, "-m", f"{BLOCKED:x}", "-g", "5", *extra, root]
        return [*start, self.shim, *self.program]

    @property
    def supervised(self):
        return "alone" not in self.program

    @property
    def promised(self):
        """What the witness must say."""
        uid, gid = (" ".join([str(id)] * 4) for id in self.ids)
        app = {
            "Uid": uid, "Gid": gid, "Groups": self.groups, "NoNewPrivs": "1",
            **{name: f"{self.kept:016x}" for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")},
            "CapBnd": f"{self.bounding:016x}", "securebits": str(self.securebits),
            "SigBlk": f"{BLOCKED:016x}", "SigIgn": f"{IGNORED:016x}",
            "cwd": "/home", "descriptors": "0 1 2 100", "HOME": self.home,
        }
        if not self.supervised:
            return app
        shim = {
            "Uid": uid, "Gid": gid, "Groups": self.groups, "NoNewPrivs": "1",
            **{name: f"{0:016x}" for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")},
            "CapBnd": f"{self.bounding:016x}", "cwd": "/", "descriptors": "0 1 2",
        }
        return {**app, "group": "own", **{f"shim.{name}": value for name, value in shim.items()}}


INIT = ("-1",)
PORT_80 = {**SETTLED, "ASPNETCORE_HTTP_PORTS": "80"}
KEEPS = {"kept": NET_BIND, "bounding": NET_BIND}
WITHOUT_SETPCAP = {"bounding": FEW, "securebits": 0}

SCENARIOS = [
    Scenario("init", INIT, SETTLED),
    Scenario("init keeps a capability", INIT, PORT_80, **KEEPS),
    Scenario("process", (), SETTLED),
    Scenario("process keeps a capability", (), PORT_80, **KEEPS),
    Scenario("init without CAP_SETPCAP", (*INIT, "-b", f"{FEW:x}"), SETTLED, **WITHOUT_SETPCAP),
    Scenario("init without CAP_SETPCAP keeps a capability", (*INIT, "-b", f"{FEW:x}"), PORT_80,
             kept=NET_BIND, **WITHOUT_SETPCAP),
    Scenario("becomes the app", INIT, {**PORT_80, "SHIM_SUPERVISE": "0"},
             program=("/witness", "alone"), **KEEPS),
    Scenario("user with capabilities to lose",
             (*INIT, "-b", f"{NET_BIND | 1:x}", "-u", "1654", "-i", f"{NET_BIND | 1:x}"), SETTLED,
             bounding=NET_BIND | 1, securebits=0, ids=(1654, 1654), groups="5", home="/root"),
    Scenario("no such program", INIT, SETTLED, program=("/absent",), code=127),
    Scenario("the app could replace the shim", INIT, SETTLED, shim="/open/shim", code=125),
    Scenario("privileged port without the capability", (*INIT, "-b", f"{FEW & ~NET_BIND:x}"),
             PORT_80, code=125),
]


@dataclass(frozen=True)
class Outcome:
    code: int  # negative: ended by that signal
    output: str
    errors: str
    trace: str
    hung: bool

    @property
    def witnessed(self):
        found = dict(re.findall(r"^([^:\n]+):[ \t]*(.*?)[ \t]*$", self.output, re.M))
        return {name: " ".join(value.split()) for name, value in found.items()}


class Bench:
    """Where trials are made."""

    def __init__(self, root, enter, network):
        self.root, self.enter, self.network = Path(root), enter, network

    def run(self, scenario, strace=None, rules=()):
        """One trial. strace: its options, to trace the shim with, by which it injects faults.
        rules: for enter, which makes a filter of them."""
        extra = ["-n", self.network, *(word for rule in rules for word in ("-r", rule))]
        if strace is None:
            return self._run(scenario, extra)
        pid_read, pid_write = os.pipe()
        go_read, go_write = os.pipe()
        try:
            extra += ["-p", str(pid_write), "-w", str(go_read)]
            passed = (pid_write, go_read)
            return self._run(scenario, extra, passed, (strace, pid_read, go_write))
        finally:
            for number in (pid_read, pid_write, go_read, go_write):
                os.close(number)

    def _run(self, scenario, extra, descriptors=(), tracing=None):
        command = [self.enter, *scenario.command(self.root, extra)]
        with subprocess.Popen(
            command, env=scenario.env, pass_fds=descriptors, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:
            process.stdin.close()
            process.stdin = None
            hung = threading.Event()
            watchdog = threading.Timer(TIMEOUT, lambda: (hung.set(), end(process.pid)))
            watchdog.start()
            try:
                strace = self._trace(process, *tracing) if tracing else None
                output, errors = process.communicate()
                trace = strace.communicate()[1] if tracing else ""
            except BaseException:
                end(process.pid)
                raise
            finally:
                watchdog.cancel()
        texts = [text.decode(errors="replace") for text in (output, errors)]
        return Outcome(process.returncode, *texts, trace, hung.is_set())

    def _trace(self, process, options, pid_read, go_write):
        """Lets the shim go once strace has hold of it."""
        pid = os.read(pid_read, 16).decode().strip()
        if not pid:
            raise RuntimeError(process.communicate()[1].decode())
        strace = subprocess.Popen(
            ["strace", "-s", "24", "-e", "signal=none", "-p", pid, *options],
            text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        line = strace.stderr.readline()
        if "attached" not in line:
            raise RuntimeError(f"strace: {line}{strace.communicate()[1]}")
        os.write(go_write, b".")
        return strace

    def trace(self, scenario, folder):
        """A start without faults: its outcome, and its calls in order from the shim's execve on."""
        log = Path(folder) / "trace"
        outcome = self.run(scenario, ["-o", log])
        lines = log.read_text(errors="replace").splitlines()
        calls = [(found[1], line) for line in lines if (found := re.match(r"(\w+)\(", line))]
        places = [place for place, (name, _) in enumerate(calls) if name == "execve"]
        last = len(calls) if scenario.supervised else places[1] + 1
        return outcome, calls[places[0]:last]


def end(pid):
    """Ends what a trial has started, all of it: a PID 1 does not end with its parent."""
    for child in children_of(pid):
        end(child)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def children_of(pid):
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]
    except FileNotFoundError:
        return []


def compare(scenario, outcome, blind):
    """None when the app has seen what was promised."""
    witnessed = outcome.witnessed
    wrong = [f"{name} is {witnessed.get(name)}, not {value}"
             for name, value in scenario.promised.items()
             if name not in blind and witnessed.get(name) != value]
    return "the app runs, but " + ", ".join(wrong) if wrong else None


def judge(scenario, outcome, lenient=True, may_be_silent=False, may_have_run=False, blind=()):
    """None when the outcome is one that users were promised, else what is wrong with it.

    The app runs just as planned, or it does not run at all and the shim says why. lenient: an end
    with 125 to 127 is right too, because of a fault. may_have_run: even after the app has run.
    blind: what the witness cannot know.
    """
    if outcome.hung:
        return "it hangs"
    if outcome.code < 0:
        return f"it ends by {signal.Signals(-outcome.code).name}"
    if outcome.code == 0 and scenario.code == 0:
        said = f"the app runs, but the shim says {outcome.errors!r}" if outcome.errors else None
        return compare(scenario, outcome, blind) or said
    if outcome.output:
        complaint = compare(scenario, outcome, blind)
        if complaint or not may_have_run:
            return f"exit code {outcome.code}, after the app has run: {complaint}"
    if outcome.code != scenario.code and not (lenient and outcome.code in (125, 126, 127)):
        return f"exit code {outcome.code}: {outcome.errors!r}"
    labels = re.findall(r"^shim: (error|hint): .+$", outcome.errors, re.M)
    if len(labels) != len(outcome.errors.splitlines()):
        return f"lines that are not the shim's: {outcome.errors!r}"
    if not may_be_silent and labels[:1] != ["error"]:
        return f"exit code {outcome.code}, and not a word"
    return None


def check_all(try_one, jobs):
    """Tries all of them, a few at a time, and fails with every complaint that there is."""
    jobs = list(jobs)
    with ThreadPoolExecutor(THREADS) as pool:
        complaints = [complaint for complaint in pool.map(lambda job: try_one(*job), jobs)
                      if complaint]
    assert not complaints, "\n".join([f"{len(complaints)} of {len(jobs)}:", *complaints])
