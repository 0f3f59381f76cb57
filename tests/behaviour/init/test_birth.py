"""The app's process shares the shim's memory until it becomes the app, and the shim waits for that.
An emulator makes a fork of it: then it shares nothing, and nobody waits.

The payload midway looks at the one, and makes the other.
"""

import os
import re

import pid1
import pytest
from pid1 import CONT, HUP, TERM, TSTP, TTIN, TTOU, payload, state, wait_until

pytestmark = pytest.mark.skipif(os.uname().machine not in ("x86_64", "aarch64"),
                                reason="midway knows no other machine's registers")

# System calls of the child: before its signals are given back, after, and between two folders of
# PATH.
NUMBERS = {"x86_64": {"setpgid": 109, "rt_sigprocmask": 14, "execve": 59},
           "aarch64": {"setpgid": 154, "rt_sigprocmask": 135, "execve": 221}}
TWO_FOLDERS = {"PATH": "/nowhere:/bin"}


@pytest.fixture
def midway(start):
    """Starts the shim with its start meddled with: the words of midway, then the shim's."""

    def begin(verb, *words, **options):
        run = start(payload("midway"), *verb, pid1.shim(), *words, **options)
        run.program = pid1.shim()
        return run

    return begin


@pytest.mark.parametrize("path", ["/bin", "/nowhere:/etc/passwd:/root:/bin"], ids=["first", "last"])
@pytest.mark.usefixtures("namespace", "tracing")
def test_it_changes_nothing_of_the_shims_but_the_pid_that_is_set_aside(midway, init, tmp_path, path):
    """Not even errno, where it does not find the program at once."""
    file = tmp_path / "changes"
    env = {"PATH": path, "LISTEN_PID": "1" if init else "2"}
    run = midway(("compare", file), "sh", "-c", "echo $$ $LISTEN_PID", init=init, env=env)
    code, output, errors = run.finish()
    assert (code, errors) == (0, "")
    pid, listen_pid = output.split()
    assert listen_pid == pid
    *changes, last = file.read_text().splitlines()
    assert last == "compared"
    spots = [int(line.split()[0], 16) for line in changes]
    new = bytes(int(line.split()[2], 16) for line in changes).decode()
    assert 0 < len(new) <= len(pid) + 1 and max(spots) - min(spots) <= len(pid)
    assert new.rstrip("\0") == pid[-len(new.rstrip("\0")):]


class TestAStopOnTheWay:
    """Of the child: as Ctrl-Z sends it, whose group has the foreground by then. Nobody else is there
    who could continue it; the shim is suspended meanwhile."""

    @pytest.fixture(params=["setpgid", "rt_sigprocmask", "execve"])
    def call(self, request):
        return NUMBERS[os.uname().machine][request.param]

    @pytest.mark.parametrize("number", [TSTP, TTIN, TTOU])
    def test_reaches_the_app(self, midway, number, call):
        """It stops, and the shim with it, as for any stop that was sent to the app."""
        run = midway(("signal", number, call), "sleep", 1000, init=False, env=TWO_FOLDERS)
        wait_until(lambda: state(run.app) == "T", "the app is stopped")
        wait_until(lambda: state(run.pid) == "T", "the shim is stopped")
        run.send(CONT)
        wait_until(lambda: state(run.app) == "S", "the app goes on")
        run.send(TERM)
        assert run.finish() == (128 + TERM, "", "")

    @pytest.mark.parametrize("number", [TSTP, TTIN, TTOU])
    def test_stops_nobody_where_nobody_could_say_fg(self, midway, number, call):
        run = midway(("signal", number, call), "sh", "-c", "exit 7", env=TWO_FOLDERS)
        assert run.finish() == (7, "", "")

    @pytest.mark.parametrize("number", [TSTP, TTIN, TTOU])
    def test_is_ignored_if_the_app_ignores_it(self, midway, number, call):
        run = midway(("signal", number, call), "sh", "-c", "exit 7", init=False, env=TWO_FOLDERS,
                     ignored=pid1.bits(number))
        assert run.finish() == (7, "", "")

    @pytest.mark.parametrize("number", [HUP, 34])
    def test_what_would_end_the_app_ends_it(self, midway, init, number, call):
        run = midway(("signal", number, call), "sleep", 1000, init=init, env=TWO_FOLDERS)
        assert run.finish() == (128 + number, "", "")


class TestAsAFork:
    """Whatever can be told once the child has ended is told then."""

    def test_the_app_runs(self, midway, init):
        run = midway(("fork",), payload("signals"), init=init)
        run.ready()
        run.send(TERM, 34, 64)
        assert sorted(run.numbers(3)) == [TERM, 34, 64]
        assert os.getpgid(run.app) == run.app
        assert run.finish() == (0, "", "")

    def test_it_ends_as_the_app_does(self, midway, init):
        assert midway(("fork",), payload("end"), "exit", 7, init=init).finish() == (7, "", "")
        assert midway(("fork",), payload("end"), "signal", 9, init=init).finish() == (137, "", "")
        env = {"SHIM_EXIT_CODES": "125:1,7:0"}
        assert midway(("fork",), payload("end"), "exit", 7, init=init, env=env).finish()[0] == 0

    @pytest.mark.usefixtures("namespace")
    def test_listen_pid_names_the_app(self, midway, init):
        env = {"LISTEN_PID": "1" if init else "2"}
        words = ("/bin/sh", "-c", "echo $LISTEN_PID $$")
        code, output, errors = midway(("fork",), *words, init=init, env=env).finish()
        assert (code, errors) == (0, "") and re.fullmatch(r"(\d+) \1\n", output)

    @pytest.mark.parametrize("program, code, words", [
        ("./nowhere", 127, 'shim: hint: the working directory is "{folder}"\n'),
        ("nowhere", 127, "shim: hint: it is in no folder of PATH="),
        ("./text", 126, 'shim: error: "./text" cannot be executed: Permission denied\n'),
        ("./script", 127, 'shim: error: "./script" is there, but its interpreter "/no" was not'),
    ])  # fmt: skip
    def test_an_app_that_cannot_be_started(self, midway, init, tmp_path, program, code, words):
        """The same words as ever: of a relative path too. SHIM_EXIT_CODES leaves them alone."""
        folder = tmp_path / "folder"
        folder.mkdir()
        for name, mode in (("text", 0o644), ("script", 0o755)):
            (folder / name).write_text("#!/no\n")
            (folder / name).chmod(mode)
        for above in (folder, *folder.parents[:4]):
            above.chmod(0o755)
        env = {"SHIM_EXIT_CODES": "125:0,126:0,127:0"}
        run = midway(("fork",), program, init=init, env=env, cwd=folder)
        found, output, errors = run.finish()
        assert (found, output) == (code, "")
        assert words.format(folder=folder) in errors
        assert errors.count("shim: error: ") == 1
