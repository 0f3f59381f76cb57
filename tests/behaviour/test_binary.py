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


def test_code_is_in_pages_of_its_own(readelf, segments):
    """Nothing that is only read, the file's headers included, is executable."""
    if "X86-64" not in readelf("--file-header"):
        pytest.skip("pages of 64 KiB: the linker does so on x86 only")
    assert [flags for kind, flags in segments if kind == "LOAD"] == ["R  ", "R E", "R  ", "RW "]


@pytest.fixture(scope="module")
def instructions(shim, readelf):
    """(address, instruction), from the start of the text on, where our own rooms are: libc's parts
    come last."""
    if "X86-64" not in readelf("--file-header"):
        pytest.skip("only x86-64's instructions tell")
    if not shutil.which("objdump"):
        pytest.skip("no objdump")
    command = ["objdump", "--disassemble", "--no-show-raw-insn", "--section=.text", shim]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [
        (int(address, 16), words)
        for address, words in re.findall(r"^ +([0-9a-f]+):\t(.*)$", text, re.MULTILINE)
    ]


def test_returns_are_guarded(instructions):
    """-fstack-protector-strong: a canary in every function with something to overrun."""
    start = instructions[0][0]
    end = start + (instructions[-1][0] - start) / 4
    canaries = [words for address, words in instructions if address < end and "%fs:0x28" in words]
    assert len(canaries) > 50


def test_no_stack_frame_jumps_over_the_guard_page(instructions):
    """-fstack-clash-protection: a large frame is touched page by page."""
    assert [words for _, words in instructions if re.match(r"orq +\$0x0,\(%rsp\)", words)]


def test_it_is_stripped(readelf):
    assert not re.search(r"\.symtab|\.debug_", readelf("--section-headers"))
