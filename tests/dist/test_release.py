"""A release, built as `make dist` does, twice: by root here, and by somebody else elsewhere."""

import hashlib
import json
import re
import shutil
import tarfile
from pathlib import Path

import pytest
from elf import Elf, assert_hardened
from npm import unpacked
from tree import BUILD, TOP, run

ROWS = [line.split() for line in (TOP / "dist/architectures").read_text().splitlines()
        if not line.startswith("#")]
ARCHITECTURES = [row[1] for row in ROWS]
DOCKERS_NAME = {row[1]: row[0] for row in ROWS}
QEMU = {"arm64": "aarch64", "armv7": "arm", "s390x": "s390x", "ppc64le": "ppc64le",
        "riscv64": "riscv64"}
COMMIT = run("git", "log", "-1", "--format=%H %ct").stdout.split() if (TOP / ".git").exists() else []

every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.fixture
def name(version):
    return f"aspnet-shim-{version}"


@pytest.fixture
def bill(release, name):
    return lambda architecture: json.loads(
        (release.folder / f"{name}-linux-{architecture}.cdx.json").read_text())


def test_two_releases_of_a_commit_are_the_same(release):
    if not release.compared:
        pytest.skip("RELEASE_UNDER_TEST is one release, not two")
    compared = dict(line.split()[::-1] for line in release.compared if line[:1] in "sD")
    assert compared == {path.name: "same" for path in release.folder.iterdir()}


def test_everything_is_in_the_checksums(release):
    lines = (release.folder / "SHA256SUMS").read_text().splitlines()
    listed = {file: digest for digest, file in map(str.split, lines)}
    assert listed == {path.name: sha256(path) for path in release.folder.iterdir()
                      if path.name != "SHA256SUMS"}


@every_architecture
def test_an_archive_has_all_that_travels_along(release, name, architecture):
    top = f"{name}-linux-{architecture}"
    with tarfile.open(release.folder / f"{top}.tar.gz") as archive:
        members = archive.getmembers()
    files = {member.name.removeprefix(f"{top}/"): member for member in members if member.isfile()}
    assert set(files) == {"shim", "shim.1", "README.md", "CHANGELOG.md", "LICENSE", "sbom.cdx.json",
                          "licenses/libcap-ng", "licenses/musl", "licenses/libgcc"}
    assert {member.mtime for member in members} == {int(COMMIT[1])}
    assert {(member.uid, member.gid) for member in members} == {(0, 0)}
    assert {file for file, member in files.items() if member.mode & 0o111} == {"shim"}
    assert {member.mode & 0o022 for member in members} == {0}


@every_architecture
def test_a_binary_is_hardened_and_of_its_machine(release, architecture):
    elf = Elf(release.file(architecture, "shim"))
    assert_hardened(release.file(architecture, "shim"))
    assert elf.machine == {"armv7": "arm", "ppc64le": "ppc64"}.get(architecture, architecture)
    assert elf.order == (">" if architecture == "s390x" else "<")


@every_architecture
def test_a_binary_runs_and_knows_itself(release, version, architecture):
    shim = release.file(architecture, "shim")
    emulator = []
    if architecture in QEMU:
        emulator = [f"qemu-{QEMU[architecture]}-static"]
        if not shutil.which(emulator[0]):
            pytest.skip(f"no {emulator[0]}")
    said = run(*emulator, shim, "--version").stdout
    linked = {one["name"]: one for one in Elf(shim).package["linked"]}
    assert said == (f"shim {version} ({DOCKERS_NAME[architecture]}), "
                    f"libcap-ng {linked['libcap-ng']['version']}, musl {linked['musl']['version']}\n")
    assert re.search(r"^verdict: ok$", run(*emulator, shim, "--check", "/bin/true").stdout, re.M)


def test_the_licences_are_whole(release):
    def text(file):
        return release.file("amd64", file).read_text()

    assert text("licenses/libcap-ng") in text("LICENSE")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text("licenses/libcap-ng")
    assert "Rich Felker" in text("licenses/musl")
    assert "WITHOUT WARRANTY OF ANY KIND" in text("licenses/musl")
    assert "GCC RUNTIME LIBRARY EXCEPTION" in text("licenses/libgcc").upper()


def test_the_sources_are_there(release, name):
    pinned = run("deps/libcap-ng", "--pin").stdout.split()
    assert sha256(release.folder / f"libcap-ng-{pinned[0]}.tar.gz") == pinned[1]
    with tarfile.open(release.folder / f"{name}-source.tar.gz") as archive:
        found = {member.name for member in archive.getmembers() if member.isfile()}
    tracked = run("git", "ls-tree", "-r", "--name-only", "HEAD").stdout.split("\n")
    assert found == {f"{name}/{file}" for file in tracked if file}


# The bill of materials.


@pytest.fixture(scope="session")
def validate():
    """Fails where a document is not what CycloneDX 1.6 has in its schema."""
    jsonschema = pytest.importorskip("jsonschema")
    folder = unpacked("@cyclonedx/cyclonedx-library@10.3.0") / "res/schema"
    schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("*.schema.json")}
    schema = schemas["bom-1.6.SNAPSHOT.schema.json"]
    store = {f"http://cyclonedx.org/schema/{name}": one for name, one in schemas.items()}
    resolver = jsonschema.RefResolver(schema["$id"], schema, store=store)
    checker = jsonschema.Draft7Validator(schema, resolver=resolver,
                                         format_checker=jsonschema.draft7_format_checker)
    return lambda document: [error.message for error in checker.iter_errors(document)]


@every_architecture
def test_the_bill_is_valid(bill, validate, architecture):
    assert validate(bill(architecture)) == []


