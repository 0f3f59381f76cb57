"""The shim's own file: whoever can replace it is root at the next start."""

import os
import shutil
import subprocess

import pytest
from sandbox import MS_BIND, R_X, RWX, give_access, mount, unmount


def put(box, folder, file, ancestor=(0o755, 0, 0)):
    """The shim as /a/b/shim; folder /a/b, file and ancestor /a: (mode, uid, gid)."""
    box.folder("/a")
    box.folder("/a/b")
    shutil.copy(box.path("/shim"), box.path("/a/b/shim"))
    for name, (mode, uid, gid) in (("/a", ancestor), ("/a/b", folder), ("/a/b/shim", file)):
        os.chown(box.path(name), uid, gid)
        box.path(name).chmod(mode)


ROOTS_FOLDER = (0o755, 0, 0)
ROOTS_FILE = (0o755, 0, 0)

WRITABLE = {
    "a folder for everybody": ((0o777, 0, 0), ROOTS_FILE),
    "a folder for the app's group": ((0o775, 0, 1654), ROOTS_FILE),
    "a folder for all but the app's group": ((0o757, 0, 1654), ROOTS_FILE),
    "a folder of the app's": ((0o755, 1654, 0), ROOTS_FILE),
    "a folder of the app's, without w": ((0o555, 1654, 0), ROOTS_FILE),
    "a sticky folder of the app's": ((0o1777, 1654, 0), ROOTS_FILE),
    "a file for everybody": (ROOTS_FOLDER, (0o757, 0, 0)),
    "a file for the app's group": (ROOTS_FOLDER, (0o775, 0, 1654)),
    "a file of the app's": (ROOTS_FOLDER, (0o755, 1654, 0)),
    "a file of the app's, without w": (ROOTS_FOLDER, (0o555, 1654, 0)),
    "a file of the app's in a sticky folder": ((0o1777, 0, 0), (0o755, 1654, 0)),
    "an ancestor for everybody": (ROOTS_FOLDER, ROOTS_FILE, (0o777, 0, 0)),
    "an ancestor of the app's": (ROOTS_FOLDER, ROOTS_FILE, (0o755, 1654, 0)),
}

SAFE = {
    "root's": (ROOTS_FOLDER, ROOTS_FILE),
    "a sticky folder": ((0o1777, 0, 0), ROOTS_FILE),
    "a folder for another group": ((0o775, 0, 27), ROOTS_FILE),
    "a folder of somebody else's": ((0o755, 1000, 1000), ROOTS_FILE),
    "a file for another group": (ROOTS_FOLDER, (0o775, 0, 27)),
    "a sticky ancestor": (ROOTS_FOLDER, ROOTS_FILE, (0o1777, 0, 0)),
}


@pytest.mark.parametrize("proc", [True, False], ids=["with /proc", "without"])
@pytest.mark.parametrize("name", WRITABLE)
def test_what_the_app_could_replace_is_refused(box, name, proc):
    put(box, *WRITABLE[name])
    refused = box.run("/world", file="/a/b/shim", proc=proc)
    refused.refuses("1654", '"/a')
    assert any("read-only" in hint for hint in refused.texts("hint"))


@pytest.mark.parametrize("name", SAFE)
def test_what_the_app_cannot_replace_is_fine(box, name):
    put(box, *SAFE[name])
    assert box.run("/world", file="/a/b/shim").world["uids"] == [1654] * 4


def test_a_read_only_mount_is_fine(box):
    put(box, (0o777, 0, 0), (0o777, 1654, 1654))
    world = box.run("/world", file="/a/b/shim", readonly=("/a/b",)).world
    assert world["uids"] == [1654] * 4


@pytest.mark.parametrize("place", ["/a/b", "/a/b/shim"])
def test_a_read_only_mount_in_a_folder_of_the_app_s_is_fine(box, place):
    """As /app is in many an image: a mount point can neither be renamed nor removed."""
    put(box, ROOTS_FOLDER, ROOTS_FILE)
    folder = box.path(place).parent
    os.chown(folder, 1654, 1654)
    world = box.run("/world", file="/a/b/shim", readonly=(place,)).world
    assert world["uids"] == [1654] * 4


def test_a_mount_that_the_app_may_write_to_is_not(box):
    put(box, (0o755, 1654, 1654), ROOTS_FILE)
    mount(box.path("/a/b"), box.path("/a/b"), flags=MS_BIND)
    try:
        box.run("/world", file="/a/b/shim").refuses("1654", '"/a/b"')
    finally:
        unmount(box.path("/a/b"))


def test_the_root_folder_counts(box):
    os.chown(box.root, 1654, 1654)
    box.run("/world").refuses("1654", '"/"')


def test_groups_that_the_app_gets_count(box):
    put(box, (0o775, 0, 2000), ROOTS_FILE)
    assert box.run("/world", file="/a/b/shim").exit_code == 0
    box.run("/world", file="/a/b/shim", env={"APP_GROUPS": "2000"}).refuses("/a/b")


