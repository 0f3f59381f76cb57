"""README.md, shim/DESIGN.md, the man page and --help say the same as the sources, setting by setting
and limit by limit."""

import re
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
PAGES = {
    "README.md": (REPO / "README.md").read_text(),
    "DESIGN.md": (REPO / "shim/DESIGN.md").read_text(),
}
MAN = (REPO / "shim/shim.1").read_text().replace("\\-", "-")


def constant(file, name):
    return int(re.search(rf"\b{name} = (\d+)", (REPO / "shim" / file).read_text())[1])


ID_MAX = constant("base/base.h", "ID_MAX")
SIGNAL_MAX = constant("base/base.h", "SIGNAL_MAX")


def read_rows():
    """{name: (least, most, words)} of the table that reads the settings, in its order."""
    source = (REPO / "shim/settings/settings.c").read_text()
    enum = (REPO / "shim/settings/settings.h").read_text()
    order = re.findall(r"\b(SETTING_\w+),", enum)
    rows = {}
    for key, name, row in re.findall(
        r"\[(SETTING_\w+)\] = \{\"(\w+)\", (.*?)\.rule", source, re.S
    ):
        number = {"ID_MAX": ID_MAX, "UINT8_MAX": 255, "SIGNAL_MAX": SIGNAL_MAX}
        limits = dict(re.findall(r"\.(least|most) = (\w+)", row))
        limits = {end: number.get(value) or int(value) for end, value in limits.items()}
        words = re.search(r"\.words = \{\"(\w+)\", \"(\w+)\"\}", row)
        rows[key] = (name, limits.get("least", 0), limits.get("most"), words and words.groups())
    assert set(rows) == set(order), "the table has another shape"
    return {rows[key][0]: rows[key][1:] for key in order}


ROWS = read_rows()

# As somebody who has set nothing finds them; the tests of --check and of the settings show each.
DEFAULTS = {
    "APP_UID": "1654",
    "SHIM_BOUNDING_SET": "none",
    "SHIM_UNPRIVILEGED_PORT_START": "1024",
    "SHIM_SIGNAL_GROUP": "0",
    "SHIM_GRACE_PERIOD": "0",
    "SHIM_SUPERVISE": "1",
    "SHIM_LOG": "warn",
}
NO_DEFAULT = {"APP_GROUPS", "SHIM_HTTP_PORTS_FROM", "SHIM_SIGNAL_REWRITE", "SHIM_EXIT_CODES"}

# Numbers that are no limits: examples, and exit codes of the shim's own.
EXAMPLES = {"2000", "3000", "143", "137", "34", "64", "125", "127"}


def table(page):
    """{name: (default, meaning, limits)} of the table of settings."""
    text = PAGES[page]
    [head] = re.findall(r"^\| variable \| default \|.*\|\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.M)
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in head.splitlines()]
    assert all(len(row) == 4 for row in rows), f"{page}: variable, default, meaning, what it may be"
    return {row[0].strip("` "): tuple(cell.replace("`", "") for cell in row[1:]) for row in rows}


