"""What examples/kubernetes promises, with the manifests as they are."""

import os
import re
import shutil

import pytest
import yaml
from conftest import BUILD, REPO, must, run
from expected import NET_BIND_SERVICE, NOTHING, PORT_80, assert_is_app
from kubelet import MANIFESTS, SHIM_VERSION, Pod


@pytest.fixture(scope="module")
def images(engine, shim_image, whoami, tmp_path_factory):
    """The names in the manifests: the app with the shim, the app without, and the shim alone."""
    if engine.name == "docker":
        pytest.skip("docker runs no Kubernetes manifests")
    context = tmp_path_factory.mktemp("app")
    shutil.copy(whoami, context / "aspnetapp")
    unmodified = """
        FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
        WORKDIR /app
        COPY aspnetapp .
        """
    shim = """
        COPY --from=shim /shim /shim
        ENTRYPOINT ["/shim", "./aspnetapp"]
        """
    registry = "registry.example.com"
    return {
        f"{registry}/aspnetapp:1.0": engine.build(context, unmodified + shim),
        f"{registry}/unmodified:1.0": engine.build(context, unmodified + 'ENTRYPOINT ["./aspnetapp"]'),
        f"{registry}/shim:{SHIM_VERSION}": shim_image,
    }


@pytest.fixture
def pod(engine, images, tmp_path):
    return lambda manifest, change=None: Pod(engine, manifest, tmp_path, images, change)


@pytest.mark.parametrize("manifest", [path.name for path in sorted(MANIFESTS.glob("*.yaml"))])
def test_the_app_runs_as_the_apps_user(pod, manifest):
    with pod(manifest) as running:
        port80 = manifest == "port80.yaml"
        assert_is_app(running.environment(), keeps=NET_BIND_SERVICE if port80 else NOTHING)
        assert running.status()["Name"] == "shim"
        for probe in running.probes:
            assert running.probe(probe) == "Healthy"
        assert running.stop() == 0
        assert running.termination_log.read_text() == ""


def test_a_deployment_that_was_given_the_shim_runs(pod):
    """The kustomize component, as rendered."""
    made = run(REPO / "deps/kubectl", BUILD / "kubectl")
    if made.exit_code != 0:
        pytest.skip(f"no kubectl: {made.stderr.strip()[-200:]}")
    text = must(BUILD / "kubectl/kubectl", "kustomize", MANIFESTS / "kustomize/aspnetapp")
    with pod(yaml.safe_load(text)) as running:
        assert_is_app(running.environment())
        assert running.probe("readinessProbe") == "Healthy"
        assert running.status()["Name"] == "shim"


def test_a_volumes_group(pod):
    with pod("volume.yaml") as running:
        assert running.environment()["groups"] == [1654, 2000]
        # As a kubelet leaves a disk that has this fsGroup. podman does nothing for one.
        data = running.folder / "data"
        os.chown(data, 0, 2000)
        data.chmod(0o2770)
        assert running.exec("/shim", "sh", "-c", "> /data/new").exit_code == 0
        made = (data / "new").stat()
        assert (made.st_uid, made.st_gid) == (1654, 2000)


def test_a_volume_of_another_group_stays_closed(pod):
    def other_group(spec, _):
        spec["securityContext"]["fsGroup"] = 3000

    with pod("volume.yaml", other_group) as running:
        assert running.environment()["groups"] == [1654, 3000]
        data = running.folder / "data"
        os.chown(data, 0, 2000)
        data.chmod(0o2770)
        denied = running.exec("/shim", "sh", "-c", "> /data/new")
        assert denied.exit_code != 0
        assert "Permission denied" in denied.stderr


def test_a_hook_goes_through_the_shim(pod):
    """Root has no KILL here. The app's own user needs none."""
    with pod("port80.yaml") as running:
        running.get()
        command = running.pre_stop["exec"]["command"]
        assert command[0] == "/shim"
        assert running.exec(*command[:-1], "0").exit_code == 0
        term = ("sh", "-c", "kill -TERM 1")
        denied = running.exec(*term)
        assert denied.exit_code != 0
        assert "not permitted" in denied.stderr.lower()
        running.exec("/shim", *term)  # which may end with the container itself
        assert running.wait() == 0


