"""No signal is lost while the shim starts: not from its first system call on, in no place up to
where it waits for signals, its child's way to the app included.

The payload early stops the shim before and after each of its system calls, and sends it a signal
there. Its report: (what, signal) for each that was sent, that the app got, or that the shim or its
child took instead, which means that it was lost.
"""

import subprocess
from collections import Counter

import pytest
from pid1 import CONT, PATH, SIGNALS, TSTP, TTIN, TTOU, payload, shim

pytestmark = pytest.mark.usefixtures("namespace")

STOPS = {TSTP, TTIN, TTOU}
REAL_TIME = range(32, 65)
MANY = 4000  # more than there are stops


def start(first, signals, init, env=()):
    """Returns [(what, signal)], how many stops were used, and the exit code."""
    words = [payload("early"), first, ",".join(map(str, signals))]
    words += [payload("nest"), *([] if init else ["-o"]), shim(), "/bin/sleep", "600"]
    done = subprocess.run(
        [str(word) for word in words],
        env={"PATH": PATH, "HOME": "/tmp", **dict(env)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    lines = [line.split() for line in done.stdout.splitlines()]
    ends = [line[1] for line in lines if line[0] == "end"]
    return [(line[0], int(line[1])) for line in lines if line[0] != "end"], ends


def count(report, what):
    return Counter(number for kind, number in report if kind == what)


def lost(report):
    return count(report, "init") + count(report, "child")


def test_at_every_point_of_the_start(init):
    """A real-time signal at each: they queue, so that each is counted by itself."""
    signals = [REAL_TIME[turn % len(REAL_TIME)] for turn in range(MANY)]
    report, ends = start(0, signals, init)
    sent = count(report, "sent")
    assert 100 < sent.total() < MANY
    assert lost(report) == Counter()
    assert count(report, "app") == sent
    assert ends == ["137"]


@pytest.fixture(scope="module")
def places():
    """How many stops there are at the least."""
    reports = (start(0, [REAL_TIME[0]] * MANY, init)[0] for init in (True, False))
    return min(count(report, "sent").total() for report in reports)


@pytest.mark.parametrize("left_out", [STOPS, {CONT}], ids=["no stops", "no CONT"])
@pytest.mark.parametrize("turn", range(8))
def test_every_signal_at_many_points(init, left_out, turn, places):
    """Each once, at another point each turn. A pending stop and a pending CONT undo one another."""
    signals = [number for number in SIGNALS if number not in left_out]
    offset = turn * len(signals) // 8
    first = turn * (places - len(signals)) // 8
    report, ends = start(first, signals[offset:] + signals[:offset], init)
    assert lost(report) == Counter()
    assert count(report, "app") == count(report, "sent") == Counter(signals)
    assert ends == ["137"]


def test_to_the_group_at_every_point(init):
    signals = [REAL_TIME[turn % len(REAL_TIME)] for turn in range(MANY)]
    report, _ = start(0, signals, init, env={"SHIM_SIGNAL_GROUP": "1"})
    assert lost(report) == Counter()
    assert count(report, "app") == count(report, "sent")
