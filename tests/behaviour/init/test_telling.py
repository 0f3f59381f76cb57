"""What the shim tells while the app runs and when it has ended; and that telling holds up nobody."""

import os
import resource
import sys

import pid1
import pytest
from pid1 import ABRT, CONT, HUP, INT, RTMAX, STOP, TERM, USR1, USR2, payload, state, wait_until

INFO = {"SHIM_LOG": "info"}
DEBUG = {"SHIM_LOG": "debug"}


def told(run, label):
    """The lines of that label, once the run has ended."""
    start = f"shim: {label}: "
    return [line[len(start) :] for line in run.stderr().splitlines() if line.startswith(start)]


@pytest.mark.parametrize("level, count", [("error", 0), ("warn", 0), ("info", 2)])
def test_one_line_before_the_start_and_one_at_the_end(shim, init, level, count):
    run = shim(payload("end"), "exit", "3", init=init, env={"SHIM_LOG": level})
    assert run.end() == 3
    assert len(told(run, "info")) == count
    if count:
        start, end = told(run, "info")
        assert f'starts "{payload("end")}" as uid 1654' in start
        assert end == "the app ended: exit code 3"


@pytest.mark.parametrize(
    "how, env, end, hints",
    [
        (("exit", "0"), {}, "exit code 0", []),
        (("exit", "143"), {}, "exit code 143", []),
        (
            ("exit", "143"),
            {"SHIM_EXIT_CODES": "143:0"},
            "exit code 143; by SHIM_EXIT_CODES the shim ends with 0",
            [],
        ),
        (("signal", "15"), {}, "killed by signal 15 (TERM)", []),
        (("signal", "64"), {}, "killed by signal 64 (RTMAX)", []),
        (("signal", "32"), {}, "killed by signal 32", []),
        (("signal", "9"), {}, "killed by signal 9 (KILL)", ["has not sent it", "OOMKilled"]),
        (
            ("signal", "9"),
            {"SHIM_EXIT_CODES": "137:1"},
            "killed by signal 9 (KILL); by SHIM_EXIT_CODES the shim ends with 1",
            ["has not sent it"],
        ),
    ],
)
def test_how_the_app_ended(shim, init, how, env, end, hints):
    run = shim(payload("end"), *how, init=init, env=INFO | env)
    run.end()
    assert told(run, "info")[-1] == f"the app ended: {end}"
    given = told(run, "hint")
    assert len(given) == bool(hints) and all(word in given[0] for word in hints)


@pytest.mark.parametrize("signals", [[HUP], [HUP, USR1]], ids=["alone", "and another"])
def test_a_kill_that_the_shim_was_told_to_hand_on_is_its_own(shim, init, signals):
    env = INFO | {"SHIM_SIGNAL_REWRITE": "HUP:KILL"}
    run = shim(payload("signals"), init=init, env=env)
    run.ready()
    run.send(STOP)
    wait_until(lambda: state(run.pid) == "T", "the shim has stopped")
    run.send(*signals, CONT)  # they wait for it, and the lowest is the first
    assert run.end() == 137
    assert told(run, "info")[-1] == "the app ended: killed by signal 9 (KILL)"
    assert told(run, "hint") == []


@pytest.mark.parametrize("how", [("signal", str(ABRT)), ("exit", "134")])
@pytest.mark.parametrize(
    "prefix, env, hinted",
    [
        (("unshare", "-n"), {}, True),
        (("unshare", "-n"), {"ASPNETCORE_HTTP_PORTS": "80"}, False),
        (("unshare", "-n", "capsh", "--drop=cap_net_bind_service", "--shell=/usr/bin/env", "--"),
         {}, False),
    ],
    ids=["dropped", "kept", "never held"],
)
def test_an_app_that_aborts_at_once_may_have_wanted_a_low_port(shim, how, prefix, env, hinted):
    """In a network of its own the kernel's floor is 1024."""
    run = shim(payload("end"), *how, env=INFO | env, prefix=prefix)
    assert run.end() == 134
    assert told(run, "info")[-1].startswith("the app ended: ")
    hints = [hint for hint in told(run, "hint") if "appsettings.json" in hint]
    assert len(hints) == hinted


