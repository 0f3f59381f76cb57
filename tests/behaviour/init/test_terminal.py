"""The shim at a terminal of its own: as PID 1 (`docker run -it`), or as leader of its session
(`docker exec -it`). And where there is none, or none of its own: then nothing is said and nothing
breaks."""

import os
import subprocess

import pid1
import pytest
from pid1 import (
    APP_UID,
    CONT,
    HUP,
    INT,
    QUIT,
    STOP,
    TSTP,
    WINCH,
    Terminal,
    payload,
    state,
    wait_until,
)

# stat(5): the process group, the terminal's foreground process group.
PRINT_GROUPS = ("/usr/bin/awk", '{ print "foreground", $5 == $8 }', "/proc/self/stat")
BASH = ("/bin/bash", "--noprofile", "--norc", "-i")
PROMPT = {"PS1": "bash> ", "TERM": "dumb", "HISTFILE": ""}


@pytest.fixture
def watched(shim, terminal, init):
    """The shim over a payload that prints what it gets, and leaves these signals alone."""

    def start(*words):
        run = shim(payload("signals"), "-n", *words, terminal=terminal, init=init)
        run.ready()
        return run

    return start


def test_the_app_is_in_the_foreground(shim, terminal, init):
    run = shim(*PRINT_GROUPS, terminal=terminal, init=init)
    assert terminal.line() == "foreground 1"
    assert run.end() == 0


def test_the_terminal_is_the_apps(shim, terminal, init):
    assert shim("/bin/true", terminal=terminal, init=init).end() == 0
    assert os.stat(terminal.name).st_uid == APP_UID


@pytest.mark.parametrize("key, number", [("\x03", INT), ("\x1c", QUIT), ("\x1a", TSTP)])
def test_keys_reach_the_app_once(watched, terminal, key, number):
    run = watched()
    terminal.type(key)
    assert terminal.line() == str(number)
    run.send(HUP)
    assert terminal.line() == str(HUP)


def test_the_window_size_reaches_the_app(watched, terminal):
    watched()
    terminal.resize(50, 132)
    assert terminal.line() == str(WINCH)


def test_the_window_size_is_the_apps(shim, terminal, init):
    terminal.resize(50, 132)
    run = shim("/bin/stty", "size", terminal=terminal, init=init)
    assert terminal.line() == "50 132"
    assert run.end() == 0


def test_an_app_stopped_by_ctrl_z_goes_on_in_the_foreground(watched, terminal):
    """There is nobody to say `fg`."""
    run = watched(TSTP)
    for _ in range(3):
        terminal.type("\x1a")
        assert terminal.line() == str(CONT)
    terminal.type("\x03")
    assert terminal.line() == str(INT)
    assert state(run.app) != "T"


def test_what_the_app_has_started_goes_on_with_it(shim, terminal, init):
    script = "sleep 1000 & echo started; wait"
    run = shim("/bin/bash", "-c", script, terminal=terminal, init=init)
    assert terminal.line() == "started"
    (sleep,) = wait_until(lambda: run.find("sleep"), "sleep runs")
    os.kill(sleep, STOP)
    wait_until(lambda: state(sleep) == "T", "sleep has stopped")
    terminal.type("\x1a")
    wait_until(lambda: state(sleep) == "S", "sleep goes on")


def test_typing_reaches_the_app(shim, terminal, init):
    run = shim("/bin/cat", terminal=terminal, init=init)
    terminal.type("hello\n")
    assert terminal.line() == "hello"
    terminal.type("\x04")
    assert run.end() == 0


def test_an_app_that_finds_the_terminal_by_itself(start, terminal, init):
    """By /dev/tty, as a program asks for a password: the descriptors are something else."""
    script = "read word </dev/tty; echo got $word >/dev/tty; exit 3"
    quiet = ("/bin/sh", "-c", 'exec "$@" </dev/null >/dev/null 2>&1', "sh")
    run = start(*quiet, pid1.shim(), "/bin/sh", "-c", script, terminal=terminal, init=init)
    terminal.type("typed\n")
    assert terminal.line() == "got typed"
    assert run.end() == 3


