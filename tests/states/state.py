"""A state to start in: what it is made of, how one is drawn, and how a process gets into it."""

import ctypes
import os
import random
from dataclasses import dataclass, field

from sandbox import CAPABILITY_VERSION_3, LIBC, PASSWD, check, file_capabilities, held_capabilities

PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = 8, 24, 28, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2

NOROOT, NOROOT_LOCKED, NO_FIXUP, NO_FIXUP_LOCKED = 1, 2, 4, 8
KEEP_CAPS_LOCKED, NO_AMBIENT, NO_AMBIENT_LOCKED = 32, 64, 128

CHOWN, DAC_OVERRIDE, SETGID, SETUID, SETPCAP = 0, 1, 6, 7, 8
NET_BIND_SERVICE, NET_RAW, SYS_ADMIN = 10, 13, 21
DROPS = (SETGID, SETUID, SETPCAP)  # what a drop needs
USED = (CHOWN, DAC_OVERRIDE, *DROPS, NET_BIND_SERVICE, NET_RAW, SYS_ADMIN)

ALL_IDS = "0 0 65536"
MAPS = (ALL_IDS, "0 0 1655", "0 0 1654", "0 0 1000", "0 0 1000\n1654 1654 1\n2000 2000 1", "0 0 2001")

ROOT_LINE = "root:x:0:0:root:/root:/bin/sh\n"
PASSWDS = (
    PASSWD, PASSWD, PASSWD, PASSWD.replace("1654:1654", "1654:500"), ROOT_LINE, "",
    PASSWD.replace("1654:1654", "1654:0"), PASSWD.replace("1654:1654", "1654:"),
    PASSWD.replace("/home/app", "home"), PASSWD.replace(":0:0:", ":0:7:"),
    "app:x:+1654:0::/wrong:\n" + PASSWD, "#app:x:1654:5::/:\n" + PASSWD,
    ROOT_LINE + "app:x:1654:2000::/srv/app:\nother:x:2000:2000::/:\n",
)
GROUPS = (
    "", "root:x:0:\napp:x:1654:\n", "video:x:44:app\n", "adm:x:4:root\nvideo:x:44:app,root\n",
    "wheel:x:0:app\n", "big:x:4294967296:app\nplus:x:+27:root,app\n", "a:x:27:root\nb:x:2000:app\n",
    "odd:x:04:root\nc:x:3000:other\n",
)
OWNERS = ((0, 0, 0o644),) * 8 + (
    (1654, 0, 0o644), (0, 0, 0o666), (0, 0, 0o664), (0, 2000, 0o664), (0, 500, 0o664),
    (2000, 2000, 0o600), (0, 44, 0o664), (0, 0, 0o640),
)


@dataclass
class State:
    number: int
    uids: tuple = (0, 0)  # real and effective; execve(2) makes the saved one of the second
    gids: tuple = (0, 0)
    groups: tuple = ()
    bounding: frozenset = frozenset()
    inheritable: frozenset = frozenset()
    ambient: frozenset = frozenset()
    securebits: int = 0
    no_new_privs: bool = False
    file: object = None  # (names, flags): the shim's file capabilities
    shim_mode: int = 0o755
    init: bool = True
    proc: bool = True
    floor: int = 1024
    uid_map: object = None
    gid_map: object = None
    setgroups: str = "allow"
    umask: int = 0o022
    cwd: str = "/"
    passwd: tuple = (PASSWD, 0, 0, 0o644)
    group: tuple = ("", 0, 0, 0o644)
    env: dict = field(default_factory=dict)


def subset(dice, values, odds):
    return frozenset(value for value in values if dice.random() < odds)


def draw_sets(dice, state):
    everything = frozenset(held_capabilities())
    state.bounding = everything
    if dice.random() < 0.35:
        state.bounding -= subset(dice, USED, dice.choice((0.1, 0.3, 0.5, 1)))
    if dice.random() < 0.4:
        state.inheritable = subset(dice, USED, 0.5)
        state.ambient = subset(dice, state.inheritable, 0.6)
    if dice.random() < 0.25 and 0 not in state.uids:
        state.ambient = state.ambient | {SETUID, SETGID}
        state.inheritable = state.inheritable | state.ambient
    if dice.random() < 0.3:
        bits = (NOROOT, NOROOT_LOCKED, NO_FIXUP, NO_FIXUP_LOCKED, KEEP_CAPS_LOCKED, NO_AMBIENT,
                NO_AMBIENT_LOCKED)
        state.securebits = sum(subset(dice, bits, 0.35))
    state.no_new_privs = dice.random() < 0.15


def draw_ids(dice, state):
    uid = dice.choice((0,) * 8 + (1654, 1654, 1654, 1000, 1000, 2000))
    gid = dice.choice((uid, uid, uid, 0, 1654, 2000))
    state.uids, state.gids = (uid, uid), (gid, gid)
    if dice.random() < 0.06:
        state.uids = dice.choice(((1000, 0), (0, 1000), (1654, 0), (1000, 1654)))
    if dice.random() < 0.04:
        state.gids = dice.choice(((1000, 0), (0, 1000), (1654, 0)))
    state.groups = tuple(sorted(subset(dice, (0, 4, 27, 44, 1654, 2000, 3000, 65534), 0.25)))


