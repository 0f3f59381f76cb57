"""HOME: the new user's own, unless somebody has chosen another one."""

import pytest
from sandbox import PASSWD, as_numbers


def home_of(done):
    homes = [entry for entry in done.world["environment"] if entry.startswith("HOME=")]
    assert len(homes) <= 1
    return homes[0].removeprefix("HOME=") if homes else None


def home(value):
    return {} if value is None else {"HOME": value}


@pytest.mark.parametrize(
    "given, expected",
    [
        (None, "/home/app"),
        ("", "/home/app"),
        ("/root", "/home/app"),
        ("/home/app", "/home/app"),
        ("/data", "/data"),
        ("/root/", "/root/"),
        ("relative", "relative"),
    ],
)
def test_what_becomes_of_home(box, given, expected):
    assert home_of(box.run("/world", env=home(given))) == expected


@pytest.mark.parametrize("given", ["/var/root", "/root"])
def test_a_home_that_the_starting_user_has_in_passwd_is_left_over_too(box, given):
    box.write("/etc/passwd", PASSWD.replace(":/root:", ":/var/root:"))
    assert home_of(box.run("/world", env=home(given))) == "/home/app"


@pytest.mark.parametrize("given", [None, "", "/root"])
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="no entry"),
        pytest.param("app:x:1654:1654", id="no field"),
        pytest.param("app:x:1654:1654:::", id="empty"),
        pytest.param("app:x:1654:1654::home/app:", id="relative"),
    ],
)
def test_without_an_absolute_home_in_passwd_it_is_the_root_folder(box, line, given):
    box.write("/etc/passwd", f"root:x:0:0:root:/root:/bin/sh\n{line}\n")
    done = box.run("/world", env=home(given))
    assert "HOME=/" in done.noisy_world["environment"]
    (warning,), (hint,) = done.texts("warning"), done.texts("hint")
    assert "HOME becomes /" in warning and "uid 1654, or none that begins with /" in warning
    assert "DataProtection" in hint and "set HOME" in hint


@pytest.mark.parametrize("given", [None, "", "/root"])
def test_a_home_that_is_the_root_folder_in_passwd_is_no_warning(box, given):
    """Like that of Alpine's nobody."""
    box.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:1654:1654::/:/sbin/nologin\n")
    assert home_of(box.run("/world", env=home(given))) == "/"


def test_a_home_that_was_set_on_purpose_is_no_warning(box):
    box.write("/etc/passwd", "")
    for given in ("/", "/data"):
        assert home_of(box.run("/world", env=home(given))) == given


@pytest.mark.parametrize("given", [None, "", "/root", "/data"])
@pytest.mark.parametrize("capabilities", [[], ["setuid", "setgid"]], ids=["kept", "can switch"])
def test_a_user_who_stays_keeps_home(box, given, capabilities):
    start = {"uid": 1654, "gid": 1654, "capabilities": as_numbers(capabilities)}
    assert home_of(box.run("/world", env=home(given), **start)) == given


@pytest.mark.parametrize(
    "given, expected", [("/home/one", "/home/app"), ("/home/two", "/home/two")]
)
def test_the_home_of_a_starting_user_who_is_not_root(box, given, expected):
    box.write("/etc/passwd", PASSWD + "one:x:1000:1000::/home/one:/bin/sh\n")
    start = {"uid": 1000, "gid": 1000, "capabilities": as_numbers(["setuid", "setgid"])}
    assert home_of(box.run("/world", env=home(given), **start)) == expected