MOVES = """
import os
read, write = os.pipe()
child = os.fork()
if child == 0:
    os.close(write)
    os.read(read, 1)
    os._exit(0)
os.setpgid(child, child)
os.setpgid(0, child)
print("got", input(), flush=True)
"""


def test_an_app_in_the_group_of_a_child_of_its(shim, terminal, init):
    """It is that group which gets the terminal, once the app wants it."""
    run = shim("/usr/bin/python3", "-c", MOVES, terminal=terminal, init=init)
    terminal.type("typed\n")
    assert terminal.line() == "got typed"
    assert run.end() == 0


def test_a_dev_tty_that_is_something_else(shim):
    """It is no terminal that the app could be waiting for: it goes on."""
    covered = ("/usr/bin/unshare", "-m", "/bin/sh", "-c",
               'mount --bind /dev/null /dev/tty && exec "$@"', "sh")
    run = shim("/bin/sh", "-c", "kill -TTIN $$; echo went on", prefix=covered)
    assert run.finish() == (0, "went on\n", "")


def test_a_terminal_that_hangs_up_ends_the_app(watched, terminal):
    run = watched(HUP, CONT)
    wait_until(lambda: run.app, "the app runs")
    terminal.hang_up()
    assert run.end() == 128 + HUP


def test_an_interactive_shell_has_job_control(shim, terminal, init):
    run = shim(*BASH, terminal=terminal, init=init, env=PROMPT)
    assert terminal.find(r"^(?s:(.*?))bash> ")[1] == "", "a warning"
    terminal.type("sleep 1000\n")
    (sleep,) = wait_until(lambda: run.find("sleep"), "sleep runs")
    terminal.type("\x1a")
    terminal.find(r"Stopped +sleep 1000\r\nbash> ")
    terminal.type("fg\n")
    terminal.wait_for_foreground(sleep)
    terminal.type("\x03")
    terminal.wait_for_foreground(run.app)
    terminal.type("echo $((6 * 7)) $-\n")
    assert "m" in terminal.find(r"42 (\w+)\r\n")[1]
    terminal.type("exit 9\n")
    assert run.end() == 9


# No terminal, or none of its own.


@pytest.fixture
def strange():
    """A terminal of nobody's session."""
    found = Terminal()
    yield found
    found.close()


def test_no_terminal(shim, init):
    run = shim("/bin/echo", "fine", init=init)
    assert run.finish() == (0, "fine\n", "")


@pytest.mark.parametrize("closed", ["0", "1", "2", "01", "012"])
def test_closed_descriptors_are_dev_null(shim, init, closed, tmp_path):
    with open(tmp_path / "found", "wb") as found:
        script = "for fd in 0 1 2; do readlink /proc/$$/fd/$fd >&5; done; exit 3"
        descriptors = {"stdin": subprocess.PIPE, "pass_fds": [found.fileno()]}
        script = script.replace("5", str(found.fileno()))
        run = shim("/bin/bash", "-c", script, init=init, closed=closed, **descriptors)
        assert run.end() == 3
    lines = (tmp_path / "found").read_text().splitlines()
    assert [line == "/dev/null" for line in lines] == [fd in closed for fd in "012"]


def test_a_terminal_that_is_not_its_own(shim, init, strange):
    run = shim(*PRINT_GROUPS, init=init, stdin=strange.slave)
    assert run.finish() == (0, "foreground 0\n", "")


def test_a_terminal_of_another_session(shim, init, strange, start):
    """Its foreground stays where it is."""
    other = start(payload("signals"), terminal=strange)
    other.ready()
    slave = os.open(strange.name, os.O_RDWR | os.O_NOCTTY)
    run = shim("/bin/echo", "fine", init=init, stdin=slave)
    os.close(slave)
    assert run.finish() == (0, "fine\n", "")
    strange.type("\x03")
    assert strange.line() == str(INT)


def test_as_leader_of_a_session_without_a_terminal(shim, init):
    run = shim("/bin/echo", "fine", init=init, prefix=["/usr/bin/setsid"])
    assert run.finish() == (0, "fine\n", "")
