"""Fixtures: the file that is built here, and its version."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tree import BUILD, TOP, make, run


@pytest.fixture(scope="session")
def shim():
    """build/shim, or what SHIM_UNDER_TEST names."""
    program = Path(os.environ.get("SHIM_UNDER_TEST") or BUILD / "shim")
    if not program.exists():
        pytest.skip(f"no {program}: run make first")
    return program


@pytest.fixture(scope="session")
def version():
    """The one that the Makefile names."""
    return make("print-VERSION").stdout.strip()


@dataclass(frozen=True)
class Release:
    """A release that was built twice: the files of the first, and how they compare."""

    folder: Path
    root: Path
    compared: list
    unpacked: Path

    def file(self, architecture, name):
        return next(self.unpacked.glob(f"*-linux-{architecture}")) / name


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    """What `make dist` makes of the last commit. Its root is kept for the next time."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for the root that it is built in")
    if not (TOP / ".git").exists():
        pytest.skip("needs git: a release is made of a commit")
    store = Path(f"/var/tmp/shim-dist-{os.getuid()}")
    store.mkdir(mode=0o755, exist_ok=True)
    assert store.stat().st_uid == os.getuid(), f"{store} belongs to somebody else"
    root = store / "root"
    made = run("dist/root", root, check=False)
    if made.returncode == 3:
        pytest.skip(f"no root to build it in: {made.stderr.strip()[-300:]}")
    assert made.returncode == 0, made.stderr
    folder = tmp_path_factory.mktemp("release") / "first"
    done = run("dist/test-reproducible", root, folder, check=False)
    assert (folder / "SHA256SUMS").exists(), done.stdout + done.stderr
    unpacked = tmp_path_factory.mktemp("unpacked")
    for archive in folder.glob("*-linux-*.tar.gz"):
        run("tar", "-xzf", archive, "-C", unpacked)
    return Release(folder, root, done.stdout.splitlines(), unpacked)
