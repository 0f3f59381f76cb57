"""Has tests/bench/measure measure programs, and makes figures of what it prints."""

import os
import platform
import re
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import inits  # noqa: F401: where the next two are
import pid1
import sandbox

BUILD = pid1.REPO / "build/bench"
USER = 1654

# What an official image starts an app with.
ENVIRONMENT = {
    "PATH": pid1.PATH,
    "HOSTNAME": "0123456789ab",
    "HOME": "/root",
    "APP_UID": str(USER),
    "ASPNETCORE_HTTP_PORTS": "8080",
    "DOTNET_RUNNING_IN_CONTAINER": "true",
    "DOTNET_VERSION": "10.0.0",
    "ASPNET_VERSION": "10.0.0",
}
SYSTEM_USERS = [
    "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy",
    "www-data", "backup", "list", "irc", "_apt", "nobody",
]  # fmt: skip


def program(name):
    """One of tests/bench/programs, or measure, where the app's user can reach it."""
    return pid1.STAGE.program(BUILD / name)


@dataclass
class Job:
    """One way to start one program: see tests/bench/measure/job.h."""

    name: str
    words: list
    environment: dict = field(default_factory=dict)
    user: int = 0
    root: str = ""
    descriptors: int = 3
    arguments: list = field(default_factory=list)  # of the app

    def lines(self, app):
        yield f"job {self.name}"
        yield f"user {self.user}"
        yield f"descriptors {self.descriptors}"
        if self.root:
            yield f"root {self.root}"
        for name, value in {**ENVIRONMENT, **self.environment}.items():
            yield f"env {name}={value}"
        for word in [*self.words, *app, *self.arguments]:
            yield f"word {word}"


def measure(kind, rounds, jobs, app, prefix=()):
    """{job's name: a row of numbers for each round}. app: the words that follow each job's own.
    prefix: words before measure."""
    text = "".join(f"{line}\n" for job in jobs for line in job.lines(app))
    run = subprocess.run(
        [*prefix, program("measure"), kind, str(rounds)],
        input=text, capture_output=True, text=True,
    )  # fmt: skip
    if run.returncode != 0:
        raise SystemExit(f"measure: {run.stderr}")
    found = {job.name: [] for job in jobs}
    for line in run.stdout.splitlines():
        name, *numbers = line.split("\t")
        found[name].append([int(number) for number in numbers])
    return found


@dataclass
class Start:
    """What a start costs over the bare payload's: (lower quartile, median, upper quartile)."""

    wall: tuple  # microseconds
    cpu: tuple  # microseconds
    faults: tuple

    @property
    def median(self):
        return self.wall[1]


def over(rows, bare):
    """Round by round: each has its own bare one beside it. bare: None, for the payload itself."""
    if bare:
        rows = [[a - b for a, b in zip(*pair)] for pair in zip(rows, bare)]
    wall, cpu, faults = (statistics.quantiles(column, n=4) for column in zip(*rows))
    return Start(tuple(ns / 1000 for ns in wall), tuple(cpu), tuple(faults))


def write_accounts(folder, more_users=0, more_groups=0, members=""):
    """An official image's passwd and group, in a folder; more of both, before the app's user."""
    names = [(name, number) for number, name in enumerate(SYSTEM_USERS)]
    users = names + [(f"user{i}", 10000 + i) for i in range(more_users)] + [("app", USER)]
    passwd = [f"{name}:x:{uid}:{uid}::/home/{name}:/bin/sh\n" for name, uid in users]
    group = [f"{name}:x:{gid}:\n" for name, gid in [*names, ("app", USER)]]
    group += [f"group{i}:x:{10000 + i}:{members}\n" for i in range(more_groups)]
    for name, lines in (("passwd", passwd), ("group", group)):
        path = Path(folder) / name
        path.write_text("".join(lines))
        path.chmod(0o644)


def enter_image():
    """In a mount namespace of our own this machine has those accounts from here on."""
    sandbox.unshare(sandbox.CLONE_NEWNS)
    sandbox.mount("none", "/", flags=sandbox.MS_REC | sandbox.MS_PRIVATE)
    with tempfile.TemporaryDirectory() as folder:
        write_accounts(folder)
        for name in ("passwd", "group"):
            sandbox.mount(f"{folder}/{name}", f"/etc/{name}", flags=sandbox.MS_BIND)


def use_one_cpu():
    """For a child, before its exec: as measure itself does it."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass


def cpu_time(pid):
    """Microseconds that it has run."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


def machine():
    """What it was measured on, in words."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", text, re.M)
    kernel = re.match(r"[\d.]+\d", platform.release())[0]
    name = model[1] if model else platform.machine()
    return f"{name}, {os.cpu_count()} CPUs, Linux {kernel}, {date.today():%d %B %Y}"
