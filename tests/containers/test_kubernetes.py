"""What examples/kubernetes promises, with the manifests as they are."""

import os
import shutil

import pytest
from expected import NET_BIND_SERVICE, NOTHING, assert_is_app
from kubelet import MANIFESTS, Pod


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
    return {
        "aspnetapp:1.0": engine.build(context, unmodified + shim),
        "unmodified:1.0": engine.build(context, unmodified + 'ENTRYPOINT ["./aspnetapp"]'),
        "shim:1.0": shim_image,
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
        assert running.stop() == 0
        assert running.termination_log.read_text() == ""


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
        without = ["--env=APP_GROUPS="]
        denied = running.exec("/shim", "sh", "-c", "> /data/newer", options=without)
        assert denied.exit_code != 0
        assert "Permission denied" in denied.stderr


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
