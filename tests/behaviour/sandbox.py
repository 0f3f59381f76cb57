"""A container in miniature, made of the kernel's own parts.

A Box is the root of a tiny file system: the shim, a payload, and next to nothing else, like an
image FROM scratch. Box.run() starts the shim in it, as PID 1 of a new PID namespace, as whom and
with what the test says. Both are static programs, so they need nothing more.

Where no namespaces are to be had (a `docker build`, a chroot) a plain chroot takes their place: no
PID 1, no /proc, no mounts. What a test asks for and cannot have there makes it skipped.
"""

import ctypes
import functools
import json
import os
import re
import signal
import stat
import struct
import subprocess
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

LIBC = ctypes.CDLL(None, use_errno=True)
TIMEOUT = 30

# mount(2), umount(2), unshare(2), prctl(2), capset(2)
MS_RDONLY, MS_NOSUID, MS_REMOUNT, MS_BIND = 0x1, 0x2, 0x20, 0x1000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_CAP_AMBIENT = 8, 23, 24, 47
PR_CAP_AMBIENT_RAISE, PR_SET_NO_NEW_PRIVS = 2, 38
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
CAPABILITY_VERSION_3 = 0x20080522

CAPABILITIES = {"chown": 0, "setgid": 6, "setuid": 7, "setpcap": 8, "net_bind_service": 10,
                "net_raw": 13, "sys_admin": 21}

PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1654:1654::/home/app:/bin/sh\n"
GROUP = "root:x:0:\napp:x:1654:\n"


def check(result, what):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def mount(*words, **options):
    """For a test that mounts something in its box: a machine that lends no mounts skips it."""
    if why_no_namespaces():
        pytest.skip(why_no_namespaces())
    _mount(*words, **options)


def _mount(source, target, kind=None, flags=0, data=None):
    source, target, kind, data = (
        word and os.fsencode(word) for word in (source, target, kind, data)
    )
    check(LIBC.mount(source, target, kind, ctypes.c_ulong(flags), data), f"mount {target}")


def unmount(target):
    check(LIBC.umount2(os.fsencode(target), MNT_DETACH), f"unmount {target}")


def unshare(flags):
    check(LIBC.unshare(flags), "unshare")


def why_not(attempt):
    """What a child of ours fails at when it tries this, as text; None: it does not."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except OSError as error:
            os.write(writable, str(error.args[-1]).encode())
        finally:
            os._exit(0)
    os.close(writable)
    with open(readable, encoding="utf-8") as reason:
        found = reason.read()
    os.waitpid(child, 0)
    return found or None


@functools.cache
def why_no_namespaces():
    """The reason why no Box with a PID 1, a /proc and mounts can be made here, or None."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/proc")

        def attempt():
            unshare(CLONE_NEWNS | CLONE_NEWPID)
            inside = why_not(lambda: enter_root(folder, proc=True))
            if inside:
                raise OSError(inside)

        failed = why_not(attempt)
    return failed and f"needs namespaces of its own ({failed})"


@functools.cache
def why_no_users():
    """The same for a user namespace."""
    failed = why_not(lambda: unshare(CLONE_NEWUSER))
    return why_no_namespaces() or failed and f"needs a user namespace ({failed})"


@functools.cache
def why_no_network():
    """The same for a network namespace with a floor of its own."""
    failed = why_not(lambda: enter_network(1024))
    return why_no_namespaces() or failed and f"needs a network namespace ({failed})"


@functools.cache
def why_no_filter():
    """The same for a seccomp filter on a process that may still gain privileges."""
    failed = why_not(lambda: forbid([0xFFFF]))  # nobody's number
    return failed and f"needs a seccomp filter ({failed})"


def held_capabilities():
    """The numbers of all that this machine can give."""
    return {number for number in range(64) if LIBC.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1}


def file_capabilities(*names, flags, rootid=None):
    """The value of security.capability: struct vfs_cap_data, or vfs_ns_cap_data with a root id."""
    bits = sum(1 << number for number in as_numbers(names))
    sets = [bits if flag in flags else 0 for flag in "pi"]
    words = [word for shift in (0, 32) for word in (s >> shift & 0xFFFFFFFF for s in sets)]
    revision = 0x02000000 if rootid is None else 0x03000000
    tail = () if rootid is None else (rootid,)
    value = (revision | ("e" in flags), *words, *tail)
    return struct.pack(f"<{len(value)}I", *value)


def as_numbers(names):
    return {CAPABILITIES[name] for name in names}


