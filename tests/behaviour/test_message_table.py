"""Every text of the shim's is in a table that somebody has read aloud, and is shown here once.

tests/messages/list reads the texts from the sources, tests/messages/table is what it found when
they were last read. A new text, or one that has changed, fails here: read it aloud (is it plain
English, does it name the variable and the value, does it say what to do?), and then

    tests/messages/list > tests/messages/table
"""

import os
import re
import resource
import runpy
import shutil
import signal
import socket
import struct
from pathlib import Path

import pytest
from sandbox import (
    GROUP, MS_BIND, MS_NOSUID, MS_REMOUNT, PASSWD, Box, as_numbers, file_capabilities, forbid,
    held_capabilities, mount, take_identity, unmount,
)

MESSAGES = Path(__file__).resolve().parents[1] / "messages"
LIST = runpy.run_path(str(MESSAGES / "list"))


def test_every_text_has_been_read():
    assert LIST["render"](LIST["rooms"]()) == (MESSAGES / "table").read_text(), __doc__


# How to see them

LOUD = {"SHIM_LOG": "debug"}
USER = {"uid": 1654, "gid": 1654}
STAYS = {"SHIM_SUPERVISE": "0"}
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80"}
ALL = held_capabilities()
WITHOUT_NET_BIND = ALL - as_numbers(["net_bind_service"])
X86 = {
    "capget": 125, "capset": 126, "getgroups": 115, "setgroups": 116, "setresgid": 119,
    "setresuid": 117, "prctl": 157, "getresuid": 118, "rt_sigprocmask": 14,
    "rt_sigtimedwait": 128, "setpgid": 109, "access": 21, "chdir": 80, "mmap": 9, "clone": 56,
}
ARM = {
    "capget": 90, "capset": 91, "getgroups": 158, "setgroups": 159, "setresgid": 149,
    "setresuid": 147, "prctl": 167, "getresuid": 148, "rt_sigprocmask": 135,
    "rt_sigtimedwait": 137, "setpgid": 154, "access": 48, "chdir": 49, "mmap": 222, "clone": 220,
}
CALLS = {"x86_64": X86, "aarch64": ARM}.get(os.uname().machine)

SCENES = {}


def scene(function):
    SCENES[function.__name__] = function
    return function


def run(box, *words, env=(), **options):
    return box.run(*words, env=LOUD | dict(env), **options)


@scene
def an_ordinary_start(box):
    yield run(box, "/world")
    yield run(box, "/world", env=PORT_80, floor=1024)
    yield run(box, "--check", "/world", env=PORT_80, floor=1024)
    yield run(box, "--check", "/world", env={"ASPNETCORE_URLS": "http://unix:/run/app.sock"})
    yield run(box, "--check", "/world", env={"APP_UID": "1654"})
    many = ";".join(str(port) for port in range(10000, 10100))
    yield run(box, "/world", env={"ASPNETCORE_HTTP_PORTS": many})
    yield run(box, "--help")


@scene
def a_wrong_command_line(box):
    for words in (
        [], ["-x"], ["--check", "--help"], ["--version", "/world"], ["--install"],
        ["--install-net-bind-service", ""],
    ):
        yield box.run(*words)


@scene
def settings(box):
    names = ["APP_UID", "APP_GID", "APP_GROUPS", "SHIM_LOG", "SHIM_BOUNDING_SET",
             "SHIM_UNPRIVILEGED_PORT_START", "SHIM_HTTP_PORTS_FROM", "SHIM_SIGNAL_GROUP",
             "SHIM_SIGNAL_REWRITE", "SHIM_EXIT_CODES", "SHIM_GRACE_PERIOD", "SHIM_SUPERVISE"]
    yield box.run("--check", "/world", env={name: "?!" for name in names})
    yield box.run("/world", env=["APP_UID=1", "APP_UID=2"])
    yield run(box, "/world", env={"SHIM_HTTP_PORTS_FROM": "PORT"})
    yield run(box, "/world", env={"SHIM_HTTP_PORTS_FROM": "PORT", "PORT": "http"})
    yield run(box, "/world", env={"SHIM_GRACE": "1", "SHIM_NO_SUCH_THING": "1"})
    yield run(box, "/world", env={"NOTIFY_SOCKET": "/run/notify"})
    yield run(box, "/world", env={"SHIM_SUPERVISE": "0", "SHIM_GRACE_PERIOD": "1"})
    yield run(box, "/world", env={"SHIM_GRACE_PERIOD": "1"}, init=False)


