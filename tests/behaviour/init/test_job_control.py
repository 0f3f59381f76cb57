"""The shim in an interactive shell: a job like any other. It stops and goes on with its app, and
the terminal's foreground is the app's, or the shell's, as the user wants it."""

import os
import shutil
import time
from pathlib import Path

import pytest
from pid1 import (APP_UID, CONT, INT, KILL, QUIT, STOP, TSTP, TTIN, payload, shim, state, status,
                  wait_until)

ENVIRONMENT = {"PS1": "bash> ", "TERM": "dumb", "HISTFILE": ""}


class Shell:
    """bash, as the leader of the terminal's session, and its user."""

    def __init__(self, start, terminal):
        command = ("/bin/bash", "--noprofile", "--norc", "-i")
        self.run = start(*command, init=False, terminal=terminal, env=ENVIRONMENT)
        self.terminal = terminal
        self.find("bash> ")

    def type(self, text):
        self.terminal.type(text)

    def find(self, pattern):
        return self.terminal.find(pattern)

    def ask(self, command):
        """Types a command, waits for its end, returns what came until then."""
        self.type(f"{command}; echo this was ask\n")
        return self.find(r"(?s:(.*?))this was ask\r\n")[1].replace("\r", "")

    def start(self, command):
        """Types a command that starts the shim; waits until the payload runs."""
        self.type(command + "\n")
        self.find(r"ready \d+\r\n")

    def stop(self):
        self.type("\x1a")
        self.find(r"Stopped(?s:.*?)bash> ")

    def resume(self):
        """Says `fg`, and waits until the job has the keys."""
        self.type("fg\n")
        wait_until(lambda: self.terminal.foreground() != self.run.pid, "the job has the keys")
        self.find(r"shim [^\r]*\r\n")

    def is_usable(self):
        """It has the foreground: else it could not read, and would end."""
        return "42\n" in self.ask("echo $((6 * 7))")


@pytest.fixture
def shell(start, terminal):
    return Shell(start, terminal)


def watched():
    """A command: the shim, over a payload that prints what it gets, these aside."""
    return f"{shim()} {payload('signals')} -n {TSTP} {TTIN} {QUIT}"


def cat():
    """A command: the shim, over a program that reads."""
    return f"{shim()} /bin/cat"


def test_ctrl_z_and_fg(shell):
    shell.start(watched())
    for _ in range(3):
        shell.stop()
        (pid, *_) = shell.run.find("shim")
        assert state(pid) == "T"
        assert "Stopped" in shell.ask("jobs")
        shell.resume()
        shell.find(f"\\b{CONT}\r\n")
        shell.type("\x03")
        shell.find(f"\\b{INT}\r\n")
    shell.type("\x1c")
    shell.find("bash> ")
    assert f"code {128 + QUIT}\n" in shell.ask("echo code $?")


def test_ctrl_z_and_bg(shell):
    shell.start(watched())
    shell.stop()
    shell.type("bg\n")
    shell.find(f"\\b{CONT}\r\n")
    assert "Running" in shell.ask("jobs")
    assert shell.is_usable()
    shell.resume()
    shell.type("\x03")
    assert shell.find(r"(\d+)\r\n")[1] == str(INT)
    shell.stop()
    shell.ask("kill -QUIT %1; wait %1")
    assert shell.is_usable()


def test_a_running_job_that_is_brought_to_the_foreground_reads_what_is_typed(shell):
    """bash sends no CONT to a job that runs already."""
    script = "echo ready 1; sleep 1000; read word; echo got $word"
    shell.start(f"{shim()} /bin/sh -c '{script}'")
    (sleep,) = wait_until(lambda: shell.run.find("sleep"), "sleep runs")
    shell.stop()
    shell.type("bg\n")
    shell.find(r"&\r\nbash> ")
    wait_until(lambda: state(sleep) == "S", "sleep goes on")
    assert shell.is_usable()
    shell.resume()
    os.kill(sleep, KILL)
    shell.type("it\n")
    shell.find("got it\r\n")
    shell.find("bash> ")
    assert shell.is_usable()


def test_a_job_that_ends_in_the_background_leaves_the_terminal_alone(shell):
    shell.start(watched())
    shell.stop()
    shell.type("bg\n")
    shell.find(f"\\b{CONT}\r\n")
    (pid, *_) = shell.run.find("shim")
    os.kill(pid, QUIT)
    wait_until(lambda: state(pid) is None, "the shim has ended")
    assert shell.is_usable()
    assert shell.is_usable()


