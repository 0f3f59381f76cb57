"""/etc/passwd or /etc/group changes in the middle of a start: at each of its calls, in turn.

The app runs as the one file says, or as the other does, or not at all; never as a bit of both.
"""

import os

import pytest
from calls import Fault
from lies import (GROUP, PASSWD, with_group_2655, with_membership_2001, with_written_group,
                  with_written_passwd, without_account, without_memberships)
from trial import SCENARIOS, Bench, check_all, judge, promises

SCENARIO = SCENARIOS[0]
LATE = 8  # once the files have been read: one in so many calls


def write(text, owner=0):
    def make(path):
        path.write_text(text)
        os.chown(path, owner, owner)
    return make


# What takes the file's place, and what may then be promised in place of what was.
NEW = {
    "passwd": {
        "another": (write(PASSWD.replace("2654", "2655")), with_group_2655),
        "the app's own": (write(PASSWD.replace("1654:2654", "1654:0"), 1654), with_written_passwd),
        "a FIFO": (os.mkfifo, without_account),
        "a loop": (lambda path: path.symlink_to("passwd"), without_account),
    },
    "group": {
        "another": (write(GROUP.replace("2000", "2001")), with_membership_2001),
        "the app's own": (write("root:x:0:app\nshadow:x:42:app\n", 1654), with_written_group),
        "a FIFO": (os.mkfifo, without_memberships),
        "a loop": (lambda path: path.symlink_to("group"), without_memberships),
    },
}


def copy_root(bench, folder):
    """One of its own for each trial, which changes it."""
    for name in ("proc", "dev", "home", "etc"):
        (folder / name).mkdir(parents=True)
    for name in ("shim", "witness"):
        os.link(bench.root / name, folder / name)
    (folder / "etc/passwd").write_text(PASSWD)
    (folder / "etc/group").write_text(GROUP)
    folder.chmod(0o755)
    return Bench(folder, bench.enter, bench.network)


def try_change(bench, folder, call, name, kind, counted):
    make, change = NEW[name][kind]
    own = copy_root(bench, folder)
    make(folder / "new")
    fault = Fault(call, "changed", f"m{folder}/new>{folder}/etc/{name}", "changed", (change,))
    outcome = own.run(SCENARIO, [fault])
    complaints = [judge(one, outcome, (125,)) for one in promises(SCENARIO, [fault])]
    as_before = judge(SCENARIO, outcome) is None
    ending = ("BROKEN" if None not in complaints else "refused" if outcome.code == 125
              else "as before" if as_before else "as the new one says")
    counted[f"/etc/{name} becomes {kind}", ending] += 1
    return ending == "BROKEN" and f"before {call}: {complaints}"


@pytest.mark.parametrize("name, kind", [(name, kind) for name in NEW for kind in NEW[name]])
def test_at_every_call(bench, tmp_path, counted, name, kind):
    calls = bench.run(SCENARIO, log=True).calls
    read = max(place for place, call in enumerate(calls) if call.file.startswith("/etc"))
    calls = [call for place, call in enumerate(calls) if place <= read or place % LATE == 0]
    check_all(try_change, ((bench, tmp_path / f"{place}", call, name, kind, counted)
                           for place, call in enumerate(calls)))
    # It was read at a time, and before that and after.
    endings = {outcome for about, outcome in counted if about == f"/etc/{name} becomes {kind}"}
    assert {"as before", "as the new one says"} <= endings
