"""Root starts the shim; the app is an ordinary user, and nothing is left of root anywhere."""

import os

import pytest
from sandbox import CAPABILITIES, GROUP, as_numbers, held_capabilities

NOTHING = "0" * 16
NET_BIND_SERVICE = f"{1 << CAPABILITIES['net_bind_service']:016x}"
SETS = ("permitted", "effective", "inheritable", "bounding", "ambient")
STATUS_SETS = ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb")

# NOROOT and NO_SETUID_FIXUP, both locked: capabilities(7)
SECUREBITS = 0b1111

MODES = {
    "as PID 1": {"init": True},
    "as an ordinary process": {"init": False},
    "without /proc": {"proc": False},
    "with a read-only root": {"readonly": ("/",)},
    "becoming the app": {"env": {"SHIM_SUPERVISE": "0", "SHIM_LOG": "error"}},
}


def assert_is_app(world):
    assert world["uids"] == [1654] * 4
    assert world["gids"] == [1654] * 4
    assert world["groups"] == [1654]
    assert world["no_new_privs"] == 1


@pytest.mark.parametrize("mode", MODES)
def test_the_app_is_an_ordinary_user_who_may_do_nothing_special(box, mode):
    box.write("/etc/group", GROUP + "adm:x:4:root\nsudo:x:27:daemon,root\n")
    world = box.run("/world", groups=(0, 4, 27), **MODES[mode]).world
    assert_is_app(world)
    assert world["capabilities"] == dict.fromkeys(SETS, NOTHING)
    assert world["securebits"] == SECUREBITS
    assert world["dumpable"] == 1


@pytest.mark.usefixtures("namespaces")
def test_the_shim_itself_holds_nothing_either(box):
    parent = box.run("/world", "settled").world["parent"]
    status = parent["status"]
    assert status["Name"] == "shim" and status["Pid"] == "1"
    assert status["Uid"].split() == status["Gid"].split() == ["1654"] * 4
    assert status["Groups"] == "1654"
    assert status["NoNewPrivs"] == "1"
    assert [status[name] for name in STATUS_SETS] == [NOTHING] * 5


@pytest.mark.usefixtures("namespaces")
def test_the_shim_is_in_nobodys_way(box, tmp_path):
    """A working directory keeps a mount busy, a descriptor keeps a socket open."""
    box.folder("/place")
    found = {}

    def look(pid):
        found["root"] = os.path.samefile(f"/proc/{pid}/cwd/", f"/proc/{pid}/root/")
        found["descriptors"] = sorted(os.listdir(f"/proc/{pid}/fd"))

    with open(tmp_path / "file", "w") as file:
        handed = {3: file.fileno(), 900: file.fileno()}
        world = box.run("/world", "settled", "wait", cwd="/place", descriptors=handed,
                        meanwhile=look).world
    assert found == {"root": True, "descriptors": ["0", "1", "2"]}
    assert world["cwd"] == "/place"
    assert [found["fd"] for found in world["descriptors"]] == [0, 1, 2, 3, 900]


def test_a_capability_that_the_app_needs_is_all_that_it_gets(box):
    env = {"ASPNETCORE_HTTP_PORTS": "80"}
    world = box.run("/world", "settled", env=env, floor=1024).world
    assert_is_app(world)
    assert world["capabilities"] == dict.fromkeys(SETS, NET_BIND_SERVICE)
    assert world["securebits"] == SECUREBITS
    status = world["parent"]["status"]
    expected = [NET_BIND_SERVICE if name == "CapBnd" else NOTHING for name in STATUS_SETS]
    assert [status[name] for name in STATUS_SETS] == expected


@pytest.mark.parametrize("ports, left", [("8080", NOTHING), ("80", NET_BIND_SERVICE)])
def test_the_bounding_set_stays_as_it_was_if_asked_to(box, ports, left):
    """For programs with file capabilities, which no_new_privs lets start and gain nothing."""
    env = {"ASPNETCORE_HTTP_PORTS": ports, "SHIM_BOUNDING_SET": "keep"}
    world = box.run("/world", env=env, floor=1024).world
    assert_is_app(world)
    bounding = f"{sum(1 << number for number in held_capabilities()):016x}"
    assert world["capabilities"] == dict.fromkeys(SETS, left) | {"bounding": bounding}
    assert world["securebits"] == SECUREBITS


@pytest.mark.parametrize("ports, left", [("8080", NOTHING), ("80", NET_BIND_SERVICE)])
def test_without_setpcap_the_bounding_set_stays_and_does_no_harm(box, ports, left):
    capabilities = as_numbers(["chown", "setuid", "setgid", "net_bind_service"])
    env = {"ASPNETCORE_HTTP_PORTS": ports, "SHIM_LOG": "info"}
    done = box.run("/world", "settled", env=env, capabilities=capabilities, floor=1024)
    assert done.texts("warning") == []
    assert any("CAP_SETPCAP" in text for text in done.texts("info"))
    world = done.noisy_world
    assert_is_app(world)
    bounding = f"{sum(1 << number for number in capabilities):016x}"
    assert world["capabilities"] == dict.fromkeys(SETS, left) | {"bounding": bounding}
    assert world["securebits"] == 0
    status = world["parent"]["status"]
    assert [status[name] for name in STATUS_SETS] == [NOTHING] * 3 + [bounding, NOTHING]


def test_the_environment_arrives_as_it_was(box):
    env = [
        b"PATH=/bin",
        b"APP_UID=1654",
        b"SHIM_SERVICE_HOST=10.0.0.1",
        b"SHIM_PORT=tcp://10.0.0.1:80",
        b"EMPTY=",
        b"=nameless",
        b"no equals sign",
        b"twice=1",
        b"twice=2",
        b"bytes=\x01\x7f\xff\xc3\xa9\n\"\\",
        b"home=/root",
    ]
    given = [*env, b"HOME=/data"]
    found = [entry.encode("latin-1") for entry in box.run("/world", env=given).world["environment"]]
    assert b"HOME=/data" in found
    found.remove(b"HOME=/data")
    assert found == env


@pytest.mark.parametrize("size", [0, 1 << 20], ids=["empty", "1 MB"])
def test_environments_of_any_size(box, size):
    piece = 1 << 16
    env = [f"V{number}={'x' * piece}" for number in range(size // piece)]
    assert box.run("/world", env=env).world["environment"] == [*env, "HOME=/home/app"]


def test_the_arguments_arrive_as_they_were(box):
    arguments = ["--check", "--", "", "-x", "--unknown", "a b", "\udcff\x01\n"]
    found = box.run("/world", *arguments).world["arguments"]
    assert [word.encode("latin-1") for word in found[1:]] == [os.fsencode(a) for a in arguments]
    assert found[0] == "/world"


def test_folder_umask_and_signals_stay(box):
    box.folder("/place")
    world = box.run("/world", cwd="/place", umask=0o027).world
    assert (world["cwd"], world["umask"]) == ("/place", 0o027)
    assert (world["signals_blocked"], world["signals_ignored"]) == (NOTHING, NOTHING)


@pytest.mark.usefixtures("namespaces")
def test_without_supervision_the_app_is_pid_1_itself(box, tmp_path):
    with open(tmp_path / "file", "w") as file:
        env = {"SHIM_SUPERVISE": "0", "SHIM_LOG": "error"}
        world = box.run("/world", env=env, descriptors={3: file.fileno()}).world
    assert (world["pid"], world["ppid"]) == (1, 0)
    assert [found["fd"] for found in world["descriptors"]] == [0, 1, 2, 3]