def test_a_job_that_is_stopped_in_the_background_leaves_the_terminal_alone(shell):
    """cat wants to read, and may not."""
    shell.type(cat() + "\n")
    wait_until(lambda: shell.run.find("cat"), "cat runs")
    shell.stop()
    (pid, *_) = shell.run.find("shim")
    shell.type("bg\n")
    wait_until(lambda: state(pid) == "T", "the shim has stopped again")
    assert shell.is_usable()
    assert shell.is_usable()
    shell.resume()
    shell.type("hello\n")
    shell.find(r"hello\r\n")
    shell.type("\x04")
    shell.find("bash> ")
    assert "code 0\n" in shell.ask("echo code $?")


def test_a_job_that_is_started_in_the_background(shell):
    """It leaves the terminal alone, too, and gets the keys with fg."""
    shell.start(watched() + " &")
    assert shell.is_usable()
    assert shell.is_usable()
    shell.resume()
    shell.type("\x03")
    shell.find(f"\\b{INT}\r\n")
    shell.stop()
    shell.resume()
    shell.find(f"\\b{CONT}\r\n")
    shell.type("\x1c")
    assert f"code {128 + QUIT}\n" in shell.ask("echo code $?")
    assert shell.is_usable()


def test_a_job_that_is_started_in_the_background_reads_what_is_typed_after_fg(shell):
    shell.type(cat() + " &\n")
    (app,) = wait_until(lambda: shell.run.find("cat"), "cat runs")
    wait_until(lambda: state(app) == "T", "cat was stopped: it may not read")
    assert shell.is_usable()
    shell.resume()
    shell.type("hello\n")
    shell.find(r"hello\r\n")
    shell.type("\x04")
    assert "code 0\n" in shell.ask("echo code $?")
    assert shell.is_usable()


def test_a_shim_that_was_stopped_by_somebody_else_leaves_the_terminal_alone(shell):
    """With SIGSTOP, while its app has the terminal: the shell takes that back."""
    shell.start(watched())
    (pid, *_) = shell.run.find("shim")
    os.kill(pid, STOP)
    shell.find(r"Stopped(?s:.*?)bash> ")
    shell.type("bg\n")
    shell.find(f"\\b{CONT}\r\n")
    assert shell.is_usable()
    assert shell.is_usable()
    shell.resume()
    shell.type("\x03")
    shell.find(f"\\b{INT}\r\n")


def test_a_shim_that_was_stopped_while_its_app_ended_leaves_the_terminal_alone(shell):
    """It hears of the end before it hears that it goes on, in the background now."""
    shell.start(watched())
    (pid, *_) = shell.run.find("shim")
    (app,) = shell.run.find("signals")
    os.kill(pid, STOP)
    shell.find(r"Stopped(?s:.*?)bash> ")
    os.kill(app, KILL)
    wait_until(lambda: state(app) == "Z", "the app has ended")
    shell.type("bg\n")
    wait_until(lambda: state(pid) is None, "the shim has ended")
    assert shell.is_usable()
    assert shell.is_usable()


@pytest.mark.usefixtures("namespace")
def test_a_pid_1_in_a_job_of_a_shell(shell):
    """`unshare --pid --fork`: its process group and session are out of its sight."""
    shell.start(f"{payload('nest')} {watched()}")
    shell.type("\x03")
    shell.find(f"\\b{INT}\r\n")
    (pid, *_) = shell.run.find("shim")
    os.kill(pid, TSTP)
    shell.find(f"\\b{CONT}\r\n")
    shell.type("\x1c")
    assert f"code {128 + QUIT}\n" in shell.ask("echo code $?")
    assert shell.is_usable()


@pytest.mark.usefixtures("namespace")
def test_a_pid_1_beside_somebody_who_reads(shell, tmp_path):
    """In the same job. Who reads keeps all other readers of a terminal waiting."""
    os.mkfifo(tmp_path / "go")
    pid_1 = f"read word <{tmp_path}/go; {payload('nest')} {shim()} /bin/echo it runs"
    shell.type(f"cat >/dev/null | {{ {pid_1}; }}\n")
    (reader,) = wait_until(lambda: shell.run.find("cat"), "cat runs")
    if not os.path.exists(f"/proc/{reader}/syscall"):
        pytest.skip("this kernel does not tell what a process waits for")
    syscall = Path(f"/proc/{reader}/syscall")
    wait_until(lambda: syscall.read_text().split()[1:2] == ["0x0"], "cat reads its stdin")
    (tmp_path / "go").write_text("go\n")
    shell.find("it runs\r\n")
    shell.type("\x04")
    assert shell.is_usable()


@pytest.mark.usefixtures("namespace")
def test_a_pid_1_in_a_job_without_dev_tty(shell):
    """Nothing tells whether it is in the foreground: it takes nothing from anybody."""
    command = f"mount --bind /dev/null /dev/tty && exec {payload('nest')} {shim()} /bin/echo it runs"
    shell.type(f"unshare -m /bin/sh -c '{command}'\n")
    shell.find("it runs\r\n")
    assert shell.is_usable()


