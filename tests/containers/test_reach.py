"""What the app could do to PID 1, in real containers: nothing, whatever seccomp allows.

The way to root that this closes: the app traces PID 1 of its own uid, makes it enter namespaces of
the app's making, mounts a file of its own over one that root executes, and waits for the next exec.
"""

import errno
import json
import shutil
import time

import pytest
from conftest import START_SECONDS
from expected import FLOOR

UNCONFINED = "--security-opt=seccomp=unconfined"
PORT_80 = ("--env=ASPNETCORE_HTTP_PORTS=80", f"{FLOOR}=1024")
WAYS = {
    "as it comes": (),
    "without seccomp": (UNCONFINED,),
    "port 80 kept": PORT_80,
    "port 80 kept, without seccomp": (*PORT_80, UNCONFINED),
    "as USER": ("--user=1654",),
    "as USER, without seccomp": ("--user=1654", UNCONFINED),
    "may trace, but for what the shim takes": ("--cap-add=SYS_PTRACE", UNCONFINED),
    "in the machine's PID namespace": ("--pid=host", UNCONFINED),
}
REFUSED = {errno.EPERM, errno.EACCES}


@pytest.fixture(scope="module")
def image(engine, shim, payloads, tmp_path_factory):
    context = tmp_path_factory.mktemp("reach")
    for program in (shim, payloads / "pry"):
        shutil.copy(program, context)
    text = """
        FROM debian:bookworm-slim
        COPY shim pry /
        ENTRYPOINT ["/shim"]
        """
    return engine.build(context, text)


def pry(engine, image, target, options):
    done = engine.run(image, "sh", "-c", f"exec /pry {target}", options=(*options, "--env=HOME=/tmp"))
    assert done.exit_code == 0, done
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_into_the_shim(engine, image, way):
    target = "$PPID" if "--pid=host" in WAYS[way] else "1"
    found = pry(engine, image, target, WAYS[way])
    assert len(found) > 10
    assert set(found.values()) <= REFUSED, found


def test_the_ways_are_ways(engine, image):
    """The same, tried on a child of its own: without this the test above would show nothing."""
    found = pry(engine, image, "child", (UNCONFINED,))
    assert {0} <= set(found.values()) <= {0, errno.EFAULT}, found


TRICK = """
    cp /bin/sh /tmp/sh
    nsenter --target 1 --user --mount true 2>/tmp/said; echo "joins $?"
    unshare --user --map-root-user --mount sh -c 'mount --bind /tmp/sh /usr/bin/id && sleep 1000' &
    sleep 1000
    """


@pytest.mark.parametrize("options", [(), (UNCONFINED,), (*PORT_80, UNCONFINED)], ids=str)
def test_the_next_exec_is_roots_own_world(engine, image, options):
    """The app has a namespace of its own with a file over id; exec joins the shim's, and finds id."""
    with engine.start(image, "sh", "-c", TRICK, options=(*options, "--env=HOME=/tmp")) as container:
        deadline = time.monotonic() + START_SECONDS
        while "joins" not in container.logs():
            assert time.monotonic() < deadline, container.logs()
        assert "joins 0" not in container.logs()
        done = container.exec("id", "-u")
        assert (done.exit_code, done.stdout.strip()) == (0, "0"), done
        mounts = container.exec("cat", "/proc/self/mountinfo").stdout
        assert " /usr/bin/id " not in mounts
        assert container.stop(seconds=2) == 143
