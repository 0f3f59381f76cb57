"""Hostile surroundings: what is in the environment, what is short, and what /proc and /etc are.

None of it makes the app more than was planned, and none of it is waited for.
"""

import fcntl
import os
import resource
import shutil
import signal
import termios

import pytest
from sandbox import (MS_REMOUNT, PASSWD, _mount, file_capabilities, fork_and_wait, take_identity)

NET_BIND = f"{1 << 10:016x}"
NOTHING = "0" * 16
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80", "HOME": "/data"}
PORT_8080 = {"ASPNETCORE_HTTP_PORTS": "8080", "HOME": "/data"}
CLOSE_RANGE = 436
MACHINE = os.uname().machine
CLOSE = {"x86_64": 3, "aarch64": 57}.get(MACHINE)


def assert_is_app(world, kept=NOTHING, gid=1654, groups=None):
    assert world["uids"] == [1654] * 4 and world["gids"] == [gid] * 4
    assert world["groups"] == ([gid] if groups is None else groups)
    sets = {name: world["capabilities"][name] for name in
            ("permitted", "effective", "inheritable", "ambient")}
    assert sets == dict.fromkeys(sets, kept)
    assert world["no_new_privs"] == 1 and world.get("regained", []) == []


# The environment, and the arguments


LOADERS = ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "MUSL_LOCPATH", "TZ", "TZDIR", "GCONV_PATH",
           "LOCPATH", "NLSPATH", "HOSTALIASES", "RESOLV_HOST_CONF", "MALLOC_TRACE"]
SWITCHES = {"LD_DEBUG": "all", "LD_TRACE_LOADED_OBJECTS": "1", "LD_BIND_NOW": "1", "LANG": "x_y",
            "LC_ALL": "../../hostile", "GLIBC_TUNABLES": "glibc.malloc.check=3"}


@pytest.mark.parametrize("user", ["root", "the file lends", "becomes the app"])
@pytest.mark.parametrize("what", ["a FIFO", "a folder", "nothing"])
def test_what_loaders_and_libcs_read_is_the_apps_own(box, what, user):
    """Of the shim, nobody reads it. The payload is static, too."""
    if what == "a FIFO":
        os.mkfifo(box.path("/hostile"), 0o666)
    elif what == "a folder":
        box.folder("/hostile", mode=0o777)
    env = {**dict.fromkeys(LOADERS, "/hostile"), "TZ": ":/hostile", **SWITCHES, **PORT_80}
    options = {}
    if user == "the file lends":
        give_net_bind(box)
        options = {"uid": 1654, "gid": 1654}
    if user == "becomes the app":
        env |= {"SHIM_SUPERVISE": "0", "SHIM_LOG": "error"}
    done = box.run("/world", "regain", env=env, floor=1024, **options)
    assert done.stderr == ""
    found = set(done.world["environment"])
    assert {f"{name}={value}" for name, value in env.items()} <= found
    assert_is_app(done.world, kept=NET_BIND, groups=[] if options else None)


def give_net_bind(box):
    os.setxattr(box.path("/shim"), "security.capability",
                file_capabilities("net_bind_service", flags="p"))


@pytest.mark.parametrize("path", ["/nowhere::/three", "", ":", "/nowhere:::"])
@pytest.mark.parametrize("supervise", ["1", "0"])
def test_an_empty_part_of_path_is_the_working_directory(box, path, supervise):
    box.folder("/three")
    box.folder("/place")
    for name in ("/three/app", "/place/app"):
        box.write(name, f"#!/world {name}\n", mode=0o755)
    env = {"PATH": path, "SHIM_SUPERVISE": supervise, "SHIM_LOG": "error"}
    assert box.run("app", env=env, cwd="/place").world["arguments"][1] == "/place/app"


def test_a_name_without_a_value_is_no_variable(box):
    """Not even of the shim's; and it arrives as it was."""
    env = ["APP_UID", "HOME", "PATH", "SHIM_SUPERVISE", "SHIM_LOG", "ASPNETCORE_HTTP_PORTS",
           "ASPNETCORE_URLS", "", "=", "=APP_UID=7", "LISTEN_PID"]
    world = box.run("/world", "regain", env=env).world
    assert_is_app(world)
    assert world["environment"] == [*env, "HOME=/home/app"]


@pytest.mark.parametrize("verb", [(), ("--check",)], ids=["start", "--check"])
def test_a_hundred_thousand_words(box, verb):
    """As arguments, and thousands of variables. The kernel takes a quarter of the stack's limit."""
    words = [str(number) for number in range(100_000)]
    env = [f"SHIM_{number}=" for number in range(10_000)]
    done = box.run(*verb, "/world", *words, env=env)
    assert done.stderr == "" and done.exit_code == 0
    if verb:
        assert dict(done.checked)["verdict"] == "ok"
    else:
        world = done.world
        assert_is_app(world)
        assert world["arguments"] == ["/world", *words]
        assert world["environment"] == [*env, "HOME=/home/app"]


