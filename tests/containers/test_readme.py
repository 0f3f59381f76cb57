"""What README.md, the man page and examples/hosting.md show is what happens."""

import re

import pytest
from conftest import REPO, must
from expected import FLOOR, PORT_80, assert_is_app

README = (REPO / "README.md").read_text()
MAN_PAGE = (REPO / "shim/shim.1").read_text()
HOSTING = (REPO / "examples/hosting.md").read_text()


@pytest.fixture(scope="module")
def dockerfile():
    """The one that the README shows, whole."""
    [text] = re.findall(r"^```dockerfile\n(.*?)^```", README, re.M | re.S)
    return text


@pytest.fixture(scope="module")
def build(engine, shim_image, dotnet_images):
    """Builds an image for the sample app."""
    return lambda text: engine.build(REPO / "examples/aspnetapp", text)


@pytest.fixture(scope="module")
def image(build, dockerfile):
    return build(dockerfile)


def test_its_dockerfile_does(engine, image):
    with engine.start(image) as container:
        assert_is_app(container.environment())
        assert container.stop() == 0


@pytest.mark.parametrize("options", [(), ("--entrypoint=/shim",)], ids=["CMD", "ENTRYPOINT"])
def test_check_prints_what_it_shows(engine, build, dockerfile, image, options):
    """For an image with the shim as its entrypoint; else with --entrypoint, as it says below."""
    command = r"^    \$ docker run --rm --entrypoint /shim my-app (.+)\n((?:    .+\n)+)"
    [(words, shown)] = re.findall(command, README, re.M)
    if not options:
        image = build(f'{dockerfile}ENTRYPOINT ["/shim"]\nCMD ["./aspnetapp"]\n')
    checked = engine.run(image, *words.split(), options=options)
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.splitlines() == [line.strip() for line in shown.splitlines()]


def test_a_refusal_reads_as_the_page_on_hosting_says(engine, image):
    shown = [line.strip() for line in HOSTING.splitlines() if line.startswith("    shim: ")]
    options = ["--cap-drop=NET_BIND_SERVICE", f"{FLOOR}=1024"]
    refused = engine.run(image, env=PORT_80, options=options)
    assert refused.exit_code == 125
    assert refused.stderr.splitlines()[: len(shown)] == shown


def test_all_three_name_the_same_settings(shim):
    named = re.findall(r"^  ([A-Z_]+) ", must(shim, "--help"), re.M)
    assert len(named) > 10
    assert re.findall(r"^\| `([A-Z_]+)` \|", README, re.M) == named
    assert re.findall(r"^\.B ([A-Z_]+)$", MAN_PAGE, re.M) == named


def test_the_man_page_is_of_this_version(shim):
    """It gets it when it is made: there is one place for the version."""
    version = must(shim, "--version").split()[1]
    must("make", "-s", "-C", REPO, "build/shim.1")
    assert f'"shim {version}"' in (REPO / "build/shim.1").read_text().splitlines()[0]
