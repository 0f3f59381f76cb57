"""What the linker put into a file, by its own map."""

import re
from collections import defaultdict
from pathlib import Path

PIECE = re.compile(r"^ (?P<section>\.\S+)?\s+0x(?P<address>[0-9a-f]+)\s+0x(?P<size>[0-9a-f]+)"
                   r" (?P<file>\S+)$", re.M)


def pieces(map_file):
    """(section, bytes, file) of each piece that is in memory.

    What was read but then discarded has no address, or no size.
    """
    text = Path(map_file).read_text()
    for piece in PIECE.finditer(text[text.index("Linker script and memory map"):]):
        size = int(piece["size"], 16)
        if int(piece["address"], 16) and size:
            yield piece["section"] or "", size, piece["file"]


def files(map_file):
    """{object file or archive: {member, "" of an object file: bytes}}."""
    found = defaultdict(lambda: defaultdict(int))
    for _, size, file in pieces(map_file):
        archive, _, member = file.rstrip(")").partition("(")
        found[archive][member] += size
    return {archive: dict(members) for archive, members in found.items()}


def functions(map_file):
    """The names of all functions, as every one is compiled into a section of its own."""
    return {section.rpartition(".")[2] for section, _, _ in pieces(map_file)
            if section.startswith(".text.")}
