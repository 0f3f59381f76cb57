"""examples/port80-nonroot: port 80 for an ordinary user, in a container that never had a root."""

import pytest
import yaml
from conftest import REPO
from expected import FLOOR, NET_BIND_SERVICE, NOTHING, SETS, STATUS_SETS

HERE = REPO / "examples/port80-nonroot"
CHISELED = "mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled"
GUARDED = f"{FLOOR}=1024"  # the kernel's own default, which docker lowers
OPEN = f"{FLOOR}=80"


@pytest.fixture(scope="module", params=["ordinary", "chiseled"])
def image(request, engine, shim_image, dotnet_images):
    options = [f"--build-arg=BASE={CHISELED}"] if request.param == "chiseled" else []
    return engine.build(REPO / "examples/aspnetapp", HERE / "Dockerfile", options)


def as_options(manifest):
    """What a kubelet makes of a pod's security, in the words of docker and podman."""
    spec = yaml.safe_load((HERE / manifest).read_text())["spec"]
    own = spec["containers"][0]["securityContext"]
    options = [f"--cap-drop={name}" for name in own["capabilities"]["drop"]]
    options += [f"--cap-add={name}" for name in own["capabilities"].get("add", ())]
    options += [f"--sysctl={s['name']}={s['value']}"
                for s in spec["securityContext"].get("sysctls", ())]
    if not own["allowPrivilegeEscalation"]:
        options.append("--security-opt=no-new-privileges")
    if own["readOnlyRootFilesystem"]:
        options.append("--read-only")
    options += [f"--tmpfs={m['mountPath']}" for m in spec["containers"][0]["volumeMounts"]]
    env = {e["name"]: e["value"] for e in spec["containers"][0].get("env", ())}
    return options, env


def assert_nobody_is_root(container):
    uids = {line.split()[0] for line in container.top()}
    assert uids == {"1654"} or uids == {"app"}, uids


def test_the_app_has_port_80_and_nothing_else(engine, image):
    with engine.start(image, options=(GUARDED,), port=80) as container:
        environment = container.environment()
        assert environment["uids"] == environment["gids"] == [1654] * 4
        assert environment["noNewPrivileges"] is True
        sets = environment["capabilities"]
        assert all(sets[name] == NET_BIND_SERVICE for name in SETS if name != "bounding")
        status = container.status()
        assert status["Name"] == "shim" and status["Uid"].split() == ["1654"] * 4
        held = dict(zip(SETS, (status[field] for field in STATUS_SETS)))
        assert all(held[name] == NOTHING for name in SETS if name != "bounding")
        assert_nobody_is_root(container)
        # Nor is exec, which has the image's user; and it may lend itself no more than that.
        done = container.exec("/shim", "--check", "./aspnetapp")
        assert done.exit_code == 0, done
        assert "user: 1654 (app), kept\n" in done.stdout
        assert "keep: cap_net_bind_service\n" in done.stdout
        assert container.stop() == 0


def test_the_pod_as_it_is(engine, image):
    options, env = as_options("pod.yaml")
    with engine.start(image, options=(GUARDED, *options), env=env, port=80) as container:
        environment = container.environment()
        assert environment["uids"] == [1654] * 4
        assert environment["capabilities"]["permitted"] == NET_BIND_SERVICE
        assert container.stop() == 0


def test_the_sysctl_needs_no_capability(engine, image):
    options, env = as_options("sysctl.yaml")
    with engine.start(image, options=options, env=env, port=80) as container:
        environment = container.environment()
        assert environment["uids"] == [1654] * 4
        assert all(environment["capabilities"][name] == NOTHING for name in SETS)
        assert container.stop() == 0


@pytest.mark.parametrize(
    "options, reason",
    [
        (("--security-opt=no-new-privileges",), "no_new_privs keeps it away"),
        (("--cap-drop=ALL",), "but the container does not: --cap-add NET_BIND_SERVICE"),
    ],
    ids=["no-new-privileges", "cap-drop ALL"],
)
def test_what_keeps_it_away_is_told(engine, image, options, reason):
    done = engine.run(image, options=(GUARDED, *options))
    assert done.exit_code == 125
    assert "port 80, from ASPNETCORE_HTTP_PORTS," in done.stderr
    assert reason in done.stderr


def test_on_a_high_port_it_keeps_nothing(engine, image):
    env = {"ASPNETCORE_HTTP_PORTS": "8080"}
    with engine.start(image, options=(GUARDED,), env=env) as container:
        sets = container.environment()["capabilities"]
        assert all(sets[name] == NOTHING for name in SETS if name != "bounding")


def test_root_with_such_a_file_is_as_without_it(engine, image):
    with engine.start(image, options=(GUARDED, "--user=0"), port=80) as container:
        environment = container.environment()
        assert environment["uids"] == [1654] * 4
        assert set(environment["capabilities"].values()) == {NET_BIND_SERVICE}
