"""Programs that have file capabilities of their own: a setcap'ed dotnet, Debian's ping."""

import os

import pytest
from sandbox import CAPABILITIES, file_capabilities, held_capabilities

USER = {"uid": 1654, "gid": 1654}
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80"}
KEEP = {"SHIM_BOUNDING_SET": "keep"}
NOTHING, NET_BIND = "0" * 16, f"{1 << CAPABILITIES['net_bind_service']:016x}"
FOUR = ("permitted", "effective", "inheritable", "ambient")
OTHERS = held_capabilities() - {CAPABILITIES["net_raw"]}


def give(box, *names, file="/world", flags="ep", **more):
    os.setxattr(box.path(file), "security.capability", file_capabilities(*names, flags=flags, **more))


def held(world):
    return {world["capabilities"][name] for name in FOUR}


@pytest.mark.parametrize("supervise", ["0", "1"])
@pytest.mark.parametrize("env", [{}, PORT_80], ids=str)
def test_one_that_the_bounding_set_does_not_cover_is_126(box, env, supervise):
    give(box, "net_raw")
    refused = box.run("/world", env=env | {"SHIM_SUPERVISE": supervise, "SHIM_LOG": "error"}, floor=1024)
    refused.refuses('"/world"', "cap_net_raw=ep", exit_code=126)
    assert any("setcap -r" in hint and "/world" in hint for hint in refused.texts("hint"))
    assert any("SHIM_BOUNDING_SET=keep" in hint for hint in refused.texts("hint"))


@pytest.mark.parametrize("env, kept", [({}, NOTHING), (PORT_80, NET_BIND)], ids=str)
def test_with_the_bounding_set_kept_it_starts_and_gains_nothing(box, env, kept):
    """execve clears the ambient set for such a file, and no_new_privs takes its capabilities."""
    give(box, "net_raw")
    world = box.run("/world", env=env | KEEP, floor=1024).world
    assert world["uids"] == [1654] * 4 and world["no_new_privs"] == 1
    assert held(world) <= {NOTHING, kept}


def test_a_setcaped_dotnet_starts_on_port_80(box):
    """The usual advice for port 80, which is in many images: it is what is kept."""
    give(box, "net_bind_service")
    world = box.run("/world", env=PORT_80, floor=1024).world
    assert world["uids"] == [1654] * 4
    assert world["capabilities"]["bounding"] == NET_BIND


def test_and_on_8080_with_the_bounding_set_kept(box):
    give(box, "net_bind_service")
    box.run("/world", floor=1024).refuses("cap_net_bind_service=ep", exit_code=126)
    assert held(box.run("/world", env=KEEP, floor=1024).world) == {NOTHING}


@pytest.mark.parametrize("flags", ["p", "i", "ei"])
def test_what_the_kernel_does_not_insist_on_is_no_obstacle(box, flags):
    give(box, "net_raw", flags=flags)
    assert held(box.run("/world").world) == {NOTHING}


def test_a_script_has_those_of_its_interpreter(box):
    give(box, "net_raw")
    box.write("/script", "#!/world\n", mode=0o755)
    box.write("/outer", "#!/script\n", mode=0o755)
    for file in ("/script", "/outer"):
        box.run(file).refuses('"/world"', "cap_net_raw=ep", exit_code=126)
    # And none of its own.
    os.removexattr(box.path("/world"), "security.capability")
    give(box, "net_raw", file="/script")
    assert box.run("/script").world["uids"] == [1654] * 4


def test_what_the_container_has_not_is_not_to_be_kept_either(box):
    give(box, "net_raw")
    refused = box.run("/world", env=KEEP, bounding=OTHERS, **USER)
    refused.refuses("bounding set lacks cap_net_raw", exit_code=126)


def test_one_of_another_user_namespace_does_not_count(box):
    give(box, "net_raw", rootid=100000)
    assert held(box.run("/world").world) == {NOTHING}
    assert box.run("--check", "/world").exit_code == 0


# --check finds it beforehand


@pytest.mark.parametrize("env", [{}, PORT_80, KEEP, PORT_80 | KEEP], ids=str)
@pytest.mark.parametrize("names", [("net_raw",), ("net_bind_service",), ("net_raw", "chown")])
@pytest.mark.parametrize("flags", ["p", "ep", "eip", "ei"])
def test_check_says_what_a_start_would(box, env, names, flags):
    give(box, *names, flags=flags)
    start = {"env": env, "floor": 1024}
    checked, done = box.run("--check", "/world", **start), box.run("/world", **start)
    assert checked.exit_code == done.exit_code
    assert checked.texts("error") == done.texts("error")
    assert checked.texts("hint") == done.texts("hint")
    assert ("verdict", "ok" if done.exit_code == 0 else "refused") in checked.checked


def test_check_finds_it_in_path_too(box):
    box.folder("/bin")
    box.write("/bin/dotnet", box.path("/world").read_bytes(), mode=0o755)
    give(box, "net_bind_service", file="/bin/dotnet")
    done = box.run("--check", "dotnet", "app.dll", env={"PATH": "/usr/bin:/bin"})
    assert done.exit_code == 126
    assert '"/bin/dotnet"' in done.texts("error")[0]
