"""Fixtures: the file that is built here, and its version."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tree import BUILD, STORE, TOP, make, run


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
    compared: list
    unpacked: Path

    def file(self, architecture, name):
        return next(self.unpacked.glob(f"*-linux-{architecture}")) / name


@pytest.fixture(scope="session")
def root():
    """The root that releases are built in."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for the root that a release is built in")
    STORE.mkdir(mode=0o755, exist_ok=True)
    assert STORE.stat().st_uid == os.getuid(), f"{STORE} belongs to somebody else"
    made = run("dist/root", STORE / "root", check=False)
    if made.returncode == 3:
        pytest.skip(f"no root to build a release in: {made.stderr.strip()[-300:]}")
    assert made.returncode == 0, made.stderr
    return STORE / "root"


@pytest.fixture(scope="session")
def release(tmp_path_factory, request):
    """What `make dist` makes of the last commit, or the one in the folder RELEASE_UNDER_TEST."""
    folder, compared = os.environ.get("RELEASE_UNDER_TEST"), []
    if not folder:
        if not (TOP / ".git").exists():
            pytest.skip("needs git: a release is made of a commit")
        root = request.getfixturevalue("root")
        folder = tmp_path_factory.mktemp("release") / "first"
        done = run("dist/test-reproducible", root, folder, check=False)
        assert (folder / "SHA256SUMS").exists(), done.stdout + done.stderr
        compared = done.stdout.splitlines()
    unpacked = tmp_path_factory.mktemp("unpacked")
    for archive in Path(folder).glob("*-linux-*.tar.gz"):
        run("tar", "-xzf", archive, "-C", unpacked)
    return Release(Path(folder), compared, unpacked)
