"""Engines of the tests' own: daemons and roots in namespaces of their own, so that nothing of the
machine is touched, and all of it ends with the tests."""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from engine import BUILD_SECONDS, HERE, REPO, START_SECONDS, Engine, Podman, must, run

PR_SET_PDEATHSIG = 1
NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class Missing(Exception):
    """Why an engine cannot be had here."""


def need(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise Missing(f"no {', '.join(missing)}")
    if os.geteuid() != 0:
        raise Missing("needs root")


def store():
    """The folder of ./podman, where all that is ours has its place."""
    return Path(os.environ.get("CONTAINER_STORE", f"/var/tmp/shim-containers-{os.getuid()}"))


def dies_with_us():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class House:
    """The root that an engine lives in: this machine's."""

    name = "Debian 12" # or whatever it is
    words = ()

    def command(self, cgroups, *words):
        """The words that run a command there, in a mount namespace that was made for it."""
        return words


class Debian13(House):
    """The root that engines/debian13 makes, with what the tests hand to an engine at its place."""

    def __init__(self):
        need("mmdebstrap")
        script = HERE / "engines/debian13"
        found = run(script, "--find")
        if found.exit_code != 0:
            raise Missing("no root of Debian 13: tests/containers/engines/debian13 makes one")
        self.root = found.stdout.strip()

    def command(self, cgroups, *words):
        folders = {"/tmp", "/var/tmp", str(store()), str(REPO)}
        return (HERE / "engines/inside", self.root, cgroups, *sorted(folders), "--", *words)


@contextlib.contextmanager
def listening_for_ready(path):
    """Waits for a service to say that it is ready, as systemd does; False: it has ended."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(path))

        def is_ready(process):
            end = os.pidfd_open(process.pid)
            try:
                while True:
                    ready, _, _ = select.select([notices, end], [], [], START_SECONDS)
                    if notices not in ready:
                        return False
                    if b"READY=1" in notices.recv(4096).split():
                        return True
            finally:
                os.close(end)

        yield is_ready


@contextlib.contextmanager
def service(folder, *words):
    """Runs one that says when it is ready, as PID 1 of namespaces of its own; its pid out here."""
    (folder / "run").mkdir(parents=True, exist_ok=True)
    notify, log = folder / "run/notify", folder / "log"
    with listening_for_ready(notify) as is_ready, open(log, "wb") as output, subprocess.Popen(
        [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        preexec_fn=dies_with_us, env={**os.environ, "NOTIFY_SOCKET": str(notify)},
    ) as process:
        try:
            if not is_ready(process):
                raise Missing(f"{words[-1]} does not start: {log.read_text()[-2000:]}")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            [inside] = children.read_text().split()
            yield int(inside)
        finally:
            process.kill()  # and with it all that is in its namespaces


@contextlib.contextmanager
def to_the_outside(pid):
    """Lets the network namespace of a process reach what the machine reaches, if that can be."""
    if not shutil.which("slirp4netns") or not Path("/dev/net/tun").exists():
        yield  # builds that fetch something fail then, and say so
        return
    ready, theirs = os.pipe()
    words = ["slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback"]
    with subprocess.Popen(
        [*words, f"--ready-fd={theirs}", str(pid), "tap0"], pass_fds=(theirs,),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=dies_with_us,
    ) as slirp:
        os.close(theirs)
        with os.fdopen(ready) as end:
            end.read(1)
        try:
            yield
        finally:
            slirp.kill()


def take_stand_ins(engine, podman, folder):
    """The stand-ins for the public images, from podman's store, unless they are here already."""
    columns = "{{.Repository}}:{{.Tag}} {{.ID}}"
    named = ("--filter=label=shim.stand-in", "--filter=dangling=false")
    images = (podman.command, "images", "--no-trunc", *named, "--format", columns)
    wanted = dict(line.split() for line in must(*images).splitlines())
    here = must(engine.command, "images", "--no-trunc", "--format", columns)
    here = here.replace("docker.io/library/", "").replace("localhost/", "").splitlines()
    short = {tag: tag.removeprefix("localhost/") for tag in wanted}
    if {f"{name} {wanted[tag]}" for tag, name in short.items()}.issubset(here):
        return
    archive = folder / "stand-ins.tar"
    archive.unlink(missing_ok=True)
    save = ("save", "-m", "--format=docker-archive", "-o", archive, *wanted)
    must(podman.command, *save, timeout=BUILD_SECONDS)
    must(engine.command, "load", "-i", archive, timeout=BUILD_SECONDS)
    archive.unlink()
    for tag, name in short.items():
        if tag != name:
            must(engine.command, "tag", tag, name)
    must(engine.command, "image", "prune", "--force")


class OwnDocker(Engine):
    """A daemon of the tests' own. house: where it lives; options: the daemon's."""

    is_own = True

    def __init__(self, which, house, options=()):
        self.house = house
        self.folder = store() / which
        self.options = options
        super().__init__(which, "docker", which)

    def store(self):
        return self.folder

    @contextlib.contextmanager
    def running(self):
        daemon = (HERE / "engines/dockerd", self.folder, *self.options)
        words = (*NAMESPACES, "--net", *self.house.command("v1", *daemon))
        with service(self.folder, *words) as pid, to_the_outside(pid):
            self.pid = pid
            self.network = f"/proc/{pid}/ns/net"
            os.environ["DOCKER_HOST"] = f"unix://{self.folder}/run/docker.sock"
            os.environ["DOCKER_BUILDKIT"] = "0"  # the daemon's own builder
            version = must("docker", "version", "--format", "{{.Server.Version}}")
            self.version = f"docker {version}"
            yield


class RunscDocker(OwnDocker):
    """gVisor as docker's runtime. What is published takes the sockets of the machine's kernel."""

    def __init__(self, which, house):
        script = HERE / "engines/runsc"
        options = [f"--add-runtime=runsc-{network}={script}-{network}" for network in ("none", "host")]
        super().__init__(which, house, options)
        self.is_gvisor()
        self.grants_by_file = self.lends_under_no_new_privs = True  # to a container's first process
        self.signals = (1, 10)  # its kill knows no others

    def _run_command(self, name, image, args, env, options):
        runtime = "runsc-host" if "-p" in options else "runsc-none"
        options = (f"--runtime={runtime}", *options)
        return super()._run_command(name, image, args, env, options)


class HousedPodman(Podman):
    """podman of another root, with a store of its own."""

    def __init__(self, which, house):
        self.house = house
        self.folder = store() / which
        super().__init__(which, self.folder / "run/podman", which)

    def store(self):
        return self.folder

    @contextlib.contextmanager
    def running(self):
        words = (*NAMESPACES, *self.house.command("v2", HERE / "engines/ready"))
        with service(self.folder, *words) as pid:
            podman = f"'{HERE}/engines/podman-inside' '{self.folder}'"
            self.command.write_text(f"#!/bin/sh\nexec nsenter -t {pid} -m -p {podman} \"$@\"\n")
            self.command.chmod(0o755)
            version = must(self.command, "--version").removeprefix("podman version ")
            self.version = f"podman {version}, crun"
            yield
