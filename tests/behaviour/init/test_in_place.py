"""SHIM_SUPERVISE=0: the shim becomes the app, which is an ordinary user all the same."""

import os

import pid1
import pytest
from pid1 import APP_UID, payload

IN_PLACE = {"SHIM_SUPERVISE": "0", "SHIM_LOG": "error"}


@pytest.mark.parametrize("init, number", [(True, 1), (False, 2)], ids=["pid1", "ordinary"])
@pytest.mark.usefixtures("namespace")
def test_the_app_has_the_shims_process_id(shim, init, number):
    run = shim("/bin/sh", "-c", "echo $$", init=init, env=IN_PLACE)
    assert run.finish() == (0, f"{number}\n", "")


def test_the_app_is_an_ordinary_user(shim, init):
    run = shim("/bin/cat", "/proc/self/status", init=init, env=IN_PLACE)
    code, output, errors = run.finish()
    assert (code, errors) == (0, "")
    found = {key: value.split() for key, value in (x.split(":", 1) for x in output.splitlines())}
    assert found["Uid"] == found["Gid"] == [str(APP_UID)] * 4
    assert found["Groups"] == [str(APP_UID)]
    assert {found[name][0] for name in found if name.startswith("Cap")} == {"0" * 16}
    assert found["NoNewPrivs"] == ["1"]


def test_its_end_is_the_apps(shim, init):
    assert shim(payload("end"), "exit", 9, init=init, env=IN_PLACE).finish() == (9, "", "")


def test_an_ordinary_app_that_is_killed_is_killed(shim):
    """By a signal, which no exit code stands for."""
    run = shim(payload("end"), "signal", pid1.KILL, init=False, env=IN_PLACE)
    assert run.finish() == (-pid1.KILL, "", "")


@pytest.mark.parametrize("program, code", [("/nowhere", 127), ("/etc/passwd", 126)])
def test_why_it_does_not_start_needs_no_reader(shim, init, program, code):
    """The signals are the app's already: SIGPIPE would end an ordinary process."""
    reader, writer = os.pipe()
    os.close(reader)
    run = shim(program, init=init, env=IN_PLACE, stderr=writer)
    os.close(writer)
    assert run.end() == code


def test_descriptors_and_working_directory_are_untouched(shim, init, tmp_path):
    with open(tmp_path / "file", "w") as file:
        os.set_inheritable(file.fileno(), True)
        link = f"/proc/self/fd/{file.fileno()}"
        run = shim(
            *("/bin/readlink", link, "/proc/self/cwd"),
            init=init,
            env=IN_PLACE,
            pass_fds=[file.fileno()],
            cwd=pid1.STAGE.open(),
        )
    assert run.finish() == (0, f"{file.name}\n{pid1.STAGE.open()}\n", "")


def test_the_process_group_is_untouched(shim, init):
    """Field 5 of stat(5); 0: it is out of the namespace's sight."""
    run = shim("/usr/bin/awk", "{ print $1 == $5 }", "/proc/self/stat", init=init, env=IN_PLACE)
    assert run.finish() == (0, "0\n", "")


def test_a_job_of_a_shell(start, terminal):
    """The shell has made it a process group, in the foreground, and gets it back."""
    script = f'set -m; SHIM_LOG=error SHIM_SUPERVISE=0 {pid1.shim()} /usr/bin/awk "$1" /proc/self/stat; read word'
    awk = "{ print $1 == $5, $5 == $8 }"
    run = start("/bin/bash", "-c", script, "bash", awk, init=False, terminal=terminal)
    assert terminal.line() == "1 1"
    terminal.type("it\n")
    assert run.end() == 0


class TestWhoeverExecs:
    """As PID 1 the app is what `exec` joins, and that is root where the container starts as root."""

    def test_is_warned(self, shim):
        code, output, errors = shim("/bin/true", env={"SHIM_SUPERVISE": "0"}).finish()
        assert (code, output) == (0, "")
        lines = errors.splitlines()
        assert lines[0].startswith("shim: warning: with SHIM_SUPERVISE=0 as PID 1 an exec into")
        assert lines[1].startswith("shim: hint: leave it out, or ") and "USER 1654" in lines[1]
        assert len(lines) == 2

    def test_is_not_warned_where_another_process_is_pid_1(self, shim):
        """`docker run --init`."""
        run = shim("/bin/true", env={"SHIM_SUPERVISE": "0"}, init=False)
        assert run.finish() == (0, "", "")

    def test_is_not_warned_where_exec_is_the_apps_user_too(self, start):
        """USER 1654."""
        user = ("/usr/bin/setpriv", "--reuid=1654", "--regid=1654", "--clear-groups")
        run = start(*user, pid1.shim(), "/bin/true", env={"SHIM_SUPERVISE": "0"})
        assert run.finish() == (0, "", "")


def test_listen_pid_is_right_already(shim):
    env = IN_PLACE | {"LISTEN_PID": "1"}
    assert shim("/bin/sh", "-c", "echo $LISTEN_PID", env=env).finish() == (0, "1\n", "")


@pytest.mark.parametrize("program, code", [("/nowhere", 127), ("/etc/passwd", 126)])
def test_an_app_that_cannot_be_started(shim, init, program, code):
    found, output, errors = shim(program, init=init, env=IN_PLACE).finish()
    assert (found, output) == (code, "")
    assert errors.startswith("shim: error: ") and "\nshim: hint: " in errors
