"""What the app leaves behind when it ends: it is told to end, gets its time for it if the settings
say so, and is killed then."""

import os

import pytest
from pid1 import CONT, KILL, RTMAX, STOP, TERM, USR1, USR2, payload, state, wait_until

LONG = {"SHIM_GRACE_PERIOD": "3000"}
SHORT = {"SHIM_GRACE_PERIOD": "1"}


@pytest.fixture
def leave(shim):
    """An app that ends with 3, and leaves this command behind."""

    def start(command, **options):
        script = f"signals=$1; {command} & read word; exit 3"
        run = shim("/bin/sh", "-c", script, "sh", payload("signals"), **options)
        run.left = run.outside(run.ready())
        run.app  # it is known from here on
        return run

    return start


WATCHES = "$signals -n"  # prints what it gets, and ends of KILL alone
OBEYS = f"$signals -n {TERM}"
FORKS = "trap 'tail -f /dev/null & echo forked; exit' TERM; echo ready $$; sleep 1000 & wait"


def test_it_is_told_to_end_and_the_shim_waits_for_it(leave):
    run = leave(WATCHES, env=LONG)
    run.say("\n")
    assert sorted(run.numbers(2)) == [TERM, CONT]
    assert run.process.poll() is None
    os.kill(run.left, KILL)
    assert run.finish() == (3, "", "")


def test_what_obeys_keeps_nobody_waiting(leave):
    run = leave(OBEYS, env=LONG)
    run.say("\n")
    assert run.end() == 3


def test_what_was_stopped_can_obey(leave):
    run = leave(OBEYS, env=LONG)
    os.kill(run.left, STOP)
    wait_until(lambda: state(run.left) == "T", "it has stopped")
    run.say("\n")
    assert run.end() == 3


def test_what_has_a_session_of_its_own_is_told_too(leave):
    """A daemon."""
    run = leave(f"setsid {WATCHES}", env=LONG)
    run.say("\n")
    assert sorted(run.numbers(2)) == [TERM, CONT]
    os.kill(run.left, KILL)
    assert run.finish() == (3, "", "")


def test_what_ignores_it_is_killed_at_the_limit(leave):
    run = leave(WATCHES, env=SHORT)
    run.say("\n")
    assert sorted(run.numbers(2)) == [TERM, CONT]
    assert run.finish() == (3, "", "")
    assert state(run.left) is None


def test_what_forks_meanwhile_is_killed_at_the_limit(leave):
    run = leave(f"sh -c '{quoted(FORKS)}'", env=SHORT)
    run.say("\n")
    assert run.line() == "forked"
    assert run.finish() == (3, "", "")


def test_what_forks_meanwhile_gets_the_next_signal(leave):
    run = leave(f"sh -c '{quoted(FORKS)}'", env=LONG)
    run.say("\n")
    assert run.line() == "forked"
    wait_until(lambda: run.find("tail"), "the new process runs")
    run.send(TERM)
    assert run.finish() == (3, "", "")


def quoted(script):
    return script.replace("'", "'\\''")


def test_signals_that_come_meanwhile_go_to_all_that_is_left(leave):
    run = leave(f"{WATCHES} & setsid {WATCHES}", env=LONG)
    run.ready()
    run.say("\n")
    assert sorted(run.numbers(4)) == [TERM, TERM, CONT, CONT]
    run.send(USR1, RTMAX)
    assert sorted(run.numbers(4)) == [USR1, USR1, RTMAX, RTMAX]


def test_they_are_rewritten_like_any_other(leave):
    run = leave(WATCHES, env={**LONG, "SHIM_SIGNAL_REWRITE": f"USR1:0,{RTMAX}:USR2"})
    run.say("\n")
    assert sorted(run.numbers(2)) == [TERM, CONT]
    run.send(USR1, RTMAX)
    assert run.numbers(1) == [USR2]
    os.kill(run.left, KILL)
    assert run.finish() == (3, "", "")


def test_nothing_left_nothing_to_wait_for(shim):
    assert shim(payload("end"), "exit", "3", env=LONG).finish() == (3, "", "")
    assert shim(payload("end"), "signal", KILL, env=LONG).finish() == (128 + KILL, "", "")


def test_zombies_are_nothing_to_wait_for(shim):
    run = shim(payload("orphans"), "endless", "3", env=SHORT)
    assert run.finish() == (3, "", "")


def test_more_zombies_than_are_reaped_at_a_time(shim):
    run = shim(payload("orphans"), "batch", "0", env=LONG)
    run.ready()
    app = run.app
    run.send(STOP)
    wait_until(lambda: state(run.pid) == "T", "the shim has stopped")
    run.say("1500\n")
    run.ready()
    run.close_input()
    wait_until(lambda: state(app) == "Z", "the app has ended")
    run.send(CONT)
    assert run.finish() == (0, "", "")


def test_exit_codes_are_rewritten_after_it(leave):
    run = leave(OBEYS, env=LONG | {"SHIM_EXIT_CODES": "3:4"})
    run.say("\n")
    assert run.end() == 4


@pytest.mark.parametrize("command", [WATCHES, OBEYS, f"setsid {WATCHES}"])
def test_without_a_grace_period_all_is_over_with_the_app(leave, command):
    """It is killed, and not told before."""
    run = leave(command)
    run.say("\n")
    assert run.finish() == (3, "", "")
    assert state(run.left) is None


def test_no_grace_for_an_ordinary_process(leave):
    """What else would be told? kill(-1) reaches the whole machine."""
    run = leave(WATCHES, init=False, env=LONG)
    run.say("\n")
    code, output, errors = run.finish()
    assert (code, output) == (3, "")
    assert errors.startswith("shim: warning: ") and "SHIM_GRACE_PERIOD" in errors


def test_no_word_about_it_where_only_errors_are_wanted(leave):
    run = leave(OBEYS, init=False, env=LONG | {"SHIM_LOG": "error"})
    run.say("\n")
    assert run.end() == 3
    assert run.stderr() == ""


@pytest.mark.parametrize("setting", ["-1", "86401", "1s", "0.5", " 1", "1e3"])
def test_a_malformed_period_is_refused(shim, setting):
    code, output, errors = shim("/bin/true", env={"SHIM_GRACE_PERIOD": setting}).finish()
    assert (code, output) == (125, "")
    assert errors.startswith("shim: error: SHIM_GRACE_PERIOD")
    assert "\nshim: hint: " in errors
