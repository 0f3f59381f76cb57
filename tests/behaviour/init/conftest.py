"""Fixtures for the shim as an init: it is started as PID 1, or as an ordinary process."""

import os
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


@pytest.fixture(scope="session")
def namespace(programs):
    """For what only a PID namespace can show."""
    if pid1.why_no_namespace():
        pytest.skip(pid1.why_no_namespace())


@pytest.fixture(scope="session")
def tracing():
    """For what only a process that may trace those of other users can see."""
    if not pid1.may_trace():
        pytest.skip("needs CAP_SYS_PTRACE, to look into another user's process")


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
