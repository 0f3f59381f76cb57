"""--check: says what would happen, in a form that a program may read, and does nothing."""

import os
import re
import shutil
import subprocess

import pytest
from sandbox import GROUP, PASSWD, as_numbers, held_capabilities

CAPGET = {"x86_64": 125, "aarch64": 90}.get(os.uname().machine, 184)
KEYS = ["user", "group", "groups", "home", "listen", "keep", "program", "verdict"]


def check(box, *words, **options):
    """The values by key, and the whole result."""
    done = box.run("--check", *(words or ["/world"]), **options)
    keys = [key for key, _ in done.checked]
    assert list(dict.fromkeys(keys)) == KEYS, done.stdout
    assert all(keys.count(key) == 1 for key in KEYS if key != "listen")
    values = dict(done.checked)
    assert (values["verdict"] == "ok") == (done.exit_code == 0)
    return values, done


def test_what_it_prints(box):
    box.folder("/app", owner=1654)
    shutil.copy(box.path("/world"), box.path("/app/aspnetapp"))
    env = {"APP_UID": "1654", "ASPNETCORE_HTTP_PORTS": "8080", "HOME": "/root"}
    done = box.run("--check", "./aspnetapp", "word", env=env, cwd="/app")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "user: 1654 (app), from APP_UID\n"
        "group: 1654\n"
        "groups: 1654\n"
        "home: /home/app\n"
        "listen: 8080 http, from ASPNETCORE_HTTP_PORTS\n"
        "keep: none\n"
        "program: ./aspnetapp\n"
        "verdict: ok\n"
    )


@pytest.mark.parametrize(
    "env, start, expected",
    [
        ({}, {}, "1654 (app), from default"),
        ({"APP_UID": ""}, {}, "1654 (app), from default"),
        ({"APP_UID": "1654"}, {}, "1654 (app), from APP_UID"),
        ({"APP_UID": "12345"}, {}, "12345, from APP_UID"),
        ({}, {"uid": 1654, "gid": 1654}, "1654 (app), kept"),
        ({"APP_UID": "1654"}, {"uid": 12345, "gid": 0}, "12345, kept"),
    ],
    ids=str,
)
def test_user(box, env, start, expected):
    values, _ = check(box, env=env, **start)
    assert values["user"] == expected


@pytest.mark.parametrize(
    "env, start, expected",
    [
        ({}, {}, ("1654", "29,1654")),
        ({"APP_GID": "0"}, {}, ("0", "0,29")),
        ({"APP_GROUPS": "3000,2000"}, {}, ("1654", "29,1654,2000,3000")),
        ({"APP_UID": "12345"}, {}, ("12345", "12345")),
        ({}, {"uid": 12345, "gid": 7, "groups": (9, 8)}, ("7", "8,9")),
    ],
    ids=str,
)
def test_group_and_groups(box, env, start, expected):
    box.write("/etc/group", GROUP + "audio:x:29:app\n")
    values, _ = check(box, env=env, **start)
    assert (values["group"], values["groups"]) == expected


@pytest.mark.parametrize(
    "env, start, expected",
    [
        ({}, {}, "/home/app"),
        ({"HOME": "/data"}, {}, "/data"),
        ({"APP_UID": "12345"}, {}, "/"),
        ({"HOME": "/root"}, {"uid": 1654, "capabilities": held_capabilities()}, "/root"),
        ({"HOME": "/root"}, {"uid": 12345}, "/root"),
    ],
    ids=["root", "chosen", "no entry", "the very user", "kept"],
)
def test_home(box, env, start, expected):
    assert check(box, env=env, **start)[0]["home"] == expected