def test_an_invalid_bill_would_be_found(bill, validate):
    wrong = bill("amd64")
    wrong["components"][0]["licenses"] = [{"license": {"id": "LGPL-2.1-or-so"}}]
    assert validate(wrong)
    del wrong["components"][0]["name"]
    assert len(validate(wrong)) > 1


@every_architecture
def test_the_bill_is_that_of_the_binary(release, bill, version, architecture):
    shim = release.file(architecture, "shim")
    made = bill(architecture)
    assert release.file(architecture, "sbom.cdx.json").read_text() == json.dumps(made, indent=2) + "\n"
    component = made["metadata"]["component"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": sha256(shim)}]
    assert (component["version"], component["purl"]) == (version, Elf(shim).package["purl"])
    properties = {one["name"]: one["value"] for one in component["properties"]}
    assert properties["aspnet-shim:revision"] == COMMIT[0]
    assert properties["aspnet-shim:build-root"] == sha256(TOP / "dist/root.lock")
    purls = {one["purl"] for one in made["components"]}
    assert {one["purl"] for one in Elf(shim).package["linked"]} <= purls


def test_the_bill_names_the_sources(bill):
    libraries = {one["name"]: one for one in bill("amd64")["components"]}
    version, digest, _ = run("deps/libcap-ng", "--pin").stdout.split()
    source = libraries["libcap-ng"]["externalReferences"][0]
    assert (libraries["libcap-ng"]["version"], source["hashes"][0]["content"]) == (version, digest)
    package = libraries["musl"]["externalReferences"][0]
    assert f"{package['hashes'][0]['content']}  {package['url']}" in (
        TOP / "dist/root.lock").read_text()


def test_what_nobody_knows_the_origin_of_ends_the_build(tmp_path):
    strange = tmp_path / "shim.map"
    strange.write_text("Linker script and memory map\n\n .text  0x1000  0x20 /opt/lib/libodd.a(odd.o)\n")
    done = run("dist/sbom", "/dev/null", strange, "amd64", "x86_64-linux-gnu", check=False,
               env={"NAME": "a", "VERSION": "1", "REVISION": "0", "SOURCE_DATE_EPOCH": "0"})
    assert done.returncode == 1 and "libodd.a" in done.stderr


# What the advisories mean.

JUSTIFICATIONS = {"component_not_present", "vulnerable_code_not_present",
                  "vulnerable_code_not_in_execute_path", "inline_mitigations_already_exist",
                  "vulnerable_code_cannot_be_controlled_by_adversary"}


def test_the_statements_on_advisories_are_openvex(release, name, bill, version):
    """By the rules of its specification, 0.2.0; its schema is in no package to be had."""
    document = json.loads((release.folder / f"{name}.vex.json").read_text())
    assert set(document) == {"@context", "@id", "author", "timestamp", "version", "statements"}
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["timestamp"])
    purls = {one["purl"].split("?")[0] for one in bill("amd64")["components"]}
    assert document["statements"]
    for statement in document["statements"]:
        assert re.fullmatch(r"CVE-\d{4}-\d{4,}", statement["vulnerability"]["name"])
        (product,) = statement["products"]
        assert product["@id"] == bill("amd64")["metadata"]["component"]["purl"]
        assert {one["@id"] for one in product["subcomponents"]} <= purls
        if statement["status"] == "not_affected":
            assert statement["justification"] in JUSTIFICATIONS and statement["impact_statement"]
        else:
            assert statement["status"] == "fixed" and statement["status_notes"]


def test_a_reason_that_does_not_hold_ends_the_build(release, name, tmp_path):
    """iconv() in the binary, or a musl without the fix."""
    environment = {"NAME": "aspnet-shim", "VERSION": "1", "SOURCE_DATE_EPOCH": "0"}
    bill = release.folder / f"{name}-linux-amd64.cdx.json"
    ours, other = BUILD / "shim.map", tmp_path / "shim.map"
    assert run("dist/vex", bill, ours, env=environment).stdout.startswith("{")
    other.write_text(ours.read_text()
                     + "\n .text.iconv    0x0000000000001000       0x20 /usr/lib/libc.a(iconv.lo)\n")
    done = run("dist/vex", bill, other, env=environment, check=False)
    assert done.returncode == 1 and "iconv() is linked" in done.stderr
    old = tmp_path / "old.json"
    old.write_text(re.sub(r'"1\.2\.5-3\.1[^"]*"', '"1.2.5-3"', bill.read_text()))
    done = run("dist/vex", old, ours, env=environment, check=False)
    assert done.returncode == 1 and "CVE-2026-40200: 1.2.5-3 is linked" in done.stderr


# Somebody else's release.


def test_a_release_is_verified_by_its_sources(release, tmp_path):
    """One that differs in a byte is not what the sources make; nor is one of another commit."""
    theirs = tmp_path / "theirs"
    shutil.copytree(release.folder, theirs)
    verify = [TOP / "dist/verify", "no root", theirs, release.folder]
    changed = next(theirs.glob("*-linux-arm64.tar.gz"))
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    assert run(*verify, check=False).returncode == 1  # not even its own checksums
    (theirs / "SHA256SUMS").write_text(
        "".join(f"{sha256(path)}  {path.name}\n" for path in sorted(theirs.iterdir())
                if path.name != "SHA256SUMS"))
    done = run(*verify, check=False)
    assert done.returncode == 1
    differing = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("DIFFERS")]
    assert differing == sorted(["SHA256SUMS", changed.name])
    bill = next(theirs.glob("*-amd64.cdx.json"))
    bill.write_text(bill.read_text().replace(COMMIT[0], "0" * 40))
    run("sh", "-c", "sha256sum $(ls | grep -v SUMS) >SHA256SUMS", cwd=theirs)
    done = run(*verify, check=False)
    assert done.returncode == 2 and "is of commit 0000" in done.stderr
