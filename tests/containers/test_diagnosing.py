"""examples/diagnosing.md: its commands, against the sample app in a container."""

import re
import shutil
import time
from pathlib import Path

import pytest
from engine import BUILD, REPO, START_SECONDS, must, run
from expected import FLOOR, NET_BIND_SERVICE, PORT_80

PAGE = (REPO / "examples/diagnosing.md").read_text()
TABLE = re.findall(r"^\| [^|]+ \| `(/shim /tools/[^|]+)` \|$", PAGE, re.M)
SOCKET = "/diag/dotnet-monitor.sock"
CANNOT_TRACE = "Operation not permitted"


@pytest.fixture(scope="module")
def tools():
    """The folder that the page's own commands fill. Kept: the next run needs no registry."""
    if not shutil.which("dotnet"):
        pytest.skip("no dotnet")
    folder = BUILD / "tools"
    for name in re.findall(r"^    dotnet tool install --tool-path tools (\S+)$", PAGE, re.M):
        if not (folder / name).exists():
            done = run("dotnet", "tool", "install", "--tool-path", folder, name)
            if done.exit_code != 0:
                pytest.skip(f"cannot install {name}: {(done.stderr or done.stdout).strip()[:200]}")
    must("chmod", "-R", "a+rX", folder)
    return ("-v", f"{folder}:/tools:ro")


@pytest.fixture(scope="module")
def image(engine, shim, aspnetapp, tmp_path_factory):
    context = tmp_path_factory.mktemp("diagnosing")
    shutil.copy(shim, context)
    shutil.copytree(aspnetapp, context / "app")
    return engine.build(
        context,
        """
        FROM mcr.microsoft.com/dotnet/aspnet:10.0
        RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive \\
            apt-get install -qy --no-install-recommends procps strace
        COPY shim /shim
        COPY app /app
        WORKDIR /app
        ENTRYPOINT ["/shim", "./aspnetapp"]
        """,
    )


@pytest.fixture(scope="module")
def container(engine, image, tools):
    with engine.start(image, options=tools) as container:
        container.get()
        yield container


@pytest.fixture
def folder(tmp_path):
    """A volume that is everybody's, as an emptyDir is."""
    tmp_path.chmod(0o777)
    return tmp_path


@pytest.fixture(scope="session")
def tracing():
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if scope.exists() and scope.read_text().strip() != "0":
        pytest.skip("kernel.yama.ptrace_scope forbids to trace")


def app_of(container):
    return str(container.environment()["processId"])


def wait_until(condition, container):
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert container.is_running() and time.monotonic() < deadline, container.logs()
        time.sleep(0.05)


def strace(pid):
    """Attaches for a moment: 124 is timeout's, who ended it."""
    return ("timeout", "1", "strace", "-f", "-p", pid)


@pytest.mark.parametrize("prefix", [("/shim",), ()], ids=["as-the-app", "as-root"])
def test_the_tools_find_the_app(container, prefix):
    """In the table's order: the last command looks into what the one before it has written."""
    assert len(TABLE) == 7
    written = []
    for command in TABLE:
        words = command.removeprefix("/shim ").split()
        done = container.exec(*prefix, *words)
        assert done.exit_code == 0, f"{command}: {done}"
        if "-o" in words:
            written.append(words[words.index("-o") + 1])
            owner, size = container.exec("stat", "-c", "%U %s", written[-1]).stdout.split()
            assert owner == ("app" if prefix or "dotnet-dump" in command else "root"), command
            assert int(size) > 0
    assert len(written) == 4
    assert container.exec("rm", *written).exit_code == 0


def test_which_process_it_is(container):
    ps = container.exec("/shim", "/tools/dotnet-counters", "ps").stdout.split()
    assert ps[:2] == [app_of(container), "aspnetapp"] and ps[0] != "1"
    done = container.exec("/shim", "/tools/dotnet-stack", "report", "-p", "1")
    assert done.exit_code != 0
    assert "Unable to connect to Process 1" in done.stdout + done.stderr