@scene
def ports(box):
    wrong = ["x", "http://", "ftp://*", "http://*:80/base", "http://*:99999", "http://*:x",
             "https://*:x", "http://pipe:/x", "http://unix:/" + "x" * 200, "http://localhost:0",
             "http://a.localhost:0", "8080,8081"]
    yield run(box, "/world", env={"ASPNETCORE_HTTP_PORTS": "http://*:8080"})
    for address in wrong:
        yield run(box, "/world", env={"ASPNETCORE_URLS": address})
        yield run(box, "/world", env={"ASPNETCORE_HTTP_PORTS": "0", "URLS": address})
    yield run(box, "/world", env={"ASPNETCORE_HTTP_PORTS": ";".join(["x"] * 20)})
    yield run(box, "/world", env={"ASPNETCORE_HTTP_PORTS": ";".join(map(str, range(8000, 8300)))})
    names = [f"Kestrel__Endpoints__{n}__Url" for n in range(300)]
    yield run(box, "/world", env=dict.fromkeys(names, "http://*:1"))
    yield run(box, "/world", env={"Kestrel__Endpoints__Web__Protocols": "Http2"})
    yield run(box, "/world", env={"ASPNETCORE_HTTP_PORTS": "80a", "URLS": "http://*:8080"})
    yield run(box, "/world", env={"ASPNETCORE_HTTP_PORTS": "80", "URLS": "http://*:8080"})
    yield run(box, "/world", "-x=1")


@scene
def other_readings_of_the_ports(box):
    """Of the generic host, and of the slim builder where IIS's variables are set."""
    iis = {"ASPNETCORE_PORT": "5001", "ASPNETCORE_APPL_PATH": "/", "ASPNETCORE_TOKEN": "x"}
    for env in (
        iis | {"URLS": "http://*:85"},
        {"DOTNET_URLS": "http://*:8080", "ASPNETCORE_URLS": "http://*:81"},
        iis | {"ASPNETCORE_URLS": "http://*:82"},
        iis | {"DOTNET_URLS": "http://*:83", "ASPNETCORE_URLS": "http://*:84"},
    ):
        yield run(box, "--check", "/world", env=env)
        yield run(box, "/world", env=env, capabilities=WITHOUT_NET_BIND, floor=1024)


@scene
def privileged_ports(box):
    for start in (
        {"capabilities": WITHOUT_NET_BIND, "floor": 1024},
        {"capabilities": WITHOUT_NET_BIND, "floor": 0},
        {"capabilities": WITHOUT_NET_BIND, "floor": 80},
        {"capabilities": WITHOUT_NET_BIND, "proc": False},
        {**USER, "floor": 1024},
        {"uid_map": "0 0 65536"},
    ):
        yield run(box, "/world", env=PORT_80, **start)
    for address in ("http://*:80", "https://*:443"):
        yield run(box, "/world", env={"ASPNETCORE_URLS": address}, **USER, floor=1024)
    yield run(box, "/world", capabilities=WITHOUT_NET_BIND, floor=6000)
    h3 = {"Kestrel__Endpoints__A__Url": "https://*:443",
          "Kestrel__Endpoints__A__Protocols": "Http1AndHttp2AndHttp3"}
    yield run(box, "/world", env=h3, uid_map="0 0 65536")


