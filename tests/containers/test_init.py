"""The shim as the engine's own init, beside one, and at a terminal."""

import shutil

import pytest
from expected import FLOOR, NET_BIND_SERVICE, PORT_80
from expected import assert_holds_nothing, assert_is_app, holds_nothing, told


@pytest.fixture(scope="module")
def context(shim, whoami, tmp_path_factory):
    context = tmp_path_factory.mktemp("init")
    shutil.copy(shim, context)
    shutil.copy(whoami, context / "aspnetapp")
    return context


@pytest.fixture(scope="module")
def with_shim(engine, context):
    return engine.build(
        context,
        """
        FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
        COPY shim aspnetapp /
        ENTRYPOINT ["/shim"]
        CMD ["/aspnetapp"]
        """,
    )


def build_without_shim(engine, context, base):
    lines = [f"FROM mcr.microsoft.com/dotnet/{base}", "COPY aspnetapp /", 'CMD ["/aspnetapp"]', ""]
    return engine.build(context, "\n".join(lines))


@pytest.fixture(scope="module")
def unmodified(engine, context):
    """An image that knows nothing of the shim."""
    return build_without_shim(engine, context, "runtime-deps:10.0")


@pytest.fixture(scope="module")
def chiseled(engine, context):
    """One that does not start as root either."""
    return build_without_shim(engine, context, "runtime-deps:10.0-noble-chiseled")


@pytest.fixture(scope="module")
def as_init(engine, shim):
    """The shim in place of the init that `podman run --init` brings."""
    if engine.name == "docker":
        pytest.skip("docker takes the path of its init from the daemon's settings alone")
    return ["--init", f"--init-path={shim}"]


@pytest.mark.parametrize("uid, user, home", [(1654, "app", "/home/app"), (5000, None, "/")])
def test_as_the_engines_init(engine, unmodified, as_init, uid, user, home):
    """An image as it is, by two words at `podman run`."""
    with engine.start(unmodified, env={"APP_UID": uid}, options=as_init) as container:
        environment = container.environment()
        assert environment["uids"] == environment["gids"] == [uid] * 4
        assert (environment["user"], environment["home"]) == (user, home)
        assert holds_nothing(environment)
        assert_holds_nothing(container.status(), uid)
        assert container.stop() == 0


def test_as_the_engines_init_with_a_port_that_takes_a_capability(engine, unmodified, as_init):
    options = [*as_init, f"{FLOOR}=1024"]
    with engine.start(unmodified, env=PORT_80, options=options, port=80) as container:
        assert_is_app(container.environment(), keeps=NET_BIND_SERVICE)
        assert_holds_nothing(container.status(), bounding=NET_BIND_SERVICE)
    options.append("--cap-drop=NET_BIND_SERVICE")
    refused = engine.run(unmodified, env=PORT_80, options=options)
    assert refused.exit_code == 125
    assert "CAP_NET_BIND_SERVICE is missing" in refused.stderr


def test_as_the_engines_init_of_an_image_that_is_a_user_already(engine, chiseled, as_init):
    with engine.start(chiseled, options=as_init) as container:
        environment = container.environment()
        assert environment["uids"] == [1654] * 4
        assert environment["noNewPrivileges"] is told("noNewPrivileges", True)
        assert container.stop() == 0


@pytest.mark.parametrize("init", ["its own", "tini", "dumb-init"])
def test_beside_the_engines_init_it_is_quiet(engine, with_shim, init):
    options = ["--init"]
    if init != "its own":
        if engine.name == "docker" or not shutil.which(init):
            pytest.skip(f"no {init} for this engine")
        options.append(f"--init-path={shutil.which(init)}")
    with engine.start(with_shim, options=options) as container:
        environment = container.environment()
        assert_is_app(environment)
        shim = container.status(container.status(environment["processId"])["PPid"])
        assert (shim["Name"], shim["PPid"]) == ("shim", "1")
        assert_holds_nothing(shim)
        assert container.stop() == 0
        assert "shim" not in container.logs()


@pytest.mark.parametrize("options", [(), ("--init",)], ids=["pid1", "beside-init"])
def test_an_orphan_becomes_the_shims_child(engine, with_shim, options):
    """A subreaper where it is not PID 1: the app's family stays below it."""
    script = """
        (sleep 1000 & echo $! > /tmp/orphan)
        parent=$(sed -n 's/^PPid:.//p' /proc/$(cat /tmp/orphan)/status)
        cat /proc/$parent/comm
        """
    done = engine.run(with_shim, "sh", "-c", script, options=options)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "shim\n", "")


class TestAtATerminal:
    """docker run -it"""

    @pytest.fixture(params=["pid1", "beside-init", "as-init"])
    def run(self, request, engine):
        """Runs a program at a terminal, with the shim in one of its places."""
        image, options = "with_shim", []
        if request.param == "beside-init":
            options = ["--init"]
        if request.param == "as-init":
            image, options = "unmodified", request.getfixturevalue("as_init")
        image = request.getfixturevalue(image)
        return lambda *words, **size: engine.run_at_terminal(image, *words, options=options, **size)

    def test_a_shell_has_job_control(self, run):
        with run("sh") as terminal:
            terminal.expect(r"\$ ")
            assert "job control" not in terminal.text
            terminal.type("id -un\n")
            terminal.expect(r"^app\r\n\$ ")
            terminal.type("cat\n")
            terminal.type("one\n")
            terminal.expect("one\r\none\r\n")  # the terminal's echo, and cat's
            terminal.type("\x1a")
            terminal.expect(r"Stopped.*\r\n\$ ")
            terminal.type("fg\n")
            terminal.expect("^cat\r\n")
            terminal.type("two\n")
            terminal.expect("^two\r\ntwo\r\n")
            terminal.type("\x04")
            terminal.expect(r"\$ ")
            terminal.type("exit 7\n")
            assert terminal.end() == 7

    def test_ctrl_c_reaches_the_app(self, run):
        with run("sh", "-c", "trap 'exit 3' INT; echo ready; sleep 1000 & wait") as terminal:
            terminal.expect("^ready\r\n")
            terminal.type("\x03")
            assert terminal.end() == 3

    def test_the_size_of_the_window_reaches_the_app(self, run):
        script = "trap 'stty size' WINCH; stty size; while :; do sleep 1000 & wait; done"
        with run("sh", "-c", script, rows=41, columns=117) as terminal:
            terminal.expect("^41 117\r\n")
            terminal.resize(50, 132)
            terminal.expect("^50 132\r\n")
            terminal.type("\x1c")
            assert terminal.end() == 131
