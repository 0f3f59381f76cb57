"""--install: an image's build, or an init container, takes its own copy of the shim."""

import os
import shutil
import struct
import subprocess
import time

import pytest
from sandbox import held_capabilities, mount, unmount


def names(box, folder):
    return sorted(os.listdir(box.path(folder)))


def assert_installed(box, done, name):
    """A whole copy that works, and not a word about it."""
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    path = box.path(name)
    status = path.lstat()
    assert path.read_bytes() == box.path("/shim").read_bytes()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_nlink) == (0o755, 0, 1)
    assert box.run("/world", file=name).world["uids"] == [1654] * 4


@pytest.mark.parametrize(
    "destination, name",
    [
        ("/place/copy", "/place/copy"),
        ("/place", "/place/shim"),
        ("/place/", "/place/shim"),
        ("copy", "/place/copy"),
        ("./copy", "/place/copy"),
        (".", "/place/shim"),
        ("../place/sub/../copy", "/place/copy"),
        ("/copy", "/copy"),
        ("/", "/shim"),
        ("/place/-x", "/place/-x"),
        ("/place/" + "x" * 255, "/place/" + "x" * 255),
    ],
    ids=lambda text: text[:20],
)
def test_to_a_file_or_a_folder(box, destination, name):
    box.folder("/place")
    box.folder("/place/sub")
    before = set(names(box, "/place"))
    assert_installed(box, box.run("--install", destination, cwd="/place"), name)
    assert set(names(box, "/place")) - before <= {os.path.basename(name)}


WAYS = {
    "umask 077": {"umask": 0o077},
    "umask 0": {"umask": 0},
    "without /proc": {"proc": False},
    "not PID 1": {"init": False},
    "settings that a start would refuse": {"env": {"APP_UID": "0", "SHIM_LOG": "loud"}},
    "closed descriptors": {"closed": (0, 1, 2)},
    "a name that lies": {"argv": ["/world", "--install", "/copy"]},
    "a name that lies, without /proc": {"argv": ["/world", "--install", "/copy"], "proc": False},
    "no name": {"argv": ["", "--install", "/copy"], "proc": False},
}


@pytest.mark.parametrize("way", WAYS)
def test_in_any_surroundings(box, way):
    assert_installed(box, box.run("--install", "/copy", **WAYS[way]), "/copy")


@pytest.mark.parametrize("mode", [0o644, 0o000, 0o755])
def test_over_a_file(box, mode):
    box.write("/copy", "old", mode=mode)
    assert_installed(box, box.run("--install", "/copy"), "/copy")


def test_over_its_own_running_self(box):
    """Writing into it would fail, or crash what runs; a rename does neither."""
    before = box.path("/shim").stat().st_ino
    assert_installed(box, box.run("--install", "/shim"), "/shim")
    assert box.path("/shim").stat().st_ino != before


def test_over_a_file_with_another_name_leaves_that_alone(box):
    other = box.write("/other", "old")
    os.link(other, box.path("/copy"))
    assert_installed(box, box.run("--install", "/copy"), "/copy")
    assert other.read_text() == "old"


@pytest.mark.parametrize("target", ["/etc/passwd", "/nowhere", "copy"])
def test_over_a_link_replaces_the_link_alone(box, target):
    box.path("/copy").symlink_to(target)
    before = box.path("/etc/passwd").read_bytes()
    assert_installed(box, box.run("--install", "/copy"), "/copy")
    assert box.path("/etc/passwd").read_bytes() == before
    assert not box.path("/nowhere").exists()


def test_a_link_to_a_folder_is_that_folder(box):
    box.folder("/place")
    box.path("/link").symlink_to("/place")
    assert_installed(box, box.run("--install", "/link"), "/place/shim")
    assert box.path("/link").is_symlink()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_an_interrupted_install_has_left_is_no_obstacle(box, kind):
    """In an init container every run has the same pid: 1."""
    box.folder("/place")
    left = box.path("/place/.shim-install-1")
    if kind == "link":
        left.symlink_to("/etc/passwd")
    else:
        left.write_text("half")
    before = box.path("/etc/passwd").read_bytes()
    assert_installed(box, box.run("--install", "/place/copy"), "/place/copy")
    assert box.path("/etc/passwd").read_bytes() == before


def test_into_a_folder_that_may_be_written_to_and_not_be_listed(box):
    box.folder("/drop", mode=0o733)
    done = box.run("--install", "/drop/copy", uid=1000, gid=1000)
    assert (done.exit_code, done.stderr) == (0, "")
    assert box.path("/drop/copy").read_bytes() == box.path("/shim").read_bytes()


# --install-net-bind-service

CAPABILITY = "security.capability"
# struct vfs_cap_data of revision 2, without the effective flag: permitted, then inheritable.
NET_BIND_SERVICE = struct.pack("<5I", 0x02000000, 1 << 10, 0, 0, 0)
SETFCAP = 31


@pytest.mark.parametrize("destination, name", [("/place/copy", "/place/copy"), ("/place", "/place/shim")])
def test_a_copy_may_lend_one_capability(box, destination, name):
    box.folder("/place")
    assert_installed(box, box.run("--install-net-bind-service", destination), name)
    assert os.getxattr(box.path(name), CAPABILITY) == NET_BIND_SERVICE


def test_an_ordinary_copy_lends_none(box):
    box.run("--install-net-bind-service", "/copy")
    assert_installed(box, box.run("--install", "/copy"), "/copy")
    assert CAPABILITY not in os.listxattr(box.path("/copy"))


def assert_lends_nothing(box, done, reason):
    done.refuses("--install", "CAP_NET_BIND_SERVICE", "/place/copy", reason)
    assert names(box, "/place") == ["copy"]
    assert box.path("/place/copy").read_text() == "old"
    assert any("CAP_SETFCAP" in hint for hint in done.texts("hint"))


