"""A container engine as the tests use it: images are built, containers run, all is cleaned up."""

import contextlib
import ctypes
import functools
import http.client
import itertools
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from terminal import Terminal

HERE = Path(__file__).parent
REPO = HERE.parents[1]
BUILD = REPO / "build"
START_SECONDS = 30
BUILD_SECONDS = 900

CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Result:
    """How a program ended, and what it said."""

    exit_code: int
    stdout: str
    stderr: str


def run(*command, timeout=300, **options):
    words = [str(word) for word in command]
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(
        words, capture_output=True, text=True, errors="replace", timeout=timeout, **options
    )
    return Result(done.returncode, done.stdout, done.stderr)


def must(*command, **options):
    """Runs a command that has no business failing here; its standard output."""
    done = run(*command, **options)
    assert done.exit_code == 0, f"{command}: exit {done.exit_code}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@contextlib.contextmanager
def in_network(namespace):
    """This thread is in that network namespace: a path; None: where it is."""
    if namespace is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as ours, open(namespace) as theirs:
        if libc.setns(theirs.fileno(), CLONE_NEWNET) < 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        try:
            yield
        finally:
            assert libc.setns(ours.fileno(), CLONE_NEWNET) == 0


class Connection(http.client.HTTPConnection):
    """HTTP to an address of another network namespace."""

    def __init__(self, address, network):
        super().__init__(address, timeout=5)
        self.network = network

    def connect(self):
        with in_network(self.network):  # a socket stays where it was made
            self.sock = socket.create_connection((self.host, self.port), self.timeout)


class Engine:
    """Builds images, runs containers, and cleans up after itself; by docker's commands.

    which: its name in SHIM_ENGINE. command: the program, or a script that takes its place.
    network: the namespace that ports are published in; None: ours. hides: what its kernel does not
    tell a process about itself, by the names of the sample app.
    """

    name = "docker"
    network = None
    hides = ()
    run_options = ()
    removal = ("rm", "-f")
    signals = (1, 10, 34, 37, 64)  # some of those that it can send
    # Under no_new_privs a file gives what was there before, but no more: execve(2) of a program for
    # which the engine has left it in the permitted set, though it is a user's, still gives it.
    lends_under_no_new_privs = False
    has_floor = True  # its kernel has a floor for ports, which --sysctl sets
    has_ambient = True  # it has the set by which one capability can be handed to a user
    grants_by_file = True  # a file's capabilities are given to who starts it
    insists_on_grant = True  # and where they cannot be, it does not start
    has_neighbours = True  # a container can see another one's processes
    is_own = False  # a daemon or a store of the tests', with stand-ins for the public images
    is_bare = False  # nobody is between a container's output and who has started it
    has_own_kernel = False  # whose processes are not the machine's

    def __init__(self, which, command, version, build_options=()):
        self.which = which
        self.command = command
        self.version = version
        self.build_options = build_options
        self.prefix = f"shim-test-{os.getpid()}"
        self.numbers = itertools.count(1)
        self.images = []

    def take_images(self):
        """Sees to the public images that Dockerfiles name. An engine that is a user's pulls them."""

    def is_gvisor(self):
        """Its kernel is gVisor."""
        self.hides = ("ambient", "noNewPrivileges")
        self.has_floor = self.has_ambient = self.has_neighbours = False
        self.has_own_kernel = True
        self.grants_by_file = self.insists_on_grant = False

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

    def attach(self, image, *args, env=(), options=(), **client):
        """A container that is talked with on its streams: its name, and the client's process."""
        name = self.new_name()
        words = self._run_command(name, image, args, env, ("-i", *options))
        pipe = subprocess.PIPE
        return name, subprocess.Popen([*map(str, words)], stdin=pipe, stdout=pipe, **client)

    def kill(self, name, signal):
        must(self.command, "kill", f"--signal={signal}", name)

    def _run_command(self, name, image, args, env, options):
        settings = [f"--env={key}={value}" for key, value in dict(env).items()]
        options = (*self.run_options, *settings, *options)
        return (self.command, "run", "--name", name, *options, image, *args)

    def remove(self, *names):
        run(self.command, "kill", *names)  # podman's rm would wait for them to end by themselves
        removed = run(self.command, *self.removal, *names)
        # On a busy machine a mount of a user namespace may go a moment after its container.
        if removed.exit_code != 0 and "device or resource busy" in removed.stderr:
            time.sleep(1)
            must(self.command, *self.removal, *names)
        else:
            assert removed.exit_code == 0, removed

    def store(self):
        """The folder that holds its images."""
        return Path(must(self.command, "info", "--format", "{{.DockerRootDir}}"))

    def clean_up_after_others(self):
        """What a run that was killed has left in a store of the tests' own."""
        ours = "--filter=name=^shim-test-"
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


class Podman(Engine):
    """podman, with the store of ./podman; and what is built on it."""

    name = "podman"
    is_own = True
    removal = ("rm", "-f", "--depend")  # also those that share a namespace of it

    def __init__(self, which, command, version):
        # It would look for a registry, and for a firewall for the builds' network.
        super().__init__(which, command, version, ("--pull=never", "--network=host"))

    def store(self):
        return Path(must(self.command, "info", "--format", "{{.Store.GraphRoot}}"))

    def clean_up_after_others(self):
        pods = must(self.command, "pod", "ps", "-q", "--filter=name=^shim-test-").split()
        if pods:
            run(self.command, "pod", "kill", *pods)
            must(self.command, "pod", "rm", "-f", *pods)
        super().clean_up_after_others()


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

    @property
    def network(self):
        """Where its port is published."""
        return self.engine.network

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
                with contextlib.closing(Connection(self._address, self.network)) as asks:
                    asks.request("GET", path)
                    answer = asks.getresponse()
                    assert answer.status == 200, f"{path}: {answer.status} {answer.reason}"
                    return answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                # The app does not listen yet; its port is open all the same.
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
        if not self.engine.has_neighbours:
            return must(self.engine.command, "exec", self.name, "cat", path)
        return must(
            *(self.engine.command, "run", "--rm", "--network=none", f"--pid=container:{self.name}"),
            *("debian:bookworm-slim", "cat", path),
        )

    def top(self):
        """A line for each process: user, pid, command."""
        return must(self.engine.command, "top", self.name).splitlines()[1:]

    def exec(self, *words, options=()):
        """Runs a program beside the app."""
        return run(self.engine.command, "exec", *options, self.name, *words)

    def exec_at_terminal(self, *words):
        """The same, as by `exec -it`; for use in `with`."""
        return Terminal(self.engine.command, "exec", "-i", "-t", self.name, *words)

    def kill(self, signal):
        self.engine.kill(self.name, signal)

    def wait(self):
        """Waits for its end; the exit code."""
        return int(must(self.engine.command, "wait", self.name, timeout=60))

    def stop(self, seconds=10):
        """Asks it to end, as the platform does, and how long it waits; the exit code."""
        must(self.engine.command, "stop", f"--time={seconds}", self.name)
        return int(self.inspect(".State.ExitCode"))
