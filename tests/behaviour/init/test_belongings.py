"""What the shim keeps while the app runs: nothing that somebody might miss. And what it hands on:
all that it was started with."""

import errno
import os
import re
import shutil
import socket
import subprocess

import pid1
import pytest
from pid1 import APP_UID, payload, wait_until

STDIO = {"0", "1", "2"}


def descriptors(pid):
    return set(os.listdir(f"/proc/{pid}/fd"))


def strace(error):
    """close_range(2) fails, as on an old kernel, or under an old seccomp profile."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    only = ["--trace=close_range", "--seccomp-bpf"]  # all else goes at its own speed
    return ["strace", "-f", "-qq", "-o/dev/null", *only, f"--inject=close_range:error={error}"]


@pytest.fixture
def files():
    """Open descriptors of several kinds, some of them high up."""
    found = list(os.pipe()) + [os.open("/dev/null", os.O_RDONLY), socket.socket().detach()]
    for number in (*range(100, 400), 777, 1023):
        found.append(os.dup2(found[0], number))
    yield found
    for fd in found:
        os.close(fd)


@pytest.mark.parametrize("error", [None, "ENOSYS", "EPERM"])
def test_inherited_descriptors_are_the_apps_alone(shim, init, files, error):
    prefix = strace(error) if error else []
    run = shim(payload("signals"), init=init, pass_fds=files, prefix=prefix)
    run.ready()
    wait_until(lambda: descriptors(run.pid) == STDIO, "the shim has closed all of them")
    assert {str(fd) for fd in files} < descriptors(run.app)
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_they_are_closed_without_proc_too(start, files, error):
    script = 'mount -t tmpfs none /proc && exec "$@"'
    command = ("/bin/sh", "-c", script, "sh", pid1.shim(), payload("signals"))
    run = start(*command, pass_fds=files, prefix=strace(error))
    run.program = pid1.shim()
    run.ready()
    wait_until(lambda: descriptors(run.pid) == STDIO, "the shim has closed all of them")
    assert {str(fd) for fd in files} < descriptors(run.app)
    assert run.finish() == (0, "", "")


def test_a_pipe_that_the_app_closes_is_closed(shim, init):
    read, write = os.pipe()
    script = f"exec {write}>&-; read word"
    run = shim("/bin/bash", "-c", script, init=init, pass_fds=[write])
    os.close(write)
    assert pid1.Reader(read).rest() == ""
    os.close(read)
    assert run.process.poll() is None


@pytest.mark.usefixtures("tracing")
def test_the_working_directory_is_the_apps_alone(shim, init):
    folder = pid1.STAGE.open()
    run = shim(payload("signals"), init=init, cwd=folder)
    run.ready()
    wait_until(lambda: os.readlink(f"/proc/{run.pid}/cwd") == "/", "the shim has left it")
    assert os.readlink(f"/proc/{run.app}/cwd") == str(folder)
    assert run.finish() == (0, "", "")


def test_its_entry_in_proc_is_out_of_the_apps_reach(shim, init):
    """It is not dumpable: root's, and closed to others of its uid. The app's own is as ever."""
    run = shim(payload("signals"), init=init)
    run.ready()
    assert os.stat(f"/proc/{run.pid}/fd").st_uid == 0
    assert os.stat(f"/proc/{run.app}/fd").st_uid == APP_UID
    assert run.finish() == (0, "", "")


# LISTEN_PID.


@pytest.mark.parametrize("init, number", [(True, 1), (False, 2)], ids=["pid1", "ordinary"])
@pytest.mark.usefixtures("namespace")
def test_listen_pid_names_the_app(shim, init, number):
    env = {"LISTEN_PID": str(number), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web"}
    run = shim("/bin/sh", "-c", "echo $LISTEN_PID $LISTEN_FDS $LISTEN_FDNAMES $$", init=init, env=env)
    code, output, errors = run.finish()
    assert (code, errors) == (0, "")
    assert re.fullmatch(r"(\d+) 1 web \1\n", output)


@pytest.mark.parametrize("value", ["77", "", "01", "1 ", "11", "-1", "x"])
def test_a_listen_pid_that_is_not_the_shims_stays(shim, value):
    run = shim("/bin/sh", "-c", 'echo "$LISTEN_PID"', env={"LISTEN_PID": value})
    assert run.finish() == (0, f"{value}\n", "")


@pytest.mark.parametrize("pid, kept", [("1", ""), ("77", "4711")], ids=["ours", "another's"])
def test_what_else_names_the_shim_as_the_listener_goes(shim, pid, kept):
    """sd_listen_fds(3) from systemd 258 on believes LISTEN_PID only if LISTEN_PIDFDID is right."""
    env = {"LISTEN_PID": pid, "LISTEN_PIDFDID": "4711", "LISTEN_FDS": "1"}
    run = shim("/bin/sh", "-c", "echo $LISTEN_FDS $LISTEN_PIDFDID", env=env)
    assert run.finish() == (0, f"1 {kept}".rstrip() + "\n", "")


@pytest.mark.usefixtures("namespace")
def test_socket_activation(shim, init):
    """The app gets the socket as descriptor 3, and when it has closed it nobody else has it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        number = server.fileno()
        move = f'exec 3<&{number} {number}<&-; exec "$@"'
        run = shim(
            payload("listener"),
            init=init,
            env={"LISTEN_PID": "1" if init else "2", "LISTEN_FDS": "1"},
            prefix=["/bin/bash", "-c", move, "bash"],
            pass_fds=[number],
        )
        pid = run.ready()
    with socket.create_connection(address) as connection:
        assert connection.makefile().read() == f"hello from {pid}\n"
    assert run.line() == "closed"
    wait_until(lambda: is_refused(address), "the shim has closed it too")
    assert run.finish() == (0, "", "")


def is_refused(address):
    with socket.socket() as client:
        return client.connect_ex(address) == errno.ECONNREFUSED