@scene
def a_capability_that_the_file_could_lend(box):
    shim = box.path("/shim")
    start = {**USER, "floor": 1024, "env": PORT_80}

    def lend(**how):
        os.setxattr(shim, "security.capability", file_capabilities("net_bind_service", **how))

    lend(flags="p")
    yield run(box, "/world", **start, no_new_privs=True)
    yield run(box, "/world", **start, bounding=WITHOUT_NET_BIND)
    lend(flags="ep")
    yield run(box, "/world", **start)
    lend(flags="p", rootid=1000)
    yield run(box, "/world", **start)
    lend(flags="p")
    box.folder("/tools")
    shutil.copy(shim, box.path("/tools/shim"))
    os.setxattr(box.path("/tools/shim"), "security.capability",
                file_capabilities("net_bind_service", flags="p"))
    tools = box.path("/tools")
    mount(tools, tools, flags=MS_BIND)
    mount(None, tools, flags=MS_REMOUNT | MS_BIND | MS_NOSUID)
    try:
        yield run(box, "/world", file="/tools/shim", **start)
    finally:
        unmount(tools)


@scene
def lent_rights(box):
    yield run(box, "/world", uid=(1000, 0, 0))
    yield run(box, "/world", uid=1000, gid=(1000, 0, 0))
    os.setxattr(box.path("/shim"), "security.capability", file_capabilities("net_raw", flags="p"))
    yield run(box, "/world", **USER)
    yield run(box, "--install", "/tmp/copy", uid=(1000, 0, 0))


@scene
def a_hidden_group_file(box):
    group = box.path("/etc/group")
    mount(group, group, flags=MS_BIND)
    try:
        yield run(box, "/world", groups=(2000,))
    finally:
        unmount(group)


@scene
def identities(box):
    for missing in (["setuid"], ["setgid"], ["setuid", "setgid"]):
        yield run(box, "/world", capabilities=ALL - as_numbers(missing))
    yield run(box, "/world", uid_map="0 0 1000")
    yield run(box, "/world", env={"APP_GID": "70000"}, uid_map="0 0 65536")
    yield run(box, "/world", uid_map="0 0 65536", groups=(27,), setgroups="deny")
    yield run(box, "/world", uid=12345, gid=0)
    yield run(box, "/world", uid=1000, gid=1000, env={"APP_GID": "5", "APP_GROUPS": "6"})
    yield run(box, "/world", env={"APP_UID": "12345"})
    yield run(box, "--check", "/world", env={"APP_GID": "x", "APP_GROUPS": "y"})
    yield run(box, "/world", env=STAYS)
    box.folder("/in")  # without /proc: nobody can tell beforehand
    for name in ("shim", "world"):
        shutil.copy(box.path(name), box.path("/in"))
    yield run(box, "/world", uid_map="0 0 1000", chroot="/in")


@scene
def files_of_accounts(box):
    many = "".join(f"g{n}:x:{n}:app\n" for n in range(100, 200))
    box.write("/etc/group", GROUP + many, mode=0o666)
    yield run(box, "/world")
    box.write("/etc/group", GROUP)
    box.write("/etc/passwd", PASSWD, mode=0o666)
    yield run(box, "/world", groups=(2000,))
    box.write("/etc/group", GROUP + "video:x:44:app\n", mode=0o666)
    yield run(box, "/world", groups=(2000,))
    box.write("/etc/passwd", PASSWD, mode=0, owner=1000)
    yield run(box, "/world", capabilities=as_numbers(["setuid", "setgid"]))
    box.write("/etc/passwd", PASSWD)
    box.write("/etc/group", GROUP + "".join(f"g{n}:x:{n}:app\n" for n in range(1, 65600)))
    yield run(box, "/world")


@scene
def the_shims_own_file(box):
    box.path("/").chmod(0o777)
    yield run(box, "/world")


