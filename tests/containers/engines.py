"""The engines that the tests can run on: SHIM_ENGINE names one.

    SHIM_ENGINE=docker tests/run containers

Unset: docker where a daemon answers, else podman.

Each is a function that says how to have it: a context manager that yields an Engine, or raises
Missing with the reason why not.
"""

import contextlib
import ctypes
import fcntl
import functools
import os
import select
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from engine import BUILD_SECONDS, HERE, START_SECONDS, Engine, Podman, must, run

PR_SET_PDEATHSIG = 1


class Missing(Exception):
    """Why an engine cannot be had here."""


def need(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise Missing(f"no {', '.join(missing)}")
    if os.geteuid() != 0:
        raise Missing("needs root")


@contextlib.contextmanager
def alone_in(folder, say):
    """Two runs at once would take each other's images away: the second one waits, and says so."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"waiting for another run of these tests to be done with {folder}")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def dies_with_us():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


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


def docker_version():
    """Of a daemon that answers, else None."""
    if not shutil.which("docker"):
        return None
    docker = run("docker", "version", "--format", "{{.Server.Version}}")
    return docker.stdout.strip() if docker.exit_code == 0 else None


@contextlib.contextmanager
def users_docker(_):
    """The machine's own daemon: it pulls the public images, and what else is there is not ours."""
    version = docker_version()
    if version is None:
        raise Missing("no docker daemon answers")
    yield Engine("docker", "docker", f"docker {version}")


@contextlib.contextmanager
def podman(say):
    need("podman", "runc", "slirp4netns", "mmdebstrap")
    if not Path("/dev/net/tun").exists():
        raise Missing("no /dev/net/tun")
    command = HERE / "podman"
    version = must(command, "--version").removeprefix("podman version ")
    engine = Podman("podman", command, f"podman {version}, runc")
    with alone_in(engine.store(), say):
        engine.clean_up_after_others()
        must(HERE / "base", timeout=BUILD_SECONDS)
        yield engine


@contextlib.contextmanager
def runsc(say):
    """gVisor, as podman's runtime: in place of the machine's kernel the app finds another one."""
    need("runsc")
    version = must("runsc", "--version").split()[2]
    with podman(say) as plain:
        version = f"{plain.version.split(',')[0]}, runsc {version}"
        engine = Podman("runsc", HERE / "engines/runsc", version)
        engine.hides = ("ambient", "noNewPrivileges")
        engine.has_neighbours = False
        yield engine


class OwnDocker(Engine):
    """A daemon of the tests' own. Networks, mounts and processes are in namespaces of its own too,
    so that nothing of the machine is touched, and all of it ends with the tests."""

    is_own = True

    def __init__(self, which, folder):
        self.folder = folder
        self.socket = folder / "run/docker.sock"
        super().__init__(which, "docker", "docker")

    @contextlib.contextmanager
    def running(self):
        words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        words += [str(HERE / "engines/dockerd"), str(self.folder)]
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        log = self.folder / "log"
        with listening_for_ready(self.socket.parent / "notify") as is_ready, open(
            log, "wb"
        ) as output, subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=dies_with_us,
            env={**os.environ, "NOTIFY_SOCKET": str(self.socket.parent / "notify")},
        ) as daemon:
            try:
                if not is_ready(daemon):
                    raise Missing(f"dockerd does not start: {log.read_text()[-2000:]}")
                children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children")
                [inside] = children.read_text().split()
                self.network = f"/proc/{inside}/ns/net"
                with to_the_outside(inside):
                    os.environ["DOCKER_HOST"] = f"unix://{self.socket}"
                    os.environ["DOCKER_BUILDKIT"] = "0"  # the daemon's own builder
                    self.version = f"docker {docker_version()}"
                    yield
            finally:
                daemon.kill()  # and with it all that is in its namespaces

    def take_images(self, podman):
        """The stand-ins, from podman's store, unless they are here already."""
        text = "{{.Repository}}:{{.Tag}} {{.ID}}"
        stand_ins = dict(
            line.split() for line in must(
                *(podman.command, "images", "--no-trunc", "--filter=label=shim.stand-in"),
                "--filter=dangling=false",
                *("--format", text),
            ).splitlines()
        )
        here = must(self.command, "images", "--no-trunc", "--format", text).splitlines()
        short = {tag.removeprefix("localhost/"): tag for tag in stand_ins}
        if {f"{name} {stand_ins[tag]}" for name, tag in short.items()}.issubset(here):
            return
        archive = self.folder / "stand-ins.tar"
        archive.unlink(missing_ok=True)
        save = ("save", "-m", "--format=docker-archive", "-o", archive, *stand_ins)
        must(podman.command, *save, timeout=BUILD_SECONDS)
        must(self.command, "load", "-i", archive, timeout=BUILD_SECONDS)
        archive.unlink()
        for name, tag in short.items():
            must(self.command, "tag", tag, name)
        must(self.command, "image", "prune", "--force")


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


@contextlib.contextmanager
def docker(say):
    """The machine's daemon, or one of our own."""
    if docker_version() is not None:
        with users_docker(say) as engine:
            yield engine
        return
    need("dockerd", "docker", "unshare", "ip")
    folder = Path(os.environ.get("CONTAINER_STORE", f"/var/tmp/shim-containers-{os.getuid()}"))
    engine = OwnDocker("docker", folder / "docker")
    with podman(say) as stand_ins, engine.running():
        engine.clean_up_after_others()
        engine.take_images(stand_ins)
        yield engine


ENGINES = {"docker": docker, "podman": podman, "runsc": runsc}


@functools.cache
def name_of_chosen():
    """The engine that these tests run on."""
    name = os.environ.get("SHIM_ENGINE", "")
    if name and name not in ENGINES:
        raise SystemExit(f"SHIM_ENGINE is one of {' '.join(ENGINES)}, not {name}")
    return name or ("docker" if docker_version() is not None else "podman")


def chosen():
    return ENGINES[name_of_chosen()]
