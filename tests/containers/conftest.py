"""Containers for the tests, by docker where a daemon answers, else by podman.

docker pulls the public images that the Dockerfiles name. podman has a store of its own (./podman)
with stand-ins for them (./base), so that it needs no image registry.
"""

import contextlib
import fcntl
import functools
import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from terminal import Terminal

HERE = Path(__file__).parent
REPO = HERE.parents[1]
BUILD = REPO / "build"
START_SECONDS = 30
BUILD_SECONDS = 900

os.umask(0o022)  # what goes into an image is for everybody there, whoever has built it here


@dataclass(frozen=True)
class Result:
    """How a program ended, and what it said."""

    exit_code: int
    stdout: str
    stderr: str


def run(*command, timeout=300, **options):
    words = [str(word) for word in command]
    done = subprocess.run(
        words, capture_output=True, text=True, errors="replace", timeout=timeout, **options
    )
    return Result(done.returncode, done.stdout, done.stderr)


def must(*command, **options):
    """Runs a command that has no business failing here; its standard output."""
    done = run(*command, **options)
    assert done.exit_code == 0, f"{command}: exit {done.exit_code}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


class Engine:
    """docker or podman: builds images, runs containers, and cleans up after itself."""

    def __init__(self, command, version, build_options=()):
        self.command = command
        self.version = version
        self.build_options = build_options
        self.prefix = f"shim-test-{os.getpid()}"
        self.numbers = itertools.count(1)
        self.images = []

    @property
    def name(self):
        return "docker" if self.command == "docker" else "podman"

    def new_name(self):
        return f"{self.prefix}-{next(self.numbers)}"

    def build(self, context, dockerfile, options=()):
        """The tag of an image built in a folder by a Dockerfile: its path, or its text."""
        tag = f"{self.prefix}:{next(self.numbers)}"
        command = (self.command, "build", *self.build_options, *options, "-t", tag, "-f")
        if "\n" in str(dockerfile):
            must(*command, "-", context, input=dockerfile, timeout=BUILD_SECONDS)
        else:
            must(*command, dockerfile, context, timeout=BUILD_SECONDS)
        self.images.append(tag)
        return tag

    def run(self, image, *args, env=(), options=(), timeout=60):
        """Runs a container to its end."""
        name = self.new_name()
        command = self._run_command(name, image, args, env, ("--rm", *options))
        try:
            return run(*command, timeout=timeout)
        except subprocess.TimeoutExpired:
            self.remove(name)
            raise

    def run_at_terminal(self, image, *args, env=(), options=(), **size):
        """A container at a terminal, as by `run -it`; for use in `with`."""
        name = self.new_name()
        options = ("--rm", "-i", "-t", *options)
        return Terminal(*self._run_command(name, image, args, env, options), **size)

    def start(self, image, *args, env=(), options=(), port=8080):
        """A container that goes on, with its port published on this machine; for use in `with`."""
        name = self.new_name()
        options = ("-d", "-p", f"127.0.0.1::{port}", *options)
        must(*self._run_command(name, image, args, env, options))
        return Container(self, name, port)

    def _run_command(self, name, image, args, env, options):
        settings = [f"--env={key}={value}" for key, value in dict(env).items()]
        return (self.command, "run", "--name", name, *settings, *options, image, *args)

    def remove(self, *names):
        run(self.command, "kill", *names)  # podman's rm would wait for them to end by themselves
        must(self.command, "rm", "-f", *names)

    def clean_up_after_others(self):
        """What a run that was killed has left in podman's store. Nobody else is at work in it."""
        ours = "--filter=name=^shim-test-"
        pods = must(self.command, "pod", "ps", "-q", ours).split()
        if pods:
            run(self.command, "pod", "kill", *pods)
            must(self.command, "pod", "rm", "-f", *pods)
        names = must(self.command, "ps", "-aq", ours).split()
        if names:
            self.remove(*names)
        networks = must(self.command, "network", "ls", "-q", ours).split()
        if networks:
            must(self.command, "network", "rm", *networks)
        images = must(
            *(self.command, "images", "--format", "{{.Repository}}:{{.Tag}}"),
            "--filter=reference=shim-test-*",
        ).split()
        if images:
            must(self.command, "rmi", "-f", *images)
        # Layers are kept for the next build, but not for ever.
        must(self.command, "image", "prune", "--force", "--filter=until=24h")

    def clean_up(self):
        names = must(self.command, "ps", "-aq", "--filter", f"name=^{self.prefix}-").split()
        if names:
            self.remove(*names)
        if self.images:
            must(self.command, "rmi", "-f", *self.images)


