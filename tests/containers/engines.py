"""The engines that the tests can run on: SHIM_ENGINE names one.

    SHIM_ENGINE=docker tests/run containers

Unset: podman, or docker where podman will not do and a daemon answers. Those of Debian 13 want its
root: tests/containers/engines/debian13 makes it.

Each is a function that says how to have it: a context manager that yields an Engine, or raises
Missing with the reason why not. What builds on Debian's images calls its take_images() first.
"""

import contextlib
import fcntl
import functools
import os
import shutil
from pathlib import Path

from bare import Runc
from ctr import Containerd
from engine import BUILD_SECONDS, HERE, Engine, Podman, must, run
from own import Debian13, House, HousedPodman, Missing, OwnDocker, RunscDocker, need, take_stand_ins


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


@functools.cache
def users_docker_version():
    """Of a daemon that answers and is not one of ours, else None."""
    if not shutil.which("docker"):
        return None
    docker = run("docker", "version", "--format", "{{.Server.Version}}")
    return docker.stdout.strip() if docker.exit_code == 0 else None


def need_podman():
    need("podman", "runc", "slirp4netns", "mmdebstrap")
    if not Path("/dev/net/tun").exists():
        raise Missing("no /dev/net/tun")


@contextlib.contextmanager
def podman(say, which="podman", command=HERE / "podman"):
    need_podman()
    version = must(command, "--version").removeprefix("podman version ")
    engine = Podman(which, command, f"podman {version}, runc")
    engine.take_images = lambda: must(HERE / "base", timeout=BUILD_SECONDS)
    with alone_in(engine.store(), say):
        engine.clean_up_after_others()
        yield engine


@contextlib.contextmanager
def runsc(say):
    """gVisor, as podman's runtime: in place of the machine's kernel the app finds another one."""
    need("runsc")
    with podman(say, "runsc", HERE / "engines/runsc") as engine:
        version = must("runsc", "--version").split()[2]
        engine.version = engine.version.replace("runc", f"runsc {version}")
        engine.is_gvisor()
        engine.signals = (1, 10)  # its kill knows no others
        yield engine


@contextlib.contextmanager
def own(say, engine):
    """One that has to be started, and whose store has the stand-ins from podman's."""

    def take_images():
        with podman(say) as stand_ins:
            stand_ins.take_images()
            take_stand_ins(engine, stand_ins, engine.store())

    engine.take_images = take_images
    with alone_in(engine.store(), say), engine.running():
        engine.clean_up_after_others()
        yield engine


@contextlib.contextmanager
def docker(say):
    """The machine's daemon, or one of our own."""
    version = users_docker_version()
    if version is not None:
        yield Engine("docker", "docker", f"docker {version}")
        return
    need("dockerd", "docker", "unshare", "ip")
    with own(say, OwnDocker("docker", House())) as engine:
        yield engine


@contextlib.contextmanager
def docker26(say):
    need("docker")
    with own(say, OwnDocker("docker26", Debian13())) as engine:
        engine.lends_under_no_new_privs = True
        yield engine


@contextlib.contextmanager
def runsc2024(say):
    """A gVisor of that year, as the runtime of docker 26."""
    need("docker")
    with own(say, RunscDocker("runsc2024", Debian13())) as engine:
        engine.version += ", runsc of Debian 13"
        yield engine


@contextlib.contextmanager
def podman5(say):
    with own(say, HousedPodman("podman5", Debian13())) as engine:
        yield engine


@contextlib.contextmanager
def containerd(say, which="containerd", house=House):
    """The containerd of a docker of our own, by ctr."""
    need("dockerd", "docker", "ctr", "ip", "nsenter")
    with own(say, Containerd(which, house())) as engine:
        yield engine


@contextlib.contextmanager
def containerd17(say):
    with containerd(say, "containerd17", Debian13) as engine:
        yield engine


@contextlib.contextmanager
def runc(say):
    """What podman and docker run containers with, alone."""
    engine = Runc()
    with alone_in(engine.store(), say):
        engine.clean_up_after_others()
        yield engine


ENGINES = {
    known.__name__: known
    for known in (podman, docker, runsc, containerd, podman5, docker26, runsc2024, containerd17, runc)
}


@functools.cache
def name_of_chosen():
    """The engine that these tests run on."""
    name = os.environ.get("SHIM_ENGINE", "")
    if name and name not in ENGINES:
        raise SystemExit(f"SHIM_ENGINE is one of {' '.join(ENGINES)}, not {name}")
    if name:
        return name
    try:
        need_podman()
    except Missing:
        if users_docker_version() is not None:
            return "docker"
    return "podman"


def chosen():
    return ENGINES[name_of_chosen()]