def test_it_is_the_apps_user_that_counts(box):
    put(box, (0o755, 2000, 2000), ROOTS_FILE)
    assert box.run("/world", file="/a/b/shim").exit_code == 0
    box.run("/world", file="/a/b/shim", env={"APP_UID": "2000"}).refuses("2000", "/a/b")


@pytest.mark.parametrize("uid", [1654, 12345])
def test_who_cannot_switch_is_no_danger(box, uid):
    put(box, *WRITABLE["a folder for everybody"])
    assert box.run("/world", file="/a/b/shim", uid=uid, gid=uid).exit_code == 0


@pytest.mark.parametrize("proc", [True, False], ids=["with /proc", "without"])
@pytest.mark.parametrize("cwd, file", [("/a/b", "./shim"), ("/a/b", "shim"), ("/a", "b/shim")])
@pytest.mark.parametrize("name", ["a folder for everybody", "an ancestor for everybody"])
def test_a_relative_path_hides_nothing(box, name, cwd, file, proc):
    put(box, *WRITABLE[name])
    box.run("/world", cwd=cwd, file=file, proc=proc).refuses("1654")


@pytest.mark.parametrize("proc", [True, False], ids=["with /proc", "without"])
@pytest.mark.parametrize("target", ["/a/b/shim", "a/b/shim", "/other"])
def test_a_link_hides_nothing(box, target, proc):
    put(box, *WRITABLE["a folder for everybody"])
    box.path("/other").symlink_to("/a/b/shim")
    box.path("/link").symlink_to(target)
    box.run("/world", file="/link", proc=proc).refuses("1654", "/a/b")


@pytest.mark.parametrize("proc", [True, False], ids=["with /proc", "without"])
def test_a_link_that_the_app_could_replace_is_no_better(box, proc):
    """The shim is safe, but what the container starts is the link."""
    put(box, ROOTS_FOLDER, ROOTS_FILE)
    box.folder("/open", mode=0o777)
    box.path("/open/link").symlink_to("/a/b/shim")
    box.run("/world", file="/open/link", proc=proc).refuses("1654", "/open")


@pytest.mark.parametrize("proc", [True, False], ids=["with /proc", "without"])
@pytest.mark.parametrize("file", ["/link/shim", "/other/shim", "/./link//shim"])
def test_a_link_to_a_folder_hides_nothing(box, file, proc):
    """The shim is safe, but on the way to it is a link that is not: /link, /open/link, /a/b."""
    put(box, ROOTS_FOLDER, ROOTS_FILE)
    box.folder("/open", mode=0o777)
    box.path("/open/link").symlink_to("../a/b")
    box.path("/link").symlink_to("/open/link")
    box.path("/other").symlink_to("link")
    box.run("/world", file=file, proc=proc).refuses("1654", '"/open"')


@pytest.mark.parametrize("proc", [True, False], ids=["with /proc", "without"])
def test_nor_does_a_link_to_the_folder_that_it_is_in(box, proc):
    put(box, ROOTS_FOLDER, ROOTS_FILE, ancestor=(0o777, 0, 0))
    box.path("/link").symlink_to("/a/b")
    box.run("/world", file="/link/shim", proc=proc).refuses("1654", '"/a"')


@pytest.mark.parametrize("name", ["an ancestor for everybody", "a file for everybody"])
@pytest.mark.parametrize("file", ["/a/b/../b/shim", "/../a/b/shim", "/a/../../a/b/./../b/shim"])
def test_a_way_out_and_in_again_hides_nothing(box, name, file):
    put(box, *WRITABLE[name])
    box.run("/world", file=file, proc=False).refuses("1654", '"/a')


@pytest.mark.parametrize("start", ["", "/"])
def test_a_way_that_is_too_long_to_follow_is_not_believed(box, start):
    """The kernel goes it, as no single link is: with what is behind them there is no room for it."""
    put(box, *WRITABLE["a folder for everybody"])
    box.folder("/safe")
    box.path("/safe/link").symlink_to((start or "../") + "./" * 2000 + "a/b")
    file = "/safe/link/" + "./" * 1000 + "shim"
    box.run("/world", file=file, proc=False).refuses("1654", '"/safe/link"')


def test_in_a_row_of_links_each_counts(box):
    put(box, *WRITABLE["a folder for everybody"])
    for number in range(40):
        target = f"/link{number + 1}" if number < 39 else "/a/b/shim"
        box.path(f"/link{number}").symlink_to(target)
    box.run("/world", file="/link0", proc=False).refuses("1654", "/a/b")


@pytest.mark.parametrize("owner, code", [(1654, 125), (0, 0), (1000, 0)])
def test_in_a_sticky_folder_it_is_the_owner_of_the_link_that_counts(box, owner, code):
    put(box, ROOTS_FOLDER, ROOTS_FILE)
    os.chown(box.folder("/sticky"), 0, 1654)
    box.path("/sticky").chmod(0o1775)  # not for everybody: see protected_symlinks, proc(5)
    box.path("/sticky/link").symlink_to("/a/b/shim")
    os.lchown(box.path("/sticky/link"), owner, owner)
    assert box.run("/world", file="/sticky/link").exit_code == code


