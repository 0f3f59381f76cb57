"""examples/compose.yaml, as it is, by the engine's own compose."""

import json
import shutil
import subprocess

import pytest
from conftest import BUILD_SECONDS, REPO, must, run
from expected import NET_BIND_SERVICE, NOTHING, assert_is_app
from health import check_health

COMPOSE = REPO / "examples/compose.yaml"


@pytest.fixture(scope="module")
def network():
    """A network namespace to run commands in: published ports and firewall rules stay in it."""
    script = "ip link set lo up && echo up && exec sleep infinity"
    command = ["unshare", "--net", "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "up\n"
        yield ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
        holder.kill()


@pytest.fixture(scope="module")
def compose(engine, network):
    """The command, for this file and as a project of our own."""
    project = ("-p", engine.prefix, "-f", COMPOSE)
    if engine.name == "docker":
        if run("docker", "compose", "version").exit_code != 0:
            pytest.skip("docker has no compose here")
        return ("docker", "compose", *project)
    for needed in ("podman-compose", "iptables"):
        if not shutil.which(needed):
            pytest.skip(f"no {needed}")
    build = f"--podman-build-args={' '.join(engine.build_options)}"
    return (*network, "podman-compose", f"--podman-path={engine.command}", build, *project)


@pytest.fixture(scope="module")
def services(engine, compose, network, shim_image, dotnet_images):
    """What the app says on a published port."""
    where = () if engine.name == "docker" else network

    def ask(port):
        url = f"http://127.0.0.1:{port}/Environment"
        wait = ("--retry", 100, "--retry-delay", 1, "--retry-all-errors", "--retry-max-time", 30)
        return json.loads(must(*where, "curl", "-fsS", *wait, url))

    must(*compose, "up", "-d", "--build", timeout=BUILD_SECONDS)
    yield ask
    run(*compose, "down")
    # podman-compose leaves these.
    run(engine.command, "network", "rm", f"{engine.prefix}_default")
    run(engine.command, "rmi", f"{engine.prefix}_plain", f"{engine.prefix}_locked")


def test_a_service_without_a_word_about_users(services):
    assert_is_app(services(8080))


def test_a_service_that_is_given_as_little_as_it_takes(engine, services):
    environment = services(8081)
    assert environment["addresses"] == ["http://[::]:80"]
    # Docker makes the port anybody's, and then it is kept by nobody.
    assert_is_app(environment, keeps=NOTHING if engine.name == "docker" else NET_BIND_SERVICE)


def test_its_health_check_is_run_as_the_app(engine, services):
    services(8080)
    [name] = must(engine.command, "ps", "--filter=label=com.docker.compose.service=plain",
                  f"--filter=label=com.docker.compose.project={engine.prefix}",
                  "--format={{.Names}}").split()
    assert check_health(engine, name) == "healthy"
