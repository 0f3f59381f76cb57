"""What must come out of a state, by shim/DESIGN.md: written from that page, not from the code.

A verdict is None where the start must be refused, or else what the app must be.
"""

import re

from state import (
    KEEP_CAPS_LOCKED, NET_BIND_SERVICE, NO_AMBIENT, NO_FIXUP, NO_FIXUP_LOCKED, NOROOT,
    NOROOT_LOCKED, SETGID, SETPCAP, SETUID,
)

LOCKED = NOROOT | NOROOT_LOCKED | NO_FIXUP | NO_FIXUP_LOCKED
ID_MAX = 2147483647
NET_BIND = {NET_BIND_SERVICE}


def as_set(text):
    bits = int(text, 16)
    return {number for number in range(64) if bits >> number & 1}


class Found:
    """What the process was when it started: as the probe has seen it in the same state."""

    def __init__(self, world):
        sets = world["capabilities"]
        self.uids, self.gids = world["uids"], world["gids"]
        self.groups = set(world["groups"])
        self.permitted, self.effective = as_set(sets["permitted"]), as_set(sets["effective"])
        self.inheritable, self.ambient = as_set(sets["inheritable"]), as_set(sets["ambient"])
        self.bounding = as_set(sets["bounding"])
        self.securebits = world["securebits"]


def number(text, most=ID_MAX):
    """The one rule for numbers; None for what is none."""
    good = re.fullmatch("0|[1-9][0-9]*", text or "") and int(text) <= most
    return int(text) if good else None


class Settings:
    def __init__(self, env):
        given = {name: value for name, value in env.items() if value != ""}
        self.malformed = False
        self.uid = self._id(given.get("APP_UID"), least=1)
        self.gid = self._id(given.get("APP_GID"), least=0)
        self.groups = [self._id(word, least=1) for word in given["APP_GROUPS"].split(",")] \
            if "APP_GROUPS" in given else []
        self.keeps_bounding = given.get("SHIM_BOUNDING_SET") == "keep"
        if given.get("SHIM_BOUNDING_SET", "none") not in ("none", "keep"):
            self.malformed = True
        self.floor = number(given.get("SHIM_UNPRIVILEGED_PORT_START", "1024"), 65535)
        ports = given.get("ASPNETCORE_HTTP_PORTS")
        words = ports.split(";") if ports else ["5000"]
        self.ports = [number(word, 65535) for word in words]
        self.malformed = self.malformed or None in self.ports or self.floor is None

    def _id(self, text, least):
        if text is None:
            return None
        value = number(text)
        if value is None or value < least:
            self.malformed = True
        return value


def find_account(passwd, uid):
    """(name, gid, home) of the first line that fits, strictly."""
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) < 4 or not fields[0] or fields[0][0] in "#+- \t":
            continue
        if number(fields[2]) == uid and number(fields[3]) is not None:
            return fields[0], number(fields[3]), fields[5] if len(fields) > 5 else ""
    return None


def find_laxly(passwd, uid):
    """The name and gid of the first line that some runtime may take for the user's, or None."""
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) >= 4 and lax(fields[2]) == uid and lax(fields[3]) is not None:
            return fields[0], lax(fields[3])
    return None


def lax(text):
    match = re.match(r"[ \t+-]*(\d+)", text)
    return int(match[1]) % 2**32 if match else None


def groups_of(group, name, read=number):
    found = set()
    for line in group.splitlines():
        fields = line.split(":")
        strict = read is number
        if len(fields) < 4 or (strict and (not fields[0] or fields[0][0] in "#+- \t")):
            continue
        members = [word if strict else word.strip() for word in fields[3].split(",")]
        if name in members and read(fields[2]) is not None:
            found.add(read(fields[2]))
    return found


def trust(file, uid, groups):
    """"all", the one group that can have written the file, or "nothing"."""
    _, owner, gid, mode = file
    if uid == owner or mode & 0o002:
        return "nothing"
    return gid if mode & 0o020 and gid in groups else "all"


def gives(trusted, gid):
    return trusted == "all" or trusted == gid


def covers(maps, value):
    ranges = [tuple(map(int, line.split())) for line in maps.splitlines()]
    return any(first <= value < first + count for first, _, count in ranges)