@pytest.mark.parametrize("prefix", [("/shim",), ()], ids=["as-the-app", "as-root"])
def test_a_dump_without_a_place_is_refused(container, prefix):
    """The app writes it, whoever asks, and its own folder is root's."""
    done = container.exec(*prefix, "/tools/dotnet-dump", "collect", "-n", "aspnetapp")
    assert done.exit_code != 0
    assert "Permission denied" in done.stdout + done.stderr


def test_strace_is_for_the_apps_user(container, tracing):
    pid = app_of(container)
    assert container.exec("/shim", *strace(pid)).exit_code == 124
    denied = container.exec("strace", "-p", pid)
    assert denied.exit_code == 1
    shown = re.search(r"^    (strace: attach: .*)$", PAGE, re.M)[1]
    assert re.sub(r"\d+", "N", denied.stderr.strip()) == re.sub(r"\d+", "N", shown)


def test_what_ptrace_guards_is_closed_to_root(container):
    pid = app_of(container)
    for name in ("environ", "exe", "fd/1"):
        words = ("cat" if name == "environ" else "readlink", f"/proc/{pid}/{name}")
        assert container.exec(*words).exit_code == 1, name
        assert container.exec("/shim", *words).exit_code == 0, name


def test_a_root_that_may_trace(engine, image, tracing):
    with engine.start(image, options=["--cap-add=SYS_PTRACE"]) as container:
        assert container.exec(*strace(app_of(container))).exit_code == 124
        assert container.exec(*strace("1")).exit_code == 124
        assert container.environment()["capabilities"]["permitted"] == "0" * 16


@pytest.mark.parametrize("name", ["fd/1", "environ", "root", "cwd", "exe"])
def test_pid_1_is_closed(container, name):
    for prefix in ((), ("/shim",)):
        looked = container.exec(*prefix, "sh", "-c", f"cat /proc/1/{name} || ls /proc/1/{name}/")
        assert looked.exit_code != 0
        assert "Permission denied" in looked.stderr
    assert container.exec("/shim", "sh", "-c", "echo > /dev/stdout").exit_code == 0


def test_a_dump_when_it_crashes(engine, image, folder):
    """By an exception that nobody handles: https without a certificate."""
    [settings] = re.findall(r"^    docker run (-e DOTNET_Dbg.*) -v dumps:/dumps IMAGE$", PAGE, re.M)
    options = [*settings.split(), "-v", f"{folder}:/dumps"]
    crashed = engine.run(image, env={"ASPNETCORE_HTTPS_PORTS": "8443"}, options=options)
    assert crashed.exit_code == 134
    assert "Unhandled exception" in crashed.stderr
    [dump] = folder.iterdir()
    assert re.fullmatch(r"aspnetapp\.\d+\.dmp", dump.name)
    assert dump.stat().st_uid == 1654 and dump.stat().st_size > 0


class TestAContainerBesideIt:
    """`kubectl debug` does the same."""

    @pytest.fixture(scope="class")
    def beside(self, engine, image, container, tools):
        def beside(script, *options):
            options = [f"--pid=container:{container.name}", *options, *tools, "--entrypoint=sh"]
            script = f"PID={app_of(container)}; {script}"
            return engine.run(image, "-c", script, options=options)

        return beside

    def test_it_may_look_with_sys_ptrace(self, beside, tracing):
        found = beside(
            "ls /proc/$PID/root/app; timeout 1 strace -f -p $PID; echo $?", "--cap-add=SYS_PTRACE"
        )
        assert "aspnetapp.dll" in found.stdout
        assert found.stdout.endswith("124\n")

    def test_without_it_may_not(self, beside):
        denied = beside("ls /proc/$PID/root/")
        assert denied.exit_code != 0
        assert "Permission denied" in denied.stderr

    def test_the_tools_are_told_where_the_apps_tmp_is(self, beside):
        commands = re.findall(r"^    (TMPDIR=/proc/PID/root/tmp .*)$", PAGE, re.M)
        assert len(commands) == 2
        for command in commands:
            done = beside(command.replace("PID", "$PID"), "--cap-add=SYS_PTRACE")
            assert done.exit_code == 0, done
        look = "cp /proc/$PID/root/tmp/app.dmp /root && rm /proc/$PID/root/tmp/app.dmp"
        assert beside(look, "--cap-add=SYS_PTRACE").exit_code == 0


