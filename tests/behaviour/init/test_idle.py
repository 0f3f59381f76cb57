"""An idle shim sleeps: nothing wakes it but a signal or a child's end."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from pid1 import memory, payload, state, status, wait_until

LONG = 10  # seconds; one init wakes every second
SHORT = 3


@pytest.fixture
def idle(shim, init):
    run = shim(payload("signals"), init=init)
    run.ready()
    run.send(10)
    assert run.line() == "10"  # it is past its start
    wait_until(lambda: state(run.pid) == "S", "the shim sleeps")
    return run


def test_it_never_wakes(idle):
    before = switches(idle.pid)
    time.sleep(LONG)
    assert switches(idle.pid) == before


@pytest.mark.skipif(os.sysconf("SC_PAGESIZE") != 4096, reason="pages of 4 KiB are counted")
@pytest.mark.usefixtures("tracing")
def test_it_has_given_back_what_only_its_start_has_used(idle):
    assert memory(idle.pid)["Anonymous"] <= 32


def switches(pid):
    found = status(pid)
    return found["voluntary_ctxt_switches"], found["nonvoluntary_ctxt_switches"]


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.usefixtures("tracing")
def test_it_makes_no_system_call(idle, tmp_path):
    log = tmp_path / "log"
    command = ["strace", "-p", str(idle.pid), "-o", str(log)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert "attached" in strace.stderr.readline()
        time.sleep(SHORT)
        strace.send_signal(signal.SIGINT)
    calls = re.findall(r"^(\w+)\(", log.read_text(), re.M)
    # The one that it sleeps in, and once more if the tracer's coming has interrupted it.
    assert calls in (["rt_sigtimedwait"], ["rt_sigtimedwait"] * 2)
