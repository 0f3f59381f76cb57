"""The image: what is in it, that engines take it, and that it is published as it was built."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile

import pytest
from registry import registry
from tree import STORE, TOP, run

PLATFORMS = {line.split()[0] for line in (TOP / "dist/architectures").read_text().splitlines()
             if not line.startswith("#")}
START_SECONDS = 60


@pytest.fixture
def name(version):
    return f"aspnet-shim-{version}"


@pytest.fixture
def archive(release, name):
    return release.folder / f"{name}-image.tar"


class Layout:
    """An OCI layout in a tar, each blob held against its digest as it is read."""

    def __init__(self, path):
        with tarfile.open(path) as archive:
            self.files = {member.name: archive.extractfile(member).read()
                          for member in archive.getmembers() if member.isfile()}
            self.owners = {(member.uid, member.gid, member.mtime) for member in archive.getmembers()}

    def blob(self, descriptor):
        algorithm, digest = descriptor["digest"].split(":")
        content = self.files[f"blobs/{algorithm}/{digest}"]
        assert hashlib.sha256(content).hexdigest() == digest
        assert len(content) == descriptor["size"]
        return content

    def document(self, descriptor):
        return json.loads(self.blob(descriptor))

    @property
    def top(self):
        (descriptor,) = json.loads(self.files["index.json"])["manifests"]
        return descriptor

    def images(self):
        """{platform as Docker writes it: (manifest, configuration)}"""
        found = {}
        for descriptor in self.document(self.top)["manifests"]:
            manifest = self.document(descriptor)
            platform = descriptor["platform"]
            key = platform["architecture"]
            if key == "arm":
                key += f"/{platform['variant']}"
            found[key] = manifest, self.document(manifest["config"])
        return found


@pytest.fixture
def layout(archive):
    return Layout(archive)


def test_it_is_of_all_architectures(layout):
    images = layout.images()
    assert set(images) == PLATFORMS
    for key, (_, configuration) in images.items():
        assert configuration["os"] == "linux"
        assert configuration["architecture"] == key.partition("/")[0]


def test_its_digest_is_told(release, layout, name):
    told = (release.folder / f"{name}-image.digest").read_text()
    assert told == layout.top["digest"] + "\n"


def test_it_holds_the_shim_its_licences_and_its_bill(release, layout):
    for key, (manifest, configuration) in layout.images().items():
        (layer,) = manifest["layers"]
        content = gzip.decompress(layout.blob(layer))
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert configuration["rootfs"]["diff_ids"] == [digest]
        with tarfile.open(fileobj=io.BytesIO(content)) as files:
            found = {one.name: files.extractfile(one).read() for one in files if one.isfile()}
            modes = {one.name: one.mode for one in files.getmembers()}
            assert {(one.uid, one.gid) for one in files.getmembers()} == {(0, 0)}
        assert set(found) == {"shim", "sbom.cdx.json", "licenses/LICENSE", "licenses/libcap-ng",
                              "licenses/musl", "licenses/libgcc"}
        assert modes["shim"] == 0o755 and not any(mode & 0o022 for mode in modes.values())
        folder = key.replace("/", "")
        assert found["shim"] == release.file(folder, "shim").read_bytes()
        assert found["sbom.cdx.json"] == release.file(folder, "sbom.cdx.json").read_bytes()


def test_it_says_what_it_is(layout, version):
    index = layout.document(layout.top)["annotations"]
    commit = run("git", "rev-parse", "HEAD").stdout.strip()
    expected = {"version": version, "revision": commit, "title": "aspnet-shim"}
    for manifest, configuration in layout.images().values():
        assert manifest["annotations"] == configuration["config"]["Labels"] == index
    for key, value in expected.items():
        assert index[f"org.opencontainers.image.{key}"] == value
    assert index["org.opencontainers.image.licenses"].startswith("MIT AND LGPL-2.1-or-later")


def test_its_user_is_no_root_by_number(layout):
    """As Kubernetes wants it for runAsNonRoot: a name would not do."""
    for _, configuration in layout.images().values():
        assert configuration["config"]["User"] == "65532:65532"
        assert configuration["config"]["Entrypoint"] == ["/shim"]


# Engines that take it.


@contextlib.contextmanager
def daemon(*command, env):
    """A program that says when it is ready, as systemd's services do; it ends with the test."""
    address = f"\0shim-dist-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(address)
        ready.settimeout(START_SECONDS)
        words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *command]
        with subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, **env, "NOTIFY_SOCKET": "@" + address[1:]}) as process:
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
                yield
            except TimeoutError:
                process.kill()
                pytest.skip(f"{command[0]} does not start: {process.stdout.read()[-1000:]}")
            finally:
                process.kill()