@pytest.mark.parametrize(
    "env, arguments, expected",
    [
        ({}, [], ["5000 http localhost, from default"]),
        ({"ASPNETCORE_HTTP_PORTS": ""}, [], ["5000 http localhost, from default"]),
        (
            {"ASPNETCORE_HTTP_PORTS": "8080;8081", "ASPNETCORE_HTTPS_PORTS": "8443"},
            [],
            [
                "8080 http, from ASPNETCORE_HTTP_PORTS",
                "8081 http, from ASPNETCORE_HTTP_PORTS",
                "8443 https, from ASPNETCORE_HTTPS_PORTS",
            ],
        ),
        ({"aspnetcore_Http_Ports": "8080"}, [], ["8080 http, from aspnetcore_Http_Ports"]),
        ({"URLS": "http://0.0.0.0:8080"}, [], ["8080 http, from URLS"]),
        ({"URLS": "http://[::]:8080"}, [], ["8080 http, from URLS"]),
        ({"URLS": "http://127.0.0.1:8080"}, [], ["8080 http 127.0.0.1, from URLS"]),
        ({"URLS": "https://[::1]:8080"}, [], ["8080 https [::1], from URLS"]),
        ({"URLS": "http://unix:/run/app.sock"}, [], ["none"]),
        ({"PORT": "80", "ASPNETCORE_URLS": "http://*"}, [], ["80 http, from ASPNETCORE_URLS"]),
        ({}, ["--urls", "http://*:8080"], ["8080 http, from --urls"]),
        ({}, ["--urls=http://*:8080"], ["8080 http, from --urls"]),
        (
            {"Kestrel__Endpoints__Web__Url": "http://*:8080"},
            [],
            ["8080 http, from Kestrel__Endpoints__Web__Url"],
        ),
        (
            {
                "ASPNETCORE_PORT": "8080",
                "ASPNETCORE_APPL_PATH": "/",
                "ASPNETCORE_TOKEN": "t",
                "ASPNETCORE_HTTP_PORTS": "81",
            },
            [],
            [
                "8080 http 127.0.0.1, from ASPNETCORE_PORT",
                "81 http, from ASPNETCORE_HTTP_PORTS (slim builder)",
            ],
        ),
        (
            {"ASPNETCORE_HTTP_PORTS": "8080", "DOTNET_HTTP_PORTS": "8081"},
            [],
            [
                "8081 http, from DOTNET_HTTP_PORTS",
                "8080 http, from ASPNETCORE_HTTP_PORTS (generic host)",
            ],
        ),
    ],
    ids=str,
)
def test_listen(box, env, arguments, expected):
    _, done = check(box, "/world", *arguments, env=env)
    assert [value for key, value in done.checked if key == "listen"] == expected


@pytest.mark.parametrize("floor, expected", [(1024, "cap_net_bind_service"), (0, "none")])
def test_keep(box, floor, expected):
    values, _ = check(box, env={"ASPNETCORE_HTTP_PORTS": "80"}, floor=floor)
    assert values["keep"] == expected


def test_program_is_where_path_leads(box):
    box.folder("/one")
    box.folder("/two")
    box.write("/one/app", "", mode=0o644)
    box.write("/two/app", "", mode=0o755)
    values, _ = check(box, "app", env={"PATH": "/one:/two"})
    assert values["program"] == "/two/app"


@pytest.mark.parametrize(
    "name, exit_code", [("/nowhere", 127), ("nowhere", 127), ("/etc/passwd", 126), ("/etc", 126)]
)
def test_a_program_that_would_not_start(box, name, exit_code):
    values, done = check(box, name)
    assert (values["program"], values["verdict"]) == (name, "refused")
    assert done.exit_code == exit_code
    assert [label for label, _ in done.lines] == ["error", "hint"]
    assert f'"{name}"' in done.stderr


@pytest.mark.parametrize("length", [4095, 4096, 5000])
@pytest.mark.parametrize("piece", ["/x", "x/", "xx"])
def test_a_name_of_any_length_is_looked_for_as_in_a_start(box, piece, length):
    name = (piece * length)[:length]
    checked, started = box.run("--check", name), box.run(name)
    assert (checked.exit_code, checked.stderr) == (started.exit_code, started.stderr)
    assert checked.exit_code == (125 if length > 4095 and "/" in piece else 127)


@pytest.mark.parametrize("path", ["/one:/two", "/denied:/one:/two", "/two:/one"])
@pytest.mark.parametrize("supervise", ["1", "0"])
def test_links_in_a_circle_end_the_search_in_path_as_in_a_start(box, path, supervise):
    for name in ("/one", "/two", "/denied"):
        box.folder(name)
    box.path("/one/app").symlink_to("/one/app")
    box.write("/denied/app", "", mode=0o644)
    shutil.copy(box.path("/world"), box.path("/two/app"))
    env = {"PATH": path, "SHIM_SUPERVISE": supervise, "SHIM_LOG": "error"}
    values, checked = check(box, "app", env=env)
    started = box.run("app", env=env)
    assert (checked.exit_code, checked.stderr) == (started.exit_code, started.stderr)
    if checked.exit_code != 0:
        started.refuses('"/one/app"', "link", exit_code=126)
        assert values["program"] == "/one/app"


