"""The ways to name the program: a list or a shell's line, ENTRYPOINT or CMD, host or dll."""

import shutil

import pytest

RUNTIME_DEPS = "mcr.microsoft.com/dotnet/runtime-deps:10.0"
CHISELED = f"{RUNTIME_DEPS}-noble-chiseled"
ODD = {"Kestrel:Endpoints:A:Url": "http://*:9090"}


@pytest.fixture(scope="module")
def build(engine, shim, whoami, payloads, tmp_path_factory):
    """Builds an image with the shim and an app, from the last lines of its Dockerfile."""
    context = tmp_path_factory.mktemp("entrypoint")
    for program in (shim, payloads / "world"):
        shutil.copy(program, context)
    shutil.copy(whoami, context / "aspnetapp")

    def build(base, *lines):
        before = [f"FROM {base}", "COPY shim /", "WORKDIR /app", "COPY aspnetapp world /app/"]
        return engine.build(context, "\n".join([*before, *lines, ""]))

    return build


@pytest.fixture(scope="module")
def dotnet_image(engine, shim, aspnetapp, tmp_path_factory):
    """The shim as the entrypoint, and a framework-dependent app."""
    context = tmp_path_factory.mktemp("dotnet")
    shutil.copy(shim, context)
    shutil.copytree(aspnetapp, context / "app")
    return engine.build(
        context,
        """
        FROM mcr.microsoft.com/dotnet/aspnet:10.0
        COPY shim /shim
        COPY app /app
        WORKDIR /app
        ENTRYPOINT ["/shim"]
        CMD ["dotnet", "aspnetapp.dll"]
        """,
    )


@pytest.mark.parametrize("port", [8080, 9090])
@pytest.mark.parametrize("program", [(), ("./aspnetapp",), ("dotnet", "aspnetapp.dll")])
def test_host_and_dll_are_alike(engine, dotnet_image, program, port):
    """Without a program, `docker run` takes the CMD; its own words take the CMD's place."""
    urls = () if port == 8080 else ("--urls", "http://*:9090")
    program = program or (("dotnet", "aspnetapp.dll") if urls else ())
    with engine.start(dotnet_image, *program, *urls, port=port) as container:
        environment = container.environment()
        assert environment["user"] == "app"
        assert environment["addresses"] == [f"http://[::]:{port}"]
        assert container.stop() == 0


@pytest.mark.parametrize(
    "program, found",
    [(("./aspnetapp",), "./aspnetapp"), (("dotnet", "aspnetapp.dll"), "/usr/bin/dotnet")],
)
def test_check_says_what_would_happen(engine, dotnet_image, program, found):
    checked = engine.run(dotnet_image, "--check", *program)
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.splitlines() == [
        "user: 1654 (app), from APP_UID",
        "group: 1654",
        "groups: 1654",
        "home: /home/app",
        "listen: 8080 http, from ASPNETCORE_HTTP_PORTS",
        "keep: none",
        f"program: {found}",
        "verdict: ok",
    ]


@pytest.mark.parametrize("program", [("./aspnetapp",), ("dotnet", "aspnetapp.dll")])
def test_the_port_of_an_argument_is_refused_alike(engine, dotnet_image, program):
    refused = engine.run(
        dotnet_image, *program, "--urls=http://*:80", options=["--cap-drop=NET_BIND_SERVICE"]
    )
    assert refused.exit_code == 125
    assert "port 80, from --urls" in refused.stderr


def test_the_command_can_be_any_program(engine, dotnet_image):
    done = engine.run(dotnet_image, "id", "-un")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "app\n", "")


@pytest.mark.parametrize("program, exit_code", [("nowhere", 127), ("/etc/passwd", 126)])
def test_a_command_that_is_no_program(engine, dotnet_image, program, exit_code):
    done = engine.run(dotnet_image, program)
    assert done.exit_code == exit_code
    assert program in done.stderr


class TestALineForAShell:
    """ENTRYPOINT /shim ./aspnetapp, without brackets: not wanted, and this is why."""

    @pytest.fixture(scope="class")
    def image(self, build):
        return build(RUNTIME_DEPS, "ENTRYPOINT /shim ./aspnetapp")

    def test_pid_1_is_a_shell_as_root(self, engine, image):
        with engine.start(image) as container:
            assert container.environment()["user"] == "app"
            shell = container.status()
            assert shell["Name"] == "sh"
            assert shell["Uid"].split() == ["0"] * 4
            assert shell["CapEff"] != "0" * 16

    def test_the_shell_hands_no_signals_on(self, engine, image):
        with engine.start(image) as container:
            container.get()
            assert container.stop(seconds=1) == 137

    def test_the_arguments_of_run_are_lost(self, engine, image):
        with engine.start(image, "--urls", "http://*:9090") as container:
            assert container.environment()["addresses"] == ["http://[::]:8080"]

    def test_variables_that_a_shell_cannot_name_are_lost(self, engine, build):
        """.NET takes Kestrel:Endpoints:A:Url as well as Kestrel__Endpoints__A__Url."""
        shell = build(RUNTIME_DEPS, "ENTRYPOINT /shim ./world")
        plain = build(RUNTIME_DEPS, 'ENTRYPOINT ["/shim", "./world"]')
        [name] = ODD
        assert name in engine.run(plain, env=ODD).stdout
        assert name not in engine.run(shell, env=ODD).stdout

    def test_a_chiseled_image_has_no_shell(self, engine, build):
        image = build(CHISELED, "ENTRYPOINT /shim ./aspnetapp")
        missing = engine.run(image)
        assert missing.exit_code == 127
        assert "/bin/sh" in missing.stderr
