"""Who the app runs as: uid, gid and groups, for every way in which a platform starts the shim."""

import os
import re
import shutil

import pytest
from sandbox import GROUP, MS_BIND, PASSWD, as_numbers, give_access, held_capabilities, mount, unmount

SWITCH = as_numbers(["setuid", "setgid"])
ALL_IDS = "0 0 65536"


def ids(world):
    """uid, gid and groups; whatever they are, all of a kind are the same."""
    assert len(set(world["uids"])) == len(set(world["gids"])) == 1
    return world["uids"][0], world["gids"][0], world["groups"]


# Becoming the app's user


@pytest.mark.parametrize(
    "env, expected",
    [
        ({}, (1654, 1654, [1654])),
        ({"APP_UID": ""}, (1654, 1654, [1654])),
        ({"APP_UID": "12345"}, (12345, 12345, [12345])),
        ({"APP_UID": "2147483647"}, (2147483647, 2147483647, [2147483647])),
        ({"APP_GID": "2000"}, (1654, 2000, [2000])),
        ({"APP_GID": "0"}, (1654, 0, [0])),
        ({"APP_GID": ""}, (1654, 1654, [1654])),
        ({"APP_GROUPS": "3000,2000,3000"}, (1654, 1654, [1654, 2000, 3000])),
        ({"APP_GROUPS": "1654"}, (1654, 1654, [1654])),
        ({"APP_UID": "1", "APP_GID": "2", "APP_GROUPS": "3"}, (1, 2, [2, 3])),
    ],
    ids=str,
)
def test_settings_choose_the_ids(box, env, expected):
    assert ids(box.run("/world", env=env | {"HOME": "/data"}).world) == expected


@pytest.mark.parametrize(
    "start",
    [
        pytest.param({"uid": 0}, id="root"),
        pytest.param({"uid": 1000, "gid": 1000, "capabilities": SWITCH}, id="another user"),
        pytest.param({"uid": 1654, "gid": 1000, "capabilities": SWITCH}, id="the very user"),
    ],
)
def test_whoever_can_switch_does(box, start):
    box.write("/etc/passwd", PASSWD.replace("1654:1654", "1654:1000"))
    start |= {"groups": (0, 27, 2000), "env": {"APP_GROUPS": "3000", "APP_GID": "1654"}}
    world = box.run("/world", **start).world
    assert ids(world) == (1654, 1654, [27, 1654, 2000, 3000])
    assert world["capabilities"]["permitted"] == world["capabilities"]["ambient"] == "0" * 16


@pytest.mark.parametrize("missing", [["setuid"], ["setgid"], ["setuid", "setgid"]], ids=", ".join)
def test_root_that_cannot_switch_is_refused(box, missing):
    refused = box.run("/world", capabilities=held_capabilities() - as_numbers(missing))
    refused.refuses(*(f"CAP_{name.upper()}" for name in missing), "1654")
    named = {name for name in ("CAP_SETUID", "CAP_SETGID") if name in refused.texts("error")[0]}
    assert named == {f"CAP_{name.upper()}" for name in missing}
    add, user = refused.texts("hint")
    assert "--cap-add SETUID" in add and "--cap-add SETGID" in add
    assert "USER" in user and "runAsUser" in user


# /etc/passwd and /etc/group


def app_line(gid):
    return PASSWD.replace("1654:1654", f"1654:{gid}")


@pytest.mark.parametrize("gid", [500, 0])
def test_passwd_gives_the_primary_group_as_user_would(box, gid):
    box.write("/etc/passwd", app_line(gid))
    assert ids(box.run("/world").world) == (1654, gid, [gid])


def test_app_gid_beats_passwd(box):
    box.write("/etc/passwd", app_line(500))
    assert ids(box.run("/world", env={"APP_GID": "2000"}).world) == (1654, 2000, [2000])


GROUP_LINES = {
    "member": ("video:x:44:app", [44]),
    "one of several": ("video:x:44:one,app,two", [44]),
    "in two groups": ("video:x:44:app\naudio:x:29:app", [29, 44]),
    "group 0": ("wheel:x:0:app", [0]),
    "somebody else": ("video:x:44:apple,anapp", []),
    "no number": ("video:x::app", []),
    "a sign": ("video:x:+44:app", []),
    "too large": ("video:x:4294967296:app", []),
    "too few fields": ("video:x:44", []),
    "a comment": ("#video:x:44:app", []),
    "no line end": ("video:x:44:app", [44]),
}


