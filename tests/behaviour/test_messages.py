"""What the shim says: nothing when all is well, else lines that anybody can read."""

import os

import pytest
from sandbox import as_numbers, held_capabilities

# A start that has something to say at every level.
LOUD = {"SHIM_GRACE": "5"}

# The capabilities that Docker gives root: 0, 1, 3 to 8, 10, 13, 18, 27, 29, 31.
DOCKER = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
ORDINARY = {
    "root": {},
    "root with Docker's capabilities": {"capabilities": DOCKER},
    "root with the two that it needs": {"capabilities": as_numbers(["setuid", "setgid"])},
    "root with groups of the platform": {"groups": (0, 2000)},
    "not PID 1": {"init": False},
    "USER 1654": {"uid": 1654, "gid": 1654},
    "OpenShift": {"uid": 1000660000, "gid": 0, "groups": (1000660000,)},
    "a read-only root": {"readonly": ("/",)},
    "without /proc": {"proc": False},
    "URLs over the image's ports": {
        "env": {"ASPNETCORE_HTTP_PORTS": "8080", "ASPNETCORE_URLS": "http://*:8081"}
    },
    "a service called shim": {"env": {"SHIM_PORT": "tcp://10.0.0.1:80"}},
}


@pytest.mark.parametrize("level", [{}, {"SHIM_LOG": ""}, {"SHIM_LOG": "warn"}], ids=str)
@pytest.mark.parametrize("start", ORDINARY)
def test_an_ordinary_start_is_silent(box, start, level):
    options = {"env": {}} | ORDINARY[start]
    options["env"] = {"APP_UID": "1654", "ASPNETCORE_HTTP_PORTS": "8080", **options["env"], **level}
    done = box.run("/world", **options)
    assert (done.exit_code, done.stderr) == (0, "")


def test_errors_alone(box):
    assert box.run("/world", env={"SHIM_LOG": "error", **LOUD}).stderr == ""


@pytest.mark.parametrize(
    "level, labels",
    [
        ("", {"warning", "hint"}),
        ("warn", {"warning", "hint"}),
        ("info", {"warning", "hint", "info"}),
        ("debug", {"warning", "hint", "info", "debug"}),
    ],
)
def test_each_level_says_more(box, level, labels):
    done = box.run("/world", env={"SHIM_LOG": level, **LOUD})
    assert done.noisy_world["uids"] == [1654] * 4
    assert {label for label, _ in done.lines} == labels
    assert any("SHIM_GRACE_PERIOD" in hint for hint in done.texts("hint"))


def version(box):
    return " ".join(box.run("--version").stdout.split()[:2])


def test_info_says_in_one_line_what_is_started(box):
    done = box.run("/world", env={"SHIM_LOG": "info"})
    label, text = done.lines[0]
    assert (label, text) == (
        "info",
        f'{version(box)} starts "/world" as uid 1654 (app), gid 1654, groups 1654; '
        "ports: 5000 http; keeps no capability",
    )


def test_info_names_the_capability_that_is_kept(box):
    env = {"SHIM_LOG": "info", "ASPNETCORE_HTTP_PORTS": "80"}
    text = box.run("/world", env=env, floor=1024).texts("info")[0]
    assert "keeps CAP_NET_BIND_SERVICE" in text and "ports: 80 http;" in text


def test_debug_says_each_step(box):
    env = {"SHIM_LOG": "debug", "ASPNETCORE_HTTP_PORTS": "80;8080"}
    steps = [text.split(":")[0] for text in box.run("/world", env=env, floor=1024).texts("debug")]
    assert steps == ["options", "identity", "listen", "decide", "hand over", "dropped", "probed",
                     "verified", "sealed", "started", "settled"]


@pytest.mark.parametrize("level", ["error", "warn", "info", "debug"])
def test_errors_are_told_at_every_level(box, level):
    box.run("/world", env={"APP_UID": "0", "SHIM_LOG": level}).refuses("APP_UID")


def test_a_wrong_level_does_not_hide_anything(box):
    refused = box.run("/world", env={"APP_UID": "0", "SHIM_LOG": "quiet"})
    refused.refuses("APP_UID")
    refused.refuses("SHIM_LOG")


# Values from outside