@pytest.mark.parametrize("env, port, keeps", [({}, 8080, NOTHING), (PORT_80, 80, NET_BIND_SERVICE)])
def test_a_user_namespace_is_fine(engine, images, env, port, keeps):
    """hostUsers: false. Root is 100000 outside; the network is the pod's own."""
    image = images["registry.example.com/aspnetapp:1.0"]
    users = ["--uidmap=0:100000:65536", "--gidmap=0:100000:65536"]
    with engine.start(image, env=env, port=port, options=users) as container:
        assert_is_app(container.environment(), keeps)


@pytest.mark.parametrize("env, code", [({}, 0), (PORT_80, 125)], ids=["as-deployed", "port-80"])
def test_the_gate_for_ci(engine, images, env, code):
    """The page's command, with what deployment.yaml gives."""
    page = (MANIFESTS / "README.md").read_text()
    [line] = re.findall(r"^    docker run --rm (--entrypoint.*)$", page, re.M)
    words = line.split()
    at = next(i for i, word in enumerate(words) if word in images)
    options = [f"--entrypoint={words[1]}", *words[2:at]]
    added = {word.removeprefix("--cap-add=") for word in options if "--cap-add" in word}
    manifest = yaml.safe_load((MANIFESTS / "deployment.yaml").read_text())
    [app] = manifest["spec"]["template"]["spec"]["containers"]
    assert added == set(app["securityContext"]["capabilities"]["add"])
    done = engine.run(images[words[at]], *words[at + 1 :], env=env, options=options)
    assert done.exit_code == code


def test_a_place_that_is_noexec_starts_nothing(engine, images, shim):
    """What an image volume is. The runtime says so, as it would of any program."""
    image = images["registry.example.com/unmodified:1.0"]
    options = [f"--volume={shim.parent}:/opt/shim:ro,noexec", "--entrypoint=/opt/shim/shim"]
    done = engine.run(image, "./aspnetapp", options=options)
    assert done.exit_code == 126
    assert "permission denied" in done.stderr.lower()


@pytest.mark.parametrize("capability", ["NET_BIND_SERVICE", "SETUID", "SETGID"])
def test_a_refusal_is_in_the_termination_message(pod, capability):
    def take_away(_, app):
        app["securityContext"]["capabilities"]["add"].remove(capability)

    with pod("port80.yaml", take_away) as refused:
        assert refused.wait() == 125
        message = refused.termination_log.read_text()
        assert message.startswith("shim: error: ")
        assert f"CAP_{capability}" in message
        assert message == refused.logs()


def test_an_injected_shim_cannot_be_replaced_by_the_app(engine, pod, shim):
    with pod("inject.yaml") as running:
        running.get()
        for command in ("rm -f /opt/shim/shim", "cp /bin/true /opt/shim/shim", "> /opt/shim/x"):
            denied = running.exec("/opt/shim/shim", "sh", "-c", command)
            assert denied.exit_code != 0
            assert "Read-only file system" in denied.stderr
        installed = running.folder / "shim/shim"
        assert installed.read_bytes() == shim.read_bytes()
        assert installed.stat().st_mode & 0o7777 == 0o755


def test_an_injected_shim_that_the_app_could_replace_is_refused(pod):
    def make_writable(_, app):
        del app["volumeMounts"][0]["readOnly"]

    with pod("inject.yaml", make_writable) as refused:
        assert refused.wait() == 125
        message = refused.termination_log.read_text()
        assert "could replace the shim" in message
        assert "read-only" in message


def test_without_the_shim_the_app_is_root(pod):
    """The image that the shim is put in front of needs it."""

    def leave_out(_, app):
        del app["command"]

    with pod("inject.yaml", leave_out) as running:
        assert running.environment()["uid"] == 0
