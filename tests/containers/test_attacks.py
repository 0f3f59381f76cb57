"""A hostile app in real containers: it gains nothing, and ends its own container at most.

SHIM_TEST_STARTS is how often a start is attacked.
"""

import errno
import json
import os
import platform
from collections import Counter
from pathlib import Path

import pytest
from attacks import PORT_80, REFUSED, SHARED, UNCONFINED, USER, WORLDS
from attacks import a_container, build, make_all, play_trick
from expected import NET_BIND_SERVICE, NOTHING
from hostile import Hostile, until

STARTS = int(os.environ.get("SHIM_TEST_STARTS", 100))
KILLED = 137


@pytest.fixture(scope="module")
def image(bare_engine, shim, payloads, tmp_path_factory):
    if bare_engine.has_own_kernel:
        pytest.skip("its processes are not to be seen from outside")
    return build(bare_engine, shim, tmp_path_factory.mktemp("attacks"))


@pytest.mark.parametrize("name", WORLDS)
def test_nothing_is_gained_and_the_end_is_the_apps_own(bare_engine, image, name):
    found = make_all(bare_engine, image, name)
    complaints = {attack: words for attack, (_, words) in found.items() if words}
    assert not complaints, found


def show(engine, image, program):
    done = engine.run(image, options=(f"--entrypoint={program}", "--user=1654:1654"))
    return json.loads(done.stdout)


def test_the_files_would_give_something(bare_engine, image):
    """The same without the shim: else the test above would show nothing."""
    assert show(bare_engine, image, "/setuid")["uids"] == [1654, 0, 0, 0]
    assert show(bare_engine, image, "/setgid")["gids"] == [1654, 0, 0, 0]
    assert show(bare_engine, image, "/capable")["capabilities"]["permitted"] == NET_BIND_SERVICE


def test_with_the_bounding_set_left_alone_files_give_nothing(bare_engine, image):
    with a_container(bare_engine, image, "as it comes", "--env=SHIM_BOUNDING_SET=keep") as container:
        answer = container.ask("programs")
        assert {found["capabilities"]["permitted"] for found in answer.values()} == {NOTHING}
        assert {tuple(found["uids"]) for found in answer.values()} == {(1654,) * 4}


class TestTheWayToRootByPid1:
    """The app makes PID 1 enter a namespace with its own file over a shell, and root executes that."""

    @pytest.mark.parametrize("options", [(), (UNCONFINED, *PORT_80)], ids=["seccomp", "port 80"])
    def test_it_ends_at_its_first_step(self, bare_engine, image, options):
        steps, is_fooled = play_trick(bare_engine, image, options)
        assert steps["copy"] == 0 and steps["attach"] in REFUSED, steps
        assert steps["ns/user"] in REFUSED and steps["ns/mnt"] in REFUSED, steps
        assert not is_fooled, steps

    @pytest.mark.skipif(platform.machine() != "x86_64", reason="trick knows x86-64's registers alone")
    def test_it_is_a_way(self, bare_engine, image):
        """The same with a PID 1 of the app's uid that can be traced."""
        options = (UNCONFINED, USER, "--entrypoint=/again")
        steps, is_fooled = play_trick(bare_engine, image, options, words=("1", "/trick"))
        assert set(steps.values()) == {0} and is_fooled, steps


class Hunter:
    """A neighbour with the app's ids and rights, which traces whatever it can (payloads/hunter.c)."""

    def __init__(self, engine, image, options):
        self.engine = engine
        self.name, self.process = engine.attach(image, "/hunter", "/hunter", options=options)
        assert self.process.stdout.readline() == b"hunting\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.remove(self.name)
        self.process.communicate()

    def catch(self):
        """The program that it has caught next; "" of a process that has ended, and has no memory."""
        line = self.process.stdout.readline().decode()
        assert line, "the neighbour has ended"
        return line.removeprefix("caught ").strip()


@pytest.mark.parametrize("options", [(), (UNCONFINED, *PORT_80)], ids=["seccomp", "port 80"])
def test_at_many_starts(bare_engine, image, options):
    """From the app's first instruction on, and from a neighbour of its uid that was there before.
    The neighbour catches apps, which are as traceable as ever, and never the shim."""
    with Hunter(bare_engine, image, options) as hunter:
        options = (f"--pid=container:{hunter.name}", *options)
        words = (str(STARTS), "/shim", "/pry", "parent")
        again = ("--entrypoint=/again", *options)
        done = bare_engine.run(image, *words, options=again, timeout=600)
        assert (done.exit_code, done.stderr) == (0, f"started {STARTS}\n")
        with Hostile(bare_engine, image, options=options):
            found = Counter(iter(hunter.catch, "/hostile"))
    assert set(found) <= {"/pry", ""}, found
    tried = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(tried) == STARTS and len(tried[0]) > 10
    answers = Counter(error for found in tried for error in found.values())
    assert set(answers) <= REFUSED, answers


