"""All that can be broken in a source, one at a time, as clang reads it.

Each operand of && and ||, each condition, each comparison and each call that answers yes or no is
taken for true, for false, and for its opposite; where it calls something, once with the call made
and what it says ignored, and once without it. Bounds are moved by one, and calls for their effect
are left out. What only writes messages is left alone.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from reasons import functions

TOP = Path(__file__).resolve().parents[2]
FLAGS = ("-std=c11", "-D_GNU_SOURCE", '-DSHIM_VERSION="0"', "-Ishim", "-isystem", "build/libcap-ng")

BOUNDS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
COMPARISONS = {*BOUNDS, "==", "!="}
JUNCTIONS = {"&&", "||"}
CONDITION = {"IfStmt": 0, "WhileStmt": 0, "DoStmt": 1, "ForStmt": 2, "ConditionalOperator": 0}
WRAPPERS = {"ParenExpr", "ImplicitCastExpr", "CStyleCastExpr", "ConstantExpr"}
SAID = re.compile(r"(message_\w+|surprise|fail|fail_ids|refuse|warn|vsnprintf|__builtin_va_\w+|va_\w+)$")


@dataclass(frozen=True)
class Mutant:
    room: str
    function: str
    text: str
    kind: str
    number: int  # of those that are the same by all that
    start: int
    end: int
    replacement: str

    def __str__(self):
        again = f" (no. {self.number})" if self.number > 1 else ""
        return f"{self.room} {self.function}(): {self.text}{again}: {self.kind}"

    def apply(self, source):
        return source[: self.start] + self.replacement + source[self.end :]


class Reader:
    """The mutants of one source."""

    def __init__(self, room):
        self.room = room
        self.source = (TOP / "shim" / room).read_text()
        self.mutants = []
        self.seen = set()

    def read(self):
        done = subprocess.run(["clang", *FLAGS, "-fsyntax-only", "-Xclang", "-ast-dump=json",
                               f"shim/{self.room}"], cwd=TOP, capture_output=True, check=True)
        own = {name: (start, end) for name, start, end in functions(self.source)}
        for node in json.loads(done.stdout)["inner"]:
            if node["kind"] == "FunctionDecl" and node.get("name") in own:
                body = [part for part in node.get("inner", ()) if part.get("kind") == "CompoundStmt"]
                if body:
                    self.function = node["name"]
                    self.walk(body[0])
        return self.mutants

    def begin(self, node):
        at = node["range"]["begin"]
        return at["expansionLoc"]["offset"] if "expansionLoc" in at else at.get("offset")

    def end(self, node):
        at = node["range"]["end"]
        if "expansionLoc" not in at:
            return at["offset"] + at["tokLen"]
        end = at["expansionLoc"]["offset"] + at["expansionLoc"]["tokLen"]
        return self.closing(end) if self.source[end : end + 1] == "(" else end

    def closing(self, at):
        """Behind the parenthesis that closes the one there."""
        depth = 0
        while True:
            depth += {"(": 1, ")": -1}.get(self.source[at], 0)
            at += 1
            if depth == 0:
                return at

    def is_macro(self, node):
        """Whether all of it comes from one macro: it can only be taken as a whole."""
        ends = [node["range"][end].get("expansionLoc", {}).get("offset") for end in ("begin", "end")]
        return ends[0] is not None and ends[0] == ends[1]

    def walk(self, node, statement=False):
        kind = node.get("kind")
        if kind is None or "range" not in node or not node["range"].get("begin"):
            return
        parts = node.get("inner", [])
        if kind in CONDITION:
            self.decide(parts[CONDITION[kind]])
        elif kind == "BinaryOperator" and node["opcode"] in JUNCTIONS | COMPARISONS:
            self.decide(node)
        elif kind == "CallExpr":
            if statement:
                self.leave_out(node)
            elif node["type"]["qualType"] in ("_Bool", "bool"):
                self.decide(node)
        if self.is_macro(node) and kind not in WRAPPERS:
            return
        bodies = kind in ("CompoundStmt", "IfStmt", "WhileStmt", "ForStmt", "DoStmt", "CaseStmt")
        condition = parts[CONDITION[kind]] if kind in CONDITION else None
        for part in parts:
            self.walk(part, bodies and part is not condition)

    def core(self, node):
        while node.get("kind") in WRAPPERS or (node.get("kind") == "UnaryOperator"
                                               and node["opcode"] == "!"):
            if self.is_macro(node):
                break
            node = node["inner"][0]
        return node

    def decide(self, node):
        """What is taken for true or false there, each part of it by itself."""
        if not node.get("kind"):
            return
        node = self.core(node)
        if self.begin(node) in self.seen_at(self.end(node)):
            return
        self.seen.add((self.begin(node), self.end(node)))
        if node["kind"] == "BinaryOperator" and node["opcode"] in JUNCTIONS and not self.is_macro(node):
            self.put(node, "negated", "(!({}))")
            for part in node["inner"]:
                self.decide(part)
            return
        if SAID.match(re.match(r"\w*", self.source[self.begin(node) :])[0]):
            self.put(node, "true, whatever it says", "((void)({}), 1)")
            return  # it says why not, and then says no
        calls = self.calls(node)
        for word, value in (("true", 1), ("false", 0)):
            if calls:
                self.put(node, f"{word}, whatever it says", f"((void)({{}}), {value})")
            self.put(node, f"{word}, unasked" if calls else f"always {word}", f"({value})")
        self.put(node, "negated", "(!({}))")
        if node["kind"] == "BinaryOperator" and not self.is_macro(node):
            self.move_bound(node)

    def seen_at(self, end):
        return {begin for begin, other in self.seen if other == end}

    def calls(self, node):
        if node.get("kind") == "CallExpr" and not self.is_macro(node):
            return True
        return any(self.calls(part) for part in node.get("inner", ()) if part)

    def move_bound(self, node):
        if node["opcode"] not in BOUNDS:
            return
        left, right = node["inner"]
        start, end = self.end(left), self.begin(right)
        other = self.source[start:end].replace(node["opcode"], BOUNDS[node["opcode"]])
        text = self.source[self.begin(node) : start] + other + self.source[end : self.end(node)]
        self.put(node, f"{BOUNDS[node['opcode']]} instead of {node['opcode']}", "(" + text.replace("{", "{{").replace("}", "}}") + ")")

    def leave_out(self, node):
        text = self.source[self.begin(node) : self.end(node)]
        if not SAID.match(re.match(r"\w*", text)[0]) and not self.is_macro(node):
            self.put(node, "left out", "(void)0")

    def put(self, node, kind, form):
        start, end = self.begin(node), self.end(node)
        source = self.source[start:end]
        text = " ".join(source.split())
        number = 1 + sum((other.function, other.text, other.kind) == (self.function, text, kind)
                         for other in self.mutants)
        self.mutants.append(Mutant(self.room, self.function, text, kind, number, start, end,
                                   form.format(source)))


def mutants_of(room):
    return Reader(room).read()
