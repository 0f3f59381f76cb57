"""The command line: verbs, and what is none."""

import os
import re
import stat

import pytest

SETTINGS = [
    "APP_UID",
    "APP_GID",
    "APP_GROUPS",
    "SHIM_BOUNDING_SET",
    "SHIM_UNPRIVILEGED_PORT_START",
    "SHIM_HTTP_PORTS_FROM",
    "SHIM_SIGNAL_GROUP",
    "SHIM_SIGNAL_REWRITE",
    "SHIM_EXIT_CODES",
    "SHIM_GRACE_PERIOD",
    "SHIM_SUPERVISE",
    "SHIM_LOG",
]

ANYHOW = {
    "as root": {},
    "as a user": {"uid": 1000, "gid": 1000},
    "with nonsense for settings": {"env": {name: "?!" for name in SETTINGS}},
    "without /proc": {"proc": False},
}


@pytest.mark.parametrize("how", ANYHOW)
def test_version(box, how):
    done = box.run("--version", **ANYHOW[how])
    assert (done.exit_code, done.stderr) == (0, "")
    libraries = r"libcap-ng [\d.]+, musl [\d.]+"
    assert re.fullmatch(rf"shim \d+\.\d+\.\d+ \(\S+\), {libraries}\n", done.stdout)


@pytest.mark.parametrize("how", ANYHOW)
def test_help_tells_all_verbs_settings_and_exit_codes(box, how):
    done = box.run("--help", **ANYHOW[how])
    assert (done.exit_code, done.stderr) == (0, "")
    for word in ["--check", "--install", "--install-net-bind-service", "--version", *SETTINGS, "125", "126", "127", "1654"]:
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


WRONG = [
    [],
    ["--"],
    ["-x", "/world"],
    ["-", "/world"],
    ["--chec", "/world"],
    ["--check=1", "/world"],
    ["--Check", "/world"],
    ["---", "/world"],
    ["-h"],
    ["--check"],
    ["--check", "--"],
    ["--check", "--install", "/copy"],
    ["--check", "--check", "/world"],
    ["--help", "--version"],
    ["--help", "/world"],
    ["--version", "/world"],
    ["--install"],
    ["--install", ""],
    ["--install", "/copy", "/copy"],
    ["--install", "--force", "/copy"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_wrong_command_line_is_refused_with_the_usage(box, words):
    done = box.run(*words)
    assert (done.exit_code, done.stdout) == (125, "")
    error, *rest = done.stderr.splitlines()
    assert error.startswith("shim: error: ")
    assert any(line.startswith("Usage: shim [--] PROGRAM") for line in rest)
    assert not box.path("/copy").exists()


@pytest.mark.parametrize("words", [["-x"], ["--chec", "/world"], ["-\n\x1b[31m"]], ids=repr)
def test_an_unknown_flag_is_named(box, words):
    error, hint, *_ = box.run(*words).stderr.splitlines()
    assert "unknown flag" in error
    assert words[0].replace("\n", "\\x0a").replace("\x1b", "\\x1b") in error
    # As when a pod's args take the place of the image's CMD.
    assert hint.startswith("shim: hint: ") and "the program comes before" in hint


# rt_sigprocmask(2) and rt_sigaction(2)
MASKING, HANDLING = {"x86_64": (14, 13), "aarch64": (135, 134)}.get(os.uname().machine, (None, None))


@pytest.mark.skipif(MASKING is None, reason="no numbers of system calls")
@pytest.mark.parametrize("forbidden", [MASKING, (HANDLING, 1)], ids=["the mask", "the handlers"])
def test_what_is_wrong_is_told_whatever_is_forbidden(box, forbidden):
    done = box.run("-x", forbidden=(forbidden,))
    assert (done.exit_code, done.stdout) == (125, "")
    assert 'unknown flag "-x"' in done.stderr.splitlines()[0]


@pytest.mark.parametrize("before", [[], ["--"]], ids=["", "--"])
@pytest.mark.parametrize("after", [[], ["--"], ["--help"], ["--", "--check"], ["-x"]], ids=" ".join)
def test_all_after_the_program_is_the_programs_own(box, before, after):
    assert box.run(*before, "/world", *after).world["arguments"] == ["/world", *after]


@pytest.mark.parametrize("name", ["-x", "--check", "--help", "--"])
def test_after_two_dashes_anything_is_a_program(box, name):
    box.folder("/bin")
    box.path(f"/bin/{name}").symlink_to("/world")
    assert box.run("--", name, env={"PATH": "/bin"}).world["arguments"] == [name]


def test_check_takes_two_dashes_too(box):
    assert box.run("--check", "--", "/world").checked[6] == ("program", "/world")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["--check", "/world"]], ids=" ".join)
def test_an_answer_that_cannot_be_written_is_an_error(box, words):
    os.mknod(box.path("/full"), stat.S_IFCHR | 0o666, os.makedev(1, 7))
    done = box.run(*words, descriptors={1: "/full"})
    assert done.exit_code == 125
    assert [label for label, _ in done.lines] == ["error", "hint"]
    assert "stdout" in done.texts("error")[0]