@scene
def programs(box):
    head = bytearray(box.path("/world").read_bytes()[:64])
    head[54:58] = struct.pack("<HH", 56, 1)  # one program header, right behind
    head[32:40] = struct.pack("<Q", 64)
    for loader in (b"/lib/ld-musl-x86_64.so.1", b"/lib64/ld-linux-x86-64.so.2", b"/lib/ld.so"):
        size = len(loader) + 1
        segment = struct.pack("<IIQQQQQQ", 3, 4, 64 + 56, 0, 0, size, size, 1)  # PT_INTERP
        box.write("/elf", bytes(head) + segment + loader + b"\0", mode=0o755)
        yield run(box, "/elf")
    for name, content, mode in (
        ("/crlf", "#!/bin/sh\r\n", 0o755),
        ("/nosh", "#!/bin/sh\n", 0o755),
        ("/mark", b"\xef\xbb\xbf#!/world\n", 0o755),
        ("/text", "echo\n", 0o755),
        ("/data", "data\n", 0o644),
        ("/app.dll", "MZ", 0o644),
        ("/foreign", b"\x7fELF\2\1\1" + bytes(100), 0o755),
        ("/closed", "#!/data\n", 0o755),
        ("/odd", "#!/text\n", 0o755),
    ):
        box.write(name, content, mode=mode)
        yield run(box, name)
    box.path("/round").symlink_to("/round")
    for name in ("/round", "/etc", "/nowhere", "./nowhere", "nowhere", "./app --urls x",
                 "nowhere.dll", "/" + "x" * 300, ""):
        yield run(box, name)
    box.path("/root").chmod(0o700)
    yield run(box, "dotnet", env={"PATH": "/root"})
    box.write("/locked", "#!/world\n", mode=0o711)
    yield run(box, "/locked")
    box.write("/nosh", "#!/bin/sh\n", mode=0o711)
    yield run(box, "/nosh")
    os.setxattr(box.path("/world"), "security.capability", file_capabilities("net_raw", flags="ep"))
    yield run(box, "/world")


@scene
def more_than_the_kernel_takes(box):
    box.write("/etc/passwd", f"app:x:1654:1654::/{'x' * 200000}:/bin/sh\n")
    yield run(box, "/world")


@scene
def standard_streams(box):
    box.write("/etc/passwd", PASSWD)
    yield run(box, "/world", capabilities=ALL - as_numbers(["chown"]))
    yield run(box, "/world", capabilities=as_numbers(["setuid", "setgid"]))
    ends = socket.socketpair()
    yield run(box, "/world", capabilities=ALL - as_numbers(["chown"]),
              descriptors={1: ends[0].fileno()})
    os.mknod(box.path("/full"), 0o20666, os.makedev(1, 7))
    yield box.run("--version", descriptors={1: "/full"})
    box.path("/dev/null").unlink()
    yield run(box, "/world", closed=(0,))


@scene
def installing(box):
    yield box.run("--install", "/nowhere/shim")
    yield box.run("--install", "/tmp/copy", uid=1000, gid=1000)
    yield box.run("--install-net-bind-service", "/copy", capabilities=ALL - {31})
    box.folder("/place", mode=0o555, owner=1000)
    yield box.run("--install", "/place/copy", uid=1000, gid=1000)
    box.path("/shim").chmod(0o711)
    yield box.run("--install", "/tmp/copy", uid=1000, gid=1000)


def forbidding(*call):
    """The test itself may need the call to get there."""

    def take(start):
        take_identity(start)
        forbid([call if len(call) > 1 else call[0]])

    return take


def without_processes(start):
    """The limit does not count for root, but for the app's user, who has a process already."""
    ends = os.pipe()
    if os.fork() == 0:
        os.setuid(1654)
        os.write(ends[1], b".")
        signal.pause()  # until PID 1 has ended
    os.read(ends[0], 1)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    take_identity(start)


