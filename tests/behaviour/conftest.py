"""Fixtures: the shim, the payload, and a box to try them in."""

import os
import shutil
from pathlib import Path

import pytest
from sandbox import Box, why_no_namespaces

BUILD = Path(__file__).parents[2] / "build"


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
def root():
    if os.geteuid() != 0:
        pytest.skip("needs root, for chroot and ids")


@pytest.fixture(scope="session")
def namespaces(root):
    """For what no chroot can show: PID 1, /proc, mounts."""
    if why_no_namespaces():
        pytest.skip(why_no_namespaces())


@pytest.fixture
def box(tmp_path, shim, world, root):
    """A root file system with the shim as /shim and the payload as /world."""
    folder = tmp_path / "root"
    folder.mkdir()
    return Box(folder, shim, world)
