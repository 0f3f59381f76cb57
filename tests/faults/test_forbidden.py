"""A system call that never works: a filter, a sandbox or an old kernel answers in its place.

Other than in test_single.py the call fails every time, in the app's child process too, and for some
of its arguments only: as with a seccomp profile, by which it is done.
"""

import errno
import itertools
import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from calls import Call, Fault, is_libcs_own
from pairs import PAIRS, SEED
from trial import SCENARIOS, check_all, judge

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

INIT, INIT_KEEPS = BY_NAME["init"], BY_NAME["init keeps a capability"]
PROCESS, PROCESS_KEEPS = BY_NAME["process"], BY_NAME["process keeps a capability"]
FEW = BY_NAME["init without CAP_SETPCAP"]
FEW_KEEPS = BY_NAME["init without CAP_SETPCAP keeps a capability"]
IN_PLACE, USER = BY_NAME["becomes the app"], BY_NAME["user with capabilities to lose"]

NOTHING_KEPT = (INIT, PROCESS, FEW)
KEEPING = (INIT_KEEPS, PROCESS_KEEPS, FEW_KEEPS, IN_PLACE)
ROOT = NOTHING_KEPT + KEEPING
ALL = (*ROOT, USER)
WITH_SETPCAP = (INIT, PROCESS, INIT_KEEPS, PROCESS_KEEPS, IN_PLACE)
SUPERVISED = (INIT, PROCESS, INIT_KEEPS, PROCESS_KEEPS, FEW, FEW_KEEPS, USER)

DENIED = ("EPERM", "EACCES", "ENOSYS")
REFUSED, RUNS, EITHER = "is refused", "runs as promised", "is refused or runs as promised"
GIVES_UP = "gives up, with the app"

SUID_DUMPABLE = int(Path("/proc/sys/fs/suid_dumpable").read_text())

# prctl(2)
OPTIONS = {
    "GET_DUMPABLE": 3, "SET_DUMPABLE": 4, "SET_KEEPCAPS": 8, "CAPBSET_READ": 23, "CAPBSET_DROP": 24,
    "GET_SECUREBITS": 27, "SET_SECUREBITS": 28, "SET_CHILD_SUBREAPER": 36,
    "SET_NO_NEW_PRIVS": 38, "GET_NO_NEW_PRIVS": 39, "CAP_AMBIENT": 47,
}


@dataclass(frozen=True)
class Law:
    """The calls that never work, the answers they give, and what then must come of a start."""

    calls: tuple  # names; of prctl(2), the options
    answers: tuple  # errors; "": it says yes and does nothing
    outcome: str
    scenarios: tuple = ALL
    blind: tuple = ()

    def __str__(self):
        return f"{' '.join(self.calls)} {self.outcome}"


# What Linux 4.3 does not have yet, and a libc might come to use.
LATER = (
    "mlock2", "copy_file_range", "preadv2", "pwritev2", "statx", "rseq", "pidfd_open",
    "pidfd_send_signal", "clone3", "close_range", "openat2", "pidfd_getfd", "faccessat2",
    "epoll_pwait2", "fchmodat2",
)

# What a start is better off with, and does without.
NEEDLESS = ("GET_SECUREBITS", "SET_SECUREBITS", "SET_CHILD_SUBREAPER", "close_range")