class World(dict):
    """What the payload found: see tests/payloads/world.c."""

    def __getitem__(self, name):
        found = super().__getitem__(name)
        if found is None and name == "parent" and why_no_namespaces():
            pytest.skip(why_no_namespaces())
        return found

    def descriptor(self, number):
        return next((found for found in self["descriptors"] if found["fd"] == number), None)


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def world(self):
        """What the app saw; a run that did not end well, or quietly, is a failure."""
        assert self.stderr == "", self
        return self.noisy_world

    @property
    def noisy_world(self):
        """The same where SHIM_LOG asks for more than errors."""
        assert self.exit_code == 0, self
        return World(json.loads(self.stdout))

    @property
    def lines(self):
        """(label, text) for each line of stderr."""
        found = [re.fullmatch(r"shim: (\w+): (.+)", line) for line in self.stderr.splitlines()]
        assert None not in found, f"not a line of the shim's: {self.stderr!r}"
        return [match.groups() for match in found]

    def texts(self, label):
        return [text for found, text in self.lines if found == label]

    @property
    def checked(self):
        """The lines of --check: (key, value)."""
        return [tuple(line.split(": ", 1)) for line in self.stdout.splitlines()]

    def refuses(self, *words, exit_code=125):
        """Asserts that the shim has refused, in an error with these words and a hint after it."""
        assert self.exit_code == exit_code, self
        assert self.stdout == "", "the app has run"
        labels = [label for label, _ in self.lines] + ["end"]
        assert labels[0] == "error", self.stderr
        for (label, text), following in zip(self.lines, labels[1:]):
            if label == "error" and all(word in text for word in words):
                assert following == "hint", f"an error without a hint: {text}"
                return
        raise AssertionError(f"no error that says {words}: {self.stderr}")


@dataclass
class Start:
    """As whom, with what and where something is started in a Box."""

    uid: object = 0  # or (real, effective, saved)
    gid: object = 0
    groups: tuple = ()
    capabilities: object = None  # numbers; None: all for root, none for others
    bounding: object = None  # numbers: what is left of the bounding set
    no_new_privs: bool = False
    take_identity: object = None  # instead of what these say: called with the Start
    init: object = None  # as PID 1 of a PID namespace; None: where that is to be had
    proc: object = None  # with /proc; None: the same
    floor: object = None  # in a network namespace, with this port floor
    uid_map: object = None  # in a user namespace, with this map
    gid_map: object = None
    setgroups: str = "allow"
    chroot: object = None  # at last, into this folder of the box
    cwd: str = "/"
    umask: int = 0o022
    closed: tuple = ()  # descriptors
    descriptors: object = None  # {number there: number here, or a file of the box}
    readonly: tuple = ()  # mount points
    # System calls by number, which then answer EPERM; (number, place, value): with that argument.
    forbidden: tuple = ()

    def __post_init__(self):
        """A test that asks for what is not to be had here is skipped, with the reason."""
        needed = {
            why_no_namespaces: self.init or self.proc or self.readonly,
            why_no_users: self.uid_map is not None,
            why_no_network: self.floor is not None,
            why_no_filter: self.forbidden,
        }
        for why, is_needed in needed.items():
            if is_needed and why():
                pytest.skip(why())
        here = why_no_namespaces() is None
        self.init = here if self.init is None else self.init
        self.proc = here if self.proc is None else self.proc