def test_at_many_starts_of_a_container(bare_engine, image):
    """The shim is PID 1; by runc alone, as an engine takes its time."""
    if not bare_engine.is_bare:
        pytest.skip("an engine takes too long to start a container a hundred times")
    answers = Counter()
    for _ in range(STARTS // 10):
        done = bare_engine.run(image, "/pry", "1", options=(*PORT_80,))
        assert (done.exit_code, done.stderr) == (0, "")
        answers.update(json.loads(done.stdout).values())
    assert set(answers) <= REFUSED, answers


class TestWhatItMayDo:
    """137 and 139 are listed in SECURITY.md: an app may end its own container."""

    def test_by_the_processor_time_of_pid_1(self, bare_engine, image):
        with a_container(bare_engine, image, "as it comes") as container:
            assert container.ask("limit processor") == {"CPU": 0}
            while container.ask("storm") is not None:
                pass
            assert container.end() == KILLED

    def test_by_its_memory(self, bare_engine, image):
        with a_container(bare_engine, image, "as it comes", f"--memory={64 << 20}") as container:
            assert container.ask("memory") is None
            assert container.end() == KILLED

    def test_by_killing_a_shim_that_is_not_pid_1(self, bare_engine, image):
        with a_container(bare_engine, image, f"in {SHARED}, port 80 kept") as container:
            container.tell("kill everybody")
            assert container.end() == KILLED


class TestItsEnd:
    def test_with_all_limits_reached_sigterm_ends_it(self, bare_engine, image):
        with a_container(bare_engine, image, "without seccomp, port 80 kept") as container:
            assert container.ask("flood")["full"] == container.ask("forks")["full"] == errno.EAGAIN
            assert container.term() == 143

    def test_with_a_full_queue_and_orphans_without_end_its_exit_code_is_its_own(self, bare_engine, image):
        with a_container(bare_engine, image, "as it comes") as container:
            assert container.ask("flood")["full"] == errno.EAGAIN
            assert container.ask("chains") == {"done": 0}
            assert container.ask("alive") == {"back": 0}
            container.tell("7")
            assert container.end() == 7

    def test_a_stopped_shim_goes_on_with_all_that_has_come(self, bare_engine, image):
        """Not PID 1, it can be stopped, and its queue filled meanwhile."""
        with a_container(bare_engine, image, f"in {SHARED}, port 80 kept") as container:
            assert container.ask("stop") == {"STOP": 0, "stopped": 1}
            assert container.ask("flood")["full"] == errno.EAGAIN
            assert container.ask("continue") == {"CONT": 0}
            assert container.ask("alive") == {"back": 0}
            until(container.is_idle, "the shim comes to rest")
            assert container.term() == 143

    def test_a_full_stderr_that_nobody_reads_holds_up_nothing(self, bare_engine, image):
        """By runc alone: an engine reads what comes, whoever looks at it."""
        if not bare_engine.is_bare:
            pytest.skip("the engine reads stderr")
        options = ("--env=SHIM_LOG=debug",)
        with Hostile(bare_engine, image, options=options, unread=True) as container:
            assert container.ask("stderr") == {"full": errno.EAGAIN}
            assert container.ask("storm") == {"done": 0}
            assert container.ask("alive") == {"back": 0}
            until(container.is_idle, "the shim comes to rest")
            container.kill("TERM")
            until(lambda: not Path(f"/proc/{container.pid}").exists(), "the shim has ended")
            container.process.stderr.read()  # or runc itself, which copies it, would not end
            assert container.end() == 143


def test_at_a_terminal_of_its_own(bare_engine, image):
    """What it types there it types to itself. Its group and the foreground are its own to lose."""
    token = bare_engine.new_name()
    with bare_engine.run_at_terminal(image, "/hostile", token) as terminal:
        terminal.type("terminal\n")
        answers = terminal.expect(r'{"/dev/tty".*}')[0]
        assert json.loads(answers)["/dev/tty"] == 0
        terminal.type("groups\nalive\n")
        terminal.expect('"back": 0')
        terminal.type("7\n")
        assert terminal.end() == 7
