"""The Dockerfiles of examples/, built and run as their comments say."""

import shutil

import pytest
from conftest import REPO
from expected import FLOOR, NET_BIND_SERVICE, PORT_80, assert_holds_nothing, assert_is_app

EXAMPLES = REPO / "examples"
READ_ONLY = ("--read-only", "--tmpfs=/tmp")


@pytest.fixture(scope="module")
def aspnetapp_image(engine, shim_image, dotnet_images):
    return engine.build(EXAMPLES / "aspnetapp", EXAMPLES / "aspnetapp/Dockerfile")


@pytest.fixture(scope="module")
def chiseled_image(engine, shim_image, dotnet_images):
    return engine.build(EXAMPLES / "aspnetapp", EXAMPLES / "chiseled/Dockerfile")


def build_on_base(engine, public, app):
    """An app that only adds itself to a base image, and that base image: with the shim in it."""
    folder = EXAMPLES / "runtime-deps"
    base = engine.build(folder, folder / "Dockerfile", [f"--build-arg=BASE={public}"])
    return engine.build(app, folder / "app.Dockerfile", [f"--build-arg=BASE={base}"])


@pytest.fixture(scope="module")
def runtime_deps_image(engine, shim_image, whoami, tmp_path_factory):
    app = tmp_path_factory.mktemp("app")
    shutil.copy(whoami, app / "aspnetapp")
    return build_on_base(engine, "mcr.microsoft.com/dotnet/runtime-deps:10.0", app)


@pytest.fixture(scope="module")
def aspnet_image(engine, shim_image, dotnet_images, aspnetapp):
    return build_on_base(engine, "mcr.microsoft.com/dotnet/aspnet:10.0", aspnetapp)


@pytest.fixture(params=["aspnetapp", "chiseled", "runtime_deps", "aspnet"])
def image(request):
    return request.getfixturevalue(f"{request.param}_image")


@pytest.mark.parametrize("options", [(), READ_ONLY], ids=["writable", "read-only"])
def test_root_starts_it_and_the_app_is_nobody_special(engine, image, options):
    with engine.start(image, options=options) as container:
        assert_is_app(container.environment())
        assert_holds_nothing(container.status())
        assert container.stop() == 0


def test_port_80_where_the_kernel_asks_for_the_capability(engine, image):
    with engine.start(image, env=PORT_80, options=[f"{FLOOR}=1024"], port=80) as container:
        environment = container.environment()
        assert environment["addresses"] == ["http://[::]:80"]
        assert_is_app(environment, keeps=NET_BIND_SERVICE)


def test_a_chiseled_image_that_is_left_a_user_cannot_have_port_80(engine, chiseled_image):
    """Why the example says USER root. Without it the same image is an ordinary user's."""
    options = ["--user=1654", f"{FLOOR}=1024"]
    with engine.start(chiseled_image, options=options) as container:
        assert container.environment()["uid"] == 1654
    refused = engine.run(chiseled_image, env=PORT_80, options=options)
    assert refused.exit_code == 125
    assert "CAP_NET_BIND_SERVICE is missing" in refused.stderr


def test_a_chiseled_image_has_no_shell_and_the_shim_needs_none(engine, chiseled_image):
    missing = engine.run(chiseled_image, options=["--entrypoint=/bin/sh"])
    assert missing.exit_code == 127
    checked = engine.run(chiseled_image, "--check", "./aspnetapp", options=["--entrypoint=/shim"])
    assert checked.exit_code == 0
    assert "verdict: ok" in checked.stdout


def test_arguments_of_run_go_to_the_app(engine, aspnetapp_image):
    """Because the ENTRYPOINT is a list; test_entrypoint.py has what a shell makes of it."""
    with engine.start(aspnetapp_image, "--urls", "http://*:9090", port=9090) as container:
        assert container.environment()["addresses"] == ["http://[::]:9090"]


def test_a_derived_image_that_replaces_the_entrypoint_is_root(engine, runtime_deps_image):
    """What the comment in app.Dockerfile warns of."""
    with engine.start(runtime_deps_image, options=["--entrypoint=./aspnetapp"]) as container:
        assert container.environment()["uid"] == 0


def test_the_base_image_alone_says_what_is_missing(engine, shim_image):
    """The image `shim` has its CMD from nobody, as the base image has."""
    refused = engine.run(shim_image)
    assert refused.exit_code == 125
    assert refused.stderr.startswith("shim: error: no PROGRAM to run\nshim: hint: ")
