"""examples/hosting.md: what each hosting service does to a container, done to one here."""

import shutil

import pytest
from expected import FLOOR, NET_BIND_SERVICE, NOTHING, PORT_80, assert_is_app, holds_nothing

# No word about users; the container starts as its image says.
PLAIN = (f"{FLOOR}=1024",)
# The task's systemControls.
ECS = (f"{FLOOR}=0",)
# The restricted profile: a high uid of the platform's choice, group 0, next to no capabilities.
OPENSHIFT = ("--user=1000650000:0", "--cap-drop=ALL", "--security-opt=no-new-privileges", *PLAIN)


@pytest.fixture(scope="module")
def image(engine, shim, whoami, tmp_path_factory):
    context = tmp_path_factory.mktemp("hosting")
    shutil.copy(shim, context)
    shutil.copy(whoami, context / "aspnetapp")
    return engine.build(
        context,
        """
        FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
        COPY shim /shim
        WORKDIR /app
        COPY aspnetapp .
        ENTRYPOINT ["/shim", "./aspnetapp"]
        """,
    )


@pytest.mark.parametrize(
    "options, env, port, keeps",
    [
        (PLAIN, {}, 8080, NOTHING),
        (PLAIN, PORT_80, 80, NET_BIND_SERVICE),
        (ECS, PORT_80, 80, NOTHING),
    ],
    ids=["as-it-comes", "port-80", "ecs-port-80"],
)
def test_a_platform_that_names_no_user(engine, image, options, env, port, keeps):
    with engine.start(image, options=options, env=env, port=port) as container:
        assert_is_app(container.environment(), keeps)


def test_cloud_run_names_the_port(engine, image):
    """PORT, which ASP.NET Core does not read; with SHIM_HTTP_PORTS_FROM it need not."""
    env = {"PORT": "9090", "K_SERVICE": "app", "SHIM_HTTP_PORTS_FROM": "PORT"}
    with engine.start(image, env=env, port=9090) as container:
        assert container.environment()["addresses"] == ["http://[::]:9090"]


def test_openshift_chooses_the_user(engine, image):
    """The shim cannot switch, and goes on as whom it was started."""
    with engine.start(image, options=OPENSHIFT) as container:
        environment = container.environment()
        assert environment["uids"] == [1000650000] * 4
        assert environment["gids"] == [0] * 4
        assert holds_nothing(environment)
        assert container.stop() == 0


@pytest.mark.parametrize(
    "options", [OPENSHIFT, ("--user=1654", *PLAIN)], ids=["openshift", "runAsUser"]
)
def test_a_user_cannot_have_port_80(engine, image, options):
    refused = engine.run(image, env=PORT_80, options=options)
    assert refused.exit_code == 125
    assert "port 80, from ASPNETCORE_HTTP_PORTS, is privileged" in refused.stderr


def test_a_user_can_have_port_80_where_the_kernel_does_not_mind(engine, image):
    """The shim is stricter by default; the hint of its refusal says how to trust the kernel."""
    options = ("--user=1654", f"{FLOOR}=0")
    refused = engine.run(image, env=PORT_80, options=options)
    assert refused.exit_code == 125
    assert "SHIM_UNPRIVILEGED_PORT_START=0" in refused.stderr
    env = {**PORT_80, "SHIM_UNPRIVILEGED_PORT_START": "0"}
    with engine.start(image, env=env, options=options, port=80) as container:
        assert container.environment()["addresses"] == ["http://[::]:80"]


def test_a_capability_that_does_not_count(engine, image):
    """The host's network is not this user namespace's: the shim tries, and is not taken in."""
    if engine.name == "docker":
        pytest.skip("docker maps users for the whole daemon")
    options = ("--network=host", "--uidmap=0:100000:65536", "--gidmap=0:100000:65536")
    refused = engine.run(image, env=PORT_80, options=options)
    assert refused.exit_code == 125
    assert "port 80, from ASPNETCORE_HTTP_PORTS, cannot be opened as uid 1654" in refused.stderr


def test_check_says_it_beforehand(engine, image):
    """The same image, the same settings, nothing started."""
    checked = engine.run(
        image,
        *("--check", "./aspnetapp"),
        env=PORT_80,
        options=["--entrypoint=/shim", "--cap-drop=NET_BIND_SERVICE"],
    )
    assert checked.exit_code == 125
    assert "listen: 80 http, from ASPNETCORE_HTTP_PORTS\n" in checked.stdout
    assert checked.stdout.endswith("verdict: refused\n")