def draw_place(dice, state):
    state.init = dice.random() < 0.7
    state.proc = dice.random() < 0.8
    state.floor = dice.choice((0, 80, 1024, 1024, 1024, 2000))
    state.umask = dice.choice((0o022, 0o077, 0))
    state.cwd = dice.choice(("/", "/tmp", "/home/app", "/private"))
    if dice.random() < 0.15:
        state.uid_map = dice.choice(MAPS)
        state.gid_map = dice.choice((state.uid_map, ALL_IDS))
        state.setgroups = dice.choice(("allow", "allow", "deny"))
        state.proc = True  # the maps are written there
        ids = (*state.uids, *state.gids)
        if not all(value < 1000 or value == 1654 for value in ids):
            state.uids = state.gids = (0, 0)
        state.groups = tuple(gid for gid in state.groups if gid < 1000)
    state.shim_mode = 0o777 if dice.random() < 0.04 else 0o755
    if dice.random() < 0.12:
        state.file = (
            dice.choice((("net_bind_service",), ("net_bind_service",), ("setuid",),
                         ("net_bind_service", "chown"), ("sys_admin",))),
            dice.choice(("p", "p", "ep", "i")),
        )


def draw_settings(dice, state):
    choices = {
        "APP_UID": (None,) * 14 + ("1654", "1000", "2000", "0", "abc", "", "2147483647"),
        "APP_GID": (None,) * 12 + ("0", "2000", "1654", "-1"),
        "APP_GROUPS": (None,) * 16 + ("2000,3000", "44", "0", "x"),
        "SHIM_BOUNDING_SET": (None,) * 12 + ("keep",) * 6 + ("none", "kept"),
        "SHIM_SUPERVISE": (None,) * 3 + ("0", "1"),
        "SHIM_UNPRIVILEGED_PORT_START": (None,) * 5 + ("0", "0", "80", "2000"),
        "ASPNETCORE_HTTP_PORTS": (None, "8080", "8080", "8080", "8080", "80", "80", "80", "79;8080", "1500", "0", "80a"),
        "HOME": (None, "/root", "/root", "", "/data", "/home/app", "/srv/starter"),
        "SHIM_LOG": ("error",),
    }
    drawn = {name: dice.choice(values) for name, values in choices.items()}
    state.env = {name: value for name, value in drawn.items() if value is not None}


def draw(seed, number):
    """State `number` of that seed: always the same."""
    dice = random.Random(f"{seed}/{number}")
    state = State(number)
    draw_ids(dice, state)
    draw_sets(dice, state)
    draw_place(dice, state)
    draw_settings(dice, state)
    state.passwd = (dice.choice(PASSWDS), *dice.choice(OWNERS))
    state.group = (dice.choice(GROUPS), *dice.choice(OWNERS))
    return state


def write_sets(permitted, effective, inheritable):
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    words = [sum(1 << n for n in values) for values in (effective, permitted, inheritable)]
    low, high = [w & 0xFFFFFFFF for w in words], [w >> 32 for w in words]
    check(LIBC.capset(header, (ctypes.c_uint32 * 6)(*low, *high)), "capset")


def enter(state):
    """In the child, at last: ids, groups, sets and bits, each while it still can be set."""
    everything = held_capabilities()
    os.setgroups(state.groups) if state.setgroups == "allow" or state.uid_map is None else None
    os.setresgid(*state.gids, state.gids[1])
    check(LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keepcaps")
    os.setresuid(*state.uids, state.uids[1])
    check(LIBC.prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0), "keepcaps")
    write_sets(everything, everything, state.inheritable)
    for number in state.ambient:
        arguments = (ctypes.c_ulong(PR_CAP_AMBIENT_RAISE), ctypes.c_ulong(number), 0, 0)
        check(LIBC.prctl(PR_CAP_AMBIENT, *arguments), "ambient")
    for number in everything - state.bounding:
        check(LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "capbset_drop")
    if state.securebits:
        check(LIBC.prctl(PR_SET_SECUREBITS, ctypes.c_ulong(state.securebits), 0, 0, 0), "securebits")
    if state.no_new_privs:
        check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0), "no_new_privs")


def furnish(box, state):
    """The files of the state."""
    for name, (content, uid, gid, mode) in (("passwd", state.passwd), ("group", state.group)):
        path = box.path(f"/etc/{name}")
        path.write_text(content)
        os.chown(path, uid, gid)
        path.chmod(mode)
    for name in ("/shim", "/probe"):
        path = box.path(name)
        path.chmod(state.shim_mode)
        if state.file:
            names, flags = state.file
            os.setxattr(path, "security.capability", file_capabilities(*names, flags=flags))
        elif "security.capability" in os.listxattr(path):
            os.removexattr(path, "security.capability")
