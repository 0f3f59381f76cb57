"""What .NET does as PID 1 itself, and what it does under the shim."""

import os
import re
import shutil
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pid1
import pytest
from pid1 import ABRT, APP_UID, HUP, SEGV, TERM, children, executable, wait_until, zombies

APPS = Path(__file__).parent / "apps"
BUILD = pid1.REPO / "build/init"

pytestmark = pytest.mark.skipif(not shutil.which("dotnet"), reason="no dotnet")


def build(name):
    """Builds an app, where the app's user can reach it. Returns its program."""
    command = ["dotnet", "build", APPS / name, "--artifacts-path", BUILD, "--nologo", "-v", "quiet"]
    done = subprocess.run(
        [*command, "-nodeReuse:false", "-p:UseSharedCompilation=false"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    folder = pid1.STAGE.open() / f"dotnet-{name}"
    shutil.copytree(BUILD / "bin" / name / "debug", folder)
    return str(folder / name)


@pytest.fixture(scope="session")
def console():
    return build("console")


@pytest.fixture(scope="session")
def web():
    return build("web")


@pytest.fixture
def scratch():
    """A /tmp of its own."""
    folder = pid1.STAGE.open() / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["alone", "shim"])
def under(request):
    """What is PID 1: the app itself, or the shim over it."""
    return request.param


@pytest.fixture
def run(start, under, scratch):
    """Starts an app as PID 1, or under it."""

    def begin(program, **env):
        env |= {
            "DOTNET_ROOT": os.path.dirname(os.path.realpath(shutil.which("dotnet"))),
            "HOME": "/",
            "TMPDIR": str(scratch),
        }
        command = [program] if under == "alone" else [pid1.shim(), program]
        started = start(*command, env=env)
        started.dotnet = lambda: started.pid if under == "alone" else started.app
        return started

    return begin


def answers(run):
    run.say("ping\n")
    return run.line() == "pong"


def ignores_or_dies_of(started, number):
    """What the runtime leaves to the kernel: it makes the action the default one, and sends itself
    the signal anew. From its main thread, in whose handler the signal is blocked, that gets to
    another thread and ends PID 1 after all (kernel/signal.c, sig_ignored, complete_signal); else it
    is lost."""
    try:
        started.say("ping\n")
    except BrokenPipeError:
        pass  # it has ended
    line = started.line()
    if line.startswith("ready "):
        line = started.line()
    return line == "pong" or (line == "" and started.end() == -number)


def test_a_sigterm_while_it_starts(run, console, under):
    """Alone it is lost, for good, unless the runtime has its handler already; the shim keeps it
    until the app runs, and the app ends."""
    started = run(console)
    assert executable(started.dotnet()) == console
    started.send(TERM)
    if under == "alone":
        assert ignores_or_dies_of(started, TERM)
    else:
        assert started.end() == 128 + TERM


@pytest.mark.parametrize("number", [TERM, HUP])
def test_a_signal_without_a_handler(run, console, under, number):
    """Alone HUP is ignored, and TERM (`docker stop`) mostly; under the shim both end the app."""
    started = run(console)
    started.ready()
    started.send(number)
    if under == "alone":
        assert answers(started) if number == HUP else ignores_or_dies_of(started, number)
    else:
        assert started.end() == 128 + number


def test_a_crash(run, console, under):
    """It is abort(3): alone that is ignored at first, and a fault ends it; an engine says 139."""
    started = run(console)
    started.ready()
    started.say("crash\n")
    assert started.end() == (-SEGV if under == "alone" else 128 + ABRT)
    assert "System.InvalidOperationException: as asked" in started.stderr()


def test_adopted_orphans(run, console, under):
    """Alone, a plain app reaps none of them."""
    started = run(console)
    started.ready()
    script = "for i in 1 2 3; do (sleep 0 &); done"
    command = ["nsenter", f"--target={started.pid}", "--pid", "/bin/sh", "-c", script]
    subprocess.run(command, check=True)
    if under == "alone":
        wait_until(lambda: len(zombies(started.pid)) == 3, "three zombies")
        assert answers(started)
        time.sleep(1)
        assert len(zombies(started.pid)) == 3
    else:
        wait_until(lambda: children(started.pid) == [started.app], "no zombies")
        assert answers(started)


def test_the_exit_code_of_an_app_that_ends(run, console):
    started = run(console)
    started.ready()
    assert started.finish() == (0, "", "")


def test_a_web_app_ends_gracefully(run, web):
    """Alone or not: the request in flight is answered, the exit code is 0."""
    started = run(web, ASPNETCORE_URLS="http://127.0.0.1:0")
    address = started.out.find(r"listening (\S+)\n")[1]
    started.ready()
    got = []

    def ask():
        with urllib.request.urlopen(f"{address}/slow", timeout=pid1.DEADLINE) as answer:
            got.append((answer.status, answer.read()))

    request = threading.Thread(target=ask)
    request.start()
    assert started.line() == "in flight"
    started.send(TERM)
    request.join()
    assert got == [(200, b"answered")]
    assert started.finish() == (0, "stopped\n", "")


def test_the_diagnostics_socket_is_the_apps(run, console, scratch, under):
    """It bears the number of the app's process, and belongs to its user."""
    started = run(console)
    number = started.ready()
    (socket,) = scratch.glob("dotnet-diagnostic-*-socket")
    assert re.fullmatch(rf"dotnet-diagnostic-{number}-\d+-socket", socket.name)
    assert socket.stat().st_uid == (0 if under == "alone" else APP_UID)
