"""Fixtures: the file that is built here, and its version."""

import os
from pathlib import Path

import pytest
from tree import BUILD, make


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
    return make("print-version").stdout.strip()