class Container:
    """A container in the background."""

    def __init__(self, engine, name, port):
        self.engine = engine
        self.name = name
        self.port = port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.remove(self.name)

    def inspect(self, what):
        return must(self.engine.command, "inspect", "-f", "{{" + what + "}}", self.name)

    def is_running(self):
        return self.inspect(".State.Running") == "true"

    def logs(self):
        """What it has said so far, on both streams."""
        done = run(self.engine.command, "logs", self.name)
        return done.stdout + done.stderr

    def get(self, path="/"):
        """The body of an HTTP answer, once the app is up."""
        deadline = time.monotonic() + START_SECONDS
        while self.is_running():
            try:
                with urllib.request.urlopen(f"http://{self._address}{path}", timeout=5) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError:
                raise
            except OSError as error:  # the app does not listen yet; its port is open all the same
                assert time.monotonic() < deadline, f"{error}, after:\n{self.logs()}"
                time.sleep(0.05)
        pytest.fail(f"{self.name} has ended:\n{self.logs()}")

    @functools.cached_property
    def _address(self):
        lines = must(self.engine.command, "port", self.name, f"{self.port}/tcp").splitlines()
        if not lines:
            raise ConnectionError("the container has ended, and its port is closed")
        return lines[0]

    def environment(self):
        """What the sample app says about itself."""
        return json.loads(self.get("/Environment"))

    def status(self, pid=1):
        """/proc/PID/status."""
        fields = (line.split(":", 1) for line in self.read(f"/proc/{pid}/status").splitlines())
        return {name: value.strip() for name, value in fields}

    def read(self, path):
        """A file in /proc, read by a neighbour: the image may have no program that could."""
        return must(
            *(self.engine.command, "run", "--rm", "--network=none", f"--pid=container:{self.name}"),
            *("debian:bookworm-slim", "cat", path),
        )

    def exec(self, *words, options=()):
        """Runs a program beside the app."""
        return run(self.engine.command, "exec", *options, self.name, *words)

    def exec_at_terminal(self, *words):
        """The same, as by `exec -it`; for use in `with`."""
        return Terminal(self.engine.command, "exec", "-i", "-t", self.name, *words)

    def stop(self, seconds=10):
        """Asks it to end, as the platform does, and how long it waits; the exit code."""
        must(self.engine.command, "stop", f"--time={seconds}", self.name)
        return int(self.inspect(".State.ExitCode"))


@functools.cache
def find_engine():
    """An engine that works here, or the reason why there is none."""
    if shutil.which("docker"):
        docker = run("docker", "version", "--format", "{{.Server.Version}}")
        if docker.exit_code == 0:
            return Engine("docker", f"docker {docker.stdout.strip()}")
    needed = ["podman", "runc", "slirp4netns", "mmdebstrap"]
    missing = [program for program in needed if not shutil.which(program)]
    if not Path("/dev/net/tun").exists():
        missing.append("/dev/net/tun")
    if missing:
        return f"no docker daemon, and no {', '.join(missing)}"
    if os.geteuid() != 0:
        return "no docker daemon, and podman would be without root"
    command = HERE / "podman"
    version = must(command, "--version").removeprefix("podman version ")
    # Podman would look for a registry, and for a firewall for the builds' network.
    return Engine(command, f"podman {version}, runc", ("--pull=never", "--network=host"))


