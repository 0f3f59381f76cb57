"""A copy of this tree, as it is now and with what is built, to build otherwise and to break."""

import os
import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
BUILD = TOP / "build"

# What a copy is not to have: other copies, and what was said of other builds.
LEFT_OUT = shutil.ignore_patterns("coverage", "mutation", "results")
# What a make that started us tells the makes below it.
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")


def environment(**more):
    mine = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    return {**mine, **more}


def copy_tree(folder):
    """Makes the folder such a copy. `make test-programs` comes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    names = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=TOP, text=True,
                           capture_output=True, check=True).stdout.split("\0")
    for name in names:
        if name and (TOP / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, target)
    shutil.copytree(BUILD, folder / "build", symlinks=True, ignore=LEFT_OUT)
    return folder