def test_without_cap_setfcap(box):
    box.folder("/place")
    box.write("/place/copy", "old")
    done = box.run(
        "--install-net-bind-service", "/place/copy", capabilities=held_capabilities() - {SETFCAP}
    )
    assert_lends_nothing(box, done, "Operation not permitted")


def test_on_a_file_system_without_attributes(box):
    folder = box.folder("/place")
    mount("ramfs", folder, "ramfs")
    try:
        box.write("/place/copy", "old")
        done = box.run("--install-net-bind-service", "/place/copy")
        assert_lends_nothing(box, done, "Not supported")
    finally:
        unmount(folder)


# Failures: exit 125, the destination as it was, and nothing beside it


@pytest.fixture
def small(box):
    """/place, a disk that has not enough room."""
    folder = box.folder("/place")
    mount("tmpfs", folder, "tmpfs", data="size=64k")
    yield folder
    unmount(folder)


def assert_failed(done, *words):
    done.refuses("--install", *words)


@pytest.mark.parametrize("old", [True, False], ids=["over a file", "to a new file"])
def test_on_a_full_disk(box, small, old):
    if old:
        box.write("/place/copy", "old")
    done = box.run("--install", "/place/copy")
    assert_failed(done, "/place/copy", "No space left")
    assert names(box, "/place") == (["copy"] if old else [])
    assert not old or (small / "copy").read_text() == "old"


@pytest.mark.parametrize("old", [True, False], ids=["over a file", "to a new file"])
def test_in_a_read_only_folder(box, old):
    box.folder("/place")
    if old:
        box.write("/place/copy", "old")
    done = box.run("--install", "/place/copy", readonly=("/place",))
    assert_failed(done, "/place/copy", "Read-only")
    assert names(box, "/place") == (["copy"] if old else [])
    assert not old or box.path("/place/copy").read_text() == "old"


def test_in_a_folder_of_somebody_elses(box):
    box.folder("/place")
    box.write("/place/copy", "old", mode=0o666)
    done = box.run("--install", "/place/copy", uid=1000, gid=1000)
    assert_failed(done, "/place/copy", "Permission denied")
    assert names(box, "/place") == ["copy"]
    assert box.path("/place/copy").read_text() == "old"


def test_where_a_folder_has_its_name(box):
    box.folder("/place")
    box.folder("/place/shim")
    done = box.run("--install", "/place")
    assert_failed(done, "/place")
    assert names(box, "/place") == ["shim"]
    assert names(box, "/place/shim") == []


@pytest.mark.parametrize(
    "destination",
    ["/nowhere/shim", "/nowhere/", "/etc/passwd/shim", "/place/" + "x" * 256, "/place/" * 1000],
    ids=["no folder", "no folder with a slash", "beneath a file", "name too long", "path too long"],
)
def test_to_what_cannot_be(box, destination):
    box.folder("/place")
    assert_failed(box.run("--install", destination), destination[:200])
    assert names(box, "/place") == []
    assert not box.path("/nowhere").exists()


def test_an_unreadable_self_is_an_error(box):
    """Mode 0711: it can be executed, and without /proc not be found again by a user."""
    box.path("/shim").chmod(0o711)
    done = box.run("--install", "/tmp/copy", uid=1000, gid=1000)
    assert_failed(done, "read")
    (hint,) = done.texts("hint")
    assert "the shim itself must be readable" in hint and "DEST" not in hint
    assert names(box, "/tmp") == []


# Somebody who may write to the folder, and is quick. strace(1) holds the shim up for that moment.

PLACES = {
    "before it is renamed": ("/^renameat:delay_enter=2s", ".shim-install-*"),
    "after it was renamed": ("/^renameat:delay_exit=2s", "shim"),
}


@pytest.mark.parametrize("place", PLACES)
def test_another_program_in_its_place_is_told_of(shim, tmp_path, place):
    if not shutil.which("strace"):
        pytest.skip("no strace")
    delay, pattern = PLACES[place]
    folder, evil = tmp_path / "folder", tmp_path / "evil"
    folder.mkdir()
    evil.write_text("another program\n")
    evil.chmod(0o755)
    command = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=/^renameat", "-e", f"inject={delay}",
               shim, "--install", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        made = wait_for(lambda: [path for path in folder.glob(pattern)
                                 if path.stat().st_mode & 0o777 == 0o755], run)
        os.rename(evil, made[0])
        output, errors = run.communicate(timeout=60)
    assert (run.returncode, output) == (125, "")
    assert errors.startswith("shim: error: --install: ") and "is not the file that" in errors
    assert "shim: hint: somebody else writes to that folder" in errors
    assert (folder / "shim").read_text() == "another program\n"  # which is nobody's to take away
    assert [path.name for path in folder.iterdir()] == ["shim"]


@pytest.mark.parametrize("place", PLACES)
def test_a_signal_in_the_middle_of_it_leaves_nothing_half_done(shim, tmp_path, place):
    if not shutil.which("strace"):
        pytest.skip("no strace")
    delay, pattern = PLACES[place]
    command = ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=/^renameat",
               "-e", f"inject={delay}", shim, "--install", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        wait_for(lambda: [path for path in tmp_path.glob(pattern)
                          if path.stat().st_mode & 0o777 == 0o755], run)
        run.terminate()
        assert run.communicate(timeout=60) == ("", "")
    assert run.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["shim"]


def wait_for(found, run):
    """What found() gives, once that is something. A build's file grows: there is no event."""
    end = time.monotonic() + 60
    while not (result := found()):
        assert run.poll() is None and time.monotonic() < end, run.communicate()
        time.sleep(0.001)
    return result
