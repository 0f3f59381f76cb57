"""Ports: what needs a privilege is refused before the app starts, or exactly provided for.

Every test has a network namespace of its own, with a port floor (ip_unprivileged_port_start) of
its own. Which addresses ASP.NET Core binds is tested against the real thing, elsewhere.
"""

import os
import shutil
import socket
from pathlib import Path

import pytest
from sandbox import as_numbers, held_capabilities

NET_BIND_SERVICE = as_numbers(["net_bind_service"])
WITHOUT = held_capabilities() - NET_BIND_SERVICE
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80"}


def kept(world):
    """What of the capability the app has, in every set: one, or none."""
    sets = {name: int(value, 16) for name, value in world["capabilities"].items()}
    assert len(set(sets.values())) == 1
    return {number for number in range(64) if sets["effective"] >> number & 1}


@pytest.mark.parametrize(
    "port, floor, start, expected",
    [
        (80, 1024, None, NET_BIND_SERVICE),
        (1023, 1024, None, NET_BIND_SERVICE),
        (1024, 1024, None, set()),
        (8080, 1024, None, set()),
        (0, 1024, None, set()),
        (80, 0, None, set()),
        (80, 80, None, set()),
        (79, 80, None, NET_BIND_SERVICE),
        (1500, 2000, None, NET_BIND_SERVICE),
        (2000, 2000, None, set()),
        (80, 1024, 0, NET_BIND_SERVICE),
        (80, 0, 0, set()),
        (1500, 1024, 2000, set()),
        (80, 1024, 65535, NET_BIND_SERVICE),
    ],
)
def test_the_capability_stays_only_where_the_kernel_asks_for_it(box, port, floor, start, expected):
    env = {"ASPNETCORE_HTTP_PORTS": str(port)}
    if start is not None:
        env["SHIM_UNPRIVILEGED_PORT_START"] = str(start)
    assert kept(box.run("/world", env=env, floor=floor).world) == expected


@pytest.mark.parametrize(
    "port, floor, start, privileged",
    [
        (80, 1024, None, True),
        (1023, 1024, None, True),
        (1024, 1024, None, False),
        (0, 1024, None, False),
        (80, 0, None, True),
        (80, 0, 0, False),
        (80, 1024, 0, True),
        (80, 80, 80, False),
        (79, 80, 80, True),
        (79, 80, 10, True),
        (1500, 2000, None, True),
        (1500, 1024, 2000, True),
        (65535, 0, 65535, False),
    ],
)
def test_without_the_capability_a_privileged_port_is_refused(box, port, floor, start, privileged):
    env = {"ASPNETCORE_HTTP_PORTS": str(port)}
    if start is not None:
        env["SHIM_UNPRIVILEGED_PORT_START"] = str(start)
    done = box.run("/world", env=env, floor=floor, capabilities=WITHOUT)
    if privileged:
        done.refuses(f"port {port}", "ASPNETCORE_HTTP_PORTS", "CAP_NET_BIND_SERVICE")
    else:
        assert kept(done.world) == set()


@pytest.mark.parametrize("floor, trusted", [(1024, False), (0, True), (80, True), (81, False)])
def test_the_ways_out_are_named(box, floor, trusted):
    hints = box.run("/world", env=PORT_80, floor=floor, capabilities=WITHOUT).texts("hint")
    assert any("8080" in hint for hint in hints)
    assert any("--cap-add NET_BIND_SERVICE" in hint for hint in hints)
    assert any("SHIM_UNPRIVILEGED_PORT_START=0" in hint for hint in hints) is trusted


@pytest.mark.parametrize(
    "env, arguments, source",
    [
        ({"ASPNETCORE_URLS": "http://*:80"}, [], "ASPNETCORE_URLS"),
        ({"aspnetcore_http_ports": "80"}, [], "aspnetcore_http_ports"),
        ({"ASPNETCORE_HTTPS_PORTS": "443"}, [], "ASPNETCORE_HTTPS_PORTS"),
        ({"DOTNET_HTTP_PORTS": "80"}, [], "DOTNET_HTTP_PORTS"),
        ({"URLS": "http://localhost:80"}, [], "URLS"),
        ({"Kestrel__Endpoints__A__Url": "http://*"}, [], "Kestrel__Endpoints__A__Url"),
        ({}, ["--urls", "http://*:80"], "--urls"),
        ({"PORT": "80", "SHIM_HTTP_PORTS_FROM": "PORT"}, [], "PORT"),
    ],
    ids=str,
)
def test_the_refusal_names_where_the_port_comes_from(box, env, arguments, source):
    box.run("/world", *arguments, env=env, floor=1024, capabilities=WITHOUT).refuses("port", source)


