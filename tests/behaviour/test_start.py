"""Odd ways to be started: lent privileges, closed descriptors, a bare machine."""

import itertools
import os
import subprocess
import termios

import pytest
from sandbox import file_capabilities

ANYONE = {"uid": 1000, "gid": 1000}


@pytest.mark.parametrize("mode, owner", [(0o4755, 0), (0o4755, 1654), (0o2755, 0), (0o6755, 0)])
@pytest.mark.parametrize(
    "words", [["/world"], ["--check", "/world"], ["--install", "/tmp/copy"]], ids=" ".join
)
def test_a_setuid_or_setgid_shim_is_refused(box, mode, owner, words):
    os.chown(box.path("/shim"), owner, owner)
    box.path("/shim").chmod(mode)
    done = box.run(*words, **ANYONE)
    assert done.exit_code == 125
    assert not box.path("/tmp/copy").exists()
    assert done.texts("error") and "setuid" in done.stderr
    assert any("chmod 0755" in text for text in done.texts("hint"))


@pytest.mark.parametrize("effective", [True, False])
def test_a_shim_with_file_capabilities_is_refused(box, effective):
    value = file_capabilities("setuid", "setgid", flags="ep" if effective else "p")
    os.setxattr(box.path("/shim"), "security.capability", value)
    refused = box.run("/world", **ANYONE)
    refused.refuses("file", "capabilities")
    assert any("setcap -r" in text for text in refused.texts("hint"))


@pytest.mark.parametrize(
    "ids",
    [
        {"uid": (1000, 0, 0)},
        {"uid": (0, 1000, 1000)},
        {"uid": (1654, 1000, 1000)},
        {"gid": (1000, 0, 0)},
        {"gid": (0, 1000, 1000)},
        {"uid": 1654, "gid": (1654, 0, 0)},
    ],
    ids=str,
)
def test_different_real_and_effective_ids_are_refused(box, ids):
    refused = box.run("/world", **ids)
    kind = "user" if isinstance(ids.get("uid"), tuple) else "group"
    real, effective, saved = ids.get("uid" if kind == "user" else "gid")
    refused.refuses(f"{kind} ids", f"real {real}", f"effective {effective}", f"saved {saved}")


# Descriptors 0, 1 and 2

CLOSED = [closed for count in (1, 2, 3) for closed in itertools.combinations((0, 1, 2), count)]


@pytest.mark.parametrize("closed", CLOSED, ids=str)
@pytest.mark.usefixtures("namespaces")
def test_closed_descriptors_become_dev_null(box, closed):
    done = box.run("/world", "out=/tmp/world", closed=closed)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    world = box.read_world("/tmp/world")
    assert [found["fd"] for found in world["descriptors"]] == [0, 1, 2]
    for number in (0, 1, 2):
        is_null = world.descriptor(number)["target"] == "/dev/null"
        assert is_null is (number in closed)


@pytest.mark.parametrize("closed", CLOSED, ids=str)
def test_closed_descriptors_without_dev_null_are_refused(box, closed):
    box.path("/dev/null").unlink()
    done = box.run("/world", "out=/tmp/world", closed=closed)
    assert done.exit_code == 125
    assert not box.path("/tmp/world").exists()
    if 2 not in closed:
        done.refuses(f"descriptor {closed[0]}", "/dev/null")


def test_open_descriptors_need_no_dev_null(box):
    box.path("/dev/null").unlink()
    assert box.run("/world").world["uids"] == [1654] * 4


def test_a_dev_null_that_cannot_be_written_to_is_none(box):
    box.path("/dev/null").unlink()
    box.folder("/dev/null")
    assert box.run("/world", closed=(0,)).exit_code == 125


def test_a_reader_that_is_gone_is_no_reason_not_to_run(box):
    """A warning that nobody reads: the app runs, and no SIGPIPE of the shim's reaches it."""
    ends = os.pipe()
    os.close(ends[0])
    env = {"SHIM_LOG": "debug"}
    done = box.run("/world", "out=/tmp/world", env=env, descriptors={2: ends[1]})
    os.close(ends[1])
    assert done.exit_code == 0
    assert box.read_world("/tmp/world")["uids"] == [1654] * 4