class Box:
    """A root file system, and a way to start the shim in it."""

    def __init__(self, root, shim, world):
        self.root = Path(root)
        self.root.chmod(0o755)
        for folder in ("dev", "etc", "home", "proc", "root"):
            self.folder(folder)
        self.folder("/tmp", mode=0o1777)
        self.folder("/home/app", owner=1654)
        # Its own, not the machine's: what a wrong shim does to it stays in here.
        os.mknod(self.path("/dev/null"), stat.S_IFCHR, os.makedev(1, 3))
        self.path("/dev/null").chmod(0o666)
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            self.path(f"/dev/{name}").symlink_to(f"/proc/self/fd/{number}")
        self.write("/etc/passwd", PASSWD)
        self.write("/etc/group", GROUP)
        self.write("/shim", shim.read_bytes(), mode=0o755)
        self.write("/world", world.read_bytes(), mode=0o755)

    def path(self, name):
        """Where a file of the box is outside of it."""
        return self.root / str(name).lstrip("/")

    def write(self, name, content, mode=0o644, owner=0):
        path = self.path(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.chown(path, owner, owner)
        path.chmod(mode)
        return path

    def folder(self, name, mode=0o755, owner=0):
        path = self.path(name)
        path.mkdir()
        os.chown(path, owner, owner)
        path.chmod(mode)
        return path

    def read_world(self, name):
        """What the payload wrote to a file, for when its stdout is something else."""
        return World(json.loads(self.path(name).read_text()))

    def run(self, *words, file="/shim", argv=None, env=(), meanwhile=None, **options):
        """Runs the shim with these arguments to its end.

        env: a dict or a list of "NAME=value", for lists that no dict can hold. argv: all of it.
        meanwhile: a function of the shim's process, called once the payload, which then has to
        "wait", has printed. The rest: see Start.
        """
        argv = [file, *words] if argv is None else argv
        if isinstance(env, dict):
            env = [f"{name}={value}" for name, value in env.items()]
        if any(os.fsencode(entry).startswith(b"SHIM_GRACE_PERIOD=") for entry in env):
            options.setdefault("init", True)  # else it warns
        with self._start(file, argv, env, Start(**options)) as process:
            head = b""
            if meanwhile is not None:
                while not head.endswith(b"\n}\n") and (part := os.read(process.stdout.fileno(), 65536)):
                    head += part
                meanwhile(shim_of(process) if Start(**options).init else process.pid)
            try:
                output, errors = process.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                end(process)
                raise
        texts = [part.decode(errors="surrogateescape") for part in (head + output, errors)]
        return Result(process.returncode, *texts)

    def _start(self, file, argv, env, start):
        pipe = subprocess.PIPE
        with tempfile.TemporaryFile() as failure:

            def become():
                try:
                    self._enter(start)
                    forbid(start.forbidden)
                    (start.take_identity or take_identity)(start)
                    execute(file, argv, env)
                except BaseException:
                    os.write(failure.fileno(), traceback.format_exc().encode())
                    raise

            try:
                return subprocess.Popen(
                    ["/nowhere"], stdin=pipe, stdout=pipe, stderr=pipe, preexec_fn=become
                )
            except subprocess.SubprocessError:
                failure.seek(0)
                raise RuntimeError(failure.read().decode()) from None

    def _enter(self, start):
        """In the child: into the box, in namespaces of its own where they are to be had."""
        if why_no_namespaces():
            os.chroot(self.root)
        else:
            unshare(CLONE_NEWNS | (CLONE_NEWPID if start.init else 0))
            if start.floor is not None:
                enter_network(start.floor)
            if start.init:
                fork_and_wait()
            enter_root(self.root, start.proc)
        for place in start.readonly:
            if place != "/":
                _mount(place, place, flags=MS_BIND)
            _mount(None, place, flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
        os.chdir(start.cwd)
        os.umask(start.umask)
        forget_signals()
        hand_over_descriptors(start)
        os.setgroups(start.groups)
        if start.uid_map is not None:
            enter_user_namespace(start)
        if start.chroot is not None:
            os.chroot(start.chroot)
            os.chdir(start.cwd)


# acl(5): users and groups of its own beside owner, group and others, in the kernel's own form
ACL_VERSION = 2
ACL_USER_OBJ, ACL_USER, ACL_GROUP_OBJ, ACL_GROUP, ACL_MASK, ACL_OTHER = 1, 2, 4, 8, 0x10, 0x20
RWX, R_X = 7, 5
NOBODY_S = 0xFFFFFFFF  # the id of an entry that has none


def acl(users, groups, own_group, mask, other):
    named = [(ACL_USER, rights, uid) for uid, rights in sorted(users.items())]
    named_groups = [(ACL_GROUP, rights, gid) for gid, rights in sorted(groups.items())]
    entries = [
        (ACL_USER_OBJ, RWX, NOBODY_S), *named, (ACL_GROUP_OBJ, own_group, NOBODY_S), *named_groups,
        (ACL_MASK, mask, NOBODY_S), (ACL_OTHER, other, NOBODY_S),
    ]
    return struct.pack("<I", ACL_VERSION) + b"".join(struct.pack("<HHI", *one) for one in entries)


def give_access(path, users=(), groups=(), own_group=R_X, mask=RWX, other=R_X):
    """Puts an access control list on a file; skips the test where there are none.

    users, groups: {id: rights}.
    """
    try:
        value = acl(dict(users), dict(groups), own_group, mask, other)
        os.setxattr(path, "system.posix_acl_access", value)
    except OSError as error:
        pytest.skip(f"no access control lists at {path}: {error}")


def children(process):
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in text.split()]


def shim_of(process):
    """The PID 1 that the process waits for."""
    return children(process)[0]


def end(process):
    """Ends what does not end: a PID 1 outlives the process that waits for it."""
    for pid in [*children(process), process.pid]:
        os.kill(pid, signal.SIGKILL)


def enter_network(floor):
    """Into a network namespace whose ports are anybody's from this one up."""
    unshare(CLONE_NEWNET)
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text(str(floor))


def enter_root(folder, proc):
    """Makes the folder the root of the mount namespace that we are in, with /proc or without."""
    _mount(None, "/", flags=MS_REC | MS_PRIVATE)
    # A mount of its own: what the machine's /tmp forbids (devices, setuid) is allowed here.
    _mount(folder, folder, flags=MS_BIND | MS_REC)
    _mount(None, folder, flags=MS_REMOUNT | MS_BIND)
    os.chdir(folder)
    check(LIBC.pivot_root(b".", b"."), "pivot_root")
    unmount(".")
    if proc:
        _mount("proc", "/proc", "proc")


def fork_and_wait():
    """Goes on as PID 1; the parent ends as it does."""
    child = os.fork()
    if child == 0:
        return
    os.closerange(0, 1024)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) % 256)


