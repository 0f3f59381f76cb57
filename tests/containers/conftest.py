"""Containers for the tests, by the engine that SHIM_ENGINE names: see engines.py.

docker pulls the public images that the Dockerfiles name. podman, and a docker of the tests' own,
have stores of their own with stand-ins for them (./base), so that they need no image registry.
"""

import os
import shutil
from pathlib import Path

import expected
import pytest
from cannot import why_not
from engine import BUILD, BUILD_SECONDS, REPO, START_SECONDS, Container, Result, must, run
from engines import chosen, name_of_chosen
from own import Missing

__all__ = [
    *("BUILD", "BUILD_SECONDS", "REPO", "START_SECONDS", "SUMMARY"),
    *("Container", "Result", "must", "run"),
]

os.umask(0o022)  # what goes into an image is for everybody there, whoever has built it here

SUMMARY = []  # what the tests have to say in the end


def pytest_collection_modifyitems(items):
    """What this engine cannot do is skipped, with the reason."""
    for item in items:
        reason = why_not(name_of_chosen(), item.nodeid)
        if reason:
            item.add_marker(pytest.mark.skip(reason=f"{name_of_chosen()}: {reason}"))


def pytest_terminal_summary(terminalreporter):
    for text in SUMMARY:
        terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def bare_engine(request):
    """The engine, for images that are made of nothing."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text):
        with capture.global_and_fixture_disabled():
            print(text, flush=True)

    try:
        with chosen()(say) as found:
            SUMMARY.append(f"containers: {found.version}")
            expected.HIDDEN.update(found.hides)
            yield found
            found.clean_up()
    except Missing as reason:
        SUMMARY.append(f"containers: none, {reason}")
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def engine(bare_engine):
    """The engine, with the public images that Dockerfiles start from."""
    bare_engine.take_images()
    return bare_engine


@pytest.fixture(scope="session")
def copy_of(tmp_path_factory):
    """Copies a program or a folder of build/, for all to read, to where no build replaces it."""
    folder = tmp_path_factory.mktemp("built")

    def copy(name):
        copied = folder / Path(name).name
        must("cp", "-r", BUILD / name, copied)
        must("chmod", "-R", "a+rX", copied)
        return copied

    return copy


@pytest.fixture(scope="session")
def shim(copy_of):
    """build/shim, or what SHIM_UNDER_TEST names."""
    program = os.environ.get("SHIM_UNDER_TEST") or "shim"
    if not (BUILD / program).exists():
        pytest.skip("no build/shim: run make first")
    return copy_of(program)


@pytest.fixture(scope="session")
def shim_image(engine, shim, tmp_path_factory):
    """The image `shim` of the examples: what Dockerfile.test makes, without its tests."""
    context = tmp_path_factory.mktemp("shim")
    shutil.copy(shim, context)
    text = 'FROM scratch\nCOPY shim /shim\nENTRYPOINT ["/shim"]\n'
    before = run(engine.command, "images", "-q", "shim:latest").stdout.strip()
    tag = engine.build(context, text)
    must(engine.command, "tag", tag, "shim:latest")
    yield tag
    # A user's images are as they were. In a store of the tests' own another run may need it.
    if not engine.is_own:
        undo = ("tag", before, "shim:latest") if before else ("rmi", "shim:latest")
        must(engine.command, *undo)


@pytest.fixture(scope="session")
def payloads(copy_of):
    """The folder of what the tests run under the shim: tests/payloads."""
    must("make", "-s", "-C", REPO, "payloads")
    return copy_of("payloads")


@pytest.fixture(scope="session")
def aspnetapp(copy_of):
    """The folder of the sample app, published."""
    if not shutil.which("dotnet"):
        pytest.skip("no dotnet")
    must("dotnet", "publish", REPO / "examples/aspnetapp", "-o", BUILD / "aspnetapp")
    return copy_of("aspnetapp")


@pytest.fixture(scope="session")
def dotnet_images(engine):
    """The images with .NET in them."""
    if engine.is_own and not shutil.which("dotnet"):
        pytest.skip("no dotnet to make stand-ins of its images")


@pytest.fixture(scope="session")
def whoami(copy_of):
    """The sample app's stand-in in C."""
    if not shutil.which("musl-gcc"):
        pytest.skip("no musl-gcc")
    source = REPO / "examples/whoami/whoami.c"
    flags = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-static", "-s")
    must("musl-gcc", *flags, "-o", BUILD / "whoami", source)
    return copy_of("whoami")