def test_a_default_port_is_moved_by_a_variable_that_there_is(box):
    env = {"SHIM_UNPRIVILEGED_PORT_START": "6000"}
    refused = box.run("/world", env=env, floor=1024, capabilities=WITHOUT)
    refused.refuses("port 5000, from default")
    assert any("set ASPNETCORE_HTTP_PORTS to a port from 6000" in h for h in refused.texts("hint"))


def test_all_privileged_ports_are_told_at_once(box):
    env = {"ASPNETCORE_HTTP_PORTS": "80;8080;81", "ASPNETCORE_HTTPS_PORTS": "443"}
    refused = box.run("/world", env=env, floor=1024, capabilities=WITHOUT)
    for port in (80, 81, 443):
        refused.refuses(f"port {port},")
    assert "8080," not in refused.stderr


@pytest.mark.parametrize("uid", [1654, 12345])
def test_a_user_who_was_given_the_capability_keeps_it(box, uid):
    start = {"uid": uid, "gid": uid, "capabilities": NET_BIND_SERVICE}
    world = box.run("/world", "settled", env=PORT_80, floor=1024, **start).world
    assert {world["capabilities"][name] for name in ("permitted", "ambient")} == {f"{1 << 10:016x}"}
    assert world["parent"]["status"]["CapPrm"] == "0" * 16


@pytest.mark.parametrize("uid", [1654, 12345])
def test_a_user_without_the_capability_is_refused(box, uid):
    box.run("/world", env=PORT_80, uid=uid, gid=uid, floor=1024).refuses("port 80")


# What an app that is made otherwise would open

IIS = {"ASPNETCORE_PORT": "8080", "ASPNETCORE_APPL_PATH": "/", "ASPNETCORE_TOKEN": "t"}
OTHERS = [
    ("slim builder", IIS | {"ASPNETCORE_HTTP_PORTS": "81"}),
    ("generic host", {"DOTNET_HTTP_PORTS": "8080", "ASPNETCORE_HTTP_PORTS": "81"}),
    ("slim builder, generic host", IIS | {"URLS": "http://*:81"}),
]


@pytest.mark.parametrize("name, env", OTHERS)
def test_a_privileged_port_in_another_reading_keeps_the_capability(box, name, env):
    done = box.run("/world", env=env, floor=1024)
    assert kept(done.world) == NET_BIND_SERVICE and done.stderr == ""
    assert kept(box.run("/world", env=env, floor=0).world) == set()


@pytest.mark.parametrize("name, env", OTHERS)
def test_without_the_capability_it_is_a_warning(box, name, env):
    done = box.run("/world", env=env, floor=1024, capabilities=WITHOUT)
    (warning,) = done.texts("warning")
    assert "port 81, " in warning and f"an app of the {name} could not open it" in warning
    assert kept(done.noisy_world) == set()


def test_what_another_reading_accepts_is_not_refused_for_its_form(box):
    env = {"DOTNET_URLS": "http://*:8080/base", "ASPNETCORE_URLS": "http://*:8080"}
    done = box.run("/world", env=env, floor=1024, capabilities=WITHOUT)
    (warning,) = done.texts("warning")
    assert "DOTNET_URLS" in warning and kept(done.noisy_world) == set()
    refused = box.run("/world", env=env | {"ASPNETCORE_URLS": "x"}, floor=1024)
    refused.refuses("ASPNETCORE_URLS")
    refused.refuses("DOTNET_URLS")


def test_port_0_of_a_name_below_localhost_is_a_warning(box):
    done = box.run("/world", env={"URLS": "http://a.localhost:0"}, floor=1024)
    (warning,) = done.texts("warning")
    assert "a.localhost:0" in warning and kept(done.noisy_world) == set()
    box.run("/world", env={"URLS": "http://localhost:0"}).refuses("localhost:0")


# Text that is no port


@pytest.mark.parametrize(
    "value, entry",
    [
        ("80a", "80a"),
        ("abc", "abc"),
        ("-1", "-1"),
        ("65536", "65536"),
        ("8080,8081", "8080,8081"),
        ("8080 8081", "8080 8081"),
        ("8080;{PORT}", "{PORT}"),
        ("0x1F90", "0x1F90"),
        ("99999999999", "99999999999"),
    ],
)
def test_text_that_is_no_port_is_refused(box, value, entry):
    env = {"ASPNETCORE_HTTP_PORTS": value}
    box.run("/world", env=env, floor=1024).refuses("ASPNETCORE_HTTP_PORTS", f'"{entry}"')