@pytest.fixture
def monitor(engine, image, tools, folder):
    """What dotnet-monitor does, by a tool that can be had: it listens, and the app calls."""
    collect = f"collect --diagnostic-port {SOCKET} --duration 00:00:01 --format csv"
    words = (*collect.split(), "-o", "/diag/counters.csv")

    def monitor(user):
        options = [f"--user={user}", "--entrypoint=/tools/dotnet-counters", *tools]
        options += ["-v", f"{folder}:/diag"]
        return engine.start(image, *words, options=options, env={"HOME": "/tmp"})

    return monitor


@pytest.fixture
def watched(engine, image, folder):
    """The app, told to call it."""
    assert f"value: {SOCKET},nosuspend" in PAGE
    env = {"DOTNET_DiagnosticPorts": f"{SOCKET},nosuspend"}
    with engine.start(image, options=("-v", f"{folder}:/diag"), env=env) as container:
        container.get()
        yield container


def test_a_monitor_in_the_same_volume(engine, watched, monitor, folder):
    with monitor("1654") as listening:
        assert must(engine.command, "wait", listening.name, timeout=60) == "0"
    assert (folder / "counters.csv").stat().st_size > 0


def test_a_monitor_that_is_root_waits_for_ever(watched, monitor, folder):
    """The app knocks at a closed door: the socket is root's."""
    with monitor("0") as listening:
        socket = folder / Path(SOCKET).name
        wait_until(socket.exists, listening)
        mode = socket.stat()
        assert (mode.st_uid, mode.st_mode & 0o022) == (0, 0)
        denied = watched.exec("/shim", "test", "-w", SOCKET)
        assert (denied.exit_code, denied.stderr) == (1, "")
        assert listening.is_running()


def test_where_port_80_is_kept(engine, image, tools, tracing):
    options = [*tools, f"{FLOOR}=1024"]
    with engine.start(image, env=PORT_80, options=options, port=80) as container:
        assert container.environment()["capabilities"]["permitted"] == NET_BIND_SERVICE
        pid = app_of(container)
        assert container.exec("/shim", *strace(pid)).exit_code == 124
        other = ["--env=ASPNETCORE_HTTP_PORTS=8080"]
        denied = container.exec("/shim", *strace(pid), options=other)
        assert CANNOT_TRACE in denied.stderr
        words = ("/shim", "/tools/dotnet-dump", "collect", "-n", "aspnetapp", "-o", "/tmp/app.dmp")
        assert container.exec(*words, options=other).exit_code == 0


def test_a_chiseled_image_runs_the_tools(engine, shim, aspnetapp, tools, tmp_path):
    shutil.copy(shim, tmp_path)
    shutil.copytree(aspnetapp, tmp_path / "app")
    image = engine.build(
        tmp_path,
        """
        FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
        COPY shim /shim
        COPY app /app
        WORKDIR /app
        USER root
        ENTRYPOINT ["/shim", "./aspnetapp"]
        """,
    )
    with engine.start(image, options=[*tools, "--read-only", "--tmpfs=/tmp"]) as container:
        container.get()
        done = container.exec("/shim", "/tools/dotnet-stack", "report", "-n", "aspnetapp")
        assert done.exit_code == 0
        assert "Program.<Main>" in done.stdout
