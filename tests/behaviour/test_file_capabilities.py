"""Programs that have file capabilities of their own: a setcap'ed dotnet, Debian's ping."""

import os
import shutil
import subprocess
from pathlib import Path

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


# The real things


def in_a_network(*command, cwd="/", **env):
    """In a network of its own, with the kernel's own floor, and ping open to all groups, as Docker has it."""
    script = (
        "ip link set lo up && sysctl -q net.ipv4.ping_group_range='0 2147483647' "
        "net.ipv4.ip_unprivileged_port_start=1024 && exec \"$@\""
    )
    words = ["unshare", "--net", "sh", "-c", script, "sh", *map(str, command)]
    env = {"PATH": os.environ["PATH"], "HOME": "/tmp"} | env
    return subprocess.Popen(words, env=env, cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def place(program, folder, value):
    """A copy that everybody may run, with file capabilities."""
    copy = Path(shutil.copy(os.path.realpath(shutil.which(program)), folder / program))
    copy.chmod(0o755)
    os.setxattr(copy, "security.capability", value)
    return copy


@pytest.fixture
def public(tmp_path_factory):
    """A folder that the app's user may enter."""
    folder = Path("/var/tmp") / f"shim-file-capabilities-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(not shutil.which("ping"), reason="no ping")
@pytest.mark.parametrize("env, code", [({}, 126), (KEEP, 0)], ids=str)
def test_debians_ping(shim, namespaces, public, env, code):
    ping = place("ping", public, file_capabilities("net_raw", flags="ep"))
    done = in_a_network(shim, ping, "-c", "1", "-W", "5", "127.0.0.1", **env)
    output, errors = done.communicate(timeout=60)
    assert done.returncode == code, output + errors
    assert ("1 received" in output) is (code == 0)
    assert ("cap_net_raw=ep" in errors) is (code == 126)


@pytest.mark.skipif(not shutil.which("dotnet"), reason="no dotnet")
@pytest.mark.parametrize("port, env, code", [(80, {}, 0), (8080, KEEP, 0), (8080, {}, 126)], ids=str)
def test_a_setcaped_dotnet_runs_the_real_app(shim, namespaces, public, port, env, code):
    app = Path(__file__).parents[2] / "build/aspnetapp"
    if not (app / "aspnetapp.dll").exists():
        pytest.skip("no build/aspnetapp: run make test-programs first")
    root = Path(os.path.realpath(shutil.which("dotnet"))).parent
    for name in ("host", "shared"):
        (public / name).symlink_to(root / name)
    shutil.copytree(app, public / "app")
    dotnet = place("dotnet", public, file_capabilities("net_bind_service", flags="ep"))
    run = in_a_network(
        shim, dotnet, public / "app/aspnetapp.dll", cwd=public / "app", TMPDIR="/tmp",
        ASPNETCORE_HTTP_PORTS=str(port), DOTNET_EnableDiagnostics="0", **env,
    )
    lines = []
    for line in run.stdout:
        lines.append(line)
        if "Application started" in line:
            run.terminate()
    errors = run.stderr.read()
    text = "".join(lines) + errors
    if code == 126:
        assert run.wait(60) == 126 and "cap_net_bind_service=ep" in errors, text
    else:
        assert run.wait(60) == 0 and f"Now listening on: http://[::]:{port}" in text, text
