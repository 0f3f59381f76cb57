"""Signals that are sent to the shim reach the app, each once; and the app starts with the mask and
the dispositions that the shim was started with."""

import os
import shutil

import pid1
import pytest
from pid1 import (
    BLOCKABLE,
    CHLD,
    CONT,
    HUP,
    INT,
    KILL,
    PIPE,
    RTMAX,
    SIGNALS,
    STOP,
    TERM,
    TSTP,
    TTIN,
    TTOU,
    USR1,
    USR2,
    WINCH,
    bits,
    payload,
    state,
    status,
    wait_until,
)

STOPS = {TSTP, TTIN, TTOU}


@pytest.fixture
def watched(shim, init):
    """The shim over a payload that prints what it gets."""

    def start(*words, **options):
        run = shim(payload("signals"), *words, init=init, **options)
        run.ready()
        return run

    return start


def is_stopped(pid):
    return state(pid) == "T"


def test_every_signal_reaches_the_app_once(watched):
    run = watched()
    for number in SIGNALS:
        run.send(number)
        assert run.line() == str(number)
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("left_out", [STOPS, {CONT}], ids=["no stops", "no CONT"])
def test_a_burst_loses_none(watched, left_out):
    """Not both of these: in the kernel a pending stop and a pending CONT undo one another."""
    burst = [number for number in SIGNALS if number not in left_out]
    run = watched()
    run.send(*burst)
    assert sorted(run.numbers(len(burst))) == burst
    assert run.finish() == (0, "", "")


def test_what_comes_while_the_shim_is_stopped_is_handed_on_later(watched):
    burst = [number for number in SIGNALS if number not in STOPS | {CONT}]
    run = watched()
    run.send(STOP)
    wait_until(lambda: is_stopped(run.pid), "the shim has stopped")
    assert not is_stopped(run.app)
    run.send(*burst)
    run.send(CONT)
    assert sorted(run.numbers(len(burst) + 1)) == sorted([*burst, CONT])
    assert run.finish() == (0, "", "")


def test_real_time_signals_queue(watched):
    """Three of them are three; of a user of its own, as one is all where another process of the user
    has as many pending as RLIMIT_SIGPENDING allows."""
    run = watched(env={"APP_UID": str(1_000_000 + os.getpid())})
    run.send(STOP)
    run.send(*[34, 35, RTMAX] * 3)
    run.send(CONT)
    assert sorted(run.numbers(10)) == [CONT, 34, 34, 34, 35, 35, 35, RTMAX, RTMAX, RTMAX]
    assert run.finish() == (0, "", "")


def test_a_message_that_nobody_reads_is_not_a_sigpipe_for_the_app(watched):
    read, write = os.pipe()
    os.close(read)
    run = watched(stderr=write, env={"SHIM_LOG": "debug"})
    os.close(write)
    run.send(RTMAX)
    assert run.line() == str(RTMAX)
    assert run.finish()[:2] == (0, "")


def test_an_app_that_is_stopped_with_sigstop_is_left_alone(watched):
    """Whoever did it will continue it."""
    run = watched()
    os.kill(run.app, STOP)
    wait_until(lambda: is_stopped(run.app), "the app has stopped")
    run.send(USR1)  # and it comes to a shim that has seen the stop: SIGCHLD comes first
    wait_until(lambda: USR1 in pending(run.app), "the signal waits for the app")
    assert is_stopped(run.app)
    assert not is_stopped(run.pid)
    run.send(CONT)
    assert sorted(run.numbers(2)) == [USR1, CONT]
    assert run.finish() == (0, "", "")


def pending(pid):
    found = status(pid)
    mask = int(found["SigPnd"], 16) | int(found["ShdPnd"], 16)
    return {number for number in range(1, 65) if mask & bits(number)}


def test_an_app_that_stops_is_continued_at_once_by_pid_1(shim):
    """There is nobody to say `fg`."""
    run = shim(payload("signals"), TSTP, TTIN, TTOU)
    run.ready()
    for number in sorted(STOPS):
        run.send(number)
        assert run.line() == str(CONT)
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("number", sorted(STOPS))
def test_the_shim_stops_with_the_app_and_they_go_on_together(shim, number):
    run = shim(payload("signals"), number, init=False)
    run.ready()
    run.send(number)
    wait_until(lambda: is_stopped(run.app) and is_stopped(run.pid), "both have stopped")
    run.send(CONT)
    assert run.line() == str(CONT)
    assert not is_stopped(run.pid)
    assert run.finish() == (0, "", "")


def test_a_cont_that_comes_right_after_the_stop_is_not_lost(shim):
    """The shim hears of both at once: were it to stop now, the kernel would forget the CONT."""
    run = shim(payload("signals"), TSTP, init=False)
    run.ready()
    run.send(STOP)
    wait_until(lambda: is_stopped(run.pid), "the shim has stopped")
    os.kill(run.app, TSTP)
    wait_until(lambda: is_stopped(run.app), "the app has stopped")
    run.send(CONT)
    assert run.line() == str(CONT)
    assert run.finish() == (0, "", "")


# The process group.


