"""Whatever loses its parent is adopted and reaped, and the shim does not grow; the app's own end is
seen among all that."""

import itertools
import os
import shutil
import subprocess

import pid1
import pytest
from pid1 import (
    CONT,
    KILL,
    STOP,
    TERM,
    TSTP,
    WINCH,
    children,
    memory,
    payload,
    processes,
    state,
    status,
    wait_until,
    zombies,
)

CLONE = {"x86_64": 56, "aarch64": 220}.get(os.uname().machine)
STORM = 50_000
# As an ordinary process it is the same loop. SHIM_TEST_STORMS=20 makes a million of it.
ROUNDS = {True: int(os.environ.get("SHIM_TEST_STORMS", 5)), False: 1}


@pytest.fixture
def orphans(shim, init):
    """The shim over a payload that makes orphans."""

    def start(*words):
        run = shim(payload("orphans"), *words, init=init)
        run.number = run.ready()
        return run

    return start


def is_clean(run):
    """Nothing is left but the app."""
    return children(run.pid) == [run.app] and not zombies(run.pid)


@pytest.mark.usefixtures("tracing")
def test_a_storm_leaves_no_zombie_and_no_trace_in_memory(orphans, init):
    run = orphans("batch", 1000)
    wait_until(lambda: is_clean(run), "the first orphans are reaped")
    before = memory(run.pid)
    for _ in range(ROUNDS[init]):
        run.say(f"{STORM}\n")
        run.ready()
    wait_until(lambda: is_clean(run), "all orphans are reaped")
    assert memory(run.pid) == before
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("depth", [1, 2, 100])
def test_orphans_of_any_depth(orphans, depth):
    run = orphans("chain", depth)
    wait_until(lambda: is_clean(run), "all orphans are reaped")
    assert run.finish() == (0, "", "")


def test_a_child_that_is_not_the_app(orphans):
    """A clone(2) with CLONE_PARENT makes one without any orphan."""
    run = orphans("sibling")
    wait_until(lambda: is_clean(run), "it is reaped")
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("code", [0, 7])
def test_the_app_ends_in_the_middle_of_a_storm(shim, init, code):
    run = shim(payload("orphans"), "endless", code, init=init)
    assert run.finish() == (code, "", "")


class TestAStormThatOutrunsIt:
    """On a machine of many processors orphans may end faster than one process can reap them. Here
    each look at the children is held back."""

    @pytest.fixture
    def begin(self, start):
        if not shutil.which("strace"):
            pytest.skip("no strace")

        def begin(**settings):
            hold = ("/usr/bin/strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=wait4",
                    "-e", "inject=wait4:delay_exit=1000")
            # Users with no other process: the limit counts all that one has on the whole machine.
            uid = str(next(self.uids))
            run = start(*hold, pid1.shim(), payload("hostile"), env={"APP_UID": uid, **settings},
                        prefix=["prlimit", "--nproc=64"])
            run.say("chains\n")
            assert run.line() == '{"done": 0}', run.stderr()
            return run

        return begin

    uids = itertools.count(100_000 + os.getpid() * 10)

    def test_it_hands_on_signals_meanwhile(self, begin):
        run = begin()
        run.say("alive\n")
        assert run.line() == '{"back": 0}'

    @pytest.mark.parametrize("grace", ["0", "1"])
    def test_it_ends_with_the_app(self, begin, grace):
        run = begin(SHIM_GRACE_PERIOD=grace)
        run.say("7\n")
        assert run.end() == 7


FLOOD = """
import os, signal, time
signal.signal(40, signal.SIG_IGN)
for _ in range(2):
    if os.fork() == 0:
        while True:
            try:
                os.kill(1, 40)
            except BlockingIOError:
                pass
print("flooded", flush=True)
reader, writer = os.pipe()
middle = os.fork()
if middle == 0:
    for _ in range(500):
        if os.fork() == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    os._exit(0)
os.waitpid(middle, 0)
os.close(writer)
print("ended", flush=True)
time.sleep(3600)
"""


