"""The file itself: one static, position-independent, hardened program that needs nothing."""

import re
import shutil
import subprocess

import pytest


@pytest.fixture(scope="module")
def readelf(shim):
    if not shutil.which("readelf"):
        pytest.skip("no readelf")

    def read(option):
        command = ["readelf", "--wide", option, shim]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return read


@pytest.fixture(scope="module")
def segments(readelf):
    """(type, flags) of each program header."""
    line = r"^  ([A-Z_0-9]+) +(?:0x\w+ +){5}([RWE ]{3}) "
    return re.findall(line, readelf("--program-headers"), re.MULTILINE)


def test_it_is_position_independent(readelf):
    assert re.search(r"Type: +DYN ", readelf("--file-header"))
    assert re.search(r"\(FLAGS_1\).*\bPIE\b", readelf("--dynamic"))


def test_it_needs_no_loader_and_no_library(readelf, segments):
    assert "LOAD" in dict(segments)
    assert "INTERP" not in dict(segments)
    assert "(NEEDED)" not in readelf("--dynamic")


def test_what_was_relocated_is_read_only(readelf, segments):
    assert "GNU_RELRO" in dict(segments)
    assert re.search(r"\(FLAGS\) +.*BIND_NOW", readelf("--dynamic"))
    assert "TEXTREL" not in readelf("--dynamic")


def test_nothing_is_writable_and_executable(segments):
    assert dict(segments)["GNU_STACK"] == "RW "
    assert not [kind for kind, flags in segments if "W" in flags and "E" in flags]


def test_it_is_stripped(readelf):
    assert not re.search(r"\.symtab|\.debug_", readelf("--section-headers"))