def test_signals_go_to_the_app_alone(watched):
    run = watched("-c")
    run.send(USR1, RTMAX)
    assert [run.line(), run.line()] == [str(USR1), str(RTMAX)]
    assert run.finish() == (0, "", "")


def test_with_signal_group_they_go_to_its_children_too(watched):
    run = watched("-c", env={"SHIM_SIGNAL_GROUP": "1"})
    for number in SIGNALS:
        run.send(number)
        assert {run.line(), run.line()} == {str(number), f"child {number}"}
    assert run.finish() == (0, "", "")


def test_an_app_that_has_left_its_process_group_is_not_lost(watched):
    run = watched("-g", env={"SHIM_SIGNAL_GROUP": "1"})
    for number in SIGNALS:
        run.send(number)
        assert run.line() == str(number)
    assert run.finish() == (0, "", "")


def test_the_group_is_the_one_that_the_app_has_gone_over_to(watched):
    run = watched("-g", "-c", env={"SHIM_SIGNAL_GROUP": "1"})
    for number in SIGNALS:
        run.send(number)
        assert {run.line(), run.line()} == {str(number), f"child {number}"}
    assert run.finish() == (0, "", "")


JOINS = """
import os, signal
for number in (10, 12):
    signal.signal(number, lambda number, _: os.write(1, b"%d\\n" % number))
os.setpgid(0, os.getpgid(os.getppid()))
print("ready", os.getpgrp(), flush=True)
while True:
    signal.pause()
"""


def test_to_the_shims_own_group_nothing_is_sent(shim, init, terminal):
    """It would come back for ever."""
    run = shim("/usr/bin/python3", "-c", JOINS, init=init, terminal=terminal,
               env={"SHIM_SIGNAL_GROUP": "1"})
    group = run.ready()
    assert group > 0 and os.getpgid(run.app) == os.getpgid(run.pid) != run.app
    run.send(USR1)
    assert terminal.line() == str(USR1)
    run.send(USR2)
    assert terminal.line() == str(USR2)
    run.send(TERM)
    assert run.end() == 128 + TERM


def test_the_app_leads_a_process_group_of_its_own(shim, init):
    """Field 5 of stat(5): the process group."""
    run = shim("/usr/bin/awk", "{ print $1 == $5 }", "/proc/self/stat", init=init)
    assert run.finish() == (0, "1\n", "")


# SHIM_SIGNAL_REWRITE.


@pytest.mark.parametrize(
    "setting, sent, got",
    [
        ("SIGTERM:SIGINT", TERM, INT),
        ("TERM:INT", TERM, INT),
        ("term:int", TERM, INT),
        ("SigTerm:sigInt", TERM, INT),
        ("15:2", TERM, INT),
        ("SIGTERM:2", TERM, INT),
        ("TERM:INT", INT, INT),
        ("TERM:INT", HUP, HUP),
        ("TERM:TERM", TERM, TERM),
        ("HUP:USR1,TERM:USR2", HUP, USR1),
        ("HUP:USR1,TERM:USR2", TERM, USR2),
        ("TERM:INT,INT:TERM", TERM, INT),
        ("TERM:INT,INT:TERM", INT, TERM),
        ("TERM:INT,INT:HUP", TERM, INT),
        ("TERM:CHLD", TERM, CHLD),
        ("TERM:CONT", TERM, CONT),
        ("CONT:USR1", CONT, USR1),
        ("TSTP:WINCH", TSTP, WINCH),
        ("TERM:RTMIN", TERM, 34),
        ("TERM:SIGRTMIN+3", TERM, 37),
        ("TERM:rtmin+30", TERM, RTMAX),
        ("TERM:RTMAX", TERM, RTMAX),
        ("TERM:sigrtmax-1", TERM, 63),
        ("TERM:RTMAX-30", TERM, 34),
        ("RTMIN+3:TERM", 37, TERM),
        ("RTMAX-30:TERM", 34, TERM),
        ("32:TERM", 32, TERM),
        ("TERM:33", TERM, 33),
        ("64:1", RTMAX, HUP),
    ],
)
def test_a_signal_is_rewritten(shim, setting, sent, got):
    run = shim(payload("signals"), env={"SHIM_SIGNAL_REWRITE": setting})
    run.ready()
    run.send(sent)
    assert run.line() == str(got)
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("setting", ["TERM:0", "SIGTERM:0,HUP:0", "15:0,1:0"])
def test_a_signal_is_swallowed(watched, setting):
    run = watched(env={"SHIM_SIGNAL_REWRITE": setting})
    run.send(TERM, USR1)
    assert run.line() == str(USR1)
    assert run.finish() == (0, "", "")


def test_a_signal_becomes_a_stop_of_the_app(watched):
    run = watched(env={"SHIM_SIGNAL_REWRITE": "TERM:STOP"})
    run.send(TERM)
    wait_until(lambda: is_stopped(run.app), "the app has stopped")
    run.send(CONT)
    assert run.line() == str(CONT)
    assert run.finish() == (0, "", "")