@pytest.mark.parametrize(
    "name, unknown",
    [
        ("APP_UID", {"user", "group", "groups", "home"}),
        ("APP_GID", {"group", "groups"}),
        ("APP_GROUPS", {"groups"}),
        ("ASPNETCORE_URLS", {"listen"}),
        ("SHIM_HTTP_PORTS_FROM", {"listen"}),
        ("SHIM_LOG", set()),
    ],
)
def test_what_a_malformed_setting_leaves_unknown_is_a_question_mark(box, name, unknown):
    values, done = check(box, env={name: "?!"})
    assert {key for key, value in values.items() if value == "?"} == unknown
    assert done.exit_code == 125
    assert f'{name} is "?!"' in done.stderr or name in done.texts("error")[0]


@pytest.mark.parametrize("ports", [["PORT=80a"], ["PORT=8080", "PORT=8081"]], ids=str)
def test_a_port_that_cannot_be_handed_over_leaves_unknown_where_the_app_listens(box, ports):
    values, done = check(box, env=["SHIM_HTTP_PORTS_FROM=PORT", *ports])
    assert (values["listen"], done.exit_code) == ("?", 125)


def test_what_a_user_who_stays_has_does_not_hang_on_settings(box):
    env = {name: "?!" for name in ("APP_UID", "APP_GID", "APP_GROUPS")}
    values, done = check(box, env=env, uid=12345, gid=7, groups=(9, 8))
    assert (values["user"], values["group"], values["groups"]) == ("12345, kept", "7", "8,9")
    assert done.exit_code == 125


def test_what_cannot_be_found_out_is_a_question_mark(box):
    box.write("/etc/passwd", PASSWD, mode=0, owner=1000)
    values, done = check(box, capabilities=as_numbers(["setuid", "setgid"]))
    assert (values["user"], values["home"], values["verdict"]) == ("?", "?", "refused")
    assert any("Permission denied" in text for text in done.texts("error"))
    # What does not hang on it is known all the same.
    assert values["listen"] == "5000 http localhost, from default"


# One thing wrong of every kind: settings, identity, ports, the program.
ALL_WRONG = {
    "env": {
        "APP_GID": "-1",
        "SHIM_LOG": "loud",
        "SHIM_HTTP_PORTS_FROM": "PORT",
        "PORT": "http",
        "ASPNETCORE_HTTP_PORTS": "80;81a",
        "ASPNETCORE_HTTPS_PORTS": "443",
    },
    "capabilities": as_numbers(["setgid"]),
    "floor": 1024,
}
TOLD = [
    'SHIM_LOG is "loud"',
    'APP_GID is "-1"',
    'PORT is "http"',
    'ASPNETCORE_HTTP_PORTS: "81a"',
    "without CAP_SETUID",
    "may write to",
    "port 80,",
    "port 443,",
    '"/nowhere" was not found',
]


def test_all_that_is_wrong_is_told_at_once(box):
    box.path("/").chmod(0o777)
    values, checked = check(box, "/nowhere", **ALL_WRONG)
    started = box.run("/nowhere", **ALL_WRONG)
    assert (checked.exit_code, values["verdict"]) == (125, "refused")
    assert (started.exit_code, started.stderr) == (125, checked.stderr)
    errors = checked.texts("error")
    assert len(errors) == len(TOLD), checked.stderr
    for error, words in zip(errors, TOLD):
        assert words in error


def test_what_cannot_be_looked_at_hides_nothing_else(box):
    """Capabilities that cannot be read, and a file of users: ports and program are told too."""
    env = {"ASPNETCORE_HTTP_PORTS": "80a", "APP_UID": "0"}
    calls = {"forbidden": (CAPGET,), "env": env}
    values, checked = check(box, "/nowhere", **calls)
    assert checked.exit_code == 125
    assert [values[key] for key in ("user", "group", "groups", "home")] == ["?"] * 4
    for words in ("APP_UID", "capabilities", '"80a"', "/nowhere"):
        assert any(words in error for error in checked.texts("error")), checked.stderr
    # Nothing is claimed of what is not known.
    assert not any("CAP_" in error for error in checked.texts("error"))