@scene
def where_the_kernel_says_no(box):
    """A seccomp filter that answers EPERM."""
    for name in ("capget", "getresuid", "getgroups", "setgroups", "setresgid", "setresuid",
                 "capset", "rt_sigprocmask", "setpgid", "access", "chdir", "mmap", "clone"):
        yield run(box, "/world", take_identity=forbidding(CALLS[name]))
    yield run(box, "/world", env=PORT_80, floor=1024, take_identity=forbidding(CALLS["capset"]))
    yield run(box, "--install", "/copy", take_identity=forbidding(CALLS["getresuid"]))
    yield run(box, "/world", "wait", descriptors={0: os.pipe()[0]},
              take_identity=forbidding(CALLS["rt_sigtimedwait"]))
    for start in ({"env": PORT_80, "floor": 1024}, {"init": False}):
        for option in (4, 8, 23, 24, 28, 36, 38, 47):
            yield run(box, "/world", take_identity=forbidding(CALLS["prctl"], option), **start)
    for env in ({}, STAYS):
        yield run(box, "/world", env=env, take_identity=without_processes, init=True)
    writer = os.open(box.path("/world"), os.O_WRONLY)  # "Text file busy"
    yield run(box, "/world")
    os.close(writer)


@scene
def many_messages(box):
    env = {f"SHIM_{'X' * 150}{n}": "1" for n in range(200)}
    yield run(box, "/world", env=env)


def pattern_of(text):
    """What a text looks like once its conversions are filled in."""
    parts = re.split(r"(%-?\d*(?:\.\*)?(?:ll|z)?[sduxc%]|<\w+>)", text)
    found = ""
    for part in parts:
        found += {"s": ".*", "<": ".*", "x": "[0-9a-f]+"}.get(
            part[-1] if part.startswith("%") else part[:1] if re.fullmatch(r"<\w+>", part) else "",
            r"-?\d+" if part.startswith("%") else re.escape(part),
        )
    return re.compile(found)


