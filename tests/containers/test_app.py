"""The main job, through a real container runtime."""

import shutil

import pytest
from expected import FLOOR, NET_BIND_SERVICE, PORT_80
from expected import assert_holds_nothing, assert_is_app, holds_nothing, told


@pytest.fixture(scope="module", params=["aspnetapp", "whoami"])
def image(request, engine, shim, tmp_path_factory):
    """What our users write: a public base image, the shim, an app, no USER."""
    context = tmp_path_factory.mktemp("image")
    shutil.copy(shim, context / "shim")
    app = request.getfixturevalue(request.param)
    if app.is_dir():
        shutil.copytree(app, context / "app")
    else:
        (context / "app").mkdir()
        shutil.copy(app, context / "app/aspnetapp")
    base = "aspnet" if request.param == "aspnetapp" else "runtime-deps"
    return engine.build(
        context,
        f"""
        FROM mcr.microsoft.com/dotnet/{base}:10.0
        COPY shim /shim
        COPY app /app
        WORKDIR /app
        ENTRYPOINT ["/shim", "./aspnetapp"]
        """,
    )


def test_the_app_is_an_ordinary_user(engine, image):
    with engine.start(image) as container:
        environment = container.environment()
        assert_is_app(environment)
        assert environment["groups"] == [1654]
        assert environment["addresses"] == ["http://[::]:8080"]
        assert environment["processId"] != 1
        assert container.status()["Name"] == "shim"
        assert_holds_nothing(container.status())


def test_a_privileged_port_keeps_the_one_capability_it_needs(engine, image):
    with engine.start(image, env=PORT_80, options=[f"{FLOOR}=1024"], port=80) as container:
        environment = container.environment()
        assert_is_app(environment, keeps=NET_BIND_SERVICE)
        assert environment["addresses"] == ["http://[::]:80"]
        assert_holds_nothing(container.status(), bounding=NET_BIND_SERVICE)


def test_a_privileged_port_that_the_kernel_gives_to_anyone_keeps_nothing(engine, image):
    with engine.start(image, env=PORT_80, options=[f"{FLOOR}=0"], port=80) as container:
        assert_is_app(container.environment())
        assert_holds_nothing(container.status())


def test_a_privileged_port_without_the_capability_is_refused(engine, image):
    refused = engine.run(image, env=PORT_80, options=["--cap-drop=NET_BIND_SERVICE"])
    assert refused.exit_code == 125
    assert refused.stdout == ""
    error, *hints = refused.stderr.splitlines()
    assert error.startswith("shim: error: ")
    assert "80" in error and "ASPNETCORE_HTTP_PORTS" in error
    assert all(hint.startswith("shim: hint: ") for hint in hints)
    assert any("8080" in hint for hint in hints)
    assert any("NET_BIND_SERVICE" in hint for hint in hints)


def test_stop_ends_the_app_gracefully(engine, image):
    with engine.start(image) as container:
        container.get()
        assert container.stop() == 0


def test_an_empty_image_will_do(engine, shim, whoami, tmp_path):
    """No passwd, no libc, no /tmp: the number stands alone, and its home is /."""
    shutil.copy(shim, tmp_path / "shim")
    shutil.copy(whoami, tmp_path / "whoami")
    image = engine.build(
        tmp_path,
        """
        FROM scratch
        COPY shim whoami /
        ENV ASPNETCORE_HTTP_PORTS=8080
        ENTRYPOINT ["/shim", "/whoami"]
        """,
    )
    with engine.start(image) as container:
        environment = container.environment()
        assert (environment["uid"], environment["gid"]) == (1654, 1654)
        assert (environment["user"], environment["groups"]) == (None, [1654])
        assert environment["home"] == "/"
        assert holds_nothing(environment)
        assert_holds_nothing(container.status())


def test_an_image_that_is_a_user_already(engine, shim, whoami, tmp_path):
    """A chiseled image: USER 1654, no shell. There is nothing to switch.

    The bounding set only root can empty; no_new_privs makes what is left of it useless.
    """
    shutil.copy(shim, tmp_path / "shim")
    shutil.copy(whoami, tmp_path / "whoami")
    image = engine.build(
        tmp_path,
        """
        FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
        COPY shim whoami /
        ENTRYPOINT ["/shim", "/whoami"]
        """,
    )
    with engine.start(image) as container:
        environment = container.environment()
        assert (environment["user"], environment["groups"]) == ("app", [1654])
        assert environment["noNewPrivileges"] is told("noNewPrivileges", True)
        assert holds_nothing(environment, but=("bounding",))
        assert container.stop() == 0
