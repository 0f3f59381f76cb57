"""The shim's own answer: what --check prints for a case."""

import re
import subprocess
from dataclasses import dataclass

from cases import Environment, to_bytes

REFUSED = 125

# How --check calls the builders that are not CreateBuilder.
NAMES = {"slim": "slim builder", "host": "generic host"}


@dataclass
class Check:
    code: int
    verdict: str
    listen: list  # (address, source) in the reading of CreateBuilder
    others: dict  # the same by builder: what an app of that builder opens, and one of CreateBuilder not
    errors: str

    def __str__(self):
        lines = [f"{address}, from {source}" for address, source in self.listen]
        for builder, listen in self.others.items():
            lines += [f"{address}, from {source} ({builder})" for address, source in listen]
        return f"{self.verdict or 'no verdict'} ({self.code}): {'; '.join(lines) or 'none'}"


def check(shim, case):
    command = [to_bytes(shim), b"--check", b"--", b"/bin/true", *map(to_bytes, case.args)]
    done = subprocess.run(command, env=Environment(case), capture_output=True, check=False)
    result = Check(done.returncode, "", [], {name: [] for name in NAMES}, done.stderr.decode("utf-8", "replace").strip())
    for line in done.stdout.decode("utf-8", "surrogateescape").split("\n"):
        key, _, value = line.partition(": ")
        if key == "verdict":
            result.verdict = value
        elif key == "listen" and value != "none":
            take(value, result)
    return result


def take(value, result):
    address, _, source = value.partition(", from ")
    label = re.search(r" \(((?:slim builder|generic host|, )+)\)$", source)
    if label is None:
        result.listen.append((address, source))
        return
    for builder, name in NAMES.items():
        if name in label[1].split(", "):
            result.others[builder].append((address, source[: label.start()]))
