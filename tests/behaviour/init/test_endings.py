"""The shim ends as the app ended, or says why there was no app."""

import errno
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pid1
import pytest
from pid1 import CHLD, CONT, KILL, STOP, TERM, TSTP, TTIN, TTOU, WINCH, payload, wait_until

URG = 23
# What they do to a process by themselves: nothing, or stop it.
HARMLESS = {CHLD, CONT, URG, WINCH, STOP, TSTP, TTIN, TTOU}
FATAL = [number for number in range(1, 65) if number not in HARMLESS]
EXAMPLES = [0, 1, 2, 77, 124, 125, 126, 127, 128, 129, 137, 143, 254, 255]


def endings(shim, init, how, numbers, **options):
    """{number: exit code}; nothing may be said."""
    found = {}
    for number in numbers:
        code, *said = shim(payload("end"), how, number, init=init, **options).finish()
        assert said == ["", ""]
        found[number] = code
    return found


def test_every_exit_code(shim):
    codes = range(256)
    assert endings(shim, True, "exit", codes) == {code: code for code in codes}


def test_exit_codes_of_an_ordinary_process(shim):
    assert endings(shim, False, "exit", EXAMPLES) == {code: code for code in EXAMPLES}


def test_every_fatal_signal(shim, init):
    expected = {number: 128 + number for number in FATAL}
    assert endings(shim, init, "signal", FATAL) == expected


def test_every_fatal_signal_that_is_handed_on(shim, init):
    """To an app that knows nothing of it."""
    for number in FATAL:
        if number != KILL:
            run = shim("/bin/sleep", "1000", init=init)
            wait_until(lambda: run.app, "the app runs")
            run.send(number)
            assert run.finish() == (128 + number, "", "")


# SHIM_EXIT_CODES.


@pytest.mark.parametrize(
    "setting, how, number, code",
    [
        ("143:0", "signal", TERM, 0),
        ("143:0", "exit", 143, 0),
        ("143:0,137:1", "signal", KILL, 1),
        ("143:0,137:1", "exit", 3, 3),
        ("0:255", "exit", 0, 255),
        ("1:2,2:3", "exit", 1, 2),
        ("1:1", "exit", 1, 1),
        ("127:4", "exit", 127, 4),
        ("192:5", "signal", 64, 5),
    ],
)
def test_another_exit_code(shim, init, setting, how, number, code):
    found = endings(shim, init, how, [number], env={"SHIM_EXIT_CODES": setting})
    assert found == {number: code}


@pytest.mark.parametrize(
    "program, code", [("/nowhere", 127), ("/etc/passwd", 126), ("/etc", 126)]
)
def test_the_shims_own_exit_codes_stay(shim, init, program, code):
    env = {"SHIM_EXIT_CODES": "125:0,126:0,127:0"}
    found, output, errors = shim(program, init=init, env=env).finish()
    assert (found, output) == (code, "")
    assert errors.startswith("shim: error: ")


@pytest.mark.parametrize(
    "setting",
    ["143", "143:", ":0", "143:0,", "143:0:1", "256:0", "0:256", "-1:0", "TERM:0", "1:2,1:3", " 1:2"],
)
def test_a_malformed_exit_code_is_refused(shim, setting):
    code, output, errors = shim("/bin/true", env={"SHIM_EXIT_CODES": setting}).finish()
    assert (code, output) == (125, "")
    assert errors.startswith("shim: error: SHIM_EXIT_CODES")
    assert "\nshim: hint: " in errors


# No app at all.