STARTS = {
    "all is well": {},
    "a port for root": {"env": {"ASPNETCORE_HTTP_PORTS": "80"}, "floor": 1024},
    "a port without the capability": {
        "env": {"ASPNETCORE_HTTP_PORTS": "80;81"},
        "capabilities": held_capabilities() - as_numbers(["net_bind_service"]),
        "floor": 1024,
    },
    "root that cannot switch": {"capabilities": as_numbers(["setuid"])},
    "settings malformed": {"env": {"APP_UID": "0", "SHIM_LOG": "loud", "APP_GID": "-1"}},
    "a setting twice": {"env": ["APP_UID=1", "APP_UID=2"]},
    "a port malformed": {"env": {"ASPNETCORE_HTTP_PORTS": "80a"}},
    "kept": {"uid": 12345, "gid": 0},
    "different ids": {"uid": (1000, 0, 0)},
    "uid not mapped": {"uid_map": "0 0 1000"},
    "setgroups denied": {"uid_map": "0 0 65536", "groups": (27,), "setgroups": "deny"},
    "closed descriptors": {"closed": (0,)},
    "warnings": {
        "env": {"SHIM_LOG": "warn", "APP_GID": "5", "SHIM_GRACE_PERIOD": "1"},
        "uid": 1000,
        "gid": 1000,
        "init": False,
    },
}


@pytest.mark.parametrize("program", ["/world", "/nowhere"])
@pytest.mark.parametrize("name", STARTS)
def test_the_verdict_is_that_of_a_start(box, name, program):
    _, checked = check(box, program, **STARTS[name])
    started = box.run(program, **STARTS[name])
    assert (checked.exit_code, checked.stderr) == (started.exit_code, started.stderr)


def test_the_folder_of_the_shim_is_part_of_it(box):
    box.path("/").chmod(0o777)
    values, done = check(box)
    assert (done.exit_code, values["verdict"]) == (125, "refused")


def test_the_probe_is_no_part_of_it(box):
    env = {"ASPNETCORE_HTTP_PORTS": "80"}
    assert check(box, env=env, floor=1024, uid_map="0 0 65536")[1].exit_code == 0


def test_values_from_outside_stay_on_their_line(box):
    box.write("/etc/passwd", PASSWD.replace("app:x", "a\x1b[1mpp:x").replace("/home/app", "/\t"))
    box.folder("/b\nin")
    shutil.copy(box.path("/world"), box.path("/b\nin/app"))
    values, done = check(box, "/b\nin/app")
    assert values["user"] == "1654 (a\\x1b[1mpp), from default"
    assert values["home"] == "/\\x09"
    assert values["program"] == "/b\\x0ain/app"
    assert done.exit_code == 0


# Nothing is done

LOOKS = re.compile(
    r"prctl\((PR_CAPBSET_READ|PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET|PR_GET_\w+)[,)]"
    r"|open(at)?\((AT_FDCWD, )?\"[^\"]*\", [A-Z_|]*O_RDONLY"
)
TRACED = (
    "%creds,prctl,%process,open,openat,mkdir,unlink,unlinkat,rename,renameat,renameat2,chown,"
    "fchown,fchownat,lchown,chmod,fchmod,fchmodat,chdir,setpgid,setsid,kill,socket,bind"
)
READS = {"getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "capget"}


def test_nothing_is_executed_or_changed(shim, world, namespaces, tmp_path):
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace")
    log = tmp_path / "log"
    command = [strace, "-f", "-qq", "-o", log, "-e", f"trace={TRACED}", shim, "--check", world]
    env = {"ASPNETCORE_HTTP_PORTS": "80"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)
    if "ptrace" in done.stderr:
        pytest.skip(f"no ptrace here: {done.stderr}")
    assert done.stdout.splitlines()[-2:] == [f"program: {world}", "verdict: ok"]
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    assert calls[0].startswith("execve(") and calls[-1].startswith("exit_group(0)")
    changes = [
        call
        for call in calls[1:-1]
        if call.split("(")[0] not in READS and not LOOKS.match(call)
    ]
    assert changes == []
