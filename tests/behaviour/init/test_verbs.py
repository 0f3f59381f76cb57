"""The verbs beside running start no app that a signal could be kept for: it ends them.

Each hangs here in writing to a pipe that is full. What goes to stderr is dropped there, so that needs
no signal.
"""

import os
from pathlib import Path

import pytest
from pid1 import HUP, INT, PIPE, QUIT, TERM, USR1, bits, status, wait_until

XFSZ = 25
VERBS = {
    "--check": ["--check", "/bin/true"],
    "--help": ["--help"],
    "--version": ["--version"],
}
REFUSED = {
    "a wrong command line": ["--no-such-verb"],
    "--install": ["--install", "/nowhere/shim"],
    "--install-net-bind-service": ["--install-net-bind-service", "/nowhere/shim"],
}


@pytest.fixture
def full():
    """The end to write to of a pipe that has no room."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, bytes(65536))
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


def is_held_up(pid):
    """Whether it sleeps in a system call on stdout: syscall in proc(5)."""
    return Path(f"/proc/{pid}/syscall").read_text().split()[1:2] == ["0x1"]


@pytest.fixture
def hang(shim, full):
    """A verb that hangs, as PID 1 or not."""

    def hang(verb, init, **options):
        if not os.path.exists("/proc/self/syscall"):
            pytest.skip("this kernel does not tell what a process waits for")
        run = shim(*VERBS[verb], init=init, stdout=full, **options)
        wait_until(lambda: is_held_up(run.pid), f"{verb} hangs")
        return run

    return hang


def ended_by(number, init):
    """The kernel kills no PID 1 by a signal: it ends by itself, as a shell would tell of it."""
    return 128 + number if init else -number


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_hangs_can_be_ended(hang, init, verb):
    run = hang(verb, init)
    run.send(TERM)
    assert run.end() == ended_by(TERM, init)


@pytest.mark.parametrize("verb", REFUSED)
def test_a_verb_that_says_why_not_ends(shim, full, init, verb):
    assert shim(*REFUSED[verb], init=init, stderr=full).end() == 125


@pytest.mark.parametrize("number", [HUP, INT, QUIT])
def test_by_what_a_user_or_a_platform_would_send(hang, init, number):
    run = hang("--check", init)
    run.send(number)
    assert run.end() == ended_by(number, init)


def test_what_was_blocked_or_ignored_stays_so(hang, init):
    run = hang("--check", init, blocked=bits(USR1, INT), ignored=bits(HUP))
    found = status(run.pid)
    assert int(found["SigBlk"], 16) == bits(USR1, INT, PIPE, XFSZ)
    assert int(found["SigIgn"], 16) == bits(HUP)
    run.send(USR1, INT, HUP, TERM)
    assert run.end() == ended_by(TERM, init)
