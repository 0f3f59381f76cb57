"""A hostile app: what it can get of the shim, and of whoever executes something in the container.

It may end its own container: by its own end, and by limits that its uid may set (137, 139). It gains
nothing, SIGTERM ends it, and the exit code is its own.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
from collections import Counter

import pid1
import pytest
from pid1 import APP_UID, CHLD, KILL, SIGNALS, STOP, TERM, memory, payload, state, wait_until

pytestmark = pytest.mark.usefixtures("namespace")

PYTHON = "/usr/bin/python3"
STARTS = int(os.environ.get("SHIM_TEST_STARTS", 100))
PORTS = [{}, {"ASPNETCORE_HTTP_PORTS": "80"}]
USER = ("/usr/bin/setpriv", f"--reuid={APP_UID}", f"--regid={APP_UID}", "--clear-groups")


def attack(shim, script, **options):
    """Starts the shim over an app that does this in Python, says so, and then waits for its end."""
    lines = ["import ctypes, os, resource, signal, sys, time", script,
             "print('done', flush=True)", "sys.stdin.read()"]
    run = shim(PYTHON, "-c", "\n".join(lines), **options)
    wait_until(lambda: "done" in run.out.text or not run.out.ended and pump(run), "it is done")
    return run


def pump(run):
    run.out.more(pid1.time.monotonic() + pid1.DEADLINE)
    return False


def assert_ends_by_term(run):
    """In the app's own way."""
    run.send(TERM)
    assert run.end() == 128 + TERM