LAWS = [
    # The oldest kernel that is promised.
    Law(LATER, ("ENOSYS",), RUNS),
    # What the drop is made of.
    Law(("setgroups",), (*DENIED, "EINVAL", ""), REFUSED, ROOT),
    Law(("setresgid",), (*DENIED, "EINVAL", ""), REFUSED, ROOT),
    Law(("setresuid",), (*DENIED, "EINVAL", "EAGAIN", ""), REFUSED, ROOT),
    Law(("capset",), (*DENIED, "EINVAL"), REFUSED, ROOT),
    Law(("capset",), ("",), REFUSED, (*WITH_SETPCAP, FEW_KEEPS)),
    # There the change of uid takes the capabilities too: without capset(2) all is right as well.
    Law(("capset",), ("",), EITHER, (FEW,)),
    Law(("setgroups", "setresgid", "setresuid", "capset"), ("",), REFUSED, ROOT),
    Law(("CAPBSET_DROP",), (*DENIED, "EINVAL", ""), REFUSED, WITH_SETPCAP),
    # Sandboxes have none, or let nobody set them; but who says yes must have done it.
    Law(("SET_SECUREBITS",), (*DENIED, "EINVAL"), RUNS, WITH_SETPCAP, ("securebits",)),
    Law(("SET_SECUREBITS",), ("",), REFUSED, WITH_SETPCAP),
    Law(("SET_NO_NEW_PRIVS",), (*DENIED, "EINVAL", ""), REFUSED, ALL),
    Law(("SET_KEEPCAPS",), (*DENIED, ""), REFUSED, (FEW_KEEPS,)),
    # A kernel from before 4.3 has no ambient set: what is not there need not be cleared. Nor can
    # there be more in it than in the sets that are read by capget(2).
    Law(("CAP_AMBIENT",), (*DENIED, "EINVAL", ""), REFUSED, KEEPING),
    Law(("CAP_AMBIENT",), (*DENIED, "EINVAL"), RUNS, NOTHING_KEPT),
    # What it is proved by.
    Law(("getresuid",), DENIED, REFUSED, ALL),
    Law(("getresgid",), DENIED, REFUSED, ALL),
    Law(("getgroups",), DENIED, REFUSED, ALL),
    Law(("capget",), (*DENIED, ""), REFUSED, ALL),
    Law(("setfsuid",), ("",), REFUSED, ALL),
    Law(("setfsgid",), ("",), REFUSED, ALL),
    Law(("CAPBSET_READ",), DENIED, REFUSED, WITH_SETPCAP),
    Law(("GET_NO_NEW_PRIVS",), (*DENIED, "EINVAL", ""), REFUSED, ALL),
    Law(("GET_SECUREBITS",), DENIED, REFUSED, WITH_SETPCAP),
    Law(("GET_SECUREBITS",), DENIED, RUNS, (FEW, FEW_KEEPS, USER), ("securebits",)),
    # gVisor has no securebits and no fsuid, and nothing to lose by it.
    Law(("GET_SECUREBITS", "SET_SECUREBITS"), (*DENIED, "EINVAL"), RUNS, WITH_SETPCAP,
        ("securebits",)),
    # A sandbox that refuses all that a start can do without, whatever it calls that: as gVisor does
    # with some of it, and at each age with another errno. What is kept has its ambient set there.
    Law(NEEDLESS, (*DENIED, "EINVAL"), RUNS, (INIT_KEEPS, PROCESS_KEEPS), ("securebits",)),
    Law((*NEEDLESS, "SET_KEEPCAPS", "CAP_AMBIENT"), (*DENIED, "EINVAL"), RUNS, NOTHING_KEPT,
        ("securebits",)),
    Law(("setfsuid", "setfsgid"), ("ENOSYS",), RUNS, ALL),
    # The signals.
    Law(("rt_sigprocmask",), (*DENIED, ""), REFUSED, ALL),
    Law(("rt_sigaction",), DENIED, REFUSED, ALL),
    # The port.
    Law(("socket",), ("EPERM", "EACCES"), REFUSED, KEEPING),
    Law(("bind",), ("EPERM", "EACCES"), REFUSED, KEEPING),
    Law(("bind",), ("EADDRINUSE", "EADDRNOTAVAIL"), RUNS, KEEPING),
    Law(("setsockopt",), DENIED, RUNS, KEEPING),
    Law(("socket", "bind"), DENIED, RUNS, NOTHING_KEPT),
    # The app must not be able to trace the shim. A change of uid sees to it where prctl(2) does not
    # and the machine is not set otherwise; where nobody can tell, nothing is started.
    Law(("SET_DUMPABLE",), (*DENIED, "EINVAL", ""), REFUSED if SUID_DUMPABLE == 1 else RUNS,
        (INIT, PROCESS, INIT_KEEPS, PROCESS_KEEPS, FEW, FEW_KEEPS)),
    Law(("SET_DUMPABLE",), (*DENIED, "EINVAL", ""), REFUSED, (USER,)),
    Law(("GET_DUMPABLE",), (*DENIED, "EINVAL"), REFUSED, SUPERVISED),
    # What has to work once the app runs is tried before.
    Law(("access", "faccessat", "faccessat2"), DENIED, REFUSED, SUPERVISED),
    # The start of the app.
    Law(("pipe", "pipe2", "socketpair"), ("EPERM", "EMFILE", ""), RUNS, SUPERVISED),
    Law(("fork", "vfork", "clone", "clone3"), ("EPERM", "EAGAIN", "ENOMEM"), REFUSED, SUPERVISED),
    Law(("setpgid",), DENIED, REFUSED, SUPERVISED),
    Law(("mmap", "brk"), ("ENOMEM",), REFUSED, ALL),
    # What does not matter enough to refuse a start.
    Law(("fchown",), ("EPERM", "EROFS", "EINVAL"), RUNS, ALL),
    Law(("fstatfs", "ioctl", "getsid"), DENIED, RUNS, ALL),
    Law(("poll",), DENIED, RUNS, SUPERVISED),
    Law(("SET_CHILD_SUBREAPER",), ("EPERM", "EINVAL"), RUNS, (PROCESS, PROCESS_KEEPS)),
    # What the shim does for itself once the app runs.
    Law(("close_range",), (*DENIED, "EINVAL"), RUNS, SUPERVISED),
    # A million calls each: not for everybody.
    Law(("close_range", "lseek"), ("EPERM",), RUNS, (INIT, PROCESS_KEEPS)),
    Law(("close_range", "getdents64"), ("EPERM",), RUNS, (INIT, PROCESS_KEEPS)),
    # Who says that it closes, and does not, leaves open what the app has too.
    Law(("close_range",), ("",), RUNS, SUPERVISED, ("shim.descriptors",)),
    # What cannot be tried before.
    Law(("chdir",), DENIED, GIVES_UP, SUPERVISED),
    # The loop.
    Law(("rt_sigtimedwait",), (*DENIED, ""), GIVES_UP, SUPERVISED),
    Law(("wait4", "waitid"), DENIED, GIVES_UP, (INIT, PROCESS)),
    Law(("wait4",), ("",), GIVES_UP, (INIT, PROCESS)),
]


