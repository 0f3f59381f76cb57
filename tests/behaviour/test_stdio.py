"""stdin, stdout and stderr: the app's own, as far as they would be under USER."""

import errno
import os
import socket

import pytest
from sandbox import as_numbers, held_capabilities

KINDS = ["pipe", "socket", "file", "/dev/null", "named FIFO"]
NOTHING = dict.fromkeys((0, 1, 2), "/dev/null")


@pytest.fixture
def opened(box):
    """Makes a descriptor of a kind; closes all of them in the end."""
    made = []

    def make(kind):
        if kind == "/dev/null":
            return kind  # the box's own
        if kind == "pipe":
            made.extend(os.pipe())
        elif kind == "socket":
            made.extend(one.detach() for one in socket.socketpair())
        elif kind == "terminal":
            made.extend(os.openpty())
        elif kind == "named FIFO":
            os.mkfifo(box.path("/fifo"), 0o600)
            made.append(os.open(box.path("/fifo"), os.O_RDWR))
        else:
            made.append(os.open(box.path("/file"), os.O_RDWR | os.O_CREAT, 0o600))
        return made[-1]

    yield make
    for number in made:
        os.close(number)


def world_with(box, descriptors, **options):
    """What the app sees, told through a file."""
    done = box.run("/world", "out=/tmp/world", descriptors=NOTHING | descriptors, **options)
    assert done.exit_code == 0
    return box.read_world("/tmp/world")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_pipes_and_sockets_become_the_apps(box, opened, kind, place):
    found = world_with(box, {place: opened(kind)}).descriptor(place)
    owner = 1654 if kind in ("pipe", "socket") else 0
    assert (found["uid"], found["gid"]) == (owner, 0)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
@pytest.mark.parametrize("env", [{"APP_UID": "2000", "APP_GID": "3000"}, {"SHIM_SUPERVISE": "0"}])
def test_they_get_the_uid_alone(box, opened, kind, env):
    found = world_with(box, dict.fromkeys((0, 1, 2), opened(kind)), env=env)["descriptors"]
    owner = int(env.get("APP_UID", 1654))
    assert [(one["uid"], one["gid"]) for one in found] == [(owner, 0)] * 3


@pytest.mark.parametrize("init, owner", [(True, 1654), (False, 0)])
def test_a_terminal_is_given_by_its_init_alone(box, opened, init, owner):
    """Else it is somebody else's. (The leader of a session owns its: init/test_terminal.py.)"""
    found = world_with(box, {0: opened("terminal")}, init=init).descriptor(0)
    assert found["uid"] == owner


def test_a_descriptor_above_2_stays_as_it_is(box, opened):
    assert world_with(box, {3: opened("pipe")}).descriptor(3)["uid"] == 0


@pytest.mark.parametrize("uid", [1654, 12345])
@pytest.mark.parametrize("missing", [["setuid"], []], ids=["cannot switch", "all capabilities"])
def test_a_user_who_stays_is_given_nothing(box, opened, uid, missing):
    start = {"uid": uid, "gid": uid, "capabilities": held_capabilities() - as_numbers(missing)}
    env = {"APP_UID": str(uid)}
    found = world_with(box, {1: opened("pipe")}, env=env, **start)["descriptors"]
    assert [one["uid"] for one in found] == [0] * 3


def test_a_refused_start_changes_no_owner(box, opened):
    pipe = opened("pipe")
    box.run("/world", env={"APP_UID": "0"}, descriptors={1: pipe}).refuses("APP_UID")
    assert os.fstat(pipe).st_uid == 0


# Programs that log to /dev/stdout


@pytest.mark.parametrize("mode", [{}, {"init": False}, {"env": {"SHIM_SUPERVISE": "0", "SHIM_LOG": "error"}}], ids=str)
@pytest.mark.usefixtures("namespaces")
def test_dev_stdout_can_be_opened_again(box, mode):
    assert box.run("/world", **mode).world["reopened"]["/dev/stdout"] == 0


@pytest.mark.parametrize("floor", [0, 1024])
def test_the_output_of_pid_1_is_out_of_the_apps_reach(box, floor):
    """As all of PID 1 is, with or without a capability kept; the app's own is not."""
    env = {"ASPNETCORE_HTTP_PORTS": "80"}
    world = box.run("/world", "settled", env=env, floor=floor).world
    assert world["reopened"] == {"/dev/stdout": 0, "/proc/1/fd/1": errno.EACCES}


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_given_is_told_of(box, opened, kind):
    """Without CAP_CHOWN pipes stay root's. The others nobody gives, or nobody can open anew."""
    capabilities = held_capabilities() - as_numbers(["chown"])
    given = {0: "/dev/null", 1: opened(kind)}  # 2 is a pipe too: what is said comes from there
    env = {"SHIM_LOG": "info"}
    words = ("/world", "out=/tmp/world")
    done = box.run(*words, env=env, capabilities=capabilities, descriptors=given)
    told = [text.split(" without ")[0] for text in done.texts("info") if " without " in text]
    assert told == [f"{name} stays uid 0's" for name in ("stdout", "stderr")[kind != "pipe":]]
    (hint,) = done.texts("hint")
    assert "--cap-add CHOWN" in hint
    world = box.read_world("/tmp/world")
    assert world["uids"] == [1654] * 4
    assert world["descriptors"][1]["uid"] == 0


@pytest.mark.usefixtures("namespaces")
def test_a_file_of_roots_stays_closed_to_the_app(box, opened):
    world = world_with(box, {1: opened("file")})
    assert world["reopened"]["/dev/stdout"] == errno.EACCES
