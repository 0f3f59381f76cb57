"""A walk through a container that runs its app by the shim, taken by somebody with doubts."""

import shutil

import pytest
from conftest import must

# What an intruder would try first: each is a command for sh, and what it would have changed.
INTRUSIONS = {
    "delete the app": "rm -f /app/aspnetapp",
    "change the app": "echo >> /app/aspnetapp",
    "add to the app": "> /app/appsettings.json",
    "write to /": "> /intruder",
    "write to /etc": "> /etc/intruder",
    "become root": "> /etc/passwd",
    "replace dotnet": "cp /bin/true /usr/share/dotnet/dotnet",
    "replace the name dotnet": "ln -sf /bin/true /usr/bin/dotnet",
    "replace the shim": "cp /bin/true /shim",
    "remove the shim": "rm -f /shim",
    "read a secret of root": "cat /root/secret",
}

# Something to replace where the base image has no .NET.
FAKE_DOTNET = """
        RUN mkdir /usr/share/dotnet && cp /bin/true /usr/share/dotnet/dotnet
        RUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet
        """


@pytest.fixture(scope="module", params=["aspnetapp", "whoami"])
def container(request, engine, shim, tmp_path_factory):
    context = tmp_path_factory.mktemp("walk")
    shutil.copy(shim, context)
    app = request.getfixturevalue(request.param)
    if app.is_dir():
        base, dotnet = "aspnet", ""
        shutil.copytree(app, context / "app")
    else:
        base, dotnet = "runtime-deps", FAKE_DOTNET
        (context / "app").mkdir()
        shutil.copy(app, context / "app/aspnetapp")
    image = engine.build(
        context,
        f"""
        FROM mcr.microsoft.com/dotnet/{base}:10.0
        COPY shim /shim
        COPY app /app
        RUN echo s3cret > /root/secret
        {dotnet}
        WORKDIR /app
        ENTRYPOINT ["/shim", "./aspnetapp"]
        """,
    )
    with engine.start(image) as container:
        yield container


def test_the_app_says_so(container):
    assert container.environment()["user"] == "app"


def test_the_engine_says_so(engine, container):
    """All processes, PID 1 included: `podman top`, `docker top`."""
    container.get()
    columns = ["-eo", "pid,uid,comm"] if engine.name == "docker" else ["pid", "huser", "comm"]
    _, *processes = must(engine.command, "top", container.name, *columns).splitlines()
    found = sorted(line.split()[1:] for line in processes)
    assert found == [["1654", "aspnetapp"], ["1654", "shim"]]


def test_the_app_has_what_it_needs(container):
    script = "> ~/x; rm ~/x; > /tmp/x; rm /tmp/x; > /dev/stdout; cat /app/aspnetapp > /dev/null"
    assert container.exec("/shim", "sh", "-ec", script).exit_code == 0


@pytest.mark.parametrize("command", INTRUSIONS.values(), ids=INTRUSIONS)
def test_the_app_cannot(container, command):
    """By the shim, a command that is run beside the app is what the app is; as root it works."""
    denied = container.exec("/shim", "sh", "-c", command)
    assert denied.exit_code != 0
    assert "denied" in denied.stderr or "not permitted" in denied.stderr.lower()


def test_exec_is_root(container):
    """Nothing but the platform's own rules stands in the way of `podman exec`: it starts anew."""
    done = container.exec("sh", "-c", "id -u && cat /root/secret && > /app/new && rm /app/new")
    assert (done.exit_code, done.stdout) == (0, "0\ns3cret\n")


def test_exec_through_the_shim_is_the_app(container):
    script = "id -u; id -G; echo $HOME; grep -E 'Cap|NoNewPrivs' /proc/self/status"
    done = container.exec("/shim", "sh", "-c", script)
    assert (done.exit_code, done.stderr) == (0, "")
    uid, groups, home, *status = done.stdout.split("\n")
    assert (uid, groups, home) == ("1654", "1654", "/home/app")
    values = [line.split() for line in status if line]
    app = container.status(container.environment()["processId"])
    assert {name: value for name, value in values} == {
        f"{name}:": app[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    } | {"NoNewPrivs:": "1"}


def test_a_shell_beside_the_app(container):
    """`podman exec -it NAME /shim sh`: with job control, and the shim says nothing."""
    with container.exec_at_terminal("/shim", "sh") as terminal:
        terminal.expect(r"\$ ")
        assert "job control" not in terminal.text
        terminal.type("id -un; cat /proc/$PPID/comm\n")
        terminal.expect(r"^app\r\nshim\r\n\$ ")
        terminal.type("sh -c 'echo started; exec sleep 1000'\n")
        terminal.expect("^started\r\n")
        terminal.type("\x03")
        terminal.expect(r"\$ ")
        terminal.type("echo ended: $?\n")
        terminal.expect("^ended: 130\r\n")
        terminal.type("exit 7\n")
        assert terminal.end() == 7
