"""Fixtures for the shim as an init: it is started as PID 1, or as an ordinary process."""

import os
import subprocess
from contextlib import ExitStack

import pid1
import pytest


@pytest.fixture(scope="session", autouse=True)
def programs():
    """The shim, and the payloads of these tests."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for namespaces and ids")
    if not (pid1.REPO / "build/shim").exists():
        pytest.skip("no build/shim: run make first")
    if not (pid1.REPO / "build/payloads/nest").exists():
        pytest.skip("no build/payloads: run make payloads first")
    probe = subprocess.run([pid1.payload("nest"), "/bin/true"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"no PID namespaces on this machine: {probe.stderr}")


@pytest.fixture
def start():
    """Starts any program: pid1.Run."""
    with ExitStack() as stack:
        yield lambda *command, **options: stack.enter_context(pid1.Run(*command, **options))


@pytest.fixture
def shim(start):
    """Starts the shim with these arguments."""
    return lambda *words, **options: start(pid1.shim(), *words, **options)


@pytest.fixture(params=[True, False], ids=["pid1", "ordinary"])
def init(request):
    """Whether the shim is PID 1."""
    return request.param


@pytest.fixture
def terminal():
    found = pid1.Terminal()
    yield found
    found.close()