SUMMARY = []  # what the tests have to say in the end


def pytest_terminal_summary(terminalreporter):
    found = find_engine()
    for text in SUMMARY:
        terminalreporter.write_line(text)
    terminalreporter.write_line(
        f"containers: none, {found}" if isinstance(found, str) else f"containers: {found.version}"
    )


@contextlib.contextmanager
def alone_in_the_store(engine, capture):
    """Two runs at once would take each other's images away: the second one waits, and says so."""
    store = must(engine.command, "info", "--format", "{{.Store.GraphRoot}}")
    lock = os.open(store, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with capture.global_and_fixture_disabled():
            print(f"waiting for another run of these tests to be done with {store}", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    yield
    os.close(lock)


@pytest.fixture(scope="session")
def engine(request):
    found = find_engine()
    if isinstance(found, str):
        pytest.skip(found)
    if found.name == "docker":
        yield found
        found.clean_up()
        return
    with alone_in_the_store(found, request.config.pluginmanager.getplugin("capturemanager")):
        found.clean_up_after_others()
        must(HERE / "base", timeout=BUILD_SECONDS)
        yield found
        found.clean_up()


@pytest.fixture(scope="session")
def copy_of(tmp_path_factory):
    """Copies a program or a folder of build/, for all to read, to where no build replaces it."""
    folder = tmp_path_factory.mktemp("built")

    def copy(name):
        must("cp", "-r", BUILD / name, folder)
        must("chmod", "-R", "a+rX", folder / name)
        return folder / name

    return copy


@pytest.fixture(scope="session")
def shim(copy_of):
    if not (BUILD / "shim").exists():
        pytest.skip("no build/shim: run make first")
    return copy_of("shim")


@pytest.fixture(scope="session")
def shim_image(engine, shim, tmp_path_factory):
    """The image `shim` of the examples: what Dockerfile.test makes, without its tests."""
    context = tmp_path_factory.mktemp("shim")
    shutil.copy(shim, context)
    text = 'FROM scratch\nCOPY shim /shim\nENTRYPOINT ["/shim"]\n'
    before = run(engine.command, "images", "-q", "shim:latest").stdout.strip()
    tag = engine.build(context, text)
    must(engine.command, "tag", tag, "shim:latest")
    yield tag
    # docker's images are the user's own. In podman's store another test run may need it.
    if engine.name == "docker" and before:
        must(engine.command, "tag", before, "shim:latest")
    elif engine.name == "docker":
        must(engine.command, "rmi", "shim:latest")


@pytest.fixture(scope="session")
def payloads(copy_of):
    """The folder of what the tests run under the shim: tests/payloads."""
    must("make", "-s", "-C", REPO, "payloads")
    return copy_of("payloads")


@pytest.fixture(scope="session")
def aspnetapp(copy_of):
    """The folder of the sample app, published."""
    if not shutil.which("dotnet"):
        pytest.skip("no dotnet")
    must("dotnet", "publish", REPO / "examples/aspnetapp", "-o", BUILD / "aspnetapp")
    return copy_of("aspnetapp")


@pytest.fixture(scope="session")
def dotnet_images(engine):
    """The images with .NET in them."""
    if engine.name == "podman" and not shutil.which("dotnet"):
        pytest.skip("no dotnet to make stand-ins of its images")


@pytest.fixture(scope="session")
def whoami(copy_of):
    """The sample app's stand-in in C."""
    if not shutil.which("musl-gcc"):
        pytest.skip("no musl-gcc")
    source = REPO / "examples/whoami/whoami.c"
    flags = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-static", "-s")
    must("musl-gcc", *flags, "-o", BUILD / "whoami", source)
    return copy_of("whoami")
