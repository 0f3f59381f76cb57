"""Who the file says it is: to people, to scanners, and to package managers."""

import json
import platform
import re

from elf import Elf, assert_hardened
from tree import BUILD, TOP, make, run

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def test_the_file_is_hardened(shim):
    assert_hardened(shim)


def musl_here(folder):
    """What this machine's musl calls itself, asked by a program that links it."""
    source = folder / "musl.c"
    source.write_text("#include <stdio.h>\nextern const char __libc_version[];\n"
                      "int main(void) { return puts(__libc_version) < 0; }\n")
    run("musl-gcc", "-static", "-o", folder / "musl", source)
    return run(folder / "musl").stdout.strip()


def test_version_names_what_is_inside(version, tmp_path):
    said = run(BUILD / "shim", "--version").stdout
    libcap_ng = run("deps/libcap-ng", "--pin").stdout.split()[0]
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    assert said == (f"shim {version} ({architecture}), libcap-ng {libcap_ng}, "
                    f"musl {musl_here(tmp_path)}\n")


def test_the_note_for_scanners_says_the_same(shim, version):
    package = Elf(shim).package
    said = run(shim, "--version").stdout
    linked = {library["name"]: library for library in package["linked"]}
    assert set(linked) == {"libcap-ng", "musl"}
    for name, library in linked.items():
        assert f"{name} {library['version']}" in said
        assert library["version"] in library["purl"]
    assert package["version"] == version
    assert package["purl"] == f"pkg:generic/{package['name']}@{version}"
    assert f"({package['architecture']})" in said


def test_the_name_is_nobody_elses(shim):
    """Advisories on the boot loader's first stage, Debian's package shim, are not about this."""
    assert Elf(shim).package["name"] == "aspnet-shim"


def test_a_library_that_is_not_known_is_said_to_be_unknown(tmp_path):
    """An archive that somebody put in the place of ours is not the release that ours was."""
    archive = tmp_path / "libcap-ng.a"
    archive.write_bytes((TOP / "build/libcap-ng/libcap-ng.a").read_bytes() + b"\n")
    (tmp_path / "libcap-ng.version").write_text(
        (TOP / "build/libcap-ng/libcap-ng.version").read_text())
    libc = tmp_path / "libc.a"
    libc.write_bytes(b"!<arch>\n")
    run("dist/identify", tmp_path, env={"NAME": "a", "VERSION": "1", "CC": "gcc",
                                        "LIBCAP_NG": str(archive), "LIBC": str(libc)})
    assert "libcap-ng unknown, musl unknown" in (tmp_path / "version.c").read_text()
    note = re.search(r"metadata=(.*)'", (tmp_path / "note").read_text())[1]
    assert json.loads(note)["linked"] == [{"name": "libcap-ng"}, {"name": "musl"}]


def test_there_is_one_place_for_the_version(version):
    """Nothing else that a release is made of says it, but the examples' tag of the image, which a
    test of the manifests holds to it."""
    files = run("git", "ls-files", "*.c", "*.h", "*.1", "*.mk", "dist", "deps", ".github",
                "examples", "README.md").stdout.split()
    said = re.compile(rf"(?<!shim:)(?<![\d.v]){re.escape(version)}(?![\d.])")
    where = [name for name in files if said.search((TOP / name).read_text())]
    assert where == []


def test_the_change_log_begins_with_this_version(version):
    log = (TOP / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[(.*?)\]", log, re.M)[1] == version


def test_install_and_uninstall(shim, version, tmp_path):
    made = {"usr/bin/shim": 0o755, "usr/share/man/man1/shim.1": 0o644}
    where = [f"DESTDIR={tmp_path}", "PREFIX=/usr"]
    make("install", *where, umask=0o077)
    found = {str(path.relative_to(tmp_path)): path.stat().st_mode & 0o777
             for path in tmp_path.rglob("*") if path.is_file()}
    assert found == made
    assert run(tmp_path / "usr/bin/shim", "--version").stdout.startswith(f"shim {version} ")
    page = (tmp_path / "usr/share/man/man1/shim.1").read_text()
    assert page.startswith(".TH SHIM 1 ") and f'"shim {version}"' in page.splitlines()[0]
    make("uninstall", *where)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