# Limits


def limited(name, value):
    """For Box.run(): with this limit."""
    def enter(start):
        take_identity(start)
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    return enter


@pytest.mark.parametrize("files", [0, 1, 3])
def test_without_a_descriptor_to_spare_a_start_that_switches_is_refused(box, files):
    """Who the app is cannot be read."""
    done = box.run("/world", "regain", env=PORT_8080, take_identity=limited("NOFILE", files))
    done.refuses("cannot work out the app's user", "No file descriptors available")


@pytest.mark.parametrize("files", [0, 1, 3])
def test_without_a_descriptor_to_spare_a_user_is_none_the_worse(box, files):
    done = box.run("/world", "regain", uid=1654, gid=1654, take_identity=limited("NOFILE", files),
                   env={"SHIM_LOG": "info"})
    assert_is_app(done.noisy_world, groups=[])


def test_one_descriptor_to_spare_is_enough(box):
    """Two with the termination log, which only PID 1 opens."""
    done = box.run("/world", "regain", env=PORT_80, floor=1024, take_identity=limited("NOFILE", 4))
    assert done.stderr == ""
    assert_is_app(done.world, kept=NET_BIND)


@pytest.mark.parametrize("supervise", ["1", "0"])
def test_a_user_without_another_process(box, supervise):
    """Root has no such limit. A user who becomes the app needs none."""
    env = {"SHIM_SUPERVISE": supervise, "SHIM_LOG": "error"}
    done = box.run("/world", "regain", uid=1654, gid=1654, env=env,
                   take_identity=limited("NPROC", 0))
    if supervise == "1":
        done.refuses("cannot start the app: no new process", "Resource temporarily unavailable")
        assert any("--pids-limit" in hint for hint in done.texts("hint"))
    else:
        assert_is_app(done.world, groups=[])


@pytest.mark.parametrize("uid", [0, 1654])
def test_no_room_in_files_is_no_matter(box, uid):
    done = box.run("/world", "regain", uid=uid, gid=uid, env=PORT_8080,
                   take_identity=limited("FSIZE", 0))
    assert done.stderr == ""
    assert_is_app(done.world, groups=[] if uid else None)


def test_no_room_in_files_for_what_is_wrong(box):
    """Its line is lost, and so is what it would have raised: SIGXFSZ."""
    log = box.write("/log", "")
    done = box.run("/nowhere", descriptors={2: os.open(log, os.O_WRONLY)},
                   take_identity=limited("FSIZE", 0))
    assert (done.exit_code, done.stdout, log.read_text()) == (127, "", "")


def test_no_room_in_files_for_a_copy(box):
    box.folder("/bin")
    box.write("/bin/shim", "old")
    done = box.run("--install", "/bin", take_identity=limited("FSIZE", 1000))
    done.refuses("--install", "File too large")
    assert os.listdir(box.path("/bin")) == ["shim"]
    assert box.path("/bin/shim").read_text() == "old"


# A /proc that is none


# What the payload reads (/proc/PID/status of itself and of the shim) is not among them.
FILES = {
    "self/setgroups": "allow\n", "self/uid_map": "0 0 4294967295\n",
    "self/gid_map": "0 0 4294967295\n", "self/ns/user": "user:[4026531837]\n",
    "self/attr/current": "unconfined\n", "self/comm": "tini\n", "1/comm": "sh\n",
    "9/status": "Name:\tx\nState:\tS\nUid:\t0\t0\t0\t0\n",
    "sys/kernel/cap_last_cap": "0\n", "sys/kernel/overflowgid": "5\n",
    "sys/kernel/overflowuid": "1654\n", "sys/dev/tty/legacy_tiocsti": "0\n",
    "sys/net/ipv4/ip_unprivileged_port_start": "1024\n", "sys/fs/suid_dumpable": "1\n",
}
CLOSED = {"self/setgroups": "deny\n", "self/uid_map": "0 0 1\n", "self/gid_map": "0 0 1\n"}
LIES = {
    "all is open": FILES,
    "nothing is mapped": {**FILES, **CLOSED},
    "empty": dict.fromkeys(FILES, ""),
    "one long line": dict.fromkeys(FILES, "7" * (1 << 20)),
    "NULs": dict.fromkeys(FILES, "\0" * 5000),
    "numbers that are none": dict.fromkeys(FILES, "-1 0x10 99999999999999999999\n"),
    "many lines": dict.fromkeys(FILES, "1654 0 1\n" * 50_000),
}
UNMAPPED = {"nothing is mapped", "empty", "one long line", "NULs", "numbers that are none"}


