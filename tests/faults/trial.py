"""One start of the shim with something going wrong, and the judgement of what came of it."""

import os
import re
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from calls import read_calls

TIMEOUT = 20  # a trial takes 20 milliseconds
THREADS = 4  # at a time: they wait for the kernel, mostly
# What is worth a warning is the tests of messages' matter.
SETTLED = {"HOME": "/root", "APP_GROUPS": "3000", "SHIM_LOG": "error"}

# enter -m: SIGUSR2, and 34, which libc leaves out of its sets. enter ignores SIGCHLD.
BLOCKED = 1 << 11 | 1 << 33
IGNORED = 1 << 16

NET_BIND = 1 << 10
FEW = 1 << 6 | 1 << 7 | NET_BIND  # CAP_SETGID, CAP_SETUID; without CAP_SETPCAP

def all_capabilities():
    """Those that the tests are bounded by, and so a container that is refused none."""
    return int(re.search(r"^CapBnd:\s*(\w+)", Path("/proc/self/status").read_text(), re.M)[1], 16)


@dataclass(frozen=True)
class Scenario:
    """A start: what goes in, and what is promised to come out when all is well."""

    name: str
    enter: tuple = ()
    env: dict = field(default_factory=dict, hash=False)
    shim: str = "/shim"
    program: tuple = ("/witness",)
    starts_as: int = 0
    found: int = field(default_factory=all_capabilities)  # the bounding set at the start
    holds_net_bind: bool = True
    group: int = 5  # a supplementary one
    code: int = 0
    kept: int = 0  # capabilities in the app
    bounding: int = 0
    securebits: int = 0xF
    ids: tuple = (1654, 2654)
    groups: str = "5 2000 2654 3000"  # 5 is nobody's in the image: the platform's
    home: str = "/home/app"
    blocked: int = BLOCKED
    foreground: str = "no"

    def command(self, root, extra=()):
        start = [*self.enter, "-m", f"{BLOCKED:x}", "-g", str(self.group), *extra, root]
        return [*start, self.shim, *self.program]

    @property
    def supervised(self):
        return "alone" not in self.program

    @property
    def switches(self):
        return self.starts_as == 0

    @property
    def promised(self):
        """What the witness must say."""
        uid, gid = (" ".join([str(id)] * 4) for id in self.ids)
        app = {
            "Uid": uid, "Gid": gid, "Groups": self.groups, "NoNewPrivs": "1",
            **{name: f"{self.kept:016x}" for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")},
            "CapBnd": f"{self.bounding:016x}", "securebits": str(self.securebits),
            "SigBlk": f"{self.blocked:016x}", "SigIgn": f"{IGNORED:016x}",
            "cwd": "/home", "descriptors": "0 1 2 100", "HOME": self.home,
            "foreground": self.foreground,
        }
        if not self.supervised:
            return app
        shim = {
            "Uid": uid, "Gid": gid, "Groups": self.groups, "NoNewPrivs": "1",
            **{name: f"{0:016x}" for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")},
            "CapBnd": f"{self.bounding:016x}", "cwd": "/", "descriptors": "0 1 2",
        }
        return {**app, "group": "own", "reaches the shim": "no",
                **{f"shim.{name}": value for name, value in shim.items()}}


INIT = ("-1",)
PORT_80 = {**SETTLED, "ASPNETCORE_HTTP_PORTS": "80"}
KEEPS = {"kept": NET_BIND, "bounding": NET_BIND}
FEW_HELD = {"enter": (*INIT, "-b", f"{FEW:x}"), "found": FEW, "bounding": FEW, "securebits": 0}
KEPT_SET = {"SHIM_BOUNDING_SET": "keep"}
USER = {"starts_as": 1654, "securebits": 0, "ids": (1654, 1654), "groups": "5", "home": "/root"}
TO_LOSE = NET_BIND | 1

SCENARIOS = [
    Scenario("init", INIT, SETTLED),
    Scenario("init keeps a capability", INIT, PORT_80, **KEEPS),
    Scenario("process", (), SETTLED),
    Scenario("process keeps a capability", (), PORT_80, **KEEPS),
    Scenario("init without CAP_SETPCAP", env=SETTLED, **FEW_HELD),
    Scenario("init without CAP_SETPCAP keeps a capability", env=PORT_80, kept=NET_BIND, **FEW_HELD),
    Scenario("becomes the app", INIT, {**PORT_80, "SHIM_SUPERVISE": "0"},
             program=("/witness", "alone"), **KEEPS),
    Scenario("the bounding set stays", INIT, {**SETTLED, **KEPT_SET}, bounding=all_capabilities()),
    Scenario("the bounding set stays, and a capability", INIT, {**PORT_80, **KEPT_SET},
             kept=NET_BIND, bounding=all_capabilities()),
    Scenario("at a terminal", (*INIT, "-t"), SETTLED, foreground="yes"),
    Scenario("without /proc", (*INIT, "-P"), PORT_80, **KEEPS),
    # As many groups as it was started with, so that their number tells nothing.
    Scenario("a user without an entry", INIT, {**SETTLED, "APP_GROUPS": "", "APP_UID": "4000"},
             group=0, ids=(4000, 4000), groups="4000", home="/"),
    Scenario("user with capabilities to lose",
             (*INIT, "-b", f"{TO_LOSE:x}", "-u", "1654", "-i", f"{TO_LOSE:x}"), SETTLED,
             **{**USER, "found": TO_LOSE, "bounding": TO_LOSE}),
    Scenario("user", (*INIT, "-u", "1654"), SETTLED, holds_net_bind=False,
             **{**USER, "bounding": all_capabilities()}),
    Scenario("user whom the file lends a capability", (*INIT, "-u", "1654"), PORT_80,
             shim="/lends", kept=NET_BIND, **{**USER, "bounding": all_capabilities()}),
    Scenario("no such program", INIT, SETTLED, program=("/absent",), code=127),
    Scenario("the app could replace the shim", INIT, SETTLED, shim="/open/shim", code=125),
    Scenario("privileged port without the capability", (*INIT, "-b", f"{FEW & ~NET_BIND:x}"),
             PORT_80, found=FEW & ~NET_BIND, code=125),
]


@dataclass(frozen=True)
class Outcome:
    code: int  # negative: ended by that signal
    output: str
    errors: str
    calls: tuple  # those that were logged: Call
    hung: bool

    @property
    def witnessed(self):
        found = dict(re.findall(r"^([^:\n]+):[ \t]*(.*?)[ \t]*$", self.output, re.M))
        return {name: " ".join(value.split()) for name, value in found.items()}


class Bench:
    """Where trials are made."""

    def __init__(self, root, enter, network):
        self.root, self.enter, self.network = Path(root), enter, network

    def run(self, scenario, faults=(), rules=(), log=False):
        """One trial. faults: of single calls. rules: for enter, which makes a filter of them."""
        extra = ["-n", self.network, *(word for rule in rules for word in ("-r", rule)),
                 *(word for fault in faults for word in ("-x", fault.spec))]
        if not faults and not log:
            return self._run(scenario, extra)
        ours, theirs = os.pipe()  # a log has room in it
        try:
            outcome = self._run(scenario, [*extra, "-L" if log else "-l", str(theirs)], (theirs,))
            os.set_blocking(ours, False)
            text = os.read(ours, 65536).decode()
        finally:
            os.close(ours)
            os.close(theirs)
        return replace(outcome, calls=tuple(read_calls(text)))

    def _run(self, scenario, extra, descriptors=()):
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
                output, errors = process.communicate()
            except BaseException:
                end(process.pid)
                raise
            finally:
                watchdog.cancel()
        texts = [text.decode(errors="replace") for text in (output, errors)]
        return Outcome(process.returncode, *texts, (), hung.is_set())


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


def judge(scenario, outcome, codes=(), may_be_silent=False, may_have_run=False, blind=()):
    """None when the outcome is one that users were promised, else what is wrong with it.

    The app runs just as planned, or it does not run at all and the shim says why. codes: an end
    with one of these is right too, because of a fault. may_have_run: even after the app has run.
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
    if outcome.code != scenario.code and outcome.code not in codes:
        return f"exit code {outcome.code}: {outcome.errors!r}"
    labels = re.findall(r"^shim: (error|hint): .+$", outcome.errors, re.M)
    if len(labels) != len(outcome.errors.splitlines()):
        return f"lines that are not the shim's: {outcome.errors!r}"
    if not may_be_silent and labels[:1] != ["error"]:
        return f"exit code {outcome.code}, and not a word"
    return None


def those_that_happened(faults, outcome):
    """With the descriptors that the calls really had: a first fault may have moved a second."""
    found = {call.key: call for call in outcome.calls if call.is_faulty}
    for fault in faults:
        if fault.call.key in found:
            file = found[fault.call.key].file or fault.call.file
            yield replace(fault, call=replace(fault.call, file=file))


def promises(scenario, faults):
    """All that is promised then: each fault may change something, or nothing."""
    possible = [scenario]
    for fault in faults:
        possible += [change(one) for one in possible for change in fault.may]
    return possible


def judge_faults(scenario, faults, outcome, blind=()):
    """The same, where these faults have happened."""
    codes = () if all(fault.is_interruption for fault in faults) else (125,)
    if any(fault.call.name == "execve" for fault in faults):
        codes += (126, 127)
    # One is what there is to be told of, and the other is in the telling.
    unheard = len(faults) > 1 and any(fault.is_in_the_telling for fault in faults)
    blind = {*blind, *(name for fault in faults for name in fault.blind)}
    complaints = [judge(one, outcome, codes, blind=blind,
                        may_be_silent=unheard or any(fault.silences for fault in faults))
                  for one in promises(scenario, faults)]
    return None if None in complaints else complaints[0]


def check_all(try_one, jobs):
    """Tries all of them, a few at a time, and fails with every complaint that there is."""
    jobs = list(jobs)
    with ThreadPoolExecutor(THREADS) as pool:
        complaints = [complaint for complaint in pool.map(lambda job: try_one(*job), jobs)
                      if complaint]
    assert not complaints, "\n".join([f"{len(complaints)} of {len(jobs)}:", *complaints])