def stop_the_app(run):
    """And lets the shim see that: it has handed USR2 on since."""
    os.kill(run.app, STOP)
    wait_until(lambda: is_stopped(run.app), "the app has stopped")
    run.send(USR2)
    wait_until(lambda: USR2 in pending(run.app), "the shim has seen that")


def test_a_signal_that_becomes_a_cont_continues_an_app_that_has_stopped(watched):
    run = watched(env={"SHIM_SIGNAL_REWRITE": "USR1:CONT"})
    stop_the_app(run)
    run.send(USR1)
    assert sorted(run.numbers(2)) == [USR2, CONT]
    assert run.finish() == (0, "", "")


def test_a_cont_that_is_rewritten_continues_the_app_as_well(watched):
    run = watched(env={"SHIM_SIGNAL_REWRITE": "CONT:USR1"})
    stop_the_app(run)
    run.send(CONT)
    assert sorted(run.numbers(3)) == [USR1, USR2, CONT]
    assert run.finish() == (0, "", "")


def test_an_app_that_somebody_else_has_continued_counts_as_running(watched):
    """And so a CONT that the settings swallow is swallowed."""
    run = watched(env={"SHIM_SIGNAL_REWRITE": "CONT:0"})
    os.kill(run.app, STOP)
    wait_until(lambda: is_stopped(run.app), "the app has stopped")
    run.send(USR1)
    wait_until(lambda: USR1 in pending(run.app), "the shim has seen that")
    os.kill(run.app, CONT)
    assert sorted(run.numbers(2)) == [USR1, CONT]
    run.send(CONT, RTMAX)
    assert run.line() == str(RTMAX)
    assert run.finish() == (0, "", "")


def test_a_signal_becomes_a_kill_of_the_app(watched):
    run = watched(env={"SHIM_SIGNAL_REWRITE": "TERM:KILL"})
    run.send(TERM)
    assert run.end() == 128 + KILL


def test_rewritten_signals_go_to_the_group(watched):
    run = watched("-c", env={"SHIM_SIGNAL_REWRITE": "TERM:INT", "SHIM_SIGNAL_GROUP": "1"})
    run.send(TERM)
    assert {run.line(), run.line()} == {str(INT), f"child {INT}"}
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize(
    "setting",
    [
        "KILL:TERM",
        "STOP:TERM",
        "CHLD:TERM",
        "9:15",
        "0:15",
        "TERM",
        "TERM:",
        ":TERM",
        "TERM:INT:HUP",
        "TERM:INT,",
        ",TERM:INT",
        "TERM:INT HUP:INT",
        "TERM :INT",
        "TERM:NONE",
        "SIGSIGTERM:INT",
        "TERM:65",
        "TERM:-1",
        "TERM:+1",
        "TERM:RTMIN+31",
        "TERM:RTMAX-31",
        "TERM:RTMIN-1",
        "TERM:RTMAX+1",
        "TERM:RTMIN+",
        "TERM:INT,TERM:HUP",
        "TERM:INT,15:HUP",
        "RTMIN:INT,34:HUP",
    ],
)
def test_a_malformed_rewrite_is_refused(shim, setting):
    code, output, errors = shim("/bin/true", env={"SHIM_SIGNAL_REWRITE": setting}).finish()
    assert (code, output) == (125, "")
    assert errors.startswith("shim: error: SHIM_SIGNAL_REWRITE")
    assert "\nshim: hint: " in errors


# What the app starts with.


@pytest.mark.parametrize(
    "blocked, ignored",
    [
        ((), ()),
        ((TERM, INT), ()),
        ((), (INT, CHLD)),
        ((32, 33, 34, RTMAX), (32, 33, 34, RTMAX)),
        ((TSTP, TTIN, TTOU), (TSTP, TTIN, TTOU)),
        ((CHLD,), (PIPE,)),
        (SIGNALS + [CHLD], SIGNALS + [CHLD]),
    ],
    ids=["none", "blocked", "ignored", "real-time", "stops", "chld", "all"],
)
@pytest.mark.parametrize("supervise", ["1", "0"])
def test_the_app_has_the_signals_that_the_shim_was_started_with(
    shim, init, blocked, ignored, supervise
):
    run = shim(
        *("/bin/cat", "/proc/self/status"),
        init=init,
        blocked=bits(*blocked),
        ignored=bits(*ignored),
        env={"SHIM_SUPERVISE": supervise, "SHIM_LOG": "error"},
    )
    code, output, errors = run.finish()
    assert (code, errors) == (0, "")
    fields = dict(line.split(":\t", 1) for line in output.splitlines())
    found = [int(fields[name], 16) for name in ("SigBlk", "SigIgn", "SigCgt")]
    assert found == [bits(*blocked), bits(*ignored), 0]


def test_children_are_reaped_and_signals_handed_on_with_all_of_them_ignored(shim, init):
    """SIGCHLD too: ignored, the kernel would reap the app itself and its exit code be lost."""
    run = shim(payload("signals"), init=init, blocked=BLOCKABLE, ignored=BLOCKABLE)
    run.ready()
    for number in SIGNALS:
        run.send(number)
        assert run.line() == str(number)
    run.say("7")
    assert run.finish() == (7, "", "")