def rule_of(call, answer, numbers):
    """The rule in enter's words, or None: not every machine has every call."""
    error = getattr(errno, answer) if answer else 0
    if call in OPTIONS:
        return f"{numbers['prctl']}:0:{OPTIONS[call]}:{error}"
    return f"{numbers[call]}:{error}" if call in numbers else None


def fail(who, name, count, error):
    call = Call(who, name, count, (), 0, "", False, False)
    return Fault(call, error, f"skip,={-getattr(errno, error)}")


def try_law(bench, law, scenario, answer, numbers, counted):
    rules = filter(None, (rule_of(call, answer, numbers) for call in law.calls))
    outcome = bench.run(scenario, rules=rules)
    ends = law.outcome in (REFUSED, GIVES_UP)
    # What the app saw is still held against the promise: only the exit code is another.
    promise = replace(scenario, code=125) if ends else scenario
    complaint = judge(promise, outcome, (125,) if law.outcome == EITHER else (), blind=law.blind,
                      may_have_run=law.outcome == GIVES_UP)
    counted["calls forbidden for good", "BROKEN" if complaint else law.outcome] += 1
    return complaint and f"{scenario.name}, {answer or 'pretended'}: {complaint}"


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_forbidden(bench, numbers, counted, law):
    trials = itertools.product((bench,), (law,), law.scenarios, law.answers, (numbers,), (counted,))
    check_all(try_law, trials)


NEVER = (*DENIED, "EINVAL", "EINTR", "EAGAIN")

# What the app needs to tell what it became, or its end; and not to signal -1 for its parent.
SPARED = {"execve", "exit_group", "arch_prctl", "getppid"}
PRIVILEGES = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd", "NoNewPrivs")