@pytest.fixture
def another_process():
    """One of the app's user, outside. Without one, the kernel sees no limit passed in time."""
    words = ["setpriv", f"--reuid={pid1.APP_UID}", "--clear-groups", "/bin/cat"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as run:
        wait_until(lambda: os.path.basename(pid1.executable(run.pid)) == "cat", "it runs")
        yield
        run.stdin.close()


@pytest.mark.usefixtures("another_process")
@pytest.mark.parametrize("supervise", "10")
def test_no_more_processes_allowed(shim, init, supervise):
    """RLIMIT_NPROC counts those of the app's user, wherever they are."""
    prefix = ["prlimit", "--nproc=0"]
    env = {"SHIM_SUPERVISE": supervise, "SHIM_LOG": "error"}
    code, output, errors = shim("/bin/true", init=init, prefix=prefix, env=env).finish()
    assert (code, output) == (125, "")
    assert errors.startswith("shim: error: ")
    assert "Resource temporarily unavailable" in errors
    assert "\nshim: hint: " in errors
    assert "processes" in errors


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.parametrize("error, advice", [("ENOMEM", "memory"), ("EPERM", "seccomp profile")])
def test_another_process_that_cannot_be_had(start, error, advice):
    inject = f"--inject=?fork,?vfork,?clone,?clone3:error={error}"
    strace = ("/usr/bin/strace", "-o", "/dev/null", inject)
    run = start(*strace, pid1.shim(), "/bin/true", init=False)
    code, output, errors = run.finish()
    assert (code, output) == (125, "")
    assert errors.startswith("shim: error: cannot start the app: ")
    assert advice in errors.split("shim: hint: ")[1]


# What fails once the app runs, though it went well when it was tried before.
TOO_LATE = {
    "chdir:error=EPERM": "cannot leave the working directory: ",
    "capset:error=EPERM:when=4+": "dropping the capabilities failed: ",
    "capset:retval=0:when=4+": " set is ",
    "rt_sigtimedwait:error=ENOSYS": "cannot wait for signals or for the app: ",
    "wait4,waitid,waitpid:error=ENOSYS": "cannot wait for signals or for the app: ",
}


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.parametrize("fault", TOO_LATE)
def test_what_fails_only_after_the_start_is_said_and_the_app_killed(start, init, fault):
    """125 means that the app never ran, or else this text. As PID 1 the kernel ends the app too; here
    somebody is left who could see it live on."""
    calls, rest = fault.split(":", 1)
    inject = "inject=" + ",".join(f"?{call}" for call in calls.split(",")) + f":{rest}"
    words = ("/usr/bin/strace", "-D", "-qq", "-o", "/dev/null", "-e", inject, pid1.shim(),
             payload("signals"), "-n")
    stays = () if init else ("/bin/sh", "-c", '"$@"; echo "ended $?"; read -r line', "sh")
    run = start(*stays, *words, init=init,
                env={"ASPNETCORE_HTTP_PORTS": "80", "SHIM_UNPRIVILEGED_PORT_START": "1024"})
    if init:
        assert run.finish()[0] == 125
    else:
        run.out.find("ended 125\n")
        assert run.find("signals") == []
    error, *hints = run.stderr().splitlines()
    assert error.startswith("shim: error: ") and TOO_LATE[fault] in error
    assert hints[-1] == "shim: hint: the app had been started, and was killed"


def enter(group):
    """The start of a command that is in this cgroup."""
    return ["/bin/sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"]


@contextmanager
def cgroup(controller, limits):
    """One with these of the limits that there are, of version 1 or 2: its folder."""
    for root in [Path("/sys/fs/cgroup") / controller, Path("/sys/fs/cgroup")]:
        group = root / f"shim-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        found = [name for name in limits if (group / name).exists()]
        for name in found:
            (group / name).write_text(str(limits[name]))
        try:
            if found:
                yield group
                return
        finally:
            wait_until(lambda: is_removed(group), "the last process has left the group")
    pytest.skip(f"this machine lets us make no {controller} cgroup")


def is_removed(group):
    """A process that was waited for may still be in it for a moment."""
    try:
        group.rmdir()
    except OSError as error:
        assert error.errno == errno.EBUSY, error
        return False
    return True


@pytest.fixture
def process_limit(init, request):
    """As many as nest and the shim are."""
    if not init:
        request.getfixturevalue("namespace")  # without, nest is one less
    with cgroup("pids", {"pids.max": 2 if init else 3}) as group:
        yield group


def test_no_more_processes_allowed_in_the_container(process_limit, shim, init):
    """`docker run --pids-limit`."""
    run = shim("/bin/true", init=init, prefix=enter(process_limit))
    code, output, errors = run.finish()
    assert (code, output) == (125, "")
    assert errors.startswith("shim: error: cannot start the app: ")
    assert "Resource temporarily unavailable" in errors
    assert "--pids-limit" in errors


@pytest.fixture
def memory_limit():
    """32 MB, and no swapping out before that counts."""
    size = 32 << 20
    limits = {"memory.limit_in_bytes": size, "memory.max": size}
    no_swap = {"memory.memsw.limit_in_bytes": size, "memory.swap.max": 0}
    with cgroup("memory", limits | no_swap) as group:
        yield group


def test_an_app_that_the_kernel_kills_for_its_memory(memory_limit, shim, init):
    """tail keeps what it reads until there is a line's end."""
    run = shim("/usr/bin/tail", "/dev/zero", init=init, prefix=enter(memory_limit))
    assert run.finish() == (128 + KILL, "", "")


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_a_child_that_ends_between_two_looks_at_the_children(start):
    """Nobody has ended, says the first call; the second, held back, finds that somebody has."""
    inject = "--inject=waitid:delay_enter=500ms"
    strace = ("/usr/bin/strace", "-o", "/dev/null", inject)
    run = start(*strace, pid1.shim(), "/bin/sleep", "0.1", init=False)
    assert run.end() == 0, run.stderr()


@pytest.mark.parametrize("stack", [32, 64, 128])
def test_a_small_stack_is_enough(shim, init, stack):
    """RLIMIT_STACK, in KiB: docker run --ulimit stack=65536. Static programs need next to none."""
    limit = (stack << 10, stack << 10)
    run = shim(payload("end"), "exit", "3", init=init,
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, limit))
    assert run.finish() == (3, "", "")