def stopped_terminal():
    master, slave = os.openpty()
    termios.tcflow(slave, termios.TCOOFF)
    return master, slave


def full_pipe():
    ends = os.pipe()
    os.set_blocking(ends[1], False)
    for size in (65536, 1):
        try:
            while True:
                os.write(ends[1], bytes(size))
        except BlockingIOError:
            pass
    os.set_blocking(ends[1], True)
    return ends


@pytest.mark.parametrize("make", [full_pipe, stopped_terminal])
def test_a_stderr_that_takes_nothing_is_no_reason_not_to_run(box, make):
    """Nor not to end: nothing waits for it for ever."""
    ends = make()
    env = {"SHIM_LOG": "debug"}
    done = box.run("/world", "out=/tmp/world", env=env, descriptors={2: ends[1]})
    assert done.exit_code == 0
    assert box.read_world("/tmp/world")["uids"] == [1654] * 4
    assert box.run("/nowhere", descriptors={2: ends[1]}).exit_code == 127
    for fd in ends:
        os.close(fd)


# argv


def test_no_arguments_at_all(box):
    """execve(2) with an empty argv; newer kernels make one empty word of it."""
    done = box.run(argv=[])
    assert (done.exit_code, done.stdout) == (125, "")
    assert "no PROGRAM" in done.stderr and "Usage:" in done.stderr


@pytest.mark.parametrize("name", ["", "/world", "--check", "x" * 100000], ids=lambda name: name[:9])
def test_its_own_name_does_not_matter(box, name):
    world = box.run(argv=[name, "/world", "word"]).world
    assert world["arguments"] == ["/world", "word"]


# Little to live on


def test_an_empty_image_is_enough(box):
    """FROM scratch: no /etc, no /dev, no /tmp, no /proc, and nothing can be written."""
    for name in ("/etc/passwd", "/etc/group", "/dev/null"):
        box.path(name).unlink()
    for name in ("stdin", "stdout", "stderr"):
        box.path(f"/dev/{name}").unlink()
    for name in ("/etc", "/dev", "/tmp", "/home/app", "/home", "/root"):
        box.path(name).rmdir()
    done = box.run("/world", proc=False, readonly=("/",))
    assert [label for label, _ in done.lines] == ["warning", "hint"]  # of HOME
    world = done.noisy_world
    assert world["uids"] == world["gids"] == [1654] * 4
    assert world["groups"] == [1654]
    assert set(world["capabilities"].values()) == {"0" * 16}
    assert world["environment"] == ["HOME=/"]


@pytest.mark.parametrize("kib", [64, 40])
@pytest.mark.parametrize(
    "words, env, code",
    [
        (("/bin/true",), {}, 0),
        (("/bin/true",), {"ASPNETCORE_HTTP_PORTS": "80;81;82", "APP_GROUPS": "1,2,3"}, 0),
        (("--check", "/bin/true"), {}, 0),
        (("/nowhere/app",), {}, 127),
        (("nowhere",), {"PATH": "/nowhere/" + "x" * 4000 + ":/bin"}, 127),
        (("/etc/passwd",), {}, 126),
        (("/bin/true",), {"APP_UID": "x" * 4096, "SHIM_LOG": "x", "ASPNETCORE_URLS": "pipe:x"}, 125),
    ],
    ids=["runs", "with ports", "--check", "not there", "not in PATH", "no x bit", "refused"],
)
def test_a_small_stack_will_do(shim, namespaces, kib, words, env, code):
    """`ulimit -s 64`: the kernel's least is 32 pages for arguments and environment besides."""
    size = kib << 10
    done = subprocess.run(["prlimit", f"--stack={size}:{size}", shim, *words], env=env, cwd="/",
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == code, done
    assert ("shim: error: " in done.stderr) == (code != 0)