@pytest.fixture
def podman():
    if not shutil.which("podman") or not shutil.which("runc"):
        pytest.skip("no podman with runc")
    environment = {"CONTAINER_STORE": f"{STORE}/podman"}
    yield lambda *words: run(TOP / "tests/containers/podman", *words, env=environment)
    run(TOP / "tests/containers/podman", "rmi", "--all", "--force", env=environment)


@pytest.fixture
def docker(tmp_path):
    for program in ("dockerd", "docker"):
        if not shutil.which(program):
            pytest.skip(f"no {program}")
    (tmp_path / "run").mkdir()
    address = f"unix://{tmp_path}/run/docker.sock"
    with daemon(TOP / "tests/containers/engines/dockerd", tmp_path, env={"PATH": os.environ["PATH"]}):
        yield lambda *words: run("docker", *words, env={"DOCKER_HOST": address})


def try_it(engine, image, volume, release, version):
    volume.mkdir(mode=0o777)
    volume.chmod(0o777)
    options = ("run", "--rm", "--network=none")
    assert engine(*options, image, "--version").stdout.startswith(f"shim {version} (amd64), ")
    engine(*options, "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only",
           f"--volume={volume}:/target", image, "--install", "/target")
    copy = volume / "shim"
    assert copy.read_bytes() == release.file("amd64", "shim").read_bytes()
    assert (copy.stat().st_uid, copy.stat().st_mode & 0o7777) == (65532, 0o755)


def test_podman_takes_it(podman, archive, release, version, tmp_path):
    said = podman("load", "--input", archive).stdout
    assert f"localhost/aspnet-shim:{version}" in said
    try_it(podman, f"localhost/aspnet-shim:{version}", tmp_path / "volume", release, version)


def test_docker_takes_it(docker, archive, release, version, tmp_path):
    said = docker("load", "--input", archive).stdout
    assert f"aspnet-shim:{version}-amd64" in said and f"aspnet-shim:{version}-riscv64" in said
    try_it(docker, f"aspnet-shim:{version}-amd64", tmp_path / "volume", release, version)


def test_containerd_takes_it(archive, version, tmp_path):
    if not shutil.which("containerd"):
        pytest.skip("no containerd")
    address = tmp_path / "socket"
    with daemon("containerd", "--config", "/dev/null", "--root", tmp_path / "root", "--state",
                tmp_path / "state", "--address", address, env={}):
        run("ctr", "--address", address, "images", "import", "--all-platforms", archive)
        listed = run("ctr", "--address", address, "images", "list").stdout
    (line,) = [one for one in listed.splitlines() if f"localhost/aspnet-shim:{version}" in one]
    for platform in PLATFORMS:
        assert f"linux/{platform}" in line


# Published.

STAND_IN = """#!/bin/sh
# Notes what it was asked for.
echo "$(basename "$0")" "$@" >>"$ASKED"
"""


@pytest.fixture
def publish(release, version, tmp_path):
    """`make publish`, with signing and GitHub's tool replaced; what those were asked for."""
    if not shutil.which("skopeo"):
        pytest.skip("no skopeo")
    programs = tmp_path / "programs"
    programs.mkdir()
    for program in ("cosign", "gh"):
        (programs / program).write_text(STAND_IN)
        (programs / program).chmod(0o755)
    settings = tmp_path / ".config/containers/registries.conf"
    settings.parent.mkdir(parents=True)
    folder = tmp_path / "release"
    shutil.copytree(release.folder, folder)
    asked = tmp_path / "asked"

    def publish(address):
        settings.write_text(f'[[registry]]\nlocation = "{address}"\ninsecure = true\n')
        run("make", "-s", "publish", f"DIR={folder}", f"IMAGE={address}/team/shim", env={
            "PATH": f"{programs}:{os.environ['PATH']}", "ASKED": str(asked), "HOME": str(tmp_path)})
        return asked.read_text().splitlines()

    return publish


def test_it_is_published_with_the_digest_that_it_was_built_with(publish, layout, version):
    digest = layout.top["digest"]
    with registry() as (address, kept):
        asked = publish(address)
    assert kept[version] == kept[digest] == (layout.blob(layout.top), layout.top["mediaType"])
    for manifest, configuration in layout.images().values():
        assert kept[manifest["config"]["digest"]][0] == layout.blob(manifest["config"])
        assert kept[manifest["layers"][0]["digest"]][0] == layout.blob(manifest["layers"][0])
    assert f"cosign sign --yes --recursive {address}/team/shim@{digest}" in asked
    assert "cosign sign-blob --yes --bundle SHA256SUMS.sigstore.json SHA256SUMS" in asked
    (release,) = [line for line in asked if line.startswith("gh release create")]
    assert f"v{version} --verify-tag" in release and "SHA256SUMS" in release