@pytest.fixture(scope="module")
def usage(shim):
    return subprocess.run([shim, "--help"], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def said(usage):
    """{document: {setting: all that it says of it}}"""
    found = {page: {name: " ".join(cells) for name, cells in table(page).items()} for page in PAGES}
    chapter = MAN[MAN.index(".SH ENVIRONMENT") : MAN.index(".SH LIMITS")].split(".PP")[0]
    found["man page"] = {
        name: " ".join(text.split()) for name, text in re.findall(
            r"^\.TP\n\.B (\w+)\n(.*?)(?=^\.TP|\Z)", chapter, re.M | re.S
        )
    }
    found["--help"] = {
        name: " ".join(text.split()) for name, text in re.findall(
            r"^  ([A-Z_]+) (.*?)(?=^  [A-Z]|^The )", usage, re.M | re.S
        )
    }
    return found


def test_all_name_the_same_settings(said):
    order = {page: [name for name in names] for page, names in said.items()}
    wanted = [name for name in ROWS if name != "SHIM_LOG"] + ["SHIM_LOG"]
    assert order == dict.fromkeys(said, wanted)


@pytest.mark.parametrize("name", ROWS)
def test_the_default(said, name):
    cells = {page: table(page)[name][0] for page in PAGES}
    if name in NO_DEFAULT:
        assert set(cells.values()) == {""}
        assert "by default none" in said["man page"][name]
        assert "default" not in said["--help"][name]
    elif name in DEFAULTS:
        assert set(cells.values()) == {DEFAULTS[name]}
        assert f"by default {DEFAULTS[name]}" in said["man page"][name]
        assert re.search(rf"\(default {DEFAULTS[name]}\b", said["--help"][name])
    else:
        for page in said:
            assert "the user's group" in said[page][name] and "else the" in said[page][name]


@pytest.mark.parametrize("name", ROWS)
def test_the_limits(said, name):
    least, most, words = ROWS[name]
    pages = [page for page in said if page != "--help"]
    if words and words != ("0", "1"):
        assert all(f"{words[0]} or {words[1]}" in said[page][name] for page in pages)
    elif name == "SHIM_SIGNAL_REWRITE":
        assert all(word in said[page][name] for page in pages for word in ("KILL", "STOP", "CHLD"))
    elif words:
        assert all("0 or 1" in said[page][name] for page in pages)
    elif most is not None:
        assert all(f"{least} to {most}" in said[page][name] for page in pages)
    elif name == "SHIM_LOG":
        assert all("error, warn, info or debug" in said[page][name] for page in pages)
    if name == "SHIM_HTTP_PORTS_FROM":
        assert all("from 1 to 65535" in said[page][name] for page in pages)
    if name == "APP_GROUPS":
        most_groups = constant("settings/settings.h", "APP_GROUPS_MAX")
        assert all(f"up to {most_groups}" in said[page][name] for page in said)


@pytest.mark.parametrize("name", ROWS)
def test_no_document_has_another_number(said, name):
    least, most, _ = ROWS[name]
    known = EXAMPLES | {DEFAULTS.get(name, ""), str(least), str(most), "0", "1", "65535"}
    known |= {str(constant("settings/settings.h", "APP_GROUPS_MAX"))} if name == "APP_GROUPS" else set()
    for page, texts in said.items():
        assert set(re.findall(r"(?<![\w.])\d+(?![\w.]*\w)", texts[name])) <= known, page


def everywhere(usage):
    return {**PAGES, "man page": MAN, "--help": usage}


def test_the_verbs(usage):
    source = (REPO / "shim/settings/options.c").read_text()
    verbs = re.findall(r"\{\"(--[\w-]+)\", VERB_\w+\}", source)
    assert len(verbs) == 5
    for page, text in everywhere(usage).items():
        assert [verb for verb in verbs if not re.search(rf"{verb}(?![\w-])", text)] == [], page


def test_the_exit_codes(usage):
    source = (REPO / "shim/base/base.h").read_text()
    codes = re.findall(r"\bEXIT_\w+ = (\d+)", source)
    assert len(codes) == 3
    for page, text in everywhere(usage).items():
        assert [code for code in codes if not re.search(rf"\b{code}\b", text)] == [], page
        assert re.search(r"128\+\s*n", text), page


def test_the_keys_of_check():
    source = (REPO / "shim/check.c").read_text()
    keys = set(re.findall(r"printf\(\"(\w+): ", source))
    assert len(keys) == 8
    in_the_man_page = re.search(r"eight keys \(([\w, ]+)\)", " ".join(MAN.split()))[1].split(", ")
    assert set(in_the_man_page) == keys
    for page, text in PAGES.items():
        shown = re.search(r"(?:^    (?:\w+): .*\n){8}", text, re.M)[0]
        assert re.findall(r"^    (\w+): ", shown, re.M) == in_the_man_page, page


LIMITS = [
    ("aspnet/aspnet.h", "LISTEN_MAX", "{} addresses"),
    ("aspnet/choice.h", "ENDPOINTS_MAX", "{} Kestrel endpoints"),
    ("identity/identity.h", "GROUPS_MAX", "{} groups"),
    ("base/base.h", "QUOTE_MAX", "{} bytes"),
    ("base/base.h", "MESSAGE_LOG_SIZE", "{}"),
]


@pytest.mark.parametrize("file, name, words", LIMITS, ids=lambda part: str(part)[:20])
def test_the_other_limits(file, name, words):
    wanted = words.format(constant(file, name))
    for page, text in {**PAGES, "man page": MAN}.items():
        assert wanted in " ".join(text.split()), page
