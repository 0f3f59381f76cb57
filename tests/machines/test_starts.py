"""An ordinary container starts on every host, and what must be refused is refused there too."""

import struct

import pytest
from machine import CAP_NET_BIND_SERVICE, DOCKER

NOTHING = "0" * 16
NET_BIND_SERVICE = f"{CAP_NET_BIND_SERVICE:016x}"
SETS = ("permitted", "effective", "inheritable", "bounding", "ambient")
HELD = [name for name in SETS if name != "bounding"]
STATUS_SETS = ("CapPrm", "CapEff", "CapInh", "CapAmb")
USER = {"uid": 1654, "gid": 1654, "groups": (1654,)}
ARBITRARY = {"uid": 1000700000, "gid": 0, "groups": (0,)}  # OpenShift's
SIGNALS = [1, 2, 3, 6, 10, 12, 15, 18, 20, 28, 32, 33, 34, 64]
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80"}
PORT_8080 = {"ASPNETCORE_HTTP_PORTS": "8080"}


def watch(*signals):
    """Sends them one by one, each once the one before it has been seen."""
    yield ("await", "ready")
    for number in signals:
        yield ("signal", number)
        yield ("await", f"{number}\n")


def capabilities(path, permitted, effective=False):
    """The step that gives a file these capabilities: struct vfs_cap_data."""
    value = struct.pack("<5I", 0x02000000 | effective, permitted, 0, 0, 0)
    return ("attribute", path, "security.capability", value.hex())


LENDING = capabilities("/box/lending/shim", CAP_NET_BIND_SERVICE)


def test_root_becomes_the_app(host):
    world = host.run("/world", env=PORT_8080).world
    assert world["uids"] == world["gids"] == [1654] * 4
    assert world["groups"] == [1654]
    assert world["capabilities"] == dict.fromkeys(SETS, NOTHING)
    assert (world["no_new_privs"], world["securebits"], world["dumpable"]) == (1, 0b1111, 1)
    assert (world["pid"], world["ppid"]) == (2, 1)


def test_the_shim_holds_nothing_either(host):
    parent = host.run("/world", "settled", env=PORT_80).world["parent"]
    if parent is None:  # /proc does not show it
        assert host.host.proc != ""
        return
    status = parent["status"]
    assert status["Uid"].split() == status["Gid"].split() == ["1654"] * 4
    assert [status[name] for name in STATUS_SETS] == [NOTHING] * 4


def test_port_80_keeps_one_capability(host):
    world = host.run("/world", env=PORT_80).world
    assert world["uids"] == [1654] * 4
    assert world["no_new_privs"] == 1
    assert world["capabilities"] == dict.fromkeys(SETS, NET_BIND_SERVICE)


@pytest.mark.parametrize("port", [80, 8080])
def test_the_app_listens(host, port):
    done = host.run("/whoami", env={"ASPNETCORE_HTTP_PORTS": port},
                    then=(("await", "Now listening on"), ("signal", 15)))
    assert (done.exit_code, done.stderr) == (0, "")
    assert f":{port}\n" in done.stdout


@pytest.mark.parametrize("who", [USER, ARBITRARY], ids=["USER 1654", "arbitrary uid"])
def test_a_user_stays_who_they_are(host, who):
    world = host.run("/world", env=PORT_8080, **who).world
    assert world["uids"] == [who["uid"]] * 4
    assert world["gids"] == [who["gid"]] * 4
    assert world["groups"] == list(who["groups"])
    assert [world["capabilities"][name] for name in HELD] == [NOTHING] * 4
    assert world["no_new_privs"] == 1


def test_a_user_whom_the_runtime_gave_the_capability(host):
    """Ambient, as podman does it."""
    world = host.run("/world", env=PORT_80, capabilities=CAP_NET_BIND_SERVICE, **USER).world
    assert [world["capabilities"][name] for name in HELD] == [NET_BIND_SERVICE] * 4


@pytest.mark.parametrize("env, left", [(PORT_80, NET_BIND_SERVICE), (PORT_8080, NOTHING)],
                         ids=["80", "8080"])
def test_a_shim_that_lends_the_capability(host, env, left):
    """`--install-net-bind-service`."""
    world = host.run("/world", file="/lending/shim", before=(LENDING,), env=env, **USER).world
    assert world["uids"] == [1654] * 4
    assert [world["capabilities"][name] for name in HELD] == [left] * 4