@pytest.mark.parametrize("cwd, file", [("/open", "../a/b/shim"), ("/", "/open/../a/b/shim")])
def test_a_folder_that_is_only_left_again_is_no_danger(box, cwd, file):
    """Whatever the app does in /open, the folder above it stays root's."""
    put(box, ROOTS_FOLDER, ROOTS_FILE)
    box.folder("/open", mode=0o777)
    assert box.run("/world", file=file, cwd=cwd).world["uids"] == [1654] * 4


PLACES = ["/a", "/a/b", "/a/b/shim"]

# Access control lists by which the app's user may write, and others.
LETS = {
    "the user": {"users": {1654: RWX}},
    "the user beside others": {"users": {1000: R_X, 1654: RWX, 2000: R_X}},
    "a group of the user's": {"groups": {1654: RWX}},
    "one of its groups": {"groups": {1654: R_X, 3000: RWX}},
    "the file's group": {"group": 3000, "own_group": RWX, "users": {1000: R_X}},
    "another of its groups": {"group": 3000, "own_group": R_X, "groups": {1654: RWX}},
    "everybody": {"users": {1000: R_X}, "other": RWX},
}
LETS_NOT = {
    "another user": {"users": {1000: RWX}},
    "another group": {"groups": {2000: RWX}},
    "another user, beside a group of the app's": {"group": 1654, "users": {1000: RWX}},
    "the user, but for the mask": {"users": {1654: RWX}, "mask": R_X},
    "a group of the user's, but for the mask": {"groups": {1654: RWX}, "mask": R_X},
    "a group, but not the user who is in it": {"users": {1654: R_X}, "groups": {1654: RWX}},
}

# The kernel says no, but a group more or less in /etc/group, or in the mode, would change that.
WITHHOLDS = {
    "everybody but the user": {"users": {1654: R_X}, "other": RWX},
    "everybody but a group of the user's": {"groups": {1654: R_X}, "other": RWX},
    "everybody, and a group but for the mask": {"groups": {1654: RWX}, "mask": R_X, "other": RWX},
}
# The mode has no bit of the group's set: the kernel does not look at the list.
UNREAD = {"others, the list unread": {"users": {1654: R_X}, "own_group": 0, "mask": 0, "other": RWX}}


def give_list(box, name, group=0, **entries):
    put(box, ROOTS_FOLDER, ROOTS_FILE)
    os.chown(box.path(name), 0, group)
    give_access(box.path(name), **entries)


def let_the_app_write(top, name):
    """What the kernel says, as whom the app will be: these lists are no matter of opinion."""
    child = os.fork()
    if child == 0:
        os.setgroups([1654, 3000])
        os.setresgid(1654, 1654, 1654)
        os.setresuid(1654, 1654, 1654)
        os._exit(0 if os.access(name, os.W_OK, dir_fd=top, effective_ids=True) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", LETS | LETS_NOT | WITHHOLDS | UNREAD)
def test_an_access_control_list_is_asked_about_the_app_s_user(box, name, place):
    give_list(box, place, **(LETS | LETS_NOT | WITHHOLDS | UNREAD)[name])
    top = os.open(box.root, os.O_PATH)
    try:
        assert let_the_app_write(top, place.lstrip("/")) == (name in LETS | UNREAD)
    finally:
        os.close(top)
    done = box.run("/world", file="/a/b/shim", env={"APP_GROUPS": "3000"})
    if name not in LETS_NOT:
        done.refuses("1654", f'"{place}"')
    else:
        assert done.world["uids"] == [1654] * 4


@pytest.mark.parametrize("uid, code", [(1654, 0), (12345, 125)])
def test_an_access_control_list_for_whom_the_app_will_be(box, uid, code):
    give_list(box, "/a/b", users={12345: RWX})
    env = {"APP_UID": str(uid), "HOME": "/tmp"}
    assert box.run("/world", file="/a/b/shim", env=env).exit_code == code


@pytest.mark.parametrize("owner, code", [(1654, 125), (0, 0)])
def test_the_file_that_runs_counts_whatever_has_become_of_its_name(
    shim, tmp_path, namespaces, owner, code
):
    copy = shutil.copy(shim, tmp_path / "copy")
    os.chown(copy, owner, owner)
    fd = os.open(copy, os.O_RDONLY)
    try:
        os.unlink(copy)
        done = subprocess.run(
            ["shim", "/bin/true"], executable=f"/proc/self/fd/{fd}", pass_fds=[fd],
            env={"HOME": "/tmp"}, cwd="/", capture_output=True, text=True,
        )  # fmt: skip
    finally:
        os.close(fd)
    assert done.returncode == code, done
    assert ("1654" in done.stderr) == (code == 125)
