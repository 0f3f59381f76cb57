"""examples/sdk-container: `dotnet publish -t:PublishContainer` on a base image with the shim."""

import json
import shutil
import socket
import subprocess

import pytest
from engine import BUILD_SECONDS, REPO, must, run
from expected import assert_holds_nothing, assert_is_app, holds_nothing

CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture(scope="module")
def registry(engine, tmp_path_factory):
    """Its address: one that forgets all, on this machine's loopback."""
    if engine.name != "podman":
        pytest.skip("only podman pushes to a registry without TLS for this test")
    if not shutil.which("docker-registry"):
        pytest.skip("no docker-registry")
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config.yml").write_text(CONFIG.format(folder=folder, port=port))
    command = ["docker-registry", "serve", folder / "config.yml"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        wait = ("--retry", "100", "--retry-delay", "1", "--retry-all-errors", "--retry-max-time", "30")
        must("curl", "-fsS", *wait, f"http://127.0.0.1:{port}/v2/")
        yield f"localhost:{port}"  # by that name the SDK does without TLS
        server.terminate()


@pytest.fixture(scope="module")
def publish(engine, registry, dotnet_images, shim_image, tmp_path_factory):
    """Publishes a project of the examples on a base image, offline. The image, what was said."""
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copytree(REPO / "examples/aspnetapp", folder / "aspnetapp")
    shutil.copytree(REPO / "examples/sdk-container", folder / "sdk-container")
    images = []

    def publish(project, base, *options):
        archive = folder / f"{len(images)}.tar.gz"
        published = run(
            *("dotnet", "publish", folder / project, "-t:PublishContainer", "--nologo", *options),
            *(f"-p:ContainerBaseImage={base}", f"-p:ContainerArchiveOutputPath={archive}"),
            f"-p:RestoreSources={folder}",
            timeout=BUILD_SECONDS,
        )
        assert published.exit_code == 0, published.stdout
        loaded = must(engine.command, "load", "-q", "-i", archive)
        images.append(f"{engine.prefix}:sdk-{len(images)}")
        must(engine.command, "tag", loaded.split(": ")[-1], images[-1])
        must(engine.command, "rmi", loaded.split(": ")[-1])
        return images[-1], published.stdout

    yield publish
    if images:
        must(engine.command, "rmi", "-f", *images)


@pytest.fixture(scope="module")
def push(engine, registry, shim_image):
    """Builds a base image, and pushes it to where the SDK takes it from."""

    def push(name, *lines):
        text = "FROM mcr.microsoft.com/dotnet/aspnet:10.0\nCOPY --from=shim /shim /shim\n"
        image = engine.build(REPO / "examples/runtime-deps", "\n".join([text, *lines, ""]))
        target = f"{registry}/{name}:10.0"
        must(engine.command, "push", "-q", "--tls-verify=false", image, target)
        return target

    return push


@pytest.fixture(scope="module")
def base(push):
    return push("aspnet-shim")


def config(engine, image):
    found = json.loads(must(engine.command, "image", "inspect", "-f", "{{json .Config}}", image))
    return {name: found.get(name) for name in ("User", "Entrypoint", "Cmd")}


def test_the_shim_starts_the_app(engine, publish, base):
    image, said = publish("sdk-container", base)
    assert "warning" not in said
    assert config(engine, image) == {
        "User": "root", "Entrypoint": ["/shim"], "Cmd": ["dotnet", "/app/aspnetapp.dll"]
    }
    with engine.start(image) as container:
        assert_is_app(container.environment())
        assert_holds_nothing(container.status())
        assert container.stop() == 0


def test_without_its_user_the_shim_is_the_init_of_an_ordinary_user(engine, publish, base):
    image, _ = publish("sdk-container", base, "-p:ContainerUser=")
    assert config(engine, image)["User"] == "1654"
    with engine.start(image) as container:
        assert container.environment()["uids"] == [1654] * 4
        assert holds_nothing(container.environment(), but=("bounding",))
        assert container.status()["Name"] == "shim"


def test_without_a_word_the_app_takes_the_shims_place(engine, publish, push):
    """Even where the base image says that the shim is to start it."""
    base = push("shim-as-entrypoint", 'ENTRYPOINT ["/shim"]')
    image, said = publish("aspnetapp", base)
    assert "CONTAINER2022" in said
    with engine.start(image) as container:
        assert container.environment()["processId"] == 1
        assert container.environment()["uid"] == 1654
