"""This tree, and running things in it."""

import os
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]
BUILD = TOP / "build"


def run(*command, cwd=TOP, env=None, check=True, **more):
    """What the command did; what it said is in the failure when it should not have failed."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, **more)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def make(*arguments, **more):
    return run("make", "-s", *arguments, **more)
