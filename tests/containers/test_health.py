"""examples/health.md: checks that the platform runs in the container."""

import re
import shutil

import pytest
import yaml
from conftest import REPO
from health import check_health

PAGE = (REPO / "examples/health.md").read_text()
CHECKS = re.findall(r"^\| [^|]+ \| `(HEALTHCHECK [^|]+)` \|$", PAGE, re.M)
OFTEN = "HEALTHCHECK --interval=1s --retries=1 --start-period=30s"
CURL, SHELL, ITSELF = CHECKS
WHO = "HEALTHCHECK CMD [\"/shim\", \"sh\", \"-c\", \"id -un && test $(id -u) = 1654\"]"
NO_SHIM = 'HEALTHCHECK CMD test "$(id -u)" = 0'
LOG_OF_1 = "HEALTHCHECK CMD echo well > /proc/1/fd/1"


@pytest.fixture(scope="module")
def start(engine, shim, aspnetapp, tmp_path_factory):
    """Starts the sample app, in an image with this check."""
    context = tmp_path_factory.mktemp("health")
    shutil.copy(shim, context)
    shutil.copytree(aspnetapp, context / "app")
    images = {}

    def start(check, tag="10.0", env=()):
        curl = tag == "10.0"
        if (check, tag) not in images:
            text = f"""
                FROM mcr.microsoft.com/dotnet/aspnet:{tag}
                {"RUN apt-get update -q && apt-get install -qy --no-install-recommends curl" if curl else ""}
                COPY shim /shim
                COPY app /app
                WORKDIR /app
                USER root
                ENTRYPOINT ["/shim", "./aspnetapp"]
                {check.replace("HEALTHCHECK", OFTEN)}
                """
            options = ["--format=docker", "--layers"] if engine.name == "podman" else []
            images[check, tag] = engine.build(context, text, options)
        return engine.start(images[check, tag], env=env)

    return start


@pytest.mark.parametrize("check", [CURL, SHELL, ITSELF, WHO, NO_SHIM],
                         ids=["curl", "shell", "itself", "is-the-app", "without-the-shim-is-root"])
def test_an_app_that_is_well(engine, start, check):
    with start(check) as container:
        assert container.get("/healthz") == "Healthy"
        assert check_health(engine, container.name) == "healthy"


def test_without_a_shell(engine, start):
    with start(ITSELF, "10.0-noble-chiseled") as container:
        container.get("/healthz")
        assert check_health(engine, container.name) == "healthy"


@pytest.mark.parametrize("check", [CURL.replace("8080", "9999"), ITSELF.replace("app\"", "\""), LOG_OF_1],
                         ids=["not-there", "no-such-program", "log-of-pid-1"])
def test_a_check_that_fails(engine, start, check):
    with start(check) as container:
        container.get("/healthz")
        assert check_health(engine, container.name) == "unhealthy"


def test_a_check_as_kubernetes_runs_it(start):
    """The page's exec probe, and its exit codes."""
    probe = yaml.safe_load(re.search(r"^# Kubernetes.*?^```", PAGE, re.M | re.S)[0].strip("`"))
    command = probe["livenessProbe"]["exec"]["command"]
    with start(NO_SHIM) as container:
        container.get("/healthz")
        assert container.exec(*command).exit_code == 0
        unwell = container.exec(*command, options=["--env=ASPNETCORE_HTTP_PORTS=9999"])
        assert (unwell.exit_code, unwell.stderr) == (1, "Connection refused (localhost:9999)\n")
        missing = container.exec("/shim", "./nowhere")
        assert missing.exit_code == 127 and missing.stderr.startswith("shim: error: ")