def test_a_user_under_no_new_privs(host):
    """`allowPrivilegeEscalation: false`."""
    if not host.host.nnp:
        pytest.skip("its policy lets no runtime do that")
    world = host.run("/world", env=PORT_8080, no_new_privs=True, **USER).world
    assert world["uids"] == [1654] * 4


@pytest.mark.parametrize("who", [{}, USER], ids=["root", "USER 1654"])
def test_exit_codes(host, who):
    assert host.run("/end", "exit", "42", **who).exit_code == 42
    assert host.run("/end", "signal", "9", **who).exit_code == 137
    missing = host.run("/missing", **who)
    assert missing.exit_code == 127 and missing.texts("error")


@pytest.mark.parametrize("who", [{}, USER], ids=["root", "USER 1654"])
def test_signals_are_handed_on(host, who):
    done = host.run("/signals", then=tuple(watch(*SIGNALS)), **who)
    assert (done.exit_code, done.stderr) == (0, "")
    assert [int(line) for line in done.stdout.splitlines()[1:]] == SIGNALS


def test_sigterm_ends_an_app_that_knows_nothing_of_it(host):
    done = host.run("/signals", "-n", "15", then=(("await", "ready"), ("signal", 15)))
    assert (done.exit_code, done.stderr) == (143, "")


@pytest.mark.parametrize("init", [True, False], ids=["PID 1", "subreaper"])
def test_orphans_are_reaped(host, init):
    then = (("await", "ready"), ("reaped",), ("input", "7"), ("await", "ready"), ("reaped",))
    done = host.run("/orphans", "chain", "3", init=init, then=then)
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize("who", [{}, USER], ids=["root", "USER 1654"])
def test_the_check_agrees(host, who):
    done = host.run("--check", "/world", env=PORT_8080, **who)
    assert (done.exit_code, done.stderr) == (0, "")
    assert dict(done.checked)["verdict"] == "ok"


@pytest.mark.parametrize("verb", ["--install", "--install-net-bind-service"])
def test_it_installs(host, verb):
    done = host.run(verb, "/tmp/copy")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


# What every host refuses


@pytest.mark.parametrize("words", [["/world"], ["--check", "/world"], ["--install", "/tmp/copy"]],
                         ids=" ".join)
@pytest.mark.parametrize("kind", ["setuid", "setgid"])
def test_a_shim_that_lends_an_id_is_refused(host, kind, words):
    done = host.run(*words, file=f"/{kind}/shim", **USER)
    assert done.exit_code == 125
    assert done.texts("error") and done.texts("hint") and kind in done.stderr


def test_a_shim_with_file_capabilities_is_refused(host):
    """`setcap cap_setgid,cap_setuid+ep`."""
    attribute = capabilities("/box/capable/shim", 1 << 6 | 1 << 7, effective=True)
    done = host.run("/world", file="/capable/shim", before=(attribute,), **USER)
    done.refuses("capabilities")
    assert any("setcap -r" in text for text in done.texts("hint"))


def test_port_80_without_the_capability_is_refused(host):
    done = host.run("/world", env=PORT_80, bounding=DOCKER & ~CAP_NET_BIND_SERVICE)
    done.refuses("80", "ASPNETCORE_HTTP_PORTS")


def test_port_80_of_a_user_is_refused(host):
    host.run("/world", env=PORT_80, **USER).refuses("80", "ASPNETCORE_HTTP_PORTS")


FLOOR_80 = (("unshare", "net"),
            ("write", "/proc/sys/net/ipv4/ip_unprivileged_port_start", "80"))


def test_the_kernel_alone_has_the_last_word(host):
    """Whether its floor can be read or not, which a host without /proc/sys does not let us."""
    env = PORT_80 | {"SHIM_UNPRIVILEGED_PORT_START": "0"}
    host.run("/world", env=env, **USER).refuses("80")
    world = host.run("/world", env=env, before=FLOOR_80, **USER).world
    assert [world["capabilities"][name] for name in HELD] == [NOTHING] * 4


def test_root_that_cannot_switch_is_refused(host):
    """`--cap-drop ALL`."""
    host.run("/world", env=PORT_8080, bounding=0).refuses("SETUID")