NASTY = "a\x1b[31mb\nshim: error: c\r\x07\x7f\u202ed\u00e9\x9b"
SHOWN = "a\\x1b[31mb\\x0ashim: error: c\\x0d\\x07\\x7f\\xe2\\x80\\xaed\\xc3\\xa9\\xc2\\x9b"
LONG = "x" * 100000

PLACES = {
    "a setting": lambda text: {"words": ["/world"], "env": {"APP_UID": text}},
    "a port": lambda text: {"words": ["/world"], "env": {"ASPNETCORE_HTTP_PORTS": text}},
    "a URL": lambda text: {"words": ["/world"], "env": {"ASPNETCORE_URLS": text}},
    "an argument": lambda text: {"words": ["/world", "--urls", text]},
    "an argument that is told of": lambda text: {
        "words": ["/world", f"-{text}=1"],
        "env": {"SHIM_LOG": "info"},
    },
    "an endpoint's name": lambda text: {
        "words": ["/world"],
        "env": {f"Kestrel__Endpoints__{text}__Url": "?", "SHIM_LOG": "info"},
    },
    "the platform's port": lambda text: {
        "words": ["/world"],
        "env": {"SHIM_HTTP_PORTS_FROM": "PORT", "PORT": text},
    },
    "the program": lambda text: {"words": [f"/{text[:4000]}"]},
    "the program, in PATH": lambda text: {"words": [text[:4000]]},
    "PATH": lambda text: {"words": ["nowhere"], "env": {"PATH": text}},
    "a flag": lambda text: {"words": [f"-{text}"]},
    "a destination": lambda text: {"words": ["--install", f"/nowhere/{text}"]},
}


def run(box, place, text):
    options = PLACES[place](text)
    return box.run(*options.pop("words"), **options)


@pytest.mark.parametrize("place", PLACES)
def test_a_value_cannot_move_the_cursor_or_make_a_line(box, place):
    done = run(box, place, NASTY)
    assert all(byte == "\n" or " " <= byte <= "~" for byte in done.stderr)
    assert not any(line.startswith("shim: error: c") for line in done.stderr.splitlines())
    assert SHOWN in done.stderr.replace("nowhere/", "")


@pytest.mark.parametrize("place", PLACES)
def test_a_long_value_is_cut(box, place):
    done = run(box, place, LONG)
    assert "x" * 150 in done.stderr
    assert "x" * 201 not in done.stderr
    assert done.stderr.endswith("\n") and "..." in done.stderr


def test_200_bytes_are_shown_whole(box):
    assert f'"{"x" * 200}"' in box.run("/world", env={"APP_UID": "x" * 200}).stderr
    assert f'"{"x" * 200}..."' in box.run("/world", env={"APP_UID": "x" * 201}).stderr


def test_quotes_cannot_end_a_quotation(box):
    stderr = box.run("/world", env={"APP_UID": '1" or \\'}).stderr
    assert '"1\\" or \\\\"' in stderr


def test_a_working_directory_is_a_value_from_outside(box):
    box.folder("/w\x1b[1mork")
    refused = box.run("./app", cwd="/w\x1b[1mork")
    assert any("/w\\x1b[1mork" in hint for hint in refused.texts("hint"))


def test_very_many_errors_do_not_drown_the_first(box):
    """Every setting wrong, at full length, and a hundred ports: still whole lines, and an end."""
    env = {name: "\x01" * 1000 for name in ("APP_UID", "APP_GID", "APP_GROUPS", "SHIM_LOG")}
    env["ASPNETCORE_HTTP_PORTS"] = ";".join(["\x02" * 1000] * 50)
    refused = box.run("/world", env=env)
    refused.refuses("APP_UID")
    assert refused.lines


def test_nothing_is_told_on_stdout(box):
    capabilities = held_capabilities() - as_numbers(["setuid"])
    assert box.run("/world", env={"SHIM_LOG": "debug"}, capabilities=capabilities).stdout == ""


def test_a_reader_that_is_gone_changes_no_exit_code(box):
    ends = os.pipe()
    os.close(ends[0])
    done = box.run("/world", env={"APP_UID": "0"}, descriptors={2: ends[1]})
    os.close(ends[1])
    assert done.exit_code == 125
