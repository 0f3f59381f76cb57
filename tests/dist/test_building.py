"""The plain `make`: what it leaves out of the binary, and another library in it; and `make check`."""

import os
import platform
import re
import shutil

import pytest
from elf import Elf, assert_hardened
from tree import BUILD, copy_of_sources, make, run


def test_two_builds_are_the_same(tmp_path):
    """Elsewhere, into another folder, by another user's habits: the bytes do not tell."""
    here = copy_of_sources(tmp_path / "here")
    there = copy_of_sources(tmp_path / "elsewhere-by-a-longer-name")
    run("find", there, "-exec", "touch", "-h", "-d", "2001-02-03", "{}", "+")
    objects = tmp_path / "objects"
    objects.mkdir()
    shutil.move(there / "build/libcap-ng", objects)
    make("-j1", "build/shim", cwd=here, umask=0o022)
    elsewhere = ["unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]
    if os.geteuid() != 0:
        elsewhere = []
    run(*elsewhere, "make", "-s", "-j4", f"B={objects}", objects / "shim", cwd=there, umask=0o077,
        env={"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "HOME": str(tmp_path), "USER": "nobody"})
    first, second = (here / "build/shim").read_bytes(), (objects / "shim").read_bytes()
    assert first == second
    assert os.fsencode(tmp_path) not in first


MARK = "this libcap-ng is another one"

ALPINE = """#!/bin/sh
# What matters here of Alpine's compiler: its libc is musl, and it links a static-pie by itself.
[ "$*" != -dumpmachine ] || exec echo {machine}-alpine-linux-musl
musl=/usr/lib/{machine}-linux-musl
case " $* " in
*" -static-pie "*)
    exec gcc -nostdlib -pie -Wl,-Bstatic,--no-dynamic-linker $musl/rcrt1.o $musl/crti.o \\
        $(gcc -print-file-name=crtbeginS.o) "$@" $musl/libc.a $(gcc -print-libgcc-file-name) \\
        $(gcc -print-file-name=crtendS.o) $musl/crtn.o ;;
*" -print-file-name=libc.a "*) exec echo $musl/libc.a ;;
*) exec musl-gcc -isystem {headers} "$@" ;;
esac
"""


@pytest.fixture
def alpine(tmp_path):
    """A compiler that this tree takes for Alpine's, on whatever this is."""
    if not shutil.which("musl-gcc"):
        pytest.skip("no musl-gcc to make it of")
    compiler = tmp_path / "cc"
    compiler.write_text(ALPINE.format(machine=platform.machine(), headers=BUILD / "include"))
    compiler.chmod(0o755)
    return [f"CC={compiler}"]


@pytest.fixture
def library(tmp_path):
    """A libcap-ng that somebody has changed, as an archive with its header."""
    folder = tmp_path / "changed"
    run("deps/libcap-ng", "--fetch", BUILD / "libcap-ng")
    tarball, = (BUILD / "libcap-ng").glob("*.tar.gz")
    folder.mkdir()
    run("tar", "-xzf", tarball, "-C", folder, "--strip-components=1")
    source = folder / "src"
    changed = (source / "cap-ng.c").read_text().replace(
        "void capng_clear(capng_select_t set)\n{",
        f'const char *volatile capng_mark;\nvoid capng_clear(capng_select_t set)\n{{\n'
        f'\tcapng_mark = "{MARK}";')
    assert MARK in changed
    (source / "cap-ng.c").write_text(changed)
    (source / "config.h").write_text("#define HAVE_SYSCALL_H 1\n#define HAVE_SYS_XATTR_H 1\n")
    for name in ("cap-ng", "lookup_table"):
        run("musl-gcc", "-D_GNU_SOURCE", "-fPIE", "-Os", "-isystem", BUILD / "include", "-I", source,
            "-c", "-o", source / f"{name}.o", source / f"{name}.c")
    run("ar", "rc", source / "libcap-ng.a", source / "cap-ng.o", source / "lookup_table.o")
    return source


@pytest.mark.parametrize("how", ["Debian", "Alpine"])
def test_another_libcap_ng_can_be_linked(how, library, tmp_path, request):
    """As LICENSE says, which the library's own licence asks for."""
    compiler = request.getfixturevalue("alpine") if how == "Alpine" else []
    source = copy_of_sources(tmp_path / "source")
    command = f"make B=relinked LIBCAP_NG={library}/libcap-ng.a CAP_NG_INCLUDE={library}"
    assert command.replace(str(library), "/YOURS") in (source / "LICENSE").read_text()
    run(*command.split(), *compiler, cwd=source)
    shim = source / "relinked/shim"
    assert MARK.encode() in shim.read_bytes()
    assert MARK.encode() not in (BUILD / "shim").read_bytes()
    assert ", libcap-ng unknown, musl " in run(shim, "--version").stdout
    assert "verdict: ok" in run(shim, "--check", "/bin/true").stdout
    assert_hardened(shim)


def test_a_build_with_alpines_compiler_knows_itself(alpine, tmp_path):
    """And takes its library and its libc for what they are."""
    source = copy_of_sources(tmp_path / "source")
    make(*alpine, "build/shim", cwd=source)
    shim = source / "build/shim"
    assert_hardened(shim)
    assert run(shim, "--version").stdout == run(BUILD / "shim", "--version").stdout
    assert Elf(shim).package == Elf(BUILD / "shim").package


def test_the_licence_has_the_librarys_whole(tmp_path):
    run("deps/libcap-ng", "--fetch", tmp_path)
    tarball, = tmp_path.glob("*.tar.gz")
    run("tar", "-xzf", tarball, "-C", tmp_path, "--strip-components=1")
    licence = (tmp_path / "COPYING.LIB").read_text()
    ours = (BUILD.parent / "LICENSE").read_text()
    assert licence in ours
    assert "libcap-ng" in ours and "Red Hat Inc." in ours and "Rich Felker" in ours


def test_a_stage_that_there_is_not_is_told_with_those_that_there_are():
    done = run("tests/run", "decision", "nonsense", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such stage: nonsense\n" in done.stderr
    stages = re.search(r"^stages: (.+)$", done.stderr, re.M)[1].split()
    assert {"lint", "unit", "behaviour", "faults", "containers"} <= set(stages)
    assert not re.search(r"Traceback|KeyError", done.stderr)
