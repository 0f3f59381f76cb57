"""The shim's own answer: what --check prints for a case."""

import subprocess
from dataclasses import dataclass

from cases import Environment, to_bytes

REFUSED = 125


@dataclass
class Check:
    code: int
    verdict: str
    listen: list  # (address, source)
    errors: str

    def __str__(self):
        lines = [f"{address}, from {source}" for address, source in self.listen] or ["none"]
        return f"{self.verdict or 'no verdict'} ({self.code}): {'; '.join(lines)}"


def check(shim, case):
    command = [to_bytes(shim), b"--check", b"--", b"/bin/true", *map(to_bytes, case.args)]
    done = subprocess.run(command, env=Environment(case), capture_output=True, check=False)
    verdict, listen = "", []
    for line in done.stdout.decode("utf-8", "surrogateescape").split("\n"):
        key, _, value = line.partition(": ")
        if key == "verdict":
            verdict = value
        elif key == "listen" and value != "none":
            address, _, source = value.partition(", from ")
            listen.append((address, source))
    return Check(done.returncode, verdict, listen, done.stderr.decode("utf-8", "replace").strip())