def try_several(bench, scenario, several, numbers, counted):
    """Whatever it comes to, and whoever is to tell of it: it ends, and nobody got more."""
    rules = [rule_of(call, error, numbers) for call, error in several]
    outcome = bench.run(scenario, rules=filter(None, rules))
    seen = outcome.witnessed
    wrong = [f"{name} is {seen[name]}" for name in PRIVILEGES
             if name in seen and seen[name] != scenario.promised[name]]
    ends = 0 <= outcome.code <= 127 and not outcome.hung
    complaint = ", ".join(wrong) or (None if ends else f"exit code {outcome.code}")
    said = "BROKEN" if complaint else "runs" if seen else "is refused"
    counted["several calls forbidden for good", said] += 1
    return complaint and f"{scenario.name}: {several}: {complaint}"


def calls_of(bench, scenario):
    """Those that a start makes."""
    calls = bench.run(scenario, log=True).calls
    libcs = {call.name for call in calls if is_libcs_own(call)}
    return sorted({call.option.removeprefix("PR_") or call.name for call in calls} - SPARED - libcs)


def needless_calls_of(bench, scenario, numbers):
    """Those of them that it can do without."""
    return [call for call in calls_of(bench, scenario) if (rule := rule_of(call, "EPERM", numbers))
            and bench.run(scenario, rules=[rule]).witnessed]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("error", ["EINTR", "EAGAIN"])
def test_again_and_again_has_an_end(bench, numbers, counted, scenario, error):
    """Each call says for ever that it is worth another try."""
    check_all(try_several, [(bench, scenario, [(call, error)], numbers, counted)
                            for call in calls_of(bench, scenario)])


def test_several_are_forbidden(bench, numbers, counted):
    """PAIRS times, drawn from SEED: one to four that a start can do without, and any other."""
    chance = random.Random(SEED)
    pools = {scenario: (calls_of(bench, scenario), needless_calls_of(bench, scenario, numbers))
             for scenario in SCENARIOS}
    jobs = []
    for scenario in itertools.islice(itertools.cycle(SCENARIOS), PAIRS):
        every, needless = pools[scenario]
        several = {*chance.sample(needless, min(len(needless), chance.randint(1, 4)))}
        several |= {chance.choice(every)} if chance.random() < 0.5 else set()
        several = [(call, chance.choice(NEVER)) for call in sorted(several)]
        jobs.append((bench, scenario, several, numbers, counted))
    check_all(try_several, jobs)


@pytest.mark.parametrize("error, code", [
    ("ENOENT", 127), ("ENOTDIR", 127), ("EACCES", 126), ("ENOEXEC", 126), ("ELOOP", 126),
    ("E2BIG", 125), ("ENOMEM", 125), ("EAGAIN", 125), ("EPERM", 125), ("EIO", 125),
])
def test_exec_fails_in_the_child(bench, error, code):
    """One for each folder of PATH: the first has nothing, and what the second says counts."""
    scenario = replace(INIT, program=("witness",), env={**INIT.env, "PATH": "/nowhere:/"})
    outcome = bench.run(scenario, [fail("c", "execve", 2, error)])
    assert outcome.calls
    assert judge(replace(scenario, code=code), outcome) is None


@pytest.mark.parametrize("call, count", [
    ("getresuid", 2), ("getresgid", 2), ("getgroups", 3), ("getgroups", 4),
])
def test_what_cannot_be_read_back_is_refused(bench, call, count):
    """The calls before that are for who we are."""
    outcome = bench.run(INIT, [fail("s", call, count, "EPERM")])
    assert outcome.calls
    assert judge(replace(INIT, code=125), outcome) is None


@pytest.mark.parametrize("answer", DENIED)
def test_without_kill_the_app_runs_and_ends(bench, numbers, answer):
    """Signals cannot be handed on; all else is as promised."""
    alone = replace(INIT, program=("/witness", "alone"))
    outcome = bench.run(alone, rules=[rule_of("kill", answer, numbers)])
    assert judge(alone, outcome) is None