def test_a_job_that_finds_the_terminal_by_itself(shell):
    """By /dev/tty. It is stopped in the background, like any job that reads."""
    script = "read word </dev/tty; echo got $word >/dev/tty"
    shell.type(f"{shim()} /bin/sh -c '{script}' </dev/null >/dev/null 2>&1 &\n")
    shell.find(r"\[1\] \d+\r\n")
    (pid, *_) = wait_until(lambda: shell.run.find("shim"), "the shim runs")
    wait_until(lambda: state(pid) == "T", "it was stopped")
    assert shell.is_usable()
    shell.resume()
    shell.type("typed\n")
    shell.find("got typed\r\n")
    assert shell.is_usable()


@pytest.mark.usefixtures("namespace")
def test_a_pid_1_in_the_background_does_not_spin(shell):
    """The app may not read, and there is no sense in making it try again and again."""
    shell.type(f"{payload('nest')} {cat()} &\n")
    (app,) = wait_until(lambda: shell.run.find("cat"), "cat runs")
    wait_until(lambda: state(app) == "T", "cat was stopped")
    before = status(app)["voluntary_ctxt_switches"]
    time.sleep(1)
    assert status(app)["voluntary_ctxt_switches"] == before
    assert shell.is_usable()


@pytest.mark.usefixtures("namespace")
def test_a_pid_1_in_the_background_that_only_writes_to_the_terminal(shell):
    """It cannot find out whether it is in the foreground, and so takes it from nobody."""
    shell.start(f"{payload('nest')} {watched()} </dev/null >/dev/tty 2>&1 &")
    assert shell.terminal.foreground() == shell.run.pid
    (pid, *_) = shell.run.find("shim")
    os.kill(pid, INT)
    shell.find(f"\\b{INT}\r\n")
    assert shell.is_usable()


@pytest.mark.parametrize(
    "words, code",
    [
        ("/bin/true", 0),
        ("/bin/false", 1),
        ("/bin/sh -c 'kill -KILL $$'", 128 + KILL),
        ("/nowhere", 127),
        ("/etc/passwd", 126),
    ],
)
def test_the_shell_has_the_foreground_again(shell, words, code):
    assert shell.ask(f"{shim()} {words} 2>&-; echo code $?").endswith(f"code {code}\n")
    assert shell.is_usable()


def test_an_app_that_stops_by_a_signal_that_was_ignored(shell):
    """By the shim as well, which has to stop all the same."""
    shell.ask("trap '' TSTP")
    shell.type(f"{shim()} {payload('end')} signal {TSTP}\n")
    shell.find(r"Stopped(?s:.*?)bash> ")
    shell.type("fg\n")
    shell.find("bash> ")
    assert "code 1\n" in shell.ask("echo code $?")


@pytest.mark.parametrize("init", [False, True], ids=["leader", "pid1"])
def test_ctrl_z_under_a_shell_without_job_control(start, terminal, init):
    """Nobody could say `fg`: `docker run -it IMAGE sh -c "/shim ./app; ..."`, script(1), su -c."""
    run = start("/bin/sh", "-c", f"{watched()}; exit 7", init=init, terminal=terminal)
    run.ready()
    (app,) = run.find("signals")
    for _ in range(3):
        terminal.type("\x1a")
        assert terminal.line() == str(CONT)
        assert terminal.foreground() == app
    terminal.type("\x03")
    assert terminal.line() == str(INT)
    terminal.type("\x1c")
    assert run.end() == 7


AS_USER = f"setpriv --reuid={APP_UID} --regid={APP_UID} --clear-groups"


@pytest.mark.parametrize("words", ["{} | cat", "sh -c '{}; true'"], ids=["pipe", "shell"])
def test_ctrl_z_stops_the_rest_of_the_job_too(shell, words):
    """Where the shim may signal it: else the shell does not see the job stop, nor has the keys."""
    shell.type(f"exec {AS_USER} /bin/bash --noprofile --norc -i\n")
    shell.find("bash> ")
    shell.type(words.format(watched()) + "\n")
    shell.find(r"ready \d+\r\n")
    for _ in range(3):
        shell.stop()
        assert "Stopped" in shell.ask("jobs")
        shell.resume()
        shell.find(f"\\b{CONT}\r\n")
    shell.type("\x1c")
    shell.find("bash> ")


TIOCSTI = Path("/proc/sys/dev/tty/legacy_tiocsti")