@pytest.mark.parametrize("name", GROUP_LINES)
def test_group_gives_memberships(box, name):
    lines, expected = GROUP_LINES[name]
    box.write("/etc/group", GROUP + lines + ("" if name == "no line end" else "\n"))
    assert ids(box.run("/world").world) == (1654, 1654, sorted([*expected, 1654]))


def test_memberships_are_those_of_the_users_name(box):
    box.write("/etc/group", "video:x:44:app\nrender:x:45:other\n")
    box.write("/etc/passwd", PASSWD + "other:x:2000:2000::/srv:/bin/sh\n")
    assert ids(box.run("/world", env={"APP_UID": "2000"}).world) == (2000, 2000, [45, 2000])


PASSWD_FILES = {
    "empty": "",
    "gid left out": "app:x:1654::::\n",
    "uid that wraps to 1654": "wrap:x:4294968950:0::/wrong:\n",
    "gid that wraps to 0": "app:x:1654:4294967296::/wrong:\n",
    "a negative gid": "app:x:1654:-1::/wrong:\n",
    "a uid with a sign": "app:x:+1654:0::/wrong:\n",
    "a uid with a space": "app:x: 1654:0::/wrong:\n",
    "a uid in hexadecimal": "app:x:0x676:0::/wrong:\n",
    "a uid with a leading zero": "app:x:01654:0::/wrong:\n",
    "no name": ":x:1654:0::/wrong:\n",
    "too few fields": "app:x:1654\n",
    "a NUL": "app:x:1654:0::/wr\0ong:\n",
}


@pytest.mark.parametrize("name", PASSWD_FILES)
def test_a_line_that_does_not_fit_counts_for_nothing(box, name):
    box.write("/etc/passwd", PASSWD_FILES[name])
    world = box.run("/world").noisy_world
    assert ids(world) == (1654, 1654, [1654])
    assert "HOME=/" in world["environment"]


@pytest.mark.parametrize("proc", [True, False])
def test_an_account_file_that_may_not_be_read_is_refused_with_the_reason(box, proc):
    box.write("/etc/passwd", PASSWD, mode=0, owner=1000)
    refused = box.run("/world", capabilities=SWITCH, proc=proc)
    refused.refuses("cannot work out the app's user", "Permission denied")


def test_a_good_line_after_bad_ones_counts(box):
    box.write("/etc/passwd", "".join(PASSWD_FILES.values()) + "app:x:1654:7::/good:/bin/sh")
    world = box.run("/world").world
    assert ids(world) == (1654, 7, [7])
    assert "HOME=/good" in world["environment"]


@pytest.mark.parametrize("name", ["/etc/passwd", "/etc/group"])
@pytest.mark.parametrize("kind", ["missing", "a FIFO", "a folder"])
def test_without_the_file_the_number_stands_alone(box, name, kind):
    path = box.path(name)
    path.unlink()
    if kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    assert ids(box.run("/world", env={"HOME": "/data"}).world) == (1654, 1654, [1654])


@pytest.mark.parametrize("number", ["--1", "- 1", "-+1", "-", "--"])
def test_a_number_that_is_none_holds_nothing_up(box, number):
    box.write("/etc/passwd", f"odd:x:{number}:{number}::/:\n{app_line(500)}")
    box.write("/etc/group", f"odd:x:{number}:odd,app\n")
    assert ids(box.run("/world").world) == (1654, 500, [500])


def test_a_line_of_1_mb_is_only_a_line(box):
    box.write("/etc/passwd", f"long:x:7:7:{'x' * (1 << 20)}:/:\n{app_line(500)}")
    members = ",".join(f"user{number}" for number in range(100000))
    box.write("/etc/group", f"many:x:44:{members},app\n")
    assert ids(box.run("/world").world) == (1654, 500, [44, 500])


# Account files that the app may write to: it could be in any group at the next start

WRITTEN = "app:x:1654:500::/home/app:/bin/sh\n"
GROUPS = GROUP + "video:x:44:app\n"


