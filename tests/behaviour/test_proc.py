"""A /proc that is not the kernel's: a folder with whatever somebody has put there."""

import pytest

EVERYTHING = "0 0 4294967295\n"


def pretend(box, files):
    """The files of a /proc that is an ordinary folder: {name: content}."""
    for name, content in files.items():
        path = box.path("/proc") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.mark.parametrize(
    "uid_map, gid_map, words",
    [
        (EVERYTHING, EVERYTHING, None),
        ("         0          0 4294967295\n", EVERYTHING, None),
        ("1000 1000 655\n", "1654 0 1\n", None),
        ("1000 1000 654\n", EVERYTHING, "uid 1654 is not mapped"),
        ("1655 0 1\n", EVERYTHING, "uid 1654 is not mapped"),
        (EVERYTHING, "0 0 1654\n", "gid 1654 is not mapped"),
        # Lines that are none say nothing of any id.
        ("", EVERYTHING, "uid 1654 is not mapped"),
        ("x\n0\n0 0\n0 x 4294967295\n0 0 x\n \n", EVERYTHING, "uid 1654 is not mapped"),
        ("x\n" + EVERYTHING, "0 0\n" + EVERYTHING, None),
        # As many as the kernel takes, and one more.
        ("7 7 1\n" * 339 + "1654 0 1\n", EVERYTHING, None),
        ("7 7 1\n" * 340 + "1654 0 1\n", EVERYTHING, "uid 1654 is not mapped"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_maps_are_read_strictly(box, uid_map, gid_map, words):
    pretend(box, {"self/uid_map": uid_map, "self/gid_map": gid_map})
    done = box.run("/world", proc=False)
    if words is None:
        assert done.world["uids"] == done.world["gids"] == [1654] * 4
    else:
        done.refuses(words)


def test_the_first_gid_that_is_not_mapped_is_named(box):
    pretend(box, {"self/uid_map": EVERYTHING, "self/gid_map": "1654 0 1\n"})
    done = box.run("/world", env={"APP_GROUPS": "2000,3000"}, proc=False)
    done.refuses("gid 2000 is not mapped")
    assert len(done.texts("error")) == 1


@pytest.mark.parametrize(
    "gid_map, overflow, stays",
    [
        (EVERYTHING, "65534\n", True),  # all ids: none of them is that of a gid without a name
        ("1 1 4294967295\n", "65534\n", False),
        ("0 0 4294967294\n", "65534\n", False),
        ("0 0 1\n1 1 4294967294\n", "65534\n", False),
        ("0 0 4294967294\n", "7\n", True),
        ("0 0 4294967294\n", "nobody knows\n", False),
    ],
)
def test_the_gid_of_groups_without_a_number_is_dropped(box, gid_map, overflow, stays):
    pretend(box, {"self/uid_map": EVERYTHING, "self/gid_map": gid_map,
                  "sys/kernel/overflowgid": overflow})
    world = box.run("/world", groups=(65534,), proc=False).world
    assert world["groups"] == ([1654, 65534] if stays else [1654])


def status(uid, state="S (sleeping)"):
    return f"Name:\tx\nState:\t{state}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"


@pytest.mark.parametrize(
    "files, told",
    [
        ({}, None),
        ({"self/status": status(0), "meminfo": ""}, None),
        ({"7/status": status(1654)}, "1 of uid 1654"),
        ({"7/status": status(1654), "8/status": status(0), "9/status": status(1654)},
         "2 of uid 1654, 1 of uid 0"),
        ({"7/status": status(1654, "Z (zombie)"), "8/status": "", "9/stat": "",
          "10/status": "Name:\tx\n", "11/status": "Name:\tx\nUid:\tx\t0\n"}, None),
        ({"1/status": status(0)}, None),  # the shim itself
        ({f"{10 + uid}/status": status(uid) for uid in range(11)}, ", 3 of others"),
    ],
    ids=["empty", "no process", "one", "three", "none that counts", "itself", "many users"],
)
def test_whom_the_app_leaves_behind_is_counted_as_far_as_can_be_seen(box, files, told):
    pretend(box, files)
    done = box.run("/world", env={"SHIM_LOG": "info", "SHIM_GRACE_PERIOD": "1"}, proc=False)
    assert done.exit_code == 0
    said = [text for text in done.texts("info") if "left-over processes" in text]
    if told is None:
        assert said == []
        return
    before, after = said
    users = before.removeprefix("left-over processes: ").split("; ")[0]
    if told.startswith(", "):
        assert users.endswith(told) and users.count(" of uid ") == 8
    else:  # in the order of the folder
        assert set(users.split(", ")) == set(told.split(", "))
    assert users in after


def test_without_proc_nobody_is_counted(box):
    box.path("/proc").rmdir()
    done = box.run("/world", env={"SHIM_LOG": "info", "SHIM_GRACE_PERIOD": "1"}, proc=False)
    assert done.exit_code == 0
    assert not [text for text in done.texts("info") if "left-over" in text]
