"""Fixtures: a bench for trials, and the count of the faults that they were put to."""

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from trial import GROUP, PASSWD, SCENARIOS, Bench

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
         "-O1", "-static"]

tally = Counter()


def compile_program(name):
    """A static program: it runs in a root that has nothing else."""
    (BUILD / "faults").mkdir(exist_ok=True)
    program = BUILD / "faults" / name
    subprocess.run(["gcc", *FLAGS, "-o", program, HERE / f"{name}.c"], check=True)
    return program


def place(source, target, mode=0o755):
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


@pytest.fixture(scope="session")
def network():
    """A network namespace in which the kernel's port floor is the usual one."""
    words = "echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start && echo ready && exec cat"
    with subprocess.Popen(["unshare", "--net", "sh", "-c", words], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as keeper:
        if keeper.stdout.readline() != b"ready\n":
            pytest.skip("no network namespace of our own")
        yield f"/proc/{keeper.pid}/ns/net"
        keeper.stdin.close()


@pytest.fixture(scope="session")
def bench(tmp_path_factory, network):
    if os.geteuid() != 0:
        pytest.skip("needs root, for namespaces and ids")
    if not (BUILD / "shim").exists():
        pytest.skip("no build/shim: run make first")
    root = tmp_path_factory.mktemp("root")
    root.chmod(0o755)
    for folder in ("proc", "dev", "home", "open"):
        (root / folder).mkdir()
    for name, text in (("passwd", PASSWD), ("group", GROUP)):
        (root / "etc").mkdir(exist_ok=True)
        (root / "etc" / name).write_text(text)
    place(compile_program("witness"), root / "witness")
    place(BUILD / "shim", root / "shim")
    place(BUILD / "shim", root / "open/shim")
    (root / "open").chmod(0o777)
    bench = Bench(root, compile_program("enter"), network)
    try:
        bench.run(SCENARIOS[0], strace=["-e", "trace=none"])
    except (RuntimeError, FileNotFoundError) as reason:
        pytest.skip(f"this machine does not let us trace: {reason}")
    return bench


@pytest.fixture(scope="session")
def numbers():
    """The numbers of the system calls on this machine."""
    macros = subprocess.run(["gcc", "-E", "-dM", "-"], input="#include <sys/syscall.h>\n",
                            text=True, capture_output=True, check=True).stdout
    return {name: int(number) for name, number in re.findall(r"__NR_(\w+) (\d+)$", macros, re.M)}


@pytest.fixture(scope="session")
def counted():
    return tally


def pytest_terminal_summary(terminalreporter):
    for name, count in sorted(tally.items()):
        terminalreporter.write_line(f"faults: {count} {name}")