@pytest.mark.parametrize("env", PORTS, ids=["8080", "80"])
@pytest.mark.parametrize("user", [(), USER], ids=["root", "USER 1654"])
def test_from_its_first_instruction_on(env, user):
    """Trace, memory, descriptors, links: at many starts, the sooner the better."""
    answers = Counter()
    for _ in range(STARTS if not user and not env else STARTS // 10):
        words = env if not user else {}  # a user has no capability to bring
        with pid1.Run(*user, pid1.shim(), payload("pry"), 1, env=words) as run:
            code, output, errors = run.finish()
        assert (code, errors) == (0, "")
        answers.update(json.loads(output).values())
    assert set(answers) <= {1, 13}, answers  # EPERM, EACCES


@pytest.mark.parametrize("user", [(), USER], ids=["root", "USER 1654"])
def test_a_neighbour_that_is_there_before(start, user):
    """With a shared PID namespace. It catches apps, which are as traceable as ever, the last of them
    in any case; never the shim or the app's process before it is the app. A shim that is started as
    that user it may catch before its first instruction: then it is a process like the neighbour
    itself."""
    shim = " ".join([*user, pid1.shim()])
    script = (
        'coproc HUNTER { exec "$@"; }; read -r -u ${HUNTER[0]} line; '
        f'for i in $(seq {STARTS}); do {shim} {payload("end")} exit 0 || echo ended $?; done; '
        f'{shim} {payload("signals")} -n >/dev/null & '
        "while [[ $line != */signals ]]; do read -r -u ${HUNTER[0]} line; echo $line; done; "
        "exec 9<&${HUNTER[0]}; kill $HUNTER_PID; cat <&9; echo started"
    )
    words = (*USER, payload("hunter"), "/nowhere")
    run = start("/bin/bash", "-c", script, "bash", *words)
    found = Counter()
    while (line := run.line()) != "started":
        assert line, (found, run.stderr())
        found[os.path.basename(line.split()[-1])] += 1
    assert found["signals"] == 1, found
    if not user:
        assert "shim" not in found, found


def test_the_next_exec_finds_the_container_as_it_was(shim, tmp_path):
    """The app makes a namespace of its own, where its file is /bin/sh. exec joins the shim's."""
    script = """
libc = ctypes.CDLL(None, use_errno=True)
uid = os.getuid()
pid = os.fork()
if pid == 0:
    libc.unshare(0x10000000 | 0x20000)
    for name in ("mnt", "user"):
        try:
            os.open(f"/proc/1/ns/{name}", os.O_RDONLY)
            print("open", name)
        except OSError:
            pass
    os._exit(0)
os.waitpid(pid, 0)
if libc.ptrace(16, 1, 0, 0) == 0:
    print("traced")
"""
    run = attack(shim, script)
    assert "open" not in run.out.text and "traced" not in run.out.text
    before = {name: os.readlink(f"/proc/{run.pid}/ns/{name}") for name in ("mnt", "user", "net")}
    command = ["nsenter", "-t", str(run.pid), "-m", "-p", "--", "/bin/sh", "-c", "id -u; readlink /proc/1/ns/user"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", os.readlink("/proc/self/ns/user")]
    assert before["user"] == os.readlink("/proc/self/ns/user")
    assert_ends_by_term(run)


SIGNALLED = """
for number in range(1, 65):
    if number not in (15, 17):
        try:
            for _ in range(3): os.kill(1, number)
        except OSError: pass
"""
FLOOD = """
for number in range(1, 65): signal.signal(number, signal.SIG_IGN) if number not in (9, 15, 19, 32, 33) else 0
for _ in range(200000):
    try: os.kill(1, 40)
    except OSError: pass
"""
STORM = """
resource.setrlimit(resource.RLIMIT_NPROC, (60, 60))
for _ in range(3000):
    try:
        if os.fork() == 0: os._exit(0)
    except OSError: pass
"""
LIMITS = """
libc = ctypes.CDLL(None)
for what in (0, 2):
    try: os.setpriority(what, 1, 19)
    except OSError: pass
for name in ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_SIGPENDING", "RLIMIT_CORE"):
    try: resource.prlimit(1, getattr(resource, name), (0, 0))
    except OSError: pass
"""
GROUPS = """
for call in (os.setsid, lambda: os.setpgid(0, os.getppid()), lambda: os.setpgid(1, 0)):
    try: call()
    except OSError: pass
"""
EVERYBODY = """
for number in range(1, 65):
    if number not in (9, 15, 17, 19, 32, 33): signal.signal(number, signal.SIG_IGN)
for number in (1, 2, 10, 34, 64):
    try: os.kill(-1, number)
    except OSError: pass
"""
ATTACKS = {
    "a flood of one signal": FLOOD, "a storm of processes": STORM, "limits": LIMITS,
    "groups and sessions": GROUPS, "a signal to everybody": EVERYBODY,
    "SIGSTOP to PID 1": "os.kill(1, signal.SIGSTOP)",
    "SIGKILL to PID 1": "os.kill(1, signal.SIGKILL)",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_what_leaves_the_container_alive_leaves_it_in_order(shim, name):
    run = attack(shim, ATTACKS[name])
    wait_until(lambda: state(run.pid) == "S", "PID 1 neither spins nor is stopped")
    assert memory(run.pid)["Anonymous"] < 200
    assert_ends_by_term(run)


# To the thread, which the kernel puts before what is sent to a process. Faster than it is read.
ENDLESS = """
libc = ctypes.CDLL(None)
signal.signal(34, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        while True: libc.tgkill(1, 1, 34)
"""


def test_a_flood_without_an_end_keeps_away_neither_term_nor_the_end(shim):
    run = attack(shim, ENDLESS)
    assert_ends_by_term(run)
    run = attack(shim, ENDLESS)
    run.close_input()
    assert run.end() == 0


def test_every_signal_to_pid_1_comes_back_to_the_app_itself(shim):
    """Which it may have sent to itself: it ends by the first that ends it, as ever."""
    lines = f"import os, signal\n{SIGNALLED}while True: signal.pause()"
    run = shim(PYTHON, "-c", lines, stdin=subprocess.DEVNULL)
    assert run.end() in {128 + number for number in SIGNALS}


def test_the_processor_time_of_pid_1_is_the_apps_to_take(shim):
    """137 is listed in SECURITY.md: the app may end its own container."""
    script = "resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))"
    run = attack(shim, script)
    assert_ends_by_term(run)  # an idle shim uses none


def test_a_full_stderr_holds_up_nobody(shim):
    """The app fills it, and keeps the other end open; the shim has much to say."""
    read, write = os.pipe()
    script = """
os.set_blocking(2, False)
try:
    while True: os.write(2, b"x" * 65536)
except OSError: pass
os.set_blocking(2, True)
signal.signal(10, signal.SIG_IGN)
for _ in range(100): os.kill(1, 10)
"""
    run = attack(shim, script, env={"SHIM_LOG": "debug"}, stderr=write)
    os.close(write)
    assert_ends_by_term(run)
    os.close(read)


@pytest.mark.skipif(not shutil.which("setcap"), reason="no setcap")
@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_setuid_programs_give_it_nothing(shim, tmp_path, mode):
    program = shutil.copy("/usr/bin/id", pid1.STAGE.open() / f"id-{mode:o}")
    os.chmod(program, mode)
    code, output, errors = shim(program, "-u").finish()
    assert (code, output, errors) == (0, f"{APP_UID}\n", "")
