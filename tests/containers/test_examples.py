"""The Dockerfiles of examples/, built and run as their comments say."""

import json
import shutil

import pytest
from conftest import REPO, must
from expected import FLOOR, NET_BIND_SERVICE, PORT_80, assert_holds_nothing, assert_is_app

EXAMPLES = REPO / "examples"
READ_ONLY = ("--read-only", "--tmpfs=/tmp")


@pytest.fixture(scope="module")
def aspnetapp_image(engine, shim_image, dotnet_images):
    return engine.build(EXAMPLES / "aspnetapp", EXAMPLES / "aspnetapp/Dockerfile")


@pytest.fixture(scope="module")
def chiseled_image(engine, shim_image, dotnet_images):
    return engine.build(EXAMPLES / "aspnetapp", EXAMPLES / "chiseled/Dockerfile")


def build_base(engine, public):
    """A base image with the shim in it."""
    folder = EXAMPLES / "runtime-deps"
    return engine.build(folder, folder / "Dockerfile", [f"--build-arg=BASE={public}"])


def build_on_base(engine, public, app):
    """An app on such a base image."""
    options = [f"--build-arg=BASE={build_base(engine, public)}"]
    return engine.build(app, EXAMPLES / "runtime-deps/app.Dockerfile", options)


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


def config(engine, image):
    """What an image says about its start."""
    words = ("image", "inspect", "-f", "{{json .Config}}", image)
    found = json.loads(must(engine.command, *words))
    return {name: found.get(name) or None for name in ("User", "Entrypoint", "Cmd")}


class TestABaseImageWithTheShim:
    """It never makes root of an app that the public image would have run as a user."""

    # As the chiseled and composite images are: a user, and dotnet started with a word of its own.
    DOTNET = 'ENTRYPOINT ["/usr/bin/dotnet"]\nCMD ["--info"]\n'

    @pytest.fixture(scope="class", params=["runtime-deps", "chiseled", "dotnet"])
    def public(self, request, engine):
        """The image's name, and who its containers start as."""
        if request.param == "runtime-deps":
            return "mcr.microsoft.com/dotnet/runtime-deps:10.0", 0
        chiseled = "mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled"
        if request.param == "chiseled":
            return chiseled, 1654
        return engine.build(EXAMPLES, f"FROM {chiseled}\n{self.DOTNET}"), 1654

    @pytest.fixture(scope="class")
    def derive(self, engine, shim_image, public, whoami, tmp_path_factory):
        """Builds an image on the base image, from the last lines of its Dockerfile."""
        base = build_base(engine, public[0])
        context = tmp_path_factory.mktemp("derived")
        shutil.copy(whoami, context / "aspnetapp")
        before = f"FROM {base}\nWORKDIR /app\nCOPY aspnetapp .\n"
        return lambda lines: engine.build(context, before + lines)

    def test_it_says_what_the_public_one_says(self, engine, shim_image, public):
        assert config(engine, build_base(engine, public[0])) == config(engine, public[0])

    @pytest.mark.parametrize("line", ['ENTRYPOINT ["./aspnetapp"]', "ENTRYPOINT ./aspnetapp"])
    def test_an_entrypoint_of_the_apps_own_runs_as_it_did(self, engine, public, derive, line):
        if public[1] != 0 and "[" not in line:
            pytest.skip("a chiseled image has no shell")
        with engine.start(derive(f"{line}\n")) as container:
            assert container.environment()["uid"] == public[1]

    def test_an_entrypoint_that_names_the_shim_alone_is_no_more_than_the_user(self, engine, public, derive):
        """Without USER root the shim switches if the image is root's, and else has no need to."""
        with engine.start(derive('ENTRYPOINT ["/shim", "./aspnetapp"]\n')) as container:
            assert container.environment()["uids"] == [1654] * 4
            assert container.status()["Uid"].split() == ["1654"] * 4

    def test_with_a_root_for_the_shim_the_app_is_a_user_all_the_same(self, engine, derive):
        with engine.start(derive('USER root\nENTRYPOINT ["/shim", "./aspnetapp"]\n')) as container:
            assert_is_app(container.environment())
            assert_holds_nothing(container.status())

    def test_an_entrypoint_resets_the_cmd(self, engine, derive):
        """What the base image's CMD said is not handed to the shim: the program is to be named."""
        image = derive('ENTRYPOINT ["/shim"]\n')
        assert config(engine, image)["Cmd"] is None
        refused = engine.run(image)
        assert refused.exit_code == 125
        assert "no PROGRAM to run" in refused.stderr


def test_an_app_that_is_a_dll_in_an_image_that_starts_dotnet(engine, shim_image, aspnetapp, dotnet_images):
    """Named in full, as app.Dockerfile says; and left to the base image, as the user it has."""
    chiseled = "mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled"
    public = engine.build(EXAMPLES, f"FROM {chiseled}\n{TestABaseImageWithTheShim.DOTNET}")
    before = f"FROM {build_base(engine, public)}\nWORKDIR /app\nCOPY . .\n"
    named = 'USER root\nENTRYPOINT ["/shim", "dotnet", "aspnetapp.dll"]\n'
    with engine.start(engine.build(aspnetapp, before + named)) as container:
        assert_is_app(container.environment())
    with engine.start(engine.build(aspnetapp, before + 'CMD ["aspnetapp.dll"]\n')) as container:
        assert container.environment()["uid"] == 1654
        assert container.environment()["processId"] == 1


def test_the_base_image_alone_says_what_is_missing(engine, shim_image):
    """The image `shim` has its CMD from nobody, as the base image has."""
    refused = engine.run(shim_image)
    assert refused.exit_code == 125
    assert refused.stderr.startswith("shim: error: no PROGRAM to run\nshim: hint: ")