@pytest.mark.parametrize(
    "value", ["", ";", " ", " ; ;", "8080;", "+8080", "08080", "8080/", "a:8080"]
)
def test_what_asp_net_core_takes_is_taken(box, value):
    assert kept(box.run("/world", env={"ASPNETCORE_HTTP_PORTS": value}, floor=1024).world) == set()


@pytest.mark.parametrize("value", ["http://*:8080", "HTTPS://+:8443/", "http://*"])
def test_an_address_in_the_place_of_a_port_is_called_that(box, value):
    done = box.run("/world", env={"ASPNETCORE_HTTP_PORTS": value})
    done.refuses(f'ASPNETCORE_HTTP_PORTS: "{value}" is an address, and only a port is taken there')


def test_a_malformed_value_that_does_not_count_is_a_warning(box):
    env = {"ASPNETCORE_HTTP_PORTS": "80a", "ASPNETCORE_URLS": "http://*:8080", "SHIM_LOG": "warn"}
    done = box.run("/world", env=env, floor=1024)
    assert any("ASPNETCORE_HTTP_PORTS" in text for text in done.texts("warning"))
    assert kept(done.noisy_world) == set()


# The platform's own variable


@pytest.mark.parametrize("others", [[], ["ASPNETCORE_HTTP_PORTS=80", "aspnetcore_Http_Ports=81"]])
def test_the_port_is_handed_over_from_the_variable_that_is_named(box, others):
    env = ["PORT=5001", "SHIM_HTTP_PORTS_FROM=PORT", *others]
    found = box.run("/world", env=env, floor=1024, capabilities=WITHOUT).world["environment"]
    ports = [entry for entry in found if entry.lower().startswith("aspnetcore_http_ports=")]
    assert ports == ["ASPNETCORE_HTTP_PORTS=5001"]
    assert "PORT=5001" in found


@pytest.mark.parametrize("env", [{}, {"PORT": ""}], ids=["unset", "empty"])
def test_a_named_variable_without_a_value_changes_nothing(box, env):
    given = env | {"SHIM_HTTP_PORTS_FROM": "PORT", "ASPNETCORE_HTTP_PORTS": "8081"}
    done = box.run("/world", env=given)
    found = done.noisy_world["environment"]
    assert [entry for entry in found if "HTTP_PORTS=" in entry] == ["ASPNETCORE_HTTP_PORTS=8081"]
    (warning,) = done.texts("warning")
    assert "SHIM_HTTP_PORTS_FROM names PORT, which is not set" in warning


@pytest.mark.parametrize(
    "over", [{"URLS": "http://*:8080"}, {"DOTNET_HTTP_PORTS": "8080"}], ids=lambda over: min(over)
)
def test_a_handed_over_port_that_is_overridden_is_a_warning(box, over):
    env = {"PORT": "5001", "SHIM_HTTP_PORTS_FROM": "PORT", **over}
    done = box.run("/world", env=env | {"SHIM_LOG": "warn"})
    assert done.texts("warning") == [f"PORT is overridden by {min(over)}"]


@pytest.mark.parametrize("name", ["HTTP_PORTS", "DOTNET_HTTP_PORTS", "http_ports"])
def test_a_variable_does_not_override_itself(box, name):
    done = box.run("/world", env={name: "8080", "SHIM_HTTP_PORTS_FROM": name})
    assert (done.exit_code, done.stderr) == (0, "")


# A kernel that does not tell its floor: gVisor, or no /proc

FLOORS = {
    "no /proc": None,
    "absent": "absent",
    "empty": "",
    "huge": "18446744073709551616\n",
    "over": "65536\n",
    "negative": "-1\n",
    "words": "none\n",
    "a FIFO": "fifo",
    "a folder": "folder",
}


def hide_floor(box, kind):
    """A /proc of our own, in which the file is as kind says; with it what the payload reads."""
    if FLOORS[kind] is None:
        return {"proc": False}
    folder = box.path("/proc/sys/net/ipv4")
    folder.mkdir(parents=True)
    file = folder / "ip_unprivileged_port_start"
    if kind == "a FIFO":
        os.mkfifo(file)
    elif kind == "a folder":
        file.mkdir()
    elif kind != "absent":
        file.write_text(FLOORS[kind])
    return {"proc": False}


