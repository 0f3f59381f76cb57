"""The file system of a test machine: a cpio archive as the kernel takes it.

Written here, entry by entry: owners and modes are what they say, whoever runs the tests.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    content: bytes
    mode: int = 0o644
    owner: int = 0
    group: int = 0


@dataclass(frozen=True)
class Folder:
    mode: int = 0o755
    owner: int = 0
    group: int = 0


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Device:
    major: int
    minor: int
    mode: int = 0o666


def executable(path):
    return File(path.read_bytes(), 0o755)


def copy(folder, target, leave_out=()):
    """What a folder has in it, as {path below target: ...}, without these folders of it."""
    tree = {}
    for place, folders, files in os.walk(folder):
        here = os.path.relpath(place, folder)
        folders[:] = [name for name in folders
                      if os.path.normpath(f"{here}/{name}") not in leave_out]
        for name in folders + files:
            path = Path(place, name)
            mode = stat.S_IMODE(path.lstat().st_mode)
            tree[os.path.normpath(f"{target}/{here}/{name}")] = (
                Link(os.readlink(path)) if path.is_symlink()
                else Folder(mode) if path.is_dir() else File(path.read_bytes(), mode))
    return tree


def entry(number, path, what):
    """One file in cpio's format "newc": a header of hexadecimal numbers, the name, the content."""
    mode, content, device = getattr(what, "mode", 0o777), b"", (0, 0)
    if isinstance(what, File):
        mode, content = mode | stat.S_IFREG, what.content
    elif isinstance(what, Folder):
        mode |= stat.S_IFDIR
    elif isinstance(what, Link):
        mode, content = mode | stat.S_IFLNK, what.target.encode()
    elif isinstance(what, Device):
        mode, device = mode | stat.S_IFCHR, (what.major, what.minor)
    name = path.encode() + b"\0"
    fields = (number, mode, getattr(what, "owner", 0), getattr(what, "group", 0), 1, 0,
              len(content), 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def pack(tree):
    """The archive of a dict {path: what is there}. Folders on the way are made."""
    complete = {}
    for path, what in tree.items():
        parts = path.strip("/").split("/")
        for end in range(1, len(parts)):
            complete.setdefault("/".join(parts[:end]), Folder())
        complete["/".join(parts)] = what
    entries = [entry(number, *item) for number, item in enumerate(complete.items(), 1)]
    return b"".join(entries) + entry(0, "TRAILER!!!", None)
