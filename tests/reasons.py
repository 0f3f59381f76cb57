"""Lists of what stays as it is, each with its reason, that cannot get out of date.

A reason is a paragraph; what it is the reason of follows, one a line, indented. Which function a
thing is in belongs to its name, a line number does not. "now and then: " before a thing says that
it may be found, or may not: chance decides.
"""

import re
from pathlib import Path

# A definition, as clang-format has it: from its first line to the brace at the margin.
DEFINITION = re.compile(r"^\w[^;{}]*?\)\s*\{\n.*?^\}", re.S | re.M)
ATTRIBUTE = re.compile(r"__attribute__\(\([^()]*(?:\([^()]*\))?[^()]*\)\)")

CHANCE = "now and then: "


def functions(source):
    """(name, start, end) of each function of a source."""
    for found in DEFINITION.finditer(source):
        yield re.search(r"(\w+)\(", ATTRIBUTE.sub("", found[0]))[1], found.start(), found.end()


def function_at(source, offset):
    return next((name for name, start, end in functions(source) if start <= offset < end), "-")


class Reasons:
    def __init__(self, path):
        self.path = Path(path)
        self.items = set()
        self.by_chance = set()
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            if line.startswith("    "):
                thing = line.strip().removeprefix(CHANCE)
                self.items.add(thing)
                self.by_chance |= {thing} if CHANCE in line else set()

    def compare(self, found):
        """(what is found and not in the list, what is in the list and not found)"""
        found = set(found)
        return sorted(found - self.items), sorted(self.items - self.by_chance - found)