def forget_signals():
    """Whoever started the tests may block or ignore some: nohup."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)


def hand_over_descriptors(start):
    """Nothing but what the test names: whoever started the tests may have left some open."""
    for number in range(3, 1024):
        try:
            os.set_inheritable(number, False)
        except OSError:
            pass  # not open
    for there, here in (start.descriptors or {}).items():
        os.dup2(os.open(here, os.O_RDWR) if isinstance(here, str) else here, there)
    for number in start.closed:
        os.close(number)


def enter_user_namespace(start):
    """Only a process outside of it may write maps as large as a container's."""
    inside = os.getpid()
    ready, done = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.read(ready, 1)
        Path(f"/proc/{inside}/setgroups").write_text(start.setgroups)
        Path(f"/proc/{inside}/uid_map").write_text(start.uid_map)
        Path(f"/proc/{inside}/gid_map").write_text(start.gid_map or start.uid_map)
        os._exit(0)
    unshare(CLONE_NEWUSER)
    os.write(done, b".")
    os.close(ready)
    os.close(done)
    assert os.waitpid(writer, 0)[1] == 0, "cannot write the maps of the user namespace"


def forbid(calls):
    """A seccomp filter, as a container runtime would set it: seccomp(2).

    calls: numbers, or (number, first argument) where only that is forbidden, or (number, place,
    argument) for one at another place, counted from 0.
    """
    load_number, allow, refuse = (0x20, 0, 0, 0), (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x50001)
    steps = []
    for call in calls:
        number, *place, value = call if isinstance(call, tuple) else (call, None)
        load_argument = (0x20, 0, 0, 16 + 8 * (place[0] if place else 0))
        asked = [] if value is None else [load_argument, (0x15, 0, 1, value)]
        steps += [load_number, (0x15, 0, len(asked) + 1, number), *asked, refuse]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *s) for s in [*steps, allow]))
    program = struct.pack("HP", len(steps) + 1, ctypes.addressof(code))
    if calls:
        mode = ctypes.c_ulong(SECCOMP_MODE_FILTER)
        check(LIBC.prctl(PR_SET_SECCOMP, mode, ctypes.c_char_p(program), 0, 0), "seccomp")


def take_identity(start):
    """The ids and the capabilities, as a container runtime would set them."""
    uids = start.uid if isinstance(start.uid, tuple) else (start.uid,) * 3
    gids = start.gid if isinstance(start.gid, tuple) else (start.gid,) * 3
    is_root = 0 in uids
    capabilities = start.capabilities
    if capabilities is None:
        capabilities = held_capabilities() if is_root else set()
    os.setresgid(*gids)
    for number in held_capabilities() - start.bounding if start.bounding is not None else ():
        check(LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "capbset_drop")
    # Root is given what the bounding set allows, the moment it executes something.
    for number in held_capabilities() - capabilities if is_root else ():
        check(LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "capbset_drop")
    LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setresuid(*uids)
    LIBC.prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0)
    if not is_root:
        set_capabilities(capabilities)
    if start.no_new_privs:
        check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0), "no_new_privs")


def set_capabilities(capabilities):
    """Permitted, effective, inheritable and ambient: so that a user still has them after execve."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bits = sum(1 << number for number in capabilities)
    low, high = bits & 0xFFFFFFFF, bits >> 32
    sets = (ctypes.c_uint32 * 6)(low, low, low, high, high, high)
    check(LIBC.capset(header, sets), "capset")
    for number in capabilities:
        raised = LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, ctypes.c_ulong(number), 0, 0)
        check(raised, "ambient")


def execute(file, argv, env):
    """execve(2) itself: Python's own takes no empty argv, and no name twice."""
    arrays = []
    for words in (argv, env):
        words = [os.fsencode(word) for word in words]
        arrays.append((ctypes.c_char_p * (len(words) + 1))(*words, None))
    check(LIBC.execve(os.fsencode(file), *arrays), f"execve {file}")
