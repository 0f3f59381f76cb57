"""What llvm-cov says, of several builds of the same sources together."""

import itertools
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from reasons import function_at


@dataclass(frozen=True)
class Place:
    """A stretch of a source: lines and columns from 1, the end not included."""

    line: int
    column: int
    end_line: int
    end_column: int


class Figures:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.lines = defaultdict(Counter)  # {room: {line: times}}
        self.branches = defaultdict(lambda: defaultdict(Counter))  # {room: {Place: {way: times}}}
        self.sources = {}

    def room(self, path):
        """shim/'s name for a source, or None: it is not one of its rooms."""
        path = Path(path)
        if self.folder in path.parents and path.suffix == ".c":
            return str(path.relative_to(self.folder))
        return None

    def source(self, room):
        if room not in self.sources:
            self.sources[room] = (self.folder / room).read_text().splitlines(keepends=True)
        return self.sources[room]

    def text(self, room, place):
        lines = self.source(room)[place.line - 1 : place.end_line]
        lines[-1] = lines[-1][: place.end_column - 1]
        lines[0] = lines[0][place.column - 1 :]
        return " ".join("".join(lines).split())

    def add(self, form, text):
        self.add_lines(text) if form == "lcov" else self.add_branches(json.loads(text))

    def add_lines(self, text):
        room = None
        for line in text.splitlines():
            if line.startswith("SF:"):
                room = self.room(line[3:])
            elif room and (found := re.match(r"DA:(\d+),(\d+)", line)):
                self.lines[room][int(found[1])] += int(found[2])

    def add_branches(self, export):
        for file in export["data"][0]["files"]:
            room = self.room(file["filename"])
            if not room:
                continue
            for branch in file["branches"]:
                self.count(room, Place(*branch[:4]), branch)
            for expansion in file["expansions"]:
                for branch in expansion["branches"]:
                    self.count(room, Place(*expansion["source_region"][:4]), branch)

    def count(self, room, place, branch):
        self.branches[room][place]["true"] += branch[4]
        self.branches[room][place]["false"] += branch[5]

    def missing_lines(self, room):
        return [line for line, times in sorted(self.lines[room].items()) if not times]

    def missing_branches(self, room):
        return [(place, way) for place, ways in sorted(self.branches[room].items(), key=str)
                for way, times in ways.items() if not times]


    def wings(self):
        """{wing: percent of its branches}"""
        whole, had = Counter(), Counter()
        for room in self.branches:
            ways = 2 * len(self.branches[room])
            whole[room.split("/")[0]] += ways
            had[room.split("/")[0]] += ways - len(self.missing_branches(room))
        return {wing: 100 * had[wing] / whole[wing] for wing in whole}


def table(figures):
    rows = [("", "lines", "of", "", "branches", "of", "")]
    for room in sorted(figures.lines):
        lines, branches = len(figures.lines[room]), 2 * len(figures.branches[room])
        had = lines - len(figures.missing_lines(room))
        taken = branches - len(figures.missing_branches(room))
        rows.append((room, had, lines, percent(had, lines), taken, branches, percent(taken, branches)))
    sums = [sum(row[column] for row in rows[1:]) for column in (1, 2, 4, 5)]
    rows.append(("all", *sums[:2], percent(*sums[:2]), *sums[2:], percent(*sums[2:])))
    return "\n".join("{:28}{:>7}{:>7}{:>8}{:>10}{:>7}{:>8}".format(*row) for row in rows)


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def missing(figures):
    """The name of all that no test comes by."""
    for room in sorted(figures.lines):
        lines = figures.source(room)
        source = "".join(lines)
        starts = [0, *itertools.accumulate(map(len, lines))]
        for line in figures.missing_lines(room):
            if lines[line - 1].strip() == "}":
                continue  # the line before it says so
            name = function_at(source, starts[line - 1])
            yield f"{room} {name}(): line: {lines[line - 1].strip()}"
        for place, way in figures.missing_branches(room):
            name = function_at(source, starts[place.line - 1] + place.column - 1)
            yield f"{room} {name}(): never {way}: {figures.text(room, place)}"