# Signals, at debug


@pytest.mark.parametrize(
    "env, sent, got, expected",
    [
        ({}, HUP, HUP, "signal 1 (HUP) is handed on to the app"),
        ({}, RTMAX, RTMAX, "signal 64 (RTMAX) is handed on to the app"),
        ({}, 33, 33, "signal 33 is handed on to the app"),
        (
            {"SHIM_SIGNAL_GROUP": "1"},
            INT,
            INT,
            "signal 2 (INT) is handed on to the app's process group",
        ),
        (
            {"SHIM_SIGNAL_REWRITE": "USR1:INT"},
            USR1,
            INT,
            "signal 10 (USR1) is handed on to the app as 2 (INT)",
        ),
        ({"SHIM_SIGNAL_REWRITE": "USR1:0"}, USR1, None, "signal 10 (USR1) is swallowed"),
    ],
)
def test_every_signal_that_is_handed_on_is_told(shim, init, env, sent, got, expected):
    run = shim(payload("signals"), init=init, env=DEBUG | env)
    run.ready()
    run.send(sent)
    if got is not None:
        assert run.line() == str(got)
    run.send(USR2)
    assert run.line() == str(USR2)
    assert run.finish()[0] == 0
    first, second = [line for line in told(run, "debug") if line.startswith("signal ")]
    assert first == expected
    assert second.startswith("signal 12 (USR2) is handed on to the app")


def test_no_signal_is_told_at_info(shim, init):
    run = shim(payload("signals"), init=init, env=INFO)
    run.ready()
    run.send(USR1)
    assert run.line() == str(USR1)
    assert run.finish()[0] == 0
    assert not any("handed on" in line for line in told(run, "info"))


# Whom the app leaves behind

LEAVE = "signals=$1; $signals -n & read word; exit 3"


def test_who_is_left_behind_is_told(shim):
    env = INFO | {"SHIM_GRACE_PERIOD": "1"}
    run = shim("/bin/sh", "-c", LEAVE, "sh", payload("signals"), env=env)
    run.ready()
    run.say("\n")
    assert run.end() == 3
    assert told(run, "info")[1:] == [
        "the app ended: exit code 3",
        "left-over processes: 1 of uid 1654; they get SIGTERM and 1 s to end",
        "left-over processes after 1 s: 1 of uid 1654; they are killed",
    ]
    assert told(run, "hint") == []


def test_nothing_is_told_of_nobody(shim):
    run = shim(payload("end"), "exit", "3", env=INFO | {"SHIM_GRACE_PERIOD": "1000"})
    assert run.end() == 3
    assert told(run, "info")[1:] == ["the app ended: exit code 3"]


def test_what_root_has_left_behind_cannot_be_signalled_and_that_is_told(start):
    """A daemon that a script has started before the shim: PID 1 is root no more."""
    script = 'signals=$1; shift; $signals -n & exec "$@"'
    app = (payload("end"), "exit", "3")
    env = INFO | {"SHIM_GRACE_PERIOD": "1"}
    run = start("/bin/sh", "-c", script, "sh", payload("signals"), pid1.shim(), *app, env=env)
    assert run.end() == 3
    before, after = told(run, "info")[2:]
    assert before == "left-over processes: 1 of uid 0; they get SIGTERM and 1 s to end"
    assert after == "left-over processes after 1 s: 1 of uid 0; they are killed"
    (hint,) = told(run, "hint")
    assert "another user" in hint and "uid 1654" in hint


def test_many_users_are_told_in_one_line(start):
    script = """
        for uid in 1 2 3 4 5 6 7 8 9 10; do setpriv --reuid $uid --clear-groups $1 -n & done
        shift; read word; exec "$@"
    """
    app = (payload("end"), "exit", "3")
    env = INFO | {"SHIM_GRACE_PERIOD": "1"}
    run = start("/bin/sh", "-c", script, "sh", payload("signals"), pid1.shim(), *app, env=env)
    for _ in range(10):
        run.ready()
    run.say("\n")
    assert run.end() == 3
    (before,) = [line for line in told(run, "info") if "SIGTERM" in line]
    assert before.count(" 1 of uid ") == 8 and ", 2 of others; " in before


