"""Fixtures: the machines, each booted once, and the hosts that they stand for."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TOP = HERE.parents[1]
sys.path.append(str(HERE.parent / "behaviour"))  # a result is looked at as there

from hosts import HOSTS, on  # noqa: E402
from initramfs import Device, File, Folder, Link, executable  # noqa: E402
from machine import BOARDS, Machine  # noqa: E402
from sandbox import GROUP, PASSWD  # noqa: E402

NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
TOOLS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def need(*tools):
    for tool in tools:
        if not shutil.which(tool, path=TOOLS):
            pytest.skip(f"no {tool} on this machine")


def need_from_outside(what, *command):
    """Runs what fetches something, which may be out of reach."""
    done = subprocess.run(command, cwd=TOP, text=True, capture_output=True)
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        pytest.skip(f"{what} cannot be had: {''.join(last)}")


def compile_policy(*command):
    subprocess.run(command, cwd=HERE / "policies", check=True, capture_output=True,
                   env={**os.environ, "PATH": TOOLS})


class Programs:
    """What runs on the machines of an architecture: the shim, its payloads, the init."""

    def __init__(self, arch):
        self.arch, self.folder = arch, TOP / "build"
        if arch != NATIVE:
            self.folder = TOP / "build/machines" / arch
            self._build()
        self.shim = self.folder / "shim"
        if arch == NATIVE and (other := os.environ.get("SHIM_UNDER_TEST")):
            self.shim = Path(other)
        for program in (self.shim, self.folder / "machine-init", self.folder / "whoami"):
            if not program.exists():
                pytest.skip(f"no {program}: run make test-programs first")

    def _build(self):
        if self.arch != "arm64":
            pytest.skip(f"nothing is built for {self.arch} here")
        compiler = "aarch64-linux-gnu-gcc"
        need(compiler, "mmdebstrap")
        need_from_outside("musl for it", "deps/sysroot", self.arch, compiler,
                          self.folder / "sysroot")
        subprocess.run(["tests/machines/cross", self.arch], cwd=TOP, check=True,
                       stdout=subprocess.DEVNULL)

    @property
    def box(self):
        """The files of the container: next to nothing else, like an image FROM scratch."""
        shim = executable(self.shim)
        files = {
            "shim": shim, "whoami": executable(self.folder / "whoami"),
            "setuid/shim": File(shim.content, 0o4755), "setgid/shim": File(shim.content, 0o2755),
            "capable/shim": shim, "lending/shim": shim,  # for attributes
            "etc/passwd": File(PASSWD.encode()), "etc/group": File(GROUP.encode()),
            "root": Folder(0o700), "home/app": Folder(0o755, 1654, 1654), "tmp": Folder(0o1777),
            "proc": Folder(), "sys/fs/cgroup": Folder(), "dev/null": Device(1, 3),
            "dev/stdout": Link("/proc/self/fd/1"),
        }
        files |= {path.name: executable(path) for path in (self.folder / "payloads").iterdir()}
        return {f"box/{name}": file for name, file in files.items()}


def boot(arch, words="", **tree):
    """A machine of this architecture; whatever is missing for it skips the test."""
    if arch is None:
        pytest.skip(f"no machine for {platform.machine()}")
    need(BOARDS[arch][0][0])
    folder = TOP / "build/machines" / arch
    need_from_outside("its kernel", "deps/kernel", arch, folder)
    programs = Programs(arch)
    init = executable(programs.folder / "machine-init")
    return Machine(arch, folder / "vmlinuz", init, programs.box | tree, words)


@pytest.fixture(scope="session")
def ordinary_machine(tmp_path_factory):
    """Debian's kernel as it is: cgroup v2, Yama, AppArmor."""
    tree = {}
    if shutil.which("apparmor_parser", path=TOOLS):
        profiles = tmp_path_factory.mktemp("policies") / "profiles"
        compile_policy("apparmor_parser", "--skip-kernel-load", "--skip-cache", "--ofile", profiles,
                       "--features-file", "/usr/share/apparmor-features/features", "apparmor")
        tree = {"profiles": File(profiles.read_bytes())}
    with boot(NATIVE, "cgroup_no_v1=all", **tree) as machine:
        yield machine


@pytest.fixture(scope="session")
def apparmor_machine(ordinary_machine):
    """The same machine, with the profiles loaded. They bind nobody who does not ask for them."""
    need("apparmor_parser")
    ordinary_machine.do(("load", "/sys/kernel/security/apparmor/.load", "/profiles"))
    return ordinary_machine


@pytest.fixture(scope="session")
def selinux_machine(tmp_path_factory):
    """A policy that does not grant `noatsecure`, enforced."""
    need("checkpolicy")
    policy = tmp_path_factory.mktemp("policies") / "policy"
    compile_policy("checkpolicy", "-U", "allow", "-c", "30", "-o", policy, "selinux.conf")
    with boot(NATIVE, "lsm=selinux enforcing=0", policy=File(policy.read_bytes())) as machine:
        machine.do(("load", "/sys/fs/selinux/load", "/policy"),
                   ("write", "/sys/fs/selinux/enforce", "1"))
        yield machine


@pytest.fixture(scope="session")
def arm64_machine():
    with boot("arm64") as machine:
        yield machine


@pytest.fixture(scope="session", params=HOSTS, ids=lambda host: host.name)
def host(request):
    """Each host in turn: hosts.Containers."""
    with on(request.param, request.getfixturevalue(request.param.machine)) as containers:
        yield containers
