"""Fixtures: a bench for trials, and the count of the faults that they were put to."""

import os
import shutil
import struct
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from calls import system_calls
from lies import GROUP, PASSWD
from trial import SCENARIOS, Bench

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
         "-O1", "-static"]

# linux/capability.h: revision 2, not effective; CAP_NET_BIND_SERVICE permitted.
LENT = (0x02000000, 1 << 10, 0, 0, 0)

tally = Counter()


def compile_program(name, *rooms):
    """A static program: it runs in a root that has nothing else."""
    (BUILD / "faults").mkdir(exist_ok=True)
    program = BUILD / "faults" / name
    sources = [HERE / f"{room}.c" for room in (name, *rooms)]
    subprocess.run(["gcc", *FLAGS, "-o", program, *sources], check=True)
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
    place(BUILD / "shim", root / "lends")
    os.setxattr(root / "lends", "security.capability", struct.pack("<5I", *LENT))
    bench = Bench(root, compile_program("enter", "become", "fault", "observe", "tracer"), network)
    traced = bench.run(SCENARIOS[0], log=True)
    if not traced.calls:
        pytest.skip(f"this machine does not let us trace: {traced}")
    return bench


@pytest.fixture(scope="session")
def numbers():
    """The numbers of the system calls on this machine."""
    return system_calls()


@pytest.fixture(scope="session")
def counted():
    return tally


def pytest_terminal_summary(terminalreporter):
    """One line for each (what was tried, what came of it) of the first: all, and of which kinds."""
    for kind in sorted({kind for kind, _ in tally}):
        outcomes = {outcome: count for (found, outcome), count in sorted(tally.items())
                    if found == kind and count}
        words = [f"{count} {outcome}" for outcome, count in outcomes.items()]
        terminalreporter.write_line(f"{kind}: {sum(outcomes.values())}: {', '.join(words)}")