# The form of ENTRYPOINT without brackets


@pytest.mark.parametrize("name", ["sh", "bash", "dash"])
def test_a_shell_that_is_pid_1_is_told_of(start, name):
    shell = f"/bin/{name}"
    if not os.path.exists(shell):
        pytest.skip(f"no {shell}")
    run = start(shell, "-c", f"{pid1.shim()} {payload('end')} exit 3; exit $?", env=INFO)
    assert run.end() == 3
    (line,) = [line for line in told(run, "info") if "shell" in line]
    assert line.startswith("PID 1 is a shell (")
    assert any("ENTRYPOINT with brackets" in hint for hint in told(run, "hint"))


def test_no_other_parent_is_told_of(start):
    run = start("/usr/bin/env", pid1.shim(), payload("end"), "exit", "3", env=INFO)
    assert run.end() == 3
    assert not any("PID 1" in line for line in told(run, "info"))


# Nothing waits for stderr

FILL = """
import os, sys
twin = os.open("/proc/self/fd/2", os.O_WRONLY | os.O_NONBLOCK)
for size in (65536, 1):
    try:
        while True:
            os.write(twin, bytes(size))
    except BlockingIOError:
        pass
os.close(twin)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_an_app_that_fills_its_stderr_and_holds_the_other_end_delays_no_signal(shim, init):
    ends = os.pipe()
    words = (sys.executable, "-c", FILL, payload("signals"))
    run = shim(*words, init=init, env=DEBUG, stderr=ends[1], pass_fds=(ends[0],))
    for end in ends:
        os.close(end)
    run.ready()
    for number in [HUP, INT, TERM, USR1] * 20:
        run.send(number)
        assert run.line() == str(number)
    run.close_input()
    assert run.end() == 0


def test_what_did_not_fit_is_counted_once_there_is_room(shim, init):
    ends = os.pipe()
    words = (sys.executable, "-c", FILL, payload("signals"))
    run = shim(*words, init=init, env=DEBUG, stderr=ends[1])
    os.close(ends[1])
    run.ready()
    for _ in range(3):
        run.send(USR1)
        assert run.line() == str(USR1)
    os.set_blocking(ends[0], False)
    while os.read(ends[0], 1 << 20)[-1:] != b"\0":
        pass  # up to the last byte of what has filled it
    run.send(USR2)
    assert run.line() == str(USR2)
    assert run.finish()[0] == 0
    lines = os.read(ends[0], 65536).decode().splitlines()
    os.close(ends[0])
    assert lines[0] == "shim: warning: lines left out for want of room on stderr: 3"
    assert lines[1] == "shim: debug: signal 12 (USR2) is handed on to the app"
    assert lines[-1] == "shim: info: the app ended: exit code 0"


def test_a_limit_on_files_does_not_kill_the_app(shim, init, tmp_path):
    """Writing beyond RLIMIT_FSIZE raises SIGXFSZ: that is the shim's own, and not for the app."""
    with open(tmp_path / "errors", "wb") as errors:
        run = shim(
            payload("signals"),
            init=init,
            env=DEBUG,
            stderr=errors,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)),
        )
        run.ready()
        for number in (USR1, USR2):
            run.send(number)
            assert run.line() == str(number)
        assert run.finish()[:2] == (0, "")
    assert (tmp_path / "errors").stat().st_size == 200


def test_a_reader_that_is_gone_does_not_kill_the_app(shim, init):
    ends = os.pipe()
    run = shim(payload("signals"), init=init, env=DEBUG, stderr=ends[1])
    os.close(ends[1])
    run.ready()
    os.close(ends[0])
    for number in (USR1, USR2):
        run.send(number)
        assert run.line() == str(number)
    assert run.finish()[:2] == (0, "")