class TestWhoeverSitsAtTheShell:
    """The app gets the terminal of root's shell, and may type there: ioctl_tty(2), TIOCSTI."""

    @pytest.fixture(autouse=True)
    def kernel(self):
        """Before 6.2 every kernel lets it."""
        if TIOCSTI.exists() and TIOCSTI.read_text() == "0\n":
            pytest.skip("this kernel lets nobody type for others: dev.tty.legacy_tiocsti is 0")

    @pytest.mark.parametrize("words", ["", "</dev/null 2>&1 | cat"])
    def test_is_warned(self, shell, words):
        """/dev/tty is the terminal, whatever the descriptors are."""
        answer = shell.ask(f"{shim()} /bin/true {words}")
        assert "shim: warning: the app can type into the terminal that the shim was" in answer
        assert "shim: hint: start it in a session of its own: setsid -w /shim" in answer

    def test_is_right_to_be(self, shell):
        """What the app types the shell runs."""
        app = "import fcntl, termios; [fcntl.ioctl(0, termios.TIOCSTI, c) for c in 'echo typed\\n']"
        shell.type(f'SHIM_LOG=error {shim()} /usr/bin/python3 -c "{app}"\n')
        shell.find(r"typed\r\n")

    @pytest.mark.parametrize("words", ["setsid -w", "script -qec 'exec {}' /dev/null"])
    def test_is_told_of_ways_out_that_work(self, shell, words):
        command = f"{shim()} /bin/true"
        answer = shell.ask(words.format(command) if "{}" in words else f"{words} {command}")
        assert "shim:" not in answer

    def test_is_not_warned_where_the_app_has_no_more_rights_than_it(self, shell):
        user = "setpriv --reuid=1654 --regid=1654 --clear-groups"
        assert "shim:" not in shell.ask(f"{user} {shim()} /bin/true")


def test_an_engines_init_sits_at_no_terminal(start, terminal):
    """`docker run --init -it`: it is leader of the session, and reads nothing."""
    if not shutil.which("tini"):
        pytest.skip("no tini")
    run = start("/usr/bin/tini", "--", shim(), "/bin/true", terminal=terminal)
    run.program = shim()
    assert run.end() == 0
    assert "shim:" not in terminal.reader.text


def test_a_shell_in_a_shell(shell):
    shell.type(f"SHIM_LOG=error {shim()} /bin/bash --noprofile --norc -i\n")
    warning = shell.find(r"^(?s:(.*?))bash> ")[1]
    assert warning == ""
    inner = shell.terminal.foreground()
    shell.type("sleep 1000\n")
    (sleep,) = wait_until(lambda: shell.run.find("sleep"), "sleep runs")
    shell.stop()
    assert "sleep 1000" in shell.ask("jobs")
    assert shell.terminal.foreground() == inner
    shell.type("fg\n")
    shell.terminal.wait_for_foreground(sleep)
    shell.type("\x03")
    assert f"code {128 + INT}\n" in shell.ask("echo code $?")
    shell.type("exit 5\n")
    shell.terminal.wait_for_foreground(shell.run.pid)
    assert "code 5\n" in shell.ask("echo code $?")


@pytest.mark.parametrize("program", ["/bin/true", "/nowhere"])
def test_a_shell_without_job_control_has_the_foreground_again(start, terminal, program):
    """It is in the shim's process group, and reads from the terminal after it."""
    script = f"{shim()} {program} 2>/dev/null; read word; echo got $word"
    run = start("/bin/sh", "-c", script, init=False, terminal=terminal)
    terminal.type("it\n")
    assert terminal.line() == "got it"
    assert run.end() == 0


def test_who_has_stopped_has_given_the_foreground_back(shell):
    """To a shell in its own group, without job control: one with it would take it by itself."""
    shell.start(f"/bin/sh -c '{watched()}; exit 7'")
    (pid,) = shell.run.find("shim")
    (app,) = shell.run.find("signals")
    for _ in range(3):
        assert shell.terminal.foreground() == app
        shell.type("\x1a")
        wait_until(lambda: state(pid) == "T", "the shim has stopped with its app")
        assert state(app) == "T"
        assert shell.terminal.foreground() == os.getpgid(pid) != shell.run.pid
        os.kill(pid, CONT)
        shell.find(f"\\b{CONT}\r\n")
    shell.type("\x03")
    shell.find(f"\\b{INT}\r\n")
    shell.type("\x1c")
    assert "code 7\n" in shell.ask("echo code $?")


def test_a_shell_without_job_control_has_the_foreground_after_a_cont_too(start, terminal):
    script = f"{shim()} {payload('signals')}; read word; echo got $word"
    run = start("/bin/sh", "-c", script, init=False, terminal=terminal)
    run.ready()
    (pid,) = run.find("shim")
    os.kill(pid, CONT)
    assert terminal.line() == str(CONT)
    terminal.type("\x04")
    wait_until(lambda: not run.find("shim"), "the shim has ended")
    terminal.type("it\n")
    terminal.find("got it\r\n")