def test_a_flood_of_signals_keeps_no_zombie(shim):
    """SIGCHLD comes but once for all that have ended."""
    run = shim("/usr/bin/python3", "-c", FLOOD, init=True, env={"PYTHONHASHSEED": "0"})
    assert (run.line(), run.line()) == ("flooded", "ended")
    wait_until(lambda: not zombies(run.pid), "all are reaped, whatever comes between")
    run.send(KILL)


def stay(orphans, kind):
    """An orphan that stays: the run, and the orphan."""
    run = orphans(kind)
    orphan = run.outside(run.number)
    wait_until(lambda: processes()[orphan][0] == run.pid, "it is adopted")
    return run, orphan


@pytest.mark.skipif(CLONE is None, reason="knows the system call of two machines")
@pytest.mark.parametrize("number", [0, WINCH])
def test_a_child_from_before_that_sends_no_chld(start, init, number):
    """clone(2) takes another signal, or none. (With its adoption an orphan gets that of all.)
    WINCH ends nobody, should it come before the shim does."""
    script = (
        "import ctypes, os, sys\n"
        f"if ctypes.CDLL(None).syscall({CLONE}, {number}, 0, 0, 0, 0) == 0: os._exit(0)\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    run = start("/usr/bin/python3", "-c", script, pid1.shim(), payload("signals"), init=init)
    run.ready()
    (pid, *_) = run.find("shim")
    wait_until(lambda: not zombies(pid), "it was reaped")


def test_orphans_are_adopted_and_reaped_when_they_end(orphans):
    """As an ordinary process too: a subreaper."""
    run, orphan = stay(orphans, "sleeper")
    os.kill(orphan, TERM)
    wait_until(lambda: is_clean(run), "it is reaped")
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("kind", ["stopped", "tracee"])
def test_a_stopped_orphan_is_none_of_the_apps_business(orphans, kind):
    run, orphan = stay(orphans, kind)
    wait_until(lambda: state(orphan) in "Tt", "it has stopped")
    wait_until(lambda: state(run.pid) == state(run.app) == "S", "shim and app wait as before")
    os.kill(orphan, KILL)
    wait_until(lambda: is_clean(run), "it is reaped")
    assert run.finish() == (0, "", "")


def test_an_orphan_that_is_traced(orphans):
    """Its tracer sees its end first."""
    run, orphan = stay(orphans, "traced")
    wait_until(lambda: status(orphan)["TracerPid"] != "0", "it is traced")
    os.kill(orphan, STOP)
    os.kill(orphan, KILL)
    wait_until(lambda: state(orphan) is None, "it is reaped")
    (tracer,) = [pid for pid in children(run.pid) if pid != run.app]
    os.kill(tracer, KILL)
    wait_until(lambda: is_clean(run), "its tracer is reaped")
    assert run.finish() == (0, "", "")


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.usefixtures("tracing")
def test_an_app_that_is_traced(shim, init):
    """Its stops are its tracer's business; its signals and its end are the shim's."""
    run = shim(payload("signals"), init=init)
    run.ready()
    command = ["strace", "-o", "/dev/null", "-p", str(run.app)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert "attached" in tracer.stderr.readline()
        run.send(TSTP, TERM)
        assert sorted(run.numbers(2)) == [TERM, TSTP]
        os.kill(run.app, STOP)
        wait_until(lambda: state(run.app) in "Tt", "the app has stopped")
        run.send(CONT)
        assert run.line() == str(CONT)
        run.say("7")
        assert run.finish() == (7, "", "")


def test_ends_that_come_at_the_same_time(shim, init):
    """One SIGCHLD for two children, an orphan and the app: the app's end is not overlooked.

    The orphan ends before the app by as much as a process takes to start, or not: so several times.
    """
    inner = "sleep 0.01 & kill -9 $BASHPID"
    for microseconds in range(6000, 12000, 500):
        script = f"bash -c '{inner}'; sleep 0.{microseconds:06}"
        assert shim("/bin/bash", "-c", script, init=init, stdin=0).finish()[0] == 0


def test_the_app_and_its_children_end_together(shim, init):
    """kill(-1) from within: as many SIGCHLDs as fit into one."""
    script = "for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; exec 2>&-; kill -9 0"
    for _ in range(10):
        assert shim("/bin/bash", "-c", script, init=init).finish()[0] == 128 + KILL