@pytest.mark.parametrize("change", ["owner", "mode", "folder"])
@pytest.mark.parametrize("name", ["/etc/passwd", "/etc/group"])
def test_a_file_that_the_app_may_write_to_says_nothing_about_groups(box, name, change):
    box.write("/etc/passwd", WRITTEN)
    box.write("/etc/group", GROUPS)
    if change == "owner":
        os.chown(box.path(name), 1654, 0)
    elif change == "mode":
        box.path(name).chmod(0o666)
    else:
        box.path("/etc").chmod(0o777)
    done = box.run("/world", env={"SHIM_LOG": "warn"})
    trusted = name == "/etc/group" and change != "folder"
    assert ids(done.noisy_world) == (1654, 500 if trusted else 1654, [500 if trusted else 1654])
    (warning,), (hint,) = done.texts("warning"), done.texts("hint")
    assert name in warning and "44" in warning and ("500" in warning) is not trusted
    assert "APP_GID" in hint and "APP_GROUPS" in hint


def test_an_access_control_list_counts_too(box):
    box.write("/etc/passwd", WRITTEN)
    give_access(box.path("/etc/passwd"), users={1654: 6})
    done = box.run("/world", env={"SHIM_LOG": "warn"})
    assert ids(done.noisy_world) == (1654, 1654, [1654])
    assert "/etc/passwd" in done.texts("warning")[0]


@pytest.mark.parametrize("entries", [{"users": {1000: 6}}, {"groups": {2000: 6}}])
def test_an_access_control_list_for_somebody_else_does_not(box, entries):
    """Nor is there a word about it: a build's own user has one."""
    box.write("/etc/passwd", WRITTEN)
    give_access(box.path("/etc/passwd"), **entries)
    assert ids(box.run("/world").world) == (1654, 500, [500])


def test_what_was_asked_for_counts_even_so(box):
    box.write("/etc/passwd", WRITTEN, mode=0o666)
    done = box.run("/world", env={"APP_GID": "500", "APP_GROUPS": "44"})
    assert ids(done.world) == (1654, 500, [44, 500])


def test_a_group_that_the_platform_gives_is_not_taken_then(box):
    """The runtime has read the same file, and we cannot tell its gifts from the file's."""
    box.write("/etc/group", GROUP, mode=0o666)
    done = box.run("/world", groups=(0, 2000), env={"SHIM_LOG": "warn"})
    assert ids(done.noisy_world) == (1654, 1654, [1654])
    assert "2000" in done.texts("warning")[0]


OPENSHIFT = "root:x:0:0:root:/root:/bin/sh\napp:x:1001:0::/home/app:/bin/sh\n"


@pytest.mark.parametrize("groups", ["root:x:0:\n", "root:x:0:app\nvideo:x:44:app\n"])
def test_only_a_member_can_have_written_a_file_by_its_group(box, groups):
    """chmod g=u /etc/passwd, with gid 0: an OpenShift habit; files of chgrp -R 0 stay readable."""
    box.write("/etc/passwd", OPENSHIFT, mode=0o664)
    box.write("/etc/group", groups, mode=0o664)
    box.write("/secret", "for group 0", mode=0o640)
    done = box.run("/world", env={"APP_UID": "1001", "SHIM_LOG": "warn"})
    assert ids(done.noisy_world) == (1001, 0, [0])
    assert len(done.texts("warning")) == ("44" in groups)


def test_a_file_by_another_group_is_nobodys_business(box):
    box.write("/etc/passwd", WRITTEN, mode=0o664)
    assert ids(box.run("/world").world) == (1654, 500, [500])


def test_a_name_in_a_file_that_the_app_may_write_to_could_be_anothers(box):
    """It gives the one group that lets it be written, and no membership by the name in it."""
    box.write("/etc/passwd", WRITTEN.replace(":500:", ":7:"), mode=0o664)
    os.chown(box.path("/etc/passwd"), 0, 7)
    box.write("/etc/group", GROUPS)
    done = box.run("/world", env={"SHIM_LOG": "warn"})
    assert ids(done.noisy_world) == (1654, 7, [7])
    assert "44" in done.texts("warning")[0]


@pytest.mark.parametrize("lines, fits", [(65535, True), (65536, False)])
def test_more_groups_than_the_kernel_takes_are_refused(box, lines, fits):
    box.write("/etc/group", "".join(f"g{gid}:x:{gid}:app\n" for gid in range(2000, 2000 + lines)))
    done = box.run("/world")
    if fits:
        assert len(done.world["groups"]) == 65536
    else:
        done.refuses("65536 groups")
        assert "/etc/group" in done.texts("hint")[0]


# Groups that the platform has given


def test_groups_of_roots_own_go_without_a_word(box):
    box.write("/etc/group", GROUP + "adm:x:4:root\n")
    done = box.run("/world", groups=(0, 4), env={"SHIM_LOG": "warn"})
    assert done.stderr == ""
    assert ids(done.world) == (1654, 1654, [1654])


