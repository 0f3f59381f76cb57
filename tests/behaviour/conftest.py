"""Fixtures: the shim, the payload, and a box to try them in."""

import os
import shutil
from pathlib import Path

import pytest
from sandbox import CLONE_NEWNS, CLONE_NEWPID, Box, unshare

BUILD = Path(__file__).parents[2] / "build"


def why_no_namespaces():
    """The reason why this machine does not let us make a box, or None."""
    if os.geteuid() != 0:
        return "needs root, for namespaces and ids"
    child = os.fork()
    if child == 0:
        try:
            unshare(CLONE_NEWNS | CLONE_NEWPID)
        except OSError:
            os._exit(1)
        os._exit(0)
    return "needs CAP_SYS_ADMIN, for namespaces" if os.waitpid(child, 0)[1] else None


def copy_of(program, target, folder):
    """So that a build meanwhile does not change what is tested."""
    if not program.exists():
        pytest.skip(f"no {program}: run make {target} first")
    return Path(shutil.copy(program, folder))


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """build/shim, or what SHIM_UNDER_TEST names."""
    program = Path(os.environ.get("SHIM_UNDER_TEST") or BUILD / "shim")
    return copy_of(program, "all", tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    return copy_of(BUILD / "payloads/world", "payloads", tmp_path_factory.mktemp("payload"))


@pytest.fixture(scope="session")
def namespaces():
    reason = why_no_namespaces()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def box(tmp_path, shim, world, namespaces):
    """A root file system with the shim as /shim and the payload as /world."""
    root = tmp_path / "root"
    root.mkdir()
    return Box(root, shim, world)
