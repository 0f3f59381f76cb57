"""The world that the shim makes for an app, against the one that the engine makes for USER.

A payload prints what it finds, and the two are compared field by field. Where the shim differs on
purpose, parity.ON_PURPOSE says how and why; any other difference is a failure. The table of it all
goes to the terminal in the end, and to build/results/parity.md.
"""

import json
import re
import shutil

import pytest
from conftest import BUILD, SUMMARY, Result
from parity import ACTING, CASES, ON_PURPOSE, Case

PERMISSION_DENIED = 13

# What an app might want to write to; ~ is its HOME.
PLACES = ("~", ".", "/", "/app", "/dev/shm", "/etc", "/home", "/root", "/tmp", "/usr", "/var/tmp")
FILES = ("/app/world", "/etc/passwd", "/proc/sys/kernel/hostname", "/shim")
WRITES = [f"write={path}" for path in (*PLACES, *FILES)]
READS = [f"read=/proc/self/{name}" for name in ("limits", "oom_score_adj", "status")]

FIELDS = (
    *("start", "uids", "gids", "groups", "capabilities", "bounding", "no_new_privs", "securebits"),
    *("seccomp", "process", "signals", "HOME", "environment", "cwd", "umask", "fds", "fd owners"),
    *("/dev/stdout", "/proc/1/fd/1", "writes", "limits", "dumpable"),
)


@pytest.fixture(scope="module")
def images(engine, shim, payloads, tmp_path_factory):
    """What the cases name: images with the shim and the payloads, without ENTRYPOINT."""
    context = tmp_path_factory.mktemp("parity")
    for program in (shim, payloads / "world", payloads / "reach"):
        shutil.copy(program, context)
    runtime_deps = "mcr.microsoft.com/dotnet/runtime-deps:10.0"
    app = "COPY shim reach /\nCOPY world /app/\nWORKDIR /app\n"
    dockerfiles = {
        "plain": f"FROM {runtime_deps}\n{app}",
        "groups": f"FROM {runtime_deps}\n{app}"
        "RUN groupadd -g 2000 a && groupadd -g 3000 b && usermod -aG a,b app\n",
        "chiseled": f"FROM {runtime_deps}-noble-chiseled\n{app}",
        "empty": f"FROM scratch\n{app}",
    }
    return {name: engine.build(context, text) for name, text in dockerfiles.items()}


def run(engine, case, image, user, words):
    options = (*case.options, f"--user={user}", "--env=SHIM_LOG=warn")
    if not case.at_terminal:
        return engine.run(image, *words, options=options)
    with engine.run_at_terminal(image, *words, options=options) as terminal:
        exit_code = terminal.end()
        return Result(exit_code, terminal.text.replace("\r\n", "\n"), "")


def look(engine, case, image, user, *entrypoint):
    """What the app finds, field by field; and how it ended."""
    words = (*entrypoint, "/reach", *WRITES, *READS, "--", "/app/world")
    done = run(engine, case, image, user, words)
    if done.exit_code != 0:
        missing = re.findall(r"CAP_\w+", done.stderr.splitlines()[0])
        return {"start": "refused" + (f": {' '.join(missing)}" if missing else "")}, done
    reach, end = json.JSONDecoder().raw_decode(done.stdout)
    return {"start": "ok"} | describe(json.loads(done.stdout[end:]), reach), done


def describe(world, reach):
    """The same for the same app, whichever container it is in: what is random is left out."""
    environment = dict(entry.split("=", 1) for entry in world["environment"])
    environment.pop("HOSTNAME", None)  # the container's id
    status = dict(line.split(":\t", 1) for line in reach[READS[-1]].splitlines())
    capabilities = world["capabilities"]
    descriptors = world["descriptors"]
    return {
        **{name: world[name] for name in FIELDS if name in world},
        "capabilities": {name: capabilities[name] for name in ACTING},
        "bounding": capabilities["bounding"],
        "seccomp": [status["Seccomp"], status["Seccomp_filters"]],
        "process": describe_process(world),
        "signals": [world["signals_blocked"], world["signals_ignored"]],
        "HOME": environment.pop("HOME", None),
        "environment": environment,
        "fds": [[found[key] for key in ("fd", "type", "mode", "gid")] for found in descriptors],
        "fd owners": [found["uid"] for found in descriptors],
        **world["reopened"],
        "writes": {word: reach[word] for word in WRITES},
        "limits": [reach[word] for word in READS[:2]],
    }


