"""Where memory is short: wherever it ends, nothing runs but what was planned."""

import os
import re
import resource
import signal
import subprocess

import pytest
from sandbox import TIMEOUT

PAGE = resource.getpagesize()
LEAST, MOST = 64 * PAGE, 4 << 20


def start(box, limit, words, env, groups):
    """With so many bytes of address space."""

    def enter():
        os.chroot(box.root)
        os.chdir("/")
        os.setgroups(groups)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    return subprocess.run(["/shim", *words], env=env, capture_output=True, text=True,
                          preexec_fn=enter, timeout=TIMEOUT)


def is_refusal(done):
    """Of want of memory, and with what to do about it; or the kernel's, which can only kill a
    process whose stack it cannot let grow."""
    if done.returncode == -signal.SIGSEGV:
        return done.stderr == ""
    labels = re.findall(r"^shim: (\w+): ", done.stderr, re.M)
    return (done.returncode == 125 and labels[:1] == ["error"] and labels[-1] == "hint"
            and "memory" in done.stderr)


def numbers(text, name):
    return [int(number) for number in re.search(rf'"{name}": \[(.*?)\]', text)[1].split(",")]


@pytest.mark.parametrize(
    "env, groups",
    [
        ({}, ()),
        ({f"A{number}": "" for number in range(5000)}, ()),
        ({"SHIM_HTTP_PORTS_FROM": "PORT", "PORT": "8080", "APP_GROUPS": "2000,3000"}, ()),
        ({}, tuple(range(100000, 112000))),
    ],
    ids=["little", "a large environment", "a port and groups", "many groups"],
)
def test_the_app_is_started_as_planned_or_not_at_all(box, env, groups):
    box.write("/etc/passwd", f"app:x:1654:1654:{'x' * 20000}:/home/app:/bin/sh\n")
    refusals = 0
    for limit in range(LEAST, MOST, PAGE):
        done = start(box, limit, ("/world",), env, groups)
        if '"uids"' in done.stdout:
            break
        if done.stderr.startswith("world: "):
            continue  # the app itself has too little
        assert is_refusal(done), (limit, done)
        refusals += done.returncode == 125
    assert refusals > 1
    assert numbers(done.stdout, "uids") == numbers(done.stdout, "gids") == [1654] * 4
    more = (2000, 3000) if "PORT" in env else ()
    assert numbers(done.stdout, "groups") == sorted({1654, *groups, *more})
    assert re.search(r'"effective": "0{16}"', done.stdout)