@pytest.mark.parametrize(
    "line", ["adm:x:04:root", "adm:x: 4 :root", "adm:x:+4:root", "adm:x:4294967300:root",
             "#adm:x:4:root", "adm:x:4: daemon , root", "adm:x:4:root\r"]
)
def test_what_an_odd_line_gives_to_root_is_not_the_platforms(box, line):
    """Some runtime's reader takes it, whether ours would or not."""
    box.write("/etc/group", GROUP + line + "\n")
    assert ids(box.run("/world", groups=(0, 4)).world) == (1654, 1654, [1654])


@pytest.mark.parametrize("groups", [(2000,), (0, 2000), (1654, 2000, 3000), (2000, 65534)], ids=str)
def test_the_platforms_groups_reach_the_app_as_under_user(box, groups):
    """fsGroup, supplementalGroups, --group-add. /proc tells whether 65534 stands for another."""
    proc = 65534 in groups or None
    done = box.run("/world", groups=groups, env={"SHIM_LOG": "warn"}, proc=proc)
    assert ids(done.world) == (1654, 1654, sorted({1654, *groups} - {0}))


def test_a_primary_group_of_the_platforms_reaches_the_app_too(box):
    """runAsGroup without runAsUser; not every runtime puts it into the list, too."""
    for groups in ((2000,), ()):
        done = box.run("/world", gid=2000, groups=groups, env={"SHIM_LOG": "warn"})
        assert ids(done.world) == (1654, 1654, [1654, 2000])


def test_a_group_without_a_number_here_does_not(box):
    """It shows as the overflow gid, and nobody can tell which one it is."""
    start = {"uid_map": ALL_IDS, "gid_map": ALL_IDS}
    world = box.run("/world", groups=(100000, 2000), **start).world
    assert ids(world) == (1654, 1654, [1654, 2000])


def test_a_primary_group_of_the_images_goes_without_a_word(box):
    box.write("/etc/passwd", PASSWD + "one:x:1000:50::/:/bin/sh\n")
    for uid, gid in ((1000, 50), (3000, 3000)):  # the second is not in /etc/passwd
        start = {"uid": uid, "gid": gid, "groups": (gid,), "capabilities": held_capabilities()}
        assert box.run("/world", **start, env={"SHIM_LOG": "warn"}).stderr == ""


@pytest.mark.parametrize("mounted", ["/etc/group", "/etc", "/link", "/data"])
def test_groups_are_not_the_platforms_where_the_images_file_is_hidden(box, mounted):
    """Docker and containerd have read what is below, which may put root into the group."""
    if mounted in ("/link", "/data"):
        file = mounted
        if mounted == "/data":
            box.folder(mounted)
            file = "/data/group"
        box.path("/etc/group").rename(box.path(file))
        box.path("/etc/group").symlink_to(file)
    place = box.path(mounted)
    mount(place, place, flags=MS_BIND)
    try:
        done = box.run("/world", groups=(0, 4), env={"SHIM_LOG": "warn"})
        asked = box.run("/world", groups=(0, 4), env={"SHIM_LOG": "warn", "APP_GROUPS": "4"})
        none = box.run("/world", env={"SHIM_LOG": "warn"})
    finally:
        unmount(place)
    assert ids(done.noisy_world) == (1654, 1654, [1654])
    assert re.search(r"/etc/group.* 4$", done.texts("warning")[0])
    assert "APP_GROUPS" in done.texts("hint")[0]
    assert ids(asked.world) == (1654, 1654, [4, 1654])
    assert none.stderr == ""


def test_a_group_of_the_platforms_that_is_asked_for_stays(box):
    done = box.run("/world", groups=(0, 2000), env={"SHIM_LOG": "warn", "APP_GROUPS": "2000"})
    assert ids(done.world) == (1654, 1654, [1654, 2000])


# The platform's choice


@pytest.mark.parametrize(
    "start, expected",
    [
        ({"uid": 1654, "gid": 1654}, (1654, 1654, [])),
        ({"uid": 1654, "gid": 0, "groups": (0, 2000)}, (1654, 0, [0, 2000])),
        ({"uid": 12345, "gid": 0, "groups": (0, 1000)}, (12345, 0, [0, 1000])),
    ],
    ids=str,
)
def test_who_cannot_switch_stays_as_started(box, start, expected):
    world = box.run("/world", "settled", **start).world
    assert ids(world) == expected
    assert world["no_new_privs"] == 1
    sets = ("permitted", "effective", "inheritable", "ambient")
    assert {world["capabilities"][name] for name in sets} == {"0" * 16}