def describe_process(world):
    pid = world["pid"]
    words = ["PID 1" if pid == 1 else "a child"]
    words += ["leads its session"] if world["sid"] == pid else []
    words += ["leads its group"] if world["pgrp"] == pid else []
    return ", ".join(words)


def compare(engine, case, user, shim):
    """For each field: "=", the number of the reason why it differs, or what is wrong with it."""
    verdicts = {}
    for field in FIELDS if user["start"] == shim["start"] == "ok" else FIELDS[:1]:
        known = {
            number: difference.describes(user[field], shim[field])
            for number, difference in enumerate(ON_PURPOSE, 1)
            if difference.applies(field, case, engine)
        }
        if any(known.values()):
            verdicts[field] = next(number for number, described in known.items() if described)
        elif user[field] == shim[field] and not known:
            verdicts[field] = "="
        else:
            verdicts[field] = f"{field}: with USER {user[field]}, with the shim {shim[field]}"
    return verdicts


class Table:
    """Cases by fields, as Markdown that can also be read as it is."""

    def __init__(self, engine):
        self.engine = engine
        self.verdicts = {}

    def __str__(self):
        rows = [["case", *FIELDS], *map(self._row, self.verdicts)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        rows.insert(1, ["-" * width for width in widths])
        lines = [f"# USER and the shim, side by side ({self.engine.version})", ""]
        lines += ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
        lines += ["", "= equal; a number: different on purpose, see below; DIFFERENT: a bug", ""]
        lines += [
            f"{number}. **{known.field}**: {known.why}"
            for number, known in enumerate(ON_PURPOSE, 1)
            if number in self.reasons()
        ]
        return "\n".join(lines) + "\n"

    def _row(self, case):
        verdicts = self.verdicts[case]
        cells = [verdicts.get(field, "") for field in FIELDS]
        return [case, *("DIFFERENT" if ":" in str(cell) else str(cell) for cell in cells)]

    def reasons(self):
        return {cell for row in self.verdicts.values() for cell in row.values() if cell != "="}


@pytest.fixture(scope="module")
def table(engine):
    table = Table(engine)
    yield table
    (BUILD / "results").mkdir(parents=True, exist_ok=True)
    (BUILD / "results/parity.md").write_text(str(table))
    SUMMARY.append(str(table))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_app_finds_the_world_that_user_gives(engine, images, table, case):
    if case.engine not in ("", engine.name):
        pytest.skip(f"{engine.name} has no options for this")
    user, _ = look(engine, case, images[case.image], case.user)
    assert (user["start"] == "ok") == case.starts
    shim, done = look(engine, case, images[case.image], case.shim_user, "/shim")
    table.verdicts[case.name] = verdicts = compare(engine, case, user, shim)
    assert [text for text in verdicts.values() if ":" in str(text)] == []
    if shim["start"] == "ok":
        assert case.warning in done.stderr
        assert bool(done.stderr) == bool(case.warning)


def test_every_difference_on_purpose_is_one_of_a_case():
    """Where it is one, it is seen, or that case has failed."""
    names = {case.name for case in CASES}
    for difference in ON_PURPOSE:
        assert names.issuperset((*difference.only, *difference.but))


def test_the_app_may_write_to_its_home_and_to_what_everybody_may(engine, images):
    """Two worlds can be equal, and both too open."""
    shim, _ = look(engine, Case("app"), images["plain"], "0", "/shim")
    free = {f"write={path}" for path in ("~", "/dev/shm", "/tmp", "/var/tmp")}
    assert shim["writes"] == {word: 0 if word in free else PERMISSION_DENIED for word in WRITES}
