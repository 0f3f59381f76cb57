"""The lent capability: a shim whose file has cap_net_bind_service, and an ordinary user."""

import os
import shutil

import pytest
from sandbox import (
    CAPABILITIES, MS_BIND, MS_NOSUID, MS_REMOUNT, file_capabilities, held_capabilities, mount,
    unmount,
)

USER = {"uid": 1654, "gid": 1654}
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80"}
NOTHING = "0" * 16
NET_BIND = f"{1 << CAPABILITIES['net_bind_service']:016x}"
FOUR = ("permitted", "effective", "inheritable", "ambient")


def lend(box, *names, flags="p", file="/shim"):
    value = file_capabilities(*(names or ("net_bind_service",)), flags=flags)
    os.setxattr(box.path(file), "security.capability", value)


def held(world):
    return {world["capabilities"][name] for name in FOUR}


@pytest.mark.parametrize("init", [True, False])
@pytest.mark.parametrize("uid", [1654, 1000810000])
def test_a_port_that_needs_it_gets_it_in_the_app_alone(box, uid, init):
    lend(box)
    start = {"uid": uid, "gid": 0, "groups": (0, 2000), "init": init}
    world = box.run("/world", "settled", env=PORT_80, floor=1024, **start).world
    assert world["uids"] == [uid] * 4 and world["gids"] == [0] * 4 and world["groups"] == [0, 2000]
    assert held(world) == {NET_BIND}
    assert world["no_new_privs"] == 1
    status = world["parent"]["status"]
    assert [status[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")] == [NOTHING] * 4
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize(
    "env, floor",
    [({}, 1024), ({"ASPNETCORE_HTTP_PORTS": "8080"}, 1024), (PORT_80, 0), (PORT_80, 80),
     ({"ASPNETCORE_URLS": "http://unix:/tmp/app.sock"}, 1024)],
    ids=str,
)
def test_every_other_start_drops_it(box, env, floor):
    lend(box)
    world = box.run("/world", "settled", env=env, floor=floor, **USER).world
    assert held(world) == {NOTHING}
    assert world["parent"]["status"]["CapPrm"] == NOTHING


@pytest.mark.parametrize("env, kept", [({}, NOTHING), (PORT_80, NET_BIND)], ids=str)
def test_becoming_the_app_is_no_different(box, env, kept):
    lend(box)
    env = env | {"SHIM_SUPERVISE": "0"}
    assert held(box.run("/world", env=env, floor=1024, **USER).world) == {kept}


def test_root_with_such_a_file_is_as_without_it(box):
    lend(box)
    world = box.run("/world", env=PORT_80, floor=1024).world
    assert world["uids"] == [1654] * 4 and world["groups"] == [1654]
    assert set(world["capabilities"].values()) == {NET_BIND}


def test_the_probe_finds_out_what_the_kernel_does_not_honour(box):
    """The host's network in a user namespace: the capability is not over those ports."""
    lend(box)
    value = file_capabilities("net_bind_service", flags="p")
    os.setxattr(box.path("/shim"), "security.capability", value)
    done = box.run("/world", env=PORT_80, floor=1024, uid_map="0 0 65536", **USER)
    done.refuses("port 80", "ASPNETCORE_HTTP_PORTS")


# Other rights


@pytest.mark.parametrize("beside", ["setuid", "chown", "setpcap", "sys_admin"])
@pytest.mark.parametrize("flags", ["p", "ep"])
@pytest.mark.parametrize("words", [["/world"], ["--check", "/world"], ["--install", "/tmp/copy"]])
def test_any_other_lent_right_is_refused_and_named(box, beside, flags, words):
    lend(box, "net_bind_service", beside, flags=flags)
    done = box.run(*words, env=PORT_80, floor=1024, **USER)
    assert done.exit_code == 125 and "verdict: ok" not in done.stdout
    (error,) = (text for text in done.texts("error") if "lends" in text)
    assert error.endswith(f": cap_{beside}")
    assert any("setcap -r" in hint for hint in done.texts("hint"))
    assert not box.path("/tmp/copy").exists()


def test_an_effective_one_is_taken_too_with_a_warning(box):
    lend(box, flags="ep")
    done = box.run("/world", env=PORT_80 | {"SHIM_LOG": "warn"}, floor=1024, **USER)
    assert held(done.noisy_world) == {NET_BIND}
    (warning,), (hint,) = done.texts("warning"), done.texts("hint")
    assert "effective" in warning and "--install-net-bind-service" in hint


def test_what_is_given_to_the_user_itself_needs_no_file(box):
    """A runtime that makes it ambient: podman. And others beside it are no lent rights."""
    granted = {CAPABILITIES["net_bind_service"], CAPABILITIES["setuid"]}
    world = box.run("/world", env=PORT_80, floor=1024, capabilities=granted, **USER).world
    assert held(world) == {NET_BIND}


# What keeps it away


def test_no_new_privs_keeps_it_away(box):
    lend(box)
    refused = box.run("/world", env=PORT_80, floor=1024, no_new_privs=True, **USER)
    refused.refuses("port 80", "ASPNETCORE_HTTP_PORTS")
    assert any("no_new_privs" in hint and "allowPrivilegeEscalation" in hint
               for hint in refused.texts("hint"))


def test_a_bounding_set_without_it_keeps_it_away(box):
    lend(box)
    bounding = held_capabilities() - {CAPABILITIES["net_bind_service"]}
    refused = box.run("/world", env=PORT_80, floor=1024, bounding=bounding, **USER)
    refused.refuses("port 80", "ASPNETCORE_HTTP_PORTS")
    assert any("but the container does not" in hint and "--cap-add NET_BIND_SERVICE" in hint
               for hint in refused.texts("hint"))


@pytest.mark.parametrize("words", [["/world"], ["--check", "/world"]])
def test_a_nosuid_mount_keeps_it_away(box, words):
    box.folder("/tools")
    shutil.copy(box.path("/shim"), box.path("/tools/shim"))
    lend(box, file="/tools/shim")
    mount(box.path("/tools"), box.path("/tools"), flags=MS_BIND)
    try:
        mount(None, box.path("/tools"), flags=MS_REMOUNT | MS_BIND | MS_NOSUID)
        done = box.run(*words, file="/tools/shim", env=PORT_80, floor=1024, **USER)
    finally:
        unmount(box.path("/tools"))
    assert done.exit_code == 125
    assert any("nosuid" in hint for hint in done.texts("hint"))


def test_a_copy_on_a_nosuid_mount_is_made_with_a_warning(box):
    box.folder("/tools")
    mount(box.path("/tools"), box.path("/tools"), flags=MS_BIND)
    try:
        mount(None, box.path("/tools"), flags=MS_REMOUNT | MS_BIND | MS_NOSUID)
        done = box.run("--install-net-bind-service", "/tools/shim")
    finally:
        unmount(box.path("/tools"))
    assert done.exit_code == 0
    (warning,), (hint,) = done.texts("warning"), done.texts("hint")
    assert '"/tools/shim"' in warning and "nosuid" in warning
    assert "--install-net-bind-service" in hint


def test_another_user_namespace_keeps_it_away(box):
    value = file_capabilities("net_bind_service", flags="p", rootid=100000)
    os.setxattr(box.path("/shim"), "security.capability", value)
    refused = box.run("/world", env=PORT_80, floor=1024, **USER)
    refused.refuses("port 80")
    assert any("another user namespace" in hint for hint in refused.texts("hint"))


def test_a_copy_that_has_lost_it_is_told_how_to_get_it(box):
    refused = box.run("/world", env=PORT_80, floor=1024, **USER)
    refused.refuses("port 80")
    assert any("--install-net-bind-service" in hint for hint in refused.texts("hint"))


def test_check_tells_what_a_start_would(box):
    lend(box)
    done = box.run("--check", "/world", env=PORT_80, floor=1024, **USER)
    assert done.exit_code == 0 and ("keep", "cap_net_bind_service") in done.checked
    done = box.run("--check", "/world", env=PORT_80, floor=1024, no_new_privs=True, **USER)
    assert done.exit_code == 125 and any("no_new_privs" in hint for hint in done.texts("hint"))


# What else somebody in the container could get through that file


@pytest.mark.parametrize(
    "env",
    [
        {"APP_UID": "1655"}, {"APP_GID": "0"}, {"APP_GROUPS": "0", "APP_GID": "6"},
        {"APP_GROUPS": "4,6,27"}, {"SHIM_BOUNDING_SET": "keep"}, {"SHIM_SUPERVISE": "0"},
        {"PATH": "/tmp:/home/app"}, {"LD_PRELOAD": "/tmp/evil.so", "LD_LIBRARY_PATH": "/tmp"},
        {"SHIM_UNPRIVILEGED_PORT_START": "0"}, {"HOME": "/root"},
    ],
    ids=str,
)
def test_no_setting_makes_more_of_it(box, env):
    lend(box)
    start = {"floor": 1024, "descriptors": {5: "/dev/null"}, **USER}
    done = box.run("/world", env=PORT_80 | env, **start)
    if done.exit_code == 125:
        assert done.texts("error")
        return
    world = done.noisy_world
    assert world["uids"] == [1654] * 4 and world["gids"] == [1654] * 4 and world["groups"] == []
    assert held(world) == {NET_BIND}


def test_it_installs_nothing_where_the_user_may_not_write(box):
    lend(box)
    for verb in ("--install", "--install-net-bind-service"):
        refused = box.run(verb, "/usr/local/shim", **USER)
        assert refused.exit_code == 125 and not box.path("/usr").exists()
    box.folder("/mine", owner=1654)
    refused = box.run("--install-net-bind-service", "/mine/shim", **USER)
    refused.refuses("/mine/shim", "Operation not permitted")
    assert not box.path("/mine/shim").exists()
    assert box.run("--install", "/mine/shim", **USER).exit_code == 0
    with pytest.raises(OSError):
        os.getxattr(box.path("/mine/shim"), "security.capability")


def test_installed_onto_its_own_path_it_lends(box):
    """RUN ["/shim", "--install-net-bind-service", "/shim"], then USER."""
    assert box.run("--install-net-bind-service", "/shim").stderr == ""
    assert held(box.run("/world", env=PORT_80, floor=1024, **USER).world) == {NET_BIND}
    assert held(box.run("/world", env=PORT_80, floor=1024).world) == {NET_BIND}
    # And once more, by an ordinary copy, it lends nothing.
    assert box.run("--install", "/shim").stderr == ""
    box.run("/world", env=PORT_80, floor=1024, **USER).refuses("port 80")
