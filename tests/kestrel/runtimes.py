"""The versions of .NET that can be asked: the SDK's own, and others made of NuGet's runtime packs.

A pack holds what an installed .NET has, in other folders: put in its place, with the SDK's `dotnet`
before it, it is a .NET of its own, under build/kestrel. Packs are pinned by version and SHA-512.
"""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "kestrel"
PACKAGES = BUILD / "packages"
FRAMEWORKS = ["Microsoft.NETCore.App", "Microsoft.AspNetCore.App"]

# By major version: the packs' version, and the SHA-512 of each, in the order of FRAMEWORKS.
PACKS = {
    "8": (
        "8.0.34",
        "fqB1EMzydBPvd+1yklsxA/5o/2TXlOQnjFoy1HMjYTlXT42e/8ej05/O4vHKtULM6NZiM4mj0N7/KCDoFI3CEA==",
        "XAJi0bPTUoDWbLQ7xhJoQo/t9DAz5TdxmJ5IEvjF22UnMORv095QZ+XWCxgaJz+FcnDmDKUjgvvLJIGmks0vdw==",
    ),
    "9": (
        "9.0.23",
        "vXCR5xzrQoJY3+QmjyM/B3w5qJFGQ2DfYZGJ1whveKUCOp1/s9fplAy/9SIEY2TbFz/tctpkSssLzu+NQBEv+Q==",
        "bizRsMfOh78icM3rED5FWtaGjSIfu9LAEys4j7nnX6N3HIlew0Iwhs2MPZSwNSk7cZ/Q6zqcJwuRJCDANI7rMQ==",
    ),
    "11": (
        "11.0.0",
        "92vCWKQbiW9T2QgCRTwiHVHpxpv8fDAOiCRUnlO9QkLhd2oWGKJt9zhHN4mbd7Al/WmBwD+tF0Jt8Ux5Ofox7g==",
        "7G7Rtb4wsazwSr4Q8XOwwfjfSPRw2id2hcKCGu58tuatIXSMVqFbbJqFfmdY4KugZgSKZEzK6q0J/4Lj7kY4FA==",
    ),
}


class CannotBeHad(Exception):
    """Why a version is not to be had here."""


@dataclass
class Runtime:
    """A .NET to run the oracle with, and the framework that the oracle is compiled for."""

    dotnet: str
    framework: str


def find(major):
    """The runtime of a major version; made first, if it is not the SDK's. None: the SDK's own."""
    sdk = shutil.which("dotnet")
    if not sdk:
        raise CannotBeHad("no dotnet on this machine")
    if major is None:
        return Runtime(sdk, "net10.0")
    if major not in PACKS:
        raise CannotBeHad(f"there are packs of {', '.join(PACKS)} only")
    if platform.machine() != "x86_64":
        raise CannotBeHad(f"the packs are for x86_64, this is {platform.machine()}")
    # One that is newer than the SDK runs what is compiled for the SDK's.
    framework = f"net{min(int(major), 10)}.0"
    return Runtime(str(compose(sdk, major)), framework)


def compose(sdk, major):
    version, *hashes = PACKS[major]
    root = BUILD / f"dotnet-{version}"
    if not (root / "dotnet").exists():
        download(version, hashes)
        for framework in FRAMEWORKS:
            copy_framework(framework, version, root)
        (root / "host" / "fxr" / version).mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "shared" / FRAMEWORKS[0] / version / "libhostfxr.so", root / "host" / "fxr" / version)
        # Last: it says that the rest is there.
        shutil.copy(os.path.realpath(sdk), root / "dotnet")
    return root / "dotnet"


def download(version, hashes):
    project = HERE / "packs" / "packs.csproj"
    command = ["dotnet", "restore", project, f"-p:Runtime={version}", f"-p:BaseIntermediateOutputPath={BUILD}/packs/",
               "--packages", PACKAGES, "--nologo", "-v", "quiet"]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise CannotBeHad(f"the packs of {version} cannot be had: {done.stdout.strip().splitlines()[0]}")
    for framework, wanted in zip(FRAMEWORKS, hashes):
        (pack,) = pack_of(framework, version).glob("*.nupkg")
        found = base64.b64encode(hashlib.sha512(pack.read_bytes()).digest()).decode()
        if found != wanted:
            raise RuntimeError(f"{pack.name} is not the one that is pinned: {found}")


def pack_of(framework, version):
    return PACKAGES / f"{framework.lower()}.runtime.linux-x64" / version


def copy_framework(framework, version, root):
    target = root / "shared" / framework / version
    target.mkdir(parents=True, exist_ok=True)
    content = pack_of(framework, version) / "runtimes" / "linux-x64"
    for file in [*content.glob("lib/net*/*"), *content.glob("native/*")]:
        shutil.copy(file, target)