def choose_app(state, settings, found):
    """uid, gid, groups and home of an app that the shim switches to."""
    uid = settings.uid if settings.uid is not None else 1654
    passwd, group = state.passwd[0], state.group[0]
    app = find_account(passwd, uid)
    given_gid = settings.gid if settings.gid is not None else (app[1] if app else uid)
    starter = find_account(passwd, found.uids[1])
    image = {0, starter[1] if starter else found.uids[1]}
    for user in filter(None, (starter, find_laxly(passwd, found.uids[1]))):
        image |= {user[1]} | groups_of(group, user[0], lax)
    if state.uid_map is not None or not state.proc:
        image.add(65534)  # some group may have no number here
    platform = (found.groups | {found.gids[1]}) - image
    listed = groups_of(group, app[0]) if app else set()
    everything = {given_gid, *settings.groups, *listed, *platform}
    in_passwd = trust(state.passwd, uid, everything)
    in_group = trust(state.group, uid, everything)
    gid = given_gid
    if settings.gid is None and not gives(in_passwd, gid):
        gid = uid
    groups = {gid, *settings.groups}
    groups |= {g for g in listed if gives(in_passwd, g) and gives(in_group, g)}
    if in_passwd == in_group == "all":
        groups |= platform
    home = state.env.get("HOME")
    if uid != found.uids[1] and (not home or home == "/root" or (starter and home == starter[2])):
        home = app[2] if app and app[2].startswith("/") else "/"
    return uid, gid, groups, home


def is_switch_possible(state, found, uid, groups):
    """Whether the user namespace and the shim's own file let it."""
    if state.shim_mode & 0o002:
        return False
    if state.uid_map is None:
        return True
    if not covers(state.uid_map, uid) or not all(covers(state.gid_map, gid) for gid in groups):
        return False
    return state.setgroups == "allow" or groups == found.groups


def judge_ports(state, settings, found):
    """Whether the ports are accepted, and what is kept for them."""
    known = state.proc
    kernel = state.floor if known else 1024
    floor = max(settings.floor, kernel) if known else settings.floor
    held = NET_BIND_SERVICE in found.permitted
    kept = set()
    for port in settings.ports:
        if port == 0:
            continue
        if port < floor and not held:
            return False, set()
        if port < kernel and held:
            kept = NET_BIND
    # The probe, as the app's user; a user namespace's capability is not over this network's ports.
    tried = [port for port in settings.ports if 0 < port < max(floor, kernel)]
    honoured = kept and state.uid_map is None
    return all(port >= state.floor or honoured for port in tried), kept


def can_keep(state, found, switches, root_locked):
    """Whether the kernel lets the one capability survive, inheritable and ambient."""
    if NET_BIND_SERVICE not in found.bounding | found.inheritable:
        return False
    # The kernel takes both from who was root and is not any more, unless the securebits forbid it.
    loses = switches and 0 in found.uids[:3] and not root_locked and not found.securebits & NO_FIXUP
    if loses and found.securebits & KEEP_CAPS_LOCKED:
        return False
    is_ambient = NET_BIND_SERVICE in found.ambient and not loses
    return is_ambient or not found.securebits & NO_AMBIENT


def judge(state, world):
    found = Found(world)
    settings = Settings(state.env)
    if settings.malformed:
        return None
    if len(set(found.uids[:3])) > 1 or len(set(found.gids[:3])) > 1:
        return None
    owns = found.uids[0] == 0 and not found.securebits & NOROOT
    if not owns and found.permitted - found.ambient - NET_BIND:
        return None
    switches = {SETUID, SETGID} <= found.effective
    if not switches and found.uids[1] == 0:
        return None
    uid, gid, groups = found.uids[1], found.gids[1], found.groups
    home = state.env.get("HOME")
    if switches:
        if not readable(state, found):
            return None
        uid, gid, groups, home = choose_app(state, settings, found)
        if not is_switch_possible(state, found, uid, groups):
            return None
    accepted, kept = judge_ports(state, settings, found)
    if not accepted:
        return None
    may_lock = SETPCAP in found.effective
    root_locked = may_lock and not any(
        found.securebits & lock and not found.securebits & bit
        for bit, lock in ((NOROOT, NOROOT_LOCKED), (NO_FIXUP, NO_FIXUP_LOCKED))
    )
    if kept and not can_keep(state, found, switches, root_locked):
        return None
    bounding = found.bounding
    if may_lock and not settings.keeps_bounding:
        bounding = kept & found.bounding
    return {
        "uids": [uid] * 4,
        "gids": [gid] * 4,
        "groups": sorted(groups),
        "permitted": kept, "effective": kept, "inheritable": kept, "ambient": kept,
        "bounding": bounding,
        "securebits": found.securebits | (LOCKED if root_locked else 0),
        "no_new_privs": 1,
        "dumpable": 1,
        "home": home,
        "umask": state.umask,
        "cwd": state.cwd,
    }


def readable(state, found):
    """An account file that is there and cannot be opened refuses a start that switches."""
    reads_all = {1, 2} & found.effective and state.uid_map is None
    for _, owner, gid, mode in (state.passwd, state.group):
        if reads_all:
            continue
        in_group = gid == found.gids[1] or gid in found.groups
        bit = 0o400 if owner == found.uids[1] else 0o040 if in_group else 0o004
        mapped = state.uid_map is None or (covers(state.uid_map, owner) and
                                           covers(state.gid_map, gid))
        privileged = {1, 2} & found.effective and mapped
        if not mode & bit and not privileged:
            return False
    return True

