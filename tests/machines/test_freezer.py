"""A container that is frozen in the middle of its start goes on where it was: cgroup v2's freezer.

The places are as many as there are pauses; which ones they are, the machine decides.
"""

import pytest
from hosts import CGROUP, IN_CGROUP

PAUSES = range(0, 8000, 500)  # microseconds; a start takes a few thousand
TERM = 15
FREEZE = (("put", f"{CGROUP}/cgroup.freeze", "1"), ("wait", f"{CGROUP}/cgroup.events", "frozen 1"))
THAW = ("put", f"{CGROUP}/cgroup.freeze", "0")


@pytest.mark.parametrize("pause", PAUSES)
def test_a_signal_to_a_frozen_start_arrives(ordinary_machine, pause):
    """The app, too, starts with the signal blocked, so that it is seen whenever it comes."""
    then = (("pause", pause), *FREEZE, ("signal", TERM), THAW, ("await", f"\n{TERM}\n"))
    done = ordinary_machine.run("/signals", before=IN_CGROUP, blocked=1 << TERM - 1, then=then)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"ready 2\n{TERM}\n", "")
