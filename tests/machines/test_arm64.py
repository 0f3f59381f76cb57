"""What qemu's user mode cannot show of the shim for arm64: signals on its way to the app, and
terminals. (Subreaper, refusals and the like are in test_starts.py, for this machine as for all.)"""

import pytest

HUP, INT, QUIT, CONT, TSTP = 1, 2, 3, 18, 20
REAL_TIME = range(32, 65)
MANY = 4000  # more than there are stops
EVERYTHING = (1 << 41) - 1


@pytest.mark.parametrize("options", [[], ["-o"]], ids=["PID 1", "ordinary"])
def test_no_signal_is_lost_at_any_point_of_the_start(arm64_machine, options):
    """See tests/payloads/early.c. Real-time signals queue, so that each is counted by itself."""
    signals = ",".join(str(REAL_TIME[turn % len(REAL_TIME)]) for turn in range(MANY))
    words = ["0", signals, "/nest", *options, "/shim", "/orphans", "batch", "0"]
    done = arm64_machine.run(*words, file="/early", init=False, bounding=EVERYTHING,
                             then=(("await", "end "),))
    assert (done.exit_code, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    found = {kind: sorted(line[1] for line in lines if line[0] == kind)
             for kind in ("sent", "init", "child", "app", "end")}
    assert 100 < len(found["sent"]) < MANY
    assert (found["init"], found["child"], found["end"]) == ([], [], ["137"])
    assert found["app"] == found["sent"]


@pytest.mark.parametrize("key, number", [("\x03", INT), ("\x1c", QUIT), ("\x1a", TSTP)])
def test_keys_reach_the_app(arm64_machine, key, number):
    """It is in the foreground."""
    then = (("await", "ready 2\r\n"), ("input", key), ("await", f"{number}\r\n"), ("signal", HUP),
            ("await", f"{HUP}\r\n"), ("input", "\x04"))
    done = arm64_machine.run("/signals", terminal=True, then=then)
    assert done.exit_code == 0
    found = [line.lstrip("^CZD\\\b") for line in done.stdout.splitlines()]
    assert found == ["ready 2", str(number), str(HUP)]


def test_an_app_stopped_by_ctrl_z_goes_on(arm64_machine):
    """There is nobody to say `fg`."""
    again = (("input", "\x1a"), ("await", f"{CONT}\r\n"))
    then = (("await", "ready 2\r\n"), *again, *again, ("input", "\x04"))
    done = arm64_machine.run("/signals", str(TSTP), terminal=True, then=then)
    assert done.exit_code == 0
