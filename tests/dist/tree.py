"""This tree, and running things in it."""

import os
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]
BUILD = TOP / "build"

# What is kept from one run to the next: the root that releases are built in.
STORE = Path(f"/var/tmp/shim-dist-{os.getuid()}")

# What the make that started the tests tells the makes below it.
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")


def run(*command, cwd=TOP, env=None, check=True, input="", **more):
    """What the command did; what it said is in the failure when it should not have failed."""
    mine = {key: value for key, value in os.environ.items() if key not in OF_MAKE}
    done = subprocess.run(list(map(str, command)), cwd=cwd, text=True, capture_output=True,
                          input=input, env={**mine, **(env or {})}, **more)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def make(*arguments, **more):
    return run("make", "-s", *arguments, **more)


def copy_of_sources(folder):
    """What git knows of this tree, as it is now, in a folder of its own; with libcap-ng's release."""
    names = run("git", "ls-files", "-z").stdout.split("\0")
    names = [name for name in names if name and (TOP / name).exists()]
    folder.mkdir(parents=True, exist_ok=True)
    run("cp", "--parents", "-t", folder, *names)
    library = folder / "build/libcap-ng"
    library.mkdir(parents=True)
    run("cp", "-t", library, *(BUILD / "libcap-ng").glob("*.tar.gz"))
    return folder
