"""Settings that are not what they must be: refused, by name and value, before anything happens."""

import pytest

NUMBERS = [
    "abc",
    "-1",
    "+5",
    " 5",
    "5 ",
    "0x10",
    "010",
    "00",
    "1e3",
    "1.0",
    "5\n",
    "\u0661",  # a digit, but not an ASCII one
    "4294967295",
    "4294967296",
    pytest.param("9" * 400, id="400 digits"),
]

ID_NUMBERS = [*NUMBERS, "2147483648", "app", "$APP_UID"]

MALFORMED = {
    "APP_UID": ["0", "1654:1654", *ID_NUMBERS],
    "APP_GID": ["1654,2000", *ID_NUMBERS],
    "APP_GROUPS": ["0", "2000,", ",2000", "2000,,3000", "2000, 3000", "2000;3000", *ID_NUMBERS],
    "SHIM_BOUNDING_SET": ["0", "1", "KEEP", "all", "none,keep", " keep"],
    "SHIM_UNPRIVILEGED_PORT_START": ["65536", *NUMBERS],
    "SHIM_HTTP_PORTS_FROM": [
        "8080",
        "1PORT",
        "$PORT",
        "PORT=",
        "MY PORT",
        "MY-PORT",
        "MY.PORT",
        "P\u00d6RT",
    ],
    "SHIM_SIGNAL_GROUP": ["2", "true", "yes", *NUMBERS],
    "SHIM_SIGNAL_REWRITE": [
        "TERM",
        "TERM:",
        ":TERM",
        "TERM:INT:HUP",
        "TERM:INT,",
        "TERM:INT;HUP:0",
        "TERM: INT",
        "TERM:NONE",
        "NONE:TERM",
        "SIGSIGTERM:INT",
        "65:15",
        "15:65",
        "0:15",
        "-1:15",
        "015:2",
        "KILL:TERM",
        "9:15",
        "STOP:0",
        "SIGCHLD:0",
        "TERM:INT,TERM:HUP",
        "TERM:INT,15:INT",
        "RTMIN:1,34:1",
        "RTMIN+31:1",
        "RTMAX-31:1",
        "RTMIN-1:1",
        "RTMIN+:1",
    ],
    "SHIM_EXIT_CODES": [
        "143",
        "143:",
        ":0",
        "143:0,",
        "143:0;137:1",
        "256:0",
        "0:256",
        "-1:0",
        "143:+0",
        "0143:0",
        "143:0,143:1",
        "143:0,143:0",
        "TERM:0",
    ],
    "SHIM_GRACE_PERIOD": ["86401", "5s", "0.5", *NUMBERS],
    "SHIM_SUPERVISE": ["2", "false", "no", *NUMBERS],
    "SHIM_LOG": ["loud", "ERROR", "warning", "0", " info", "error,warn"],
}


def cases():
    for name, values in MALFORMED.items():
        for value in values:
            known = hasattr(value, "values")
            text, label = (value.values[0], value.id) if known else (value, ascii(value))
            yield pytest.param(name, text, id=f"{name}={label}")


def shown(value):
    """A value as messages show it: printable ASCII, 200 bytes at most."""
    bytes_of_it = value.encode()[:200]
    return "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in bytes_of_it)


@pytest.mark.parametrize("name, value", cases())
def test_a_malformed_setting_is_refused(box, name, value):
    refused = box.run("/world", env={name: value})
    refused.refuses(name, f'"{shown(value)}')
    assert any(name in hint for hint in refused.texts("hint"))


def test_all_malformed_settings_are_told_in_one_run(box):
    env = {name: "?!" for name in MALFORMED}
    refused = box.run("/world", env=env)
    for name in MALFORMED:
        refused.refuses(name, "?!")
    assert len(refused.texts("error")) == len(refused.texts("hint")) == len(MALFORMED)


@pytest.mark.parametrize("name", MALFORMED)
def test_empty_counts_as_unset(box, name):
    assert box.run("/world", env={name: ""}).world["uids"] == [1654] * 4


WELL_FORMED = {
    "SHIM_BOUNDING_SET": ["none", "keep"],
    "SHIM_UNPRIVILEGED_PORT_START": ["0", "65535"],
    "SHIM_HTTP_PORTS_FROM": ["PORT", "_", "port_1"],
    "SHIM_SIGNAL_GROUP": ["0", "1"],
    "SHIM_SIGNAL_REWRITE": [
        "SIGTERM:SIGINT,HUP:0",
        "term:SigInt",
        "15:2",
        "64:1",
        "rtmin:TERM,RTMIN+3:0,RTMAX-1:1,SIGRTMAX:34",
        "RTMIN+30:1",
        "TERM:KILL",
    ],
    "SHIM_EXIT_CODES": ["143:0,137:1", "255:255", "1:0"],
    "SHIM_GRACE_PERIOD": ["0", "86400"],
    "SHIM_SUPERVISE": ["0", "1"],
}