@pytest.mark.parametrize("kind", FLOORS)
@pytest.mark.parametrize("floor", [0, 80, 1024, 2000])
def test_where_the_floor_is_unknown_the_capability_is_kept_if_it_is_there(box, kind, floor):
    hidden = hide_floor(box, kind)
    assert kept(box.run("/world", env=PORT_80, floor=floor, **hidden).world) == NET_BIND_SERVICE


@pytest.mark.parametrize("kind", FLOORS)
@pytest.mark.parametrize("floor", [0, 80, 1024, 2000])
def test_without_it_the_setting_refuses(box, kind, floor):
    hidden = hide_floor(box, kind)
    refused = box.run("/world", env=PORT_80, floor=floor, capabilities=WITHOUT, **hidden)
    refused.refuses("port 80", "CAP_NET_BIND_SERVICE")
    assert "could not open it" not in refused.stderr
    assert any("SHIM_UNPRIVILEGED_PORT_START=0" in hint for hint in refused.texts("hint"))


@pytest.mark.parametrize("kind", FLOORS)
@pytest.mark.parametrize("port, floor, opens", [
    (80, 0, True), (80, 80, True), (80, 1024, False), (80, 2000, False), (79, 80, False),
])
def test_left_to_the_kernel_the_probe_has_the_last_word(box, kind, port, floor, opens):
    hidden = hide_floor(box, kind)
    env = {"ASPNETCORE_HTTP_PORTS": str(port), "SHIM_UNPRIVILEGED_PORT_START": "0"}
    done = box.run("/world", env=env, floor=floor, capabilities=WITHOUT, **hidden)
    if opens:
        assert kept(done.world) == set()
    else:
        done.refuses(f"port {port}", "ASPNETCORE_HTTP_PORTS", "1654")
        assert any("a port from 1024 up" in hint for hint in done.texts("hint"))


# The probe


def test_a_capability_that_the_kernel_does_not_honour_is_found_out(box):
    """A user namespace on the host's network: it owns the capability, but not the ports."""
    refused = box.run("/world", env=PORT_80, floor=1024, uid_map="0 0 65536")
    refused.refuses("port 80", "ASPNETCORE_HTTP_PORTS", "1654")
    assert any("8080" in hint for hint in refused.texts("hint"))


def test_a_port_in_use_is_the_apps_own_business(box):
    """Above the machine's floor, and below ours: it is tried, in the tests' own network."""
    with socket.create_server(("", 0)) as listener:
        port = str(listener.getsockname()[1])
        env = {"ASPNETCORE_HTTP_PORTS": port, "SHIM_UNPRIVILEGED_PORT_START": "65535"}
        assert kept(box.run("/world", env=env).world) == set()


# HTTP/3 opens the same port by UDP. libmsquic is not in the images: a socket of our own stands in.

SOCKET = {"x86_64": 41, "aarch64": 198}.get(os.uname().machine, 281)
NO_UDP = (SOCKET, 1, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
PORT_443 = {"ASPNETCORE_HTTPS_PORTS": "443"}


def test_the_capability_holds_for_udp_as_well(box):
    binds = Path(__file__).parents[2] / "build/payloads/binds"
    if not binds.exists():
        pytest.skip("no build/payloads/binds: run make payloads first")
    shutil.copy(binds, box.path("/binds"))
    words = ["tcp:443", "udp:443"]
    done = box.run("/binds", *words, env=PORT_443, floor=1024)
    assert done.stdout.split("\n")[:2] == ["tcp:443: Success", "udp:443: Success"]
    without = box.run("/binds", *words, env={"ASPNETCORE_HTTPS_PORTS": "8443"}, floor=1024)
    assert without.stdout.count("Permission denied") == 2


def test_https_that_only_tcp_can_have_is_a_warning(box):
    done = box.run("/world", env=PORT_443, floor=1024, forbidden=(NO_UDP,))
    (warning,) = done.texts("warning")
    assert "port 443 by UDP" in warning and "ASPNETCORE_HTTPS_PORTS" in warning
    assert kept(done.noisy_world) == NET_BIND_SERVICE


@pytest.mark.parametrize("env", [PORT_80, {"ASPNETCORE_HTTPS_PORTS": "8443"}], ids=str)
def test_udp_matters_to_no_other_port(box, env):
    assert box.run("/world", env=env, floor=1024, forbidden=(NO_UDP,)).stderr == ""


def test_the_ports_of_the_app_are_free_when_it_starts(box):
    """The probe binds them, and lets go: no trace of it is in what the app was handed."""
    world = box.run("/world", env={"ASPNETCORE_HTTP_PORTS": "80;81"}, floor=1024).world
    assert [found["fd"] for found in world["descriptors"]] == [0, 1, 2]
