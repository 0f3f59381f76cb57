"""What an ELF file says of itself, for every class and byte order."""

import json
import struct
from pathlib import Path

MACHINES = {3: "386", 21: "ppc64", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64"}
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
DT_NEEDED, DT_TEXTREL, DT_RPATH, DT_RUNPATH, DT_FLAGS, DT_FLAGS_1 = 1, 22, 15, 29, 30, 0x6FFFFFFB
DF_TEXTREL, DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 4, 8, 1, 0x08000000
FDO_PACKAGING_METADATA = 0xCAFE1A7E


class Elf:
    def __init__(self, path):
        self.data = Path(path).read_bytes()
        assert self.data[:4] == b"\x7fELF"
        self.wide = self.data[4] == 2
        self.order = "<" if self.data[5] == 1 else ">"
        header = self._read(16, "HHIQQQIHHHHHH" if self.wide else "HHIIIIIHHHHHH")
        self.type, machine, _, self.entry, table = header[:5]
        self.sections_at, self.section_count = header[5], header[11]
        self.machine = MACHINES.get(machine, machine)
        self.segments = [self._segment(table + i * header[8]) for i in range(header[9])]

    def _read(self, offset, format):
        return struct.unpack_from(self.order + format, self.data, offset)

    def _segment(self, offset):
        if self.wide:
            kind, flags, at, address, _, size, _, _ = self._read(offset, "IIQQQQQQ")
        else:
            kind, at, address, _, size, _, flags, _ = self._read(offset, "IIIIIIII")
        return {"kind": kind, "flags": flags, "at": at, "address": address, "size": size}

    def of_kind(self, kind):
        return [segment for segment in self.segments if segment["kind"] == kind]

    @property
    def dynamic(self):
        """Every value of each tag."""
        (segment,) = self.of_kind(PT_DYNAMIC)
        step, format = (16, "QQ") if self.wide else (8, "II")
        tags = {}
        for offset in range(segment["at"], segment["at"] + segment["size"], step):
            tag, value = self._read(offset, format)
            if tag == 0:
                break
            tags.setdefault(tag, []).append(value)
        return tags

    @property
    def notes(self):
        """(owner, type) to content, of the notes that are loaded into memory."""
        notes = {}
        for segment in self.of_kind(PT_NOTE):
            offset, end = segment["at"], segment["at"] + segment["size"]
            while offset < end:
                owner_size, size, kind = self._read(offset, "III")
                owner_at = offset + 12
                content_at = owner_at + (owner_size + 3) // 4 * 4
                owner = self.data[owner_at:owner_at + owner_size].rstrip(b"\0").decode()
                notes[owner, kind] = self.data[content_at:content_at + size]
                offset = content_at + (size + 3) // 4 * 4
        return notes

    @property
    def package(self):
        """The .note.package, as a scanner reads it."""
        return json.loads(self.notes["FDO", FDO_PACKAGING_METADATA].rstrip(b"\0"))

    @property
    def has_symbols(self):
        size, format = (64, "IIQQQQIIQQ") if self.wide else (40, "IIIIIIIIII")
        kinds = {self._read(self.sections_at + i * size, format)[1]
                 for i in range(self.section_count)}
        return 2 in kinds


def assert_hardened(path):
    """A static program that may be anywhere in memory, and has nothing left to relocate."""
    elf = Elf(path)
    dynamic = elf.dynamic
    assert elf.type == 3, "not position independent"
    assert dynamic[DT_FLAGS_1][0] & DF_1_PIE
    assert not elf.of_kind(PT_INTERP) and DT_NEEDED not in dynamic, "not static"
    assert DT_RPATH not in dynamic and DT_RUNPATH not in dynamic
    assert elf.of_kind(PT_GNU_RELRO), "no RELRO"
    assert dynamic[DT_FLAGS][0] & DF_BIND_NOW and dynamic[DT_FLAGS_1][0] & DF_1_NOW, "half RELRO"
    assert DT_TEXTREL not in dynamic and not dynamic[DT_FLAGS][0] & DF_TEXTREL
    (stack,) = elf.of_kind(PT_GNU_STACK)
    assert not stack["flags"] & 1, "executable stack"
    assert not [one for one in elf.of_kind(PT_LOAD) if one["flags"] & 3 == 3], "W and X"
    assert not elf.has_symbols, "not stripped"