@pytest.mark.parametrize(
    "name, value", [(name, value) for name, values in WELL_FORMED.items() for value in values]
)
def test_a_well_formed_setting_is_taken_in_silence(box, name, value):
    named = {value: "8080"} if name == "SHIM_HTTP_PORTS_FROM" else {}
    init = (name, value) != ("SHIM_SUPERVISE", "0")  # as PID 1 that is a warning
    assert box.run("/world", env={name: value, **named}, init=init).world["uids"] == [1654] * 4


@pytest.mark.parametrize("level", ["error", "warn", "info", "debug"])
def test_every_log_level_is_taken(box, level):
    assert box.run("/world", env={"SHIM_LOG": level}).noisy_world["uids"] == [1654] * 4


@pytest.mark.parametrize(
    "value", ["0", "65536", "-1", "+80", "080", "http", "tcp://10.0.0.1:80", "8080;8081", " 80"]
)
def test_the_variable_that_shim_http_ports_from_names_must_hold_a_port(box, value):
    refused = box.run("/world", env={"SHIM_HTTP_PORTS_FROM": "PORT", "PORT": value})
    refused.refuses("PORT", f'"{value}"')


# The same name twice

SETTINGS = [*MALFORMED, "PORT"]


@pytest.mark.parametrize("name", SETTINGS)
def test_the_same_name_with_two_values_is_refused(box, name):
    env = [f"{name}=1", "OTHER=", f"{name}=2"]
    if name != "SHIM_HTTP_PORTS_FROM":
        env.append("SHIM_HTTP_PORTS_FROM=PORT")
    refused = box.run("/world", env=env)
    refused.refuses(name, "more than once")


@pytest.mark.parametrize("order", [["APP_UID=", "APP_UID=1654"], ["APP_UID=1654", "APP_UID="]])
def test_empty_and_not_empty_are_two_values(box, order):
    box.run("/world", env=order).refuses("APP_UID", "more than once")


@pytest.mark.parametrize(
    "entry",
    ["APP_UID=2000", "APP_GID=5", "APP_GROUPS=5", "SHIM_LOG=error", "SHIM_GRACE_PERIOD=1"],
)
def test_the_same_name_with_one_value_is_taken(box, entry):
    env = [entry, "SHIM_HTTP_PORTS_FROM=PORT", "PORT=8080", "HOME=/data", entry]
    found = box.run("/world", env=env).world["environment"]
    assert found.count(entry) == 2


@pytest.mark.parametrize(
    "name, meant",
    [("SHIM_GRACE", "SHIM_GRACE_PERIOD"), ("SHIM_LOGS", "SHIM_LOG"), ("SHIM_NO_SUCH_THING", "")],
)
def test_a_misspelt_setting_is_told_of(box, name, meant):
    done = box.run("/world", env={name: "5"})
    assert done.noisy_world["uids"] == [1654] * 4
    (warning,) = done.texts("warning")
    assert warning.startswith(f"{name} is not a setting")
    (hint,) = done.texts("hint")
    assert meant in hint and "--help" in hint


def test_what_kubernetes_makes_of_a_service_called_shim_is_no_misspelt_setting(box):
    address = "10.0.0.1"
    env = {
        "SHIM_SERVICE_HOST": address,
        "SHIM_SERVICE_PORT": "80",
        "SHIM_PORT": f"tcp://{address}:80",
        "SHIM_PORT_80_TCP_ADDR": address,
        "SHIM_WEB_PORT": f"tcp://{address}:80",
        "SHIM_WEB_PORT_80_TCP_PROTO": "tcp",
    }
    assert box.run("/world", env=env).world["uids"] == [1654] * 4


@pytest.mark.parametrize("name", ["NOTIFY_SOCKET", "WATCHDOG_PID"])
def test_a_service_manager_that_would_hear_nothing_is_told_of(box, name):
    """podman run --sdnotify=container. .NET's UseSystemd() speaks as PID 1 only."""
    done = box.run("/world", env={name: "/run/notify"})
    assert f"{name}=/run/notify" in done.noisy_world["environment"]
    (warning,) = done.texts("warning")
    (hint,) = done.texts("hint")
    assert warning.startswith(name) and "UseSystemd" in warning
    assert "USER" in hint and "SHIM_SUPERVISE=0" in hint and "exec" in hint


def test_names_that_are_not_the_shims_may_differ(box):
    env = ["SHIM_PORT=1", "SHIM_PORT=2", "app_uid=0", "APP_UID_=0", "PATH=/a", "PATH=/b"]
    found = box.run("/world", env=env).world["environment"]
    assert found == [*env, "HOME=/home/app"]