def lying_proc(make, own_file="/nowhere", names=tuple(FILES)):
    """For Box.run(): a tmpfs at /proc, with these files in it."""
    def enter(start):
        _mount("tmpfs", "/proc", "tmpfs", data="mode=755")
        for name in names:
            path = f"/proc/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            make(name, path)
        os.makedirs("/proc/self/fd", exist_ok=True)
        if own_file:
            os.symlink(own_file, "/proc/self/exe")
        take_identity(start)
    return enter


def written(contents):
    def make(name, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(contents[name])
    return make


def linked(target):
    return lambda name, path: os.symlink(target, path)


KINDS = {
    "FIFOs": lambda name, path: os.mkfifo(path, 0o666),
    "folders": lambda name, path: os.makedirs(path, exist_ok=True),
    "loops": lambda name, path: os.symlink(os.path.basename(path), path),
    "links to /dev/zero": linked("/dev/zero"),
    "links to a terminal": linked("/dev/tty"),
}
STARTS = {
    "root": ({}, PORT_8080), "root, port 80": ({}, PORT_80),
    "USER 1654": ({"uid": 1654, "gid": 1654}, PORT_8080),
    "USER 1654, port 80": ({"uid": 1654, "gid": 1654}, PORT_80),
}


def judge(done, start, lie=None):
    """It is refused, or the app is what it was to be."""
    options, env = STARTS[start]
    if lie in UNMAPPED and not options:
        return done.refuses("not mapped in this user namespace")
    if start == "USER 1654, port 80":
        return done.refuses("port 80", "CAP_NET_BIND_SERVICE is missing")
    assert done.stderr == ""
    kept = NET_BIND if env is PORT_80 else NOTHING
    return assert_is_app(done.world, kept=kept, groups=[] if options else None)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("lie", LIES)
@pytest.mark.usefixtures("namespaces")
def test_a_proc_full_of_lies_makes_nobody_more(box, lie, start):
    """The ids and the sets are the kernel's to tell, and the port is tried."""
    options, env = STARTS[start]
    done = box.run("/world", "regain", env=env, proc=False, floor=1024,
                   take_identity=lying_proc(written(LIES[lie])), **options)
    judge(done, start, lie)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("namespaces")
def test_what_is_no_file_in_proc_is_not_waited_for(box, kind, start):
    options, env = STARTS[start]
    os.mknod(box.path("/dev/zero"), 0o20666, os.makedev(1, 5))
    os.mknod(box.path("/dev/tty"), 0o20666, os.makedev(5, 0))
    done = box.run("/world", "regain", env={**env, "SHIM_LOG": "warn"}, proc=False, floor=1024,
                   take_identity=lying_proc(KINDS[kind]), **options)
    judge(done, start)


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("floor, kept", [("0", NOTHING), ("65535", NET_BIND)])
def test_a_floor_that_is_made_up_is_worth_the_one_capability_at_most(box, floor, kept):
    """Believed, port 8080 needs it, or no port does; then the kernel says whether that is so."""
    lies = {**FILES, "sys/net/ipv4/ip_unprivileged_port_start": floor}
    options = {"proc": False, "floor": 1024, "take_identity": lying_proc(written(lies))}
    assert_is_app(box.run("/world", "regain", env=PORT_8080, **options).world, kept=kept)
    if floor == "0":
        done = box.run("/world", env=PORT_80, **options)
        done.refuses("port 80", "cannot be opened as uid 1654")


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("own_file", ["/world", "/shim", "/nowhere", "exe"])
def test_a_made_up_path_of_its_own_hides_no_folder_that_the_app_could_write_to(box, own_file):
    box.folder("/open", mode=0o777)
    shutil.copy(box.path("/shim"), box.path("/open/shim"))
    done = box.run("/world", "regain", file="/open/shim", env=PORT_8080, proc=False,
                   take_identity=lying_proc(written(FILES), own_file))
    done.refuses("uid 1654 may write to \"/open\"")


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("kind", ["FIFOs", "folders", "loops", "links to /dev/zero"])
def test_what_is_no_file_is_not_what_is_installed(box, kind):
    """The path that the kernel was given is another way to it."""
    os.mknod(box.path("/dev/zero"), 0o20666, os.makedev(1, 5))
    box.folder("/bin")

    def enter(start):
        lying_proc(written(FILES), own_file=None)(start)
        KINDS[kind]("exe", "/proc/self/exe")

    done = box.run("--install", "/bin", proc=False, take_identity=enter)
    assert (done.exit_code, done.stderr) == (0, "")
    assert box.path("/bin/shim").read_bytes() == box.path("/shim").read_bytes()


@pytest.mark.skipif(CLOSE is None, reason="no number of close(2)")
@pytest.mark.usefixtures("namespaces")
def test_a_list_of_descriptors_that_is_none_is_no_work_without_end(box):
    """Where there is no close_range(2), /proc/self/fd says what is open."""
    def enter(start):
        lying_proc(written(FILES))(start)
        for number in ("3", "7", "900"):
            os.mkdir(f"/proc/self/fd/{number}")

    with open(box.path("/shim"), "rb") as file:
        done = box.run("/world", "regain", env=PORT_8080, proc=False, forbidden=(CLOSE_RANGE,),
                       descriptors={7: file.fileno()}, take_identity=enter)
    assert done.stderr == ""
    assert_is_app(done.world)


@pytest.mark.skipif(CLOSE is None, reason="no number of close(2)")
def test_a_descriptor_that_may_not_be_closed_is_no_work_without_end(box):
    with open(box.path("/shim"), "rb") as file:
        done = box.run("/world", "regain", env=PORT_8080, forbidden=(CLOSE_RANGE, (CLOSE, 77)),
                       descriptors={77: file.fileno()})
    assert done.stderr == ""
    assert_is_app(done.world)


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("kind", ["FIFOs", "folders", "loops"])
@pytest.mark.parametrize("place", ["PID 1", "a child of PID 1"])
def test_who_is_about_is_not_waited_for(box, kind, place):
    """At info PID 1 tells whom it asks to end, and its child who that is."""
    names = list(FILES)
    env = {**PORT_8080, "SHIM_LOG": "info"}
    if place == "PID 1":
        names = [*names, "2/status"]
        env["SHIM_GRACE_PERIOD"] = "60"

    def enter(start):
        ends = os.pipe()
        if place == "a child of PID 1":
            fork_and_wait()
        elif os.fork() == 0:
            os.setresuid(1654, 1654, 1654)
            os.closerange(0, 1024)  # not before PID 1 may signal it
            signal.pause()
        else:
            os.close(ends[1])
            os.read(ends[0], 1)
        lying_proc(KINDS[kind], names=names)(start)

    done = box.run("/world", env=env, proc=False, init=True,
                   take_identity=enter)
    assert done.texts("error") == []
    assert_is_app(done.noisy_world)


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("kind", ["FIFOs", "folders", "loops"])
def test_who_else_is_at_the_terminal_is_not_waited_for(box, kind):
    """Started from a shell, the app could type into its terminal: the shim looks at that shell."""
    ours, theirs = os.openpty()

    def enter(start):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        names = [*FILES, f"{os.getpid()}/comm"]
        fork_and_wait()  # the leader of the session is somebody else
        lying_proc(KINDS[kind], names=names)(start)

    done = box.run("/world", "regain", env=PORT_8080, proc=False, init=False,
                   descriptors={0: theirs}, take_identity=enter)
    os.close(ours)
    os.close(theirs)
    assert "the app can type into the terminal" in done.texts("warning")[0]
    assert_is_app(done.noisy_world)


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("option", ["hidepid=2", "hidepid=4", "subset=pid"])
@pytest.mark.parametrize("start", STARTS)
def test_a_hidden_proc_is_as_good(box, option, start):
    options, env = STARTS[start]

    def enter(state):
        hide(option)
        take_identity(state)

    try:
        done = box.run("/world", "regain", env=env, floor=1024, take_identity=enter, **options)
    except RuntimeError as reason:
        if "mount /proc" not in str(reason):
            raise
        pytest.skip(f"this kernel has no {option} for /proc")
    judge(done, start)


def hide(option):
    """subset is only to be had at a new mount."""
    if option.startswith("hidepid"):
        _mount("proc", "/proc", "proc", flags=MS_REMOUNT, data=option)
    else:
        _mount("proc", "/proc", "proc", data=option)


# An /etc that is none


def put(kind, path):
    """In place of what is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    if kind == "a FIFO":
        os.mkfifo(path, 0o666)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a loop":
        path.symlink_to(path.name)
    elif kind == "a device":
        os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero
    elif kind == "a file":
        path.write_text(PASSWD)
    elif kind == "a link to nowhere":
        path.symlink_to("/nowhere")


ETC_KINDS = ["a FIFO", "a folder", "a loop", "a device", "a file", "a link to nowhere"]


@pytest.mark.parametrize("name, kind", [
    *(("/etc", kind) for kind in ETC_KINDS),
    *((name, kind) for name in ("/etc/passwd", "/etc/group")
      for kind in ETC_KINDS if kind != "a file"),
])
@pytest.mark.parametrize("uid", [0, 1654])
def test_what_is_no_account_file_says_nothing_and_is_not_waited_for(box, name, kind, uid):
    """The number stands alone then, with its own number for a group."""
    put(kind, box.path(name))
    done = box.run("/world", "regain", uid=uid, gid=uid, env=PORT_8080)
    assert done.stderr == ""
    assert_is_app(done.world, groups=[] if uid else None)