def test_what_is_left_of_privileges_goes_even_so(box):
    left = held_capabilities() - SWITCH
    world = box.run("/world", uid=1654, gid=1654, capabilities=left).world
    assert set(world["capabilities"].values()) == {"0" * 16}


def test_one_of_the_two_capabilities_is_not_enough_to_switch(box):
    world = box.run("/world", uid=1000, gid=1000, capabilities=as_numbers(["setuid"])).world
    assert ids(world) == (1000, 1000, [])


def test_info_says_that_the_platform_chose(box):
    done = box.run("/world", uid=12345, gid=0, env={"SHIM_LOG": "info"})
    assert any("12345" in text and "1654" in text for text in done.texts("info"))


@pytest.mark.parametrize("name, value", [("APP_GID", "2000"), ("APP_GROUPS", "3000")])
@pytest.mark.parametrize("uid", [1654, 12345])
def test_groups_that_cannot_be_had_are_a_warning(box, uid, name, value):
    env = {"SHIM_LOG": "warn", name: value}
    done = box.run("/world", uid=uid, gid=0, groups=(5,), env=env)
    assert any(name in text and value in text for text in done.texts("warning"))
    assert ids(done.noisy_world) == (uid, 0, [5])


def test_groups_that_are_there_already_are_no_warning(box):
    env = {"SHIM_LOG": "warn", "APP_GID": "5", "APP_GROUPS": "6"}
    start = {"uid": 1654, "gid": 5, "groups": (6,), "capabilities": as_numbers(["setpcap"])}
    assert ids(box.run("/world", **start, env=env).world) == (1654, 5, [6])


# User namespaces


def test_a_user_namespace_that_has_the_ids_is_no_obstacle(box):
    world = box.run("/world", uid_map=ALL_IDS).world
    assert ids(world) == (1654, 1654, [1654])
    assert set(world["capabilities"].values()) == {"0" * 16}


def test_a_user_whom_the_platform_chose_needs_no_other_ids(box):
    assert ids(box.run("/world", uid=999, uid_map="0 0 1000").world) == (999, 0, [])


@pytest.mark.parametrize("maps", ["0 0 1654", "0 0 1", "0 0 1000\n2000 2000 10"], ids=repr)
def test_a_uid_that_is_not_mapped_is_refused(box, maps):
    refused = box.run("/world", uid_map=maps, gid_map=ALL_IDS)
    refused.refuses("uid 1654", "not mapped")
    assert any("/proc/self/uid_map" in hint for hint in refused.texts("hint"))


@pytest.mark.parametrize("env, gid", [({}, 1654), ({"APP_GID": "0", "APP_GROUPS": "3000"}, 3000)])
def test_a_gid_that_is_not_mapped_is_refused(box, env, gid):
    refused = box.run("/world", env=env, uid_map=ALL_IDS, gid_map="0 0 1000")
    refused.refuses(f"gid {gid}", "not mapped")
    assert any("/proc/self/gid_map" in hint for hint in refused.texts("hint"))


@pytest.mark.parametrize(
    "maps", [{"uid_map": "0 0 1000"}, {"uid_map": ALL_IDS, "gid_map": "0 0 1000"}]
)
def test_what_is_not_mapped_is_told_without_proc_too(box, maps):
    """There only the attempt tells: nothing is started, and nobody is sent after a sandbox."""
    box.folder("/bare")
    for name in ("/shim", "/world"):
        shutil.copy(box.path(name), box.path("/bare"))
    refused = box.run("/world", chroot="/bare", env={"HOME": "/"}, **maps)
    refused.refuses("uid 1654", "gid 1654", "Invalid argument")
    assert any("not mapped" in hint and "APP_UID" in hint for hint in refused.texts("hint"))


def test_setgroups_denied_is_refused_where_the_groups_would_change(box):
    refused = box.run("/world", groups=(27,), uid_map=ALL_IDS, setgroups="deny")
    refused.refuses("setgroups")
    assert any("/proc/self/setgroups" in hint for hint in refused.texts("hint"))


def test_setgroups_denied_does_not_matter_where_they_are_right_already(box):
    world = box.run("/world", groups=(1654,), uid_map=ALL_IDS, setgroups="deny").world
    assert ids(world) == (1654, 1654, [1654])
