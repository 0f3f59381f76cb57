"""The other inits, and what compare, bench and growth share."""

import shutil
import sys
from pathlib import Path

BEHAVIOUR = Path(__file__).resolve().parents[1] / "behaviour"
sys.path[:0] = [str(BEHAVIOUR / "init"), str(BEHAVIOUR)]

import pid1  # noqa: E402

OTHERS = ["tini", "dumb-init", "catatonit"]


def find():
    """{name: the words that a command follows}, of those that are installed."""
    found = {"shim": [pid1.shim(), "--"]}
    for name in OTHERS:
        if path := shutil.which(name):
            found[name] = [path, "--"]
    return found


def table(heads, rows):
    """Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
