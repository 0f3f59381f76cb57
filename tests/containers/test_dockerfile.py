"""Dockerfile.test, at the top: builds the shim and tests it in a container."""

import io
import json
import subprocess
import tarfile

import pytest
from conftest import REPO

DOCKERFILE = REPO / "Dockerfile.test"


@pytest.fixture(scope="module")
def image(engine):
    """Takes a minute or two where no layer of it is there yet. What its tests say is in the log."""
    return engine.build(REPO, DOCKERFILE)


def files(engine, image):
    """All that is in an image: mode and content."""
    saved = subprocess.run([engine.command, "save", image], check=True, capture_output=True)
    found = {}
    with tarfile.open(fileobj=io.BytesIO(saved.stdout)) as archive:
        [manifest] = json.load(archive.extractfile("manifest.json"))
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                for member in layer:
                    content = layer.extractfile(member).read() if member.isfile() else None
                    found[member.name] = (member.mode & 0o7777, content)
    return found


def test_it_makes_an_image_of_the_shim_and_nothing_else(engine, image):
    [(name, (mode, _))] = files(engine, image).items()
    assert (name, mode) == ("shim", 0o755)


def test_its_shim_is_a_shim(engine, image):
    version = engine.run(image, "--version")
    assert (version.exit_code, version.stderr) == (0, "")
    assert version.stdout.startswith("shim ")
    checked = engine.run(image, "--check", "/shim")
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.endswith("program: /shim\nverdict: ok\n")


def test_the_untested_one_is_the_same_program(engine, image):
    """What the line for Alpine builds, here on Debian: that target, from the same layers."""
    untested = engine.build(REPO, DOCKERFILE, ["--target=untested"])
    assert files(engine, untested) == files(engine, image)