# What none of these scenes shows: where it is shown, or why it is not.
LIES = "a kernel would have to lie, or to fail half way: tests/faults sees to that"
MEMORY = "there would have to be no memory, at just that moment"
RACE = "somebody would have to do something at just that moment"
TELLING = "behaviour/init/test_telling.py"
TERMINAL = "behaviour/init/test_job_control.py"
SIGNALS = "unit/base/test_signals.c"
UNSHOWN = {
    'put it into the image itself: RUN ["/shim", "--install-net-bind-service", "/shim"]': (
        "behaviour/test_lent.py", "nosuid",
    ),
    "shim: warning: lines left out for want of room on stderr: %zu": (
        TELLING, "lines left out for want of room",
    ),
    "%d (RTMIN+%d)": (SIGNALS, "RTMIN+1)"),
    "if it wants a port below 1024 that only its code or appsettings.json names: name it in "
    "ASPNETCORE_HTTP_PORTS too, and the shim keeps CAP_NET_BIND_SERVICE for it": (
        TELLING, "appsettings.json",
    ),
    "the app can type into the terminal that the shim was started from (TIOCSTI), and so into a "
    "shell of root's": (TERMINAL, "can type into the terminal"),
    "start it in a session of its own: setsid -w /shim ..., or where it wants a terminal: script "
    "-qec 'exec /shim ...' /dev/null; with the sysctl dev.tty.legacy_tiocsti=0 it is over for "
    "all": (TERMINAL, "setsid"),
    "no memory for the app's environment": MEMORY,
    "cannot start the app: no memory: %s": MEMORY,
    "reading the capabilities": LIES,
    "choosing CAP_NET_BIND_SERVICE": LIES,
    "handing CAP_NET_BIND_SERVICE to the app as an ambient capability": LIES,
    "PR_SET_KEEPCAPS: %s": LIES,
    "the app could trace the shim: it stays dumpable%s%s": LIES,
    ", as far as can be told: ": LIES,
    "nothing was started; a seccomp profile or a sandbox may forbid prctl(PR_SET_DUMPABLE)": LIES,
    "setting the capabilities to what they are": LIES,
    " by UDP, which HTTP/3 needs": LIES,
    "the ids cannot be read: %s": LIES,
    "the user ids are %u, %u, %u and %u instead of %u": LIES,
    "the group ids are %u, %u, %u and %u instead of %u": LIES,
    "the supplementary groups are not the %zu planned ones": LIES,
    "the %s set is %016llx instead of %016llx": LIES,
    "the capabilities cannot be read: %s": LIES,
    "this kernel has no ambient set": LIES,
    "the securebits are %x instead of %x": LIES,
    "no_new_privs is not set": LIES,
    "the signal mask is not as it was set": LIES,
    "the way back to root is open": LIES,
    "left-over processes: %s; they get SIGTERM and %u s to end": (
        TELLING, "they get SIGTERM and 1 s to end",
    ),
    "PID 1 is uid %u, and cannot signal the processes of another user: whoever has started them "
    "must stop them": (TELLING, "another user"),
    "left-over processes after %u s: %s; they are killed": (TELLING, "they are killed"),
    "PID 1 is a shell (%s), and the shim its child: signals such as that of docker stop reach the "
    "shell, and not the app": (TELLING, "PID 1 is a shell ("),
    'write ENTRYPOINT with brackets: ["/shim", "./aspnetapp"]; a script ends with exec /shim '
    "./aspnetapp": (TELLING, "ENTRYPOINT with brackets"),
    "%s%zu of uid %u": (TELLING, "1 of uid 1654"),
    ", %zu of others": (TELLING, "2 of others"),
    "giving it back the signals": LIES,
    "making its process": LIES,
    ", in the foreground": (TERMINAL, "foreground"),
    "signal %s is swallowed": (TELLING, "is swallowed"),
    "signal %s is handed on to %s": (TELLING, "(HUP) is handed on to the app"),
    "signal %s is handed on to %s as %s": (TELLING, "is handed on to the app as 2 (INT)"),
    "; by SHIM_EXIT_CODES the shim ends with %d": (
        TELLING, "by SHIM_EXIT_CODES the shim ends with",
    ),
    "the app ended: killed by signal %s%s": (TELLING, "killed by signal 15 (TERM)"),
    "the shim has not sent it: the container was out of memory (OOMKilled), or the platform has "
    "ended it": (TELLING, "has not sent it"),
    "--install: %s is not the file that was written there": RACE,
    "somebody else writes to that folder: whoever may do that can put any program in the shim's "
    "place; take a folder that is root's alone": RACE,
    "%s, but this kernel or sandbox does not lend it": LIES,
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory, shim, world, namespaces):
    """All that the scenes have printed."""
    if CALLS is None:
        pytest.skip("the numbers of this machine's system calls are not known here")
    said = []
    for name, play in SCENES.items():
        root = tmp_path_factory.mktemp(name[:20]) / "root"
        root.mkdir()
        said += [done.stderr + done.stdout for done in play(Box(root, shim, world)) or ()]
    return "\n".join(said)


def test_every_text_is_shown(shown):
    missing, needless = {}, []
    for room, texts in LIST["rooms"]().items():
        for text in texts:
            is_shown = pattern_of(text).search(shown) is not None
            if is_shown and text in UNSHOWN:
                needless.append(text)
            if not is_shown and text not in UNSHOWN:
                missing.setdefault(room, []).append(text)
    assert not missing, LIST["render"](missing)
    assert not needless, f"these are shown: {needless}"


def test_what_is_not_shown_here_is_shown_where_it_is_said_to_be():
    texts = {text for lines in LIST["rooms"]().values() for text in lines}
    assert set(UNSHOWN) <= texts
    for file, words in (where for where in UNSHOWN.values() if isinstance(where, tuple)):
        assert words in (MESSAGES.parent / file).read_text(), (file, words)
