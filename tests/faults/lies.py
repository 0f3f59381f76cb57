"""What a kernel may lie about: what it has done, and what it has found."""

import os
import struct
from dataclasses import replace

from calls import Fault

# The root has these.
PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1654:2654::/home/app:/bin/sh\n"
GROUP = "root:x:0:\napp:x:2654:\nmore:x:2000:other,app\n"

APP, OWN = (1654, 2654), (1654, 1654)
NET_BIND = 1 << 10

# Where struct stat(2) has inode, mode and uid.
STAT = {"x86_64": (8, 24, 28), "aarch64": (8, 16, 24)}.get(os.uname().machine, (8, 24, 28))

# linux/capability.h: effective, permitted and inheritable, then the same of those from 32 on.
NOBODY, EVERYTHING = (0,) * 6, (0xFFFFFFFF,) * 6
WITHOUT_SETPCAP = (0xFFFFFFFF & ~(1 << 8), 0xFFFFFFFF & ~(1 << 8), 0, 0x1FF, 0x1FF, 0)


def words(*values):
    """As hexadecimal bytes: 32 bits each."""
    return struct.pack(f"={len(values)}I", *values).hex()


# What is promised where the shim has been told something else than is so. Each takes a Scenario and
# gives one; where that changes nothing, the same.

def with_groups(scenario, groups):
    return replace(scenario, groups=" ".join(str(gid) for gid in sorted(groups)))


def groups_of(scenario):
    return {int(gid) for gid in scenario.groups.split()}


def is_of_passwd(scenario):
    return scenario.ids == APP


def without_account(scenario):
    if not is_of_passwd(scenario):
        return scenario
    groups = groups_of(scenario) - {scenario.ids[1], 2000, 2001} | {1654}
    return replace(with_groups(scenario, groups), ids=OWN, home="/")


def without_memberships(scenario):
    if not is_of_passwd(scenario):
        return scenario
    return with_groups(scenario, groups_of(scenario) - {2000, 2001})


def with_written_passwd(scenario):
    """No word of it about groups is taken, nor the platform's groups then."""
    if scenario.ids not in (APP, OWN) or not scenario.switches:
        return scenario
    return replace(scenario, ids=OWN, groups="1654 3000")


def with_written_group(scenario):
    if not scenario.switches:
        return scenario
    return with_groups(scenario, groups_of(scenario) & {scenario.ids[1], 3000})


def with_group_2655(scenario):
    if not is_of_passwd(scenario):
        return scenario
    groups = groups_of(scenario) - {2654} | {2655}
    return replace(with_groups(scenario, groups), ids=(1654, 2655))


def with_membership_2001(scenario):
    groups = groups_of(scenario)
    return with_groups(scenario, groups - {2000} | {2001}) if 2000 in groups else scenario


def with_platform(*groups):
    """In place of 5. Whoever stays keeps what is so: that is read back."""
    def change(scenario):
        if scenario.switches:
            return with_groups(scenario, groups_of(scenario) - {5} | set(groups))
        return scenario
    return change


def with_platform_too(group):
    def change(scenario):
        if scenario.switches:
            return with_groups(scenario, groups_of(scenario) | {group})
        return scenario
    return change


def with_home_kept(scenario):
    return replace(scenario, home="/root")


def with_securebits(bits):
    """The locked ones are what the scenario has anyway, where they can be set."""
    def change(scenario):
        return replace(scenario, securebits=bits) if scenario.securebits else scenario
    return change


def without_setpcap(scenario):
    """It is not asked for what it is believed not to have: both stay as they were found."""
    if scenario.securebits == 0:
        return scenario
    return replace(scenario, securebits=0, bounding=scenario.found)


def with_kept(scenario):
    """A port is believed to need the capability, which is there."""
    if not scenario.holds_net_bind or scenario.code != 0:
        return scenario
    return replace(scenario, kept=NET_BIND, bounding=scenario.bounding | NET_BIND)


def with_nothing_kept(scenario):
    return replace(scenario, kept=0, bounding=scenario.bounding & ~scenario.kept)


def with_bounding(bounding):
    def change(scenario):
        return replace(scenario, bounding=bounding) if scenario.kept else scenario
    return change


def not_replaceable(scenario):
    """The path or the mode that condemns the shim's file is another."""
    return replace(scenario, code=0) if scenario.shim == "/open/shim" else scenario


def with_mask(mask):
    return lambda scenario: replace(scenario, blocked=mask)


# What is not found, or cannot be looked at.

def promised_after_error(call, error):
    """What may come of an error besides a refusal, and of what is promised anyway."""
    absent = error in ("ENOENT", "ENOTDIR", "ELOOP")
    may = []
    if call.option == "PR_SET_SECUREBITS":
        may.append(with_securebits(0))
    if call.option == "PR_CAPBSET_READ":
        may.append(with_bounding(0))
    if absent and call.file == "/etc/passwd":
        may.append(without_account)
    if absent and call.file == "/etc/group":
        may.append(without_memberships)
    if call.name in ("stat", "lstat", "newfstatat") and call.file in ("/", "/etc", "/etc/passwd",
                                                                     "/etc/group"):
        may += [with_written_passwd, with_written_group]
    return tuple(may)


def promised_after_pretence(call):
    if call.name == "getgroups" and call.args[0] == 0:
        return (with_platform(),)  # none of the platform's, then
    if call.option == "PR_CAPBSET_READ":
        return (with_bounding(0),)
    if call.name == "bind":  # it might have told that the capability is missing
        return (with_nothing_kept,)
    return ()


# The values.

def value(call, how, steps, *may, blind=(), is_true=False):
    return Fault(call, how, steps, "value", may, blind, is_true)


def ids(call, scenario):
    wanted = scenario.ids[call.name == "getresgid"]
    for id in dict.fromkeys((0, wanted, 7, 0xFFFFFFFF)):
        may = ()
        if call.count == 1 and call.name == "getresuid" and id == scenario.ids[0]:
            may = (with_home_kept,)
        if call.count == 1 and call.name == "getresgid" and id != 0xFFFFFFFF:
            may = (with_platform_too(id),) if id else ()
        steps = ",".join(f"o{place}+0={words(id)}" for place in range(3))
        yield value(call, f"all are {id}", f"skip,=0,{steps}", *may)
    for place in range(3):
        yield value(call, f"no. {place} is 0", f"o{place}+0={words(0)}")
        yield value(call, f"no. {place} is {wanted}", f"o{place}+0={words(wanted)}")


def groups(call, scenario):
    if call.args[0] == 0:
        for count in {0, 1, call.result + 1, 65537} - {call.result}:
            yield value(call, f"there are {count}", f"skip,={count}",
                        *([with_platform()] if count == 0 and call.count == 1 else []))
        return
    for gid in (0, 7):
        may = (with_platform(*{gid} - {0}),) if call.count <= 2 else ()
        yield value(call, f"the first is {gid}", f"o1+0={words(gid)}", *may)
    yield value(call, "one less", f"={call.result - 1}")
    wanted = sorted(groups_of(scenario))
    if len(wanted) == call.args[0] == 1:  # as many as there are anyway: there is room for no more
        yield value(call, "the one that is wanted", f"o1+0={words(*wanted)}")


def capabilities(call, scenario):
    if call.args[1] == 0:  # which version there is
        return
    wanted = (0,) * 6 if call.started else (scenario.kept,) * 3 + (0,) * 3
    for how, data in (("nothing", NOBODY), ("everything", EVERYTHING),
                      ("CAP_NET_BIND_SERVICE", (NET_BIND,) * 3 + (0,) * 3),
                      ("what is wanted", wanted)):
        yield value(call, how, f"skip,=0,o1+0={words(*data)}")
    yield value(call, "no CAP_SETPCAP", f"skip,=0,o1+0={words(*WITHOUT_SETPCAP)}",
                *([without_setpcap] if call.count == 1 else []))


def options(call, scenario):
    answers = {
        "PR_CAPBSET_READ": (0, 1, 2), "PR_CAP_AMBIENT": (0, 1, 2),
        "PR_GET_SECUREBITS": (0, 0xF, 0x4F), "PR_GET_NO_NEW_PRIVS": (0, 1, 2),
        "PR_GET_DUMPABLE": (0, 1, 2),
    }.get(call.option, ())
    for answer in answers:
        may = ()
        if call.option == "PR_CAPBSET_READ" and answer != 1:
            may = (with_bounding(0),)
        if call.option == "PR_GET_SECUREBITS":
            may = (with_securebits(answer | 0xF),)
        true = answer == call.result
        yield value(call, f"{answer}", f"skip,={answer}", *(() if true else may), is_true=true)


def fsids(call, scenario):
    for id in sorted({0, scenario.ids[call.name == "setfsgid"]}):
        yield value(call, f"{id}", f"skip,={id}", is_true=id == call.result)


def mask(call, scenario):
    """What was blocked before is what the app gets; what is read back proves it."""
    if call.args[2] == 0:
        return
    first = call.count <= 2 and call.who == "s"
    for how, bits in (("none", 0), ("SIGINT", 2)):
        may = (with_mask(bits),) if first else ()
        steps = f"o2+0={struct.pack('=Q', bits).hex()}"
        yield value(call, f"{how} blocked", steps if call.args[1] else f"skip,=0,{steps}", *may)


def dispositions(call, scenario):
    if call.args[2]:
        yield value(call, "it was the default one", f"o2+0={bytes(8).hex()}", blind=("SigIgn",))


def files(call, scenario):
    inode, mode, uid = STAT
    at = 2 if call.name == "newfstatat" else 1
    if call.file.endswith("ns/user"):
        yield value(call, "of another namespace", f"o{at}+{inode}={words(7, 0)}")
        return
    may = [with_written_passwd, with_written_group] if call.file in (
        "/", "/etc", "/etc/passwd", "/etc/group") else []
    lies = [("mode 0777", mode, 0o100777), ("a folder of mode 0777", mode, 0o40777),
            ("a folder of mode 0755", mode, 0o40755), ("a FIFO", mode, 0o10644),
            ("owned by 1654", uid, 1654), ("owned by 0", uid, 0)]
    for how, offset, number in lies:
        extra = [not_replaceable]
        if call.name == "fstat" and number not in (0o100777, 1654, 0):
            extra += {"/etc/passwd": [without_account],
                      "/etc/group": [without_memberships]}.get(call.file, [])
        yield value(call, how, f"o{at}+{offset}={words(number)}", *may, *extra)


def content(call, scenario):
    replaced = {
        "/etc/passwd": (PASSWD, (("1654:2654", "1654:2655", with_group_2655),
                                 ("x:1654", "x:1655", without_account))),
        "/etc/group": (GROUP, (("2000", "2001", with_membership_2001),
                               ("other,app", "other,apq", without_memberships))),
        "/proc/sys/net/ipv4/ip_unprivileged_port_start": ("1024\n", (("1024", "9999", with_kept),
                                                                     ("1024", "0080", None))),
        "/proc/sys/kernel/overflowgid": ("65534", (("65534", "00005", None),)),
    }
    text, lies = replaced.get(call.file, ("", ()))
    for old, new, may in lies if call.result > 0 else ():
        place = text.index(old)
        yield value(call, f"{new} for {old}", f"o1+{place}={new.encode().hex()}",
                    *([may] if may else []))
    if call.result > 1 and call.file in ("/etc/passwd", "/etc/group"):
        may = without_account if call.file == "/etc/passwd" else without_memberships
        yield value(call, "one byte", "=1", may)


def links(call, scenario):
    yield value(call, "another path", f"o1+0={b'/proc'.hex()},=5", not_replaceable)


def numbers(call, scenario):
    for number in {1, 7} - {call.result}:
        yield value(call, f"{number}", f"skip,={number}")


def terminals(call, scenario):
    if call.args[1] == 0x540F:  # TIOCGPGRP
        for group in (1, 7):
            yield value(call, f"group {group} has it", f"skip,=0,o2+0={words(group)}",
                        blind=("foreground",))


def file_systems(call, scenario):
    yield value(call, "of another kind", f"o1+0={words(0, 0)}")


VALUES = {
    "capget": capabilities, "fstat": files, "fstatfs": file_systems, "getgroups": groups,
    "getpgid": numbers, "getpid": numbers, "getppid": numbers, "getresgid": ids, "getresuid": ids,
    "getsid": numbers, "gettid": numbers, "ioctl": terminals, "lstat": files, "newfstatat": files,
    "prctl": options, "read": content, "readlink": links, "rt_sigaction": dispositions,
    "rt_sigprocmask": mask, "setfsgid": fsids, "setfsuid": fsids, "stat": files,
}


def values_of(call, scenario):
    """It is answered, and wrongly."""
    if call.name in VALUES and (call.result >= 0 or call.name == "ioctl"):
        yield from VALUES[call.name](call, scenario)


# Doing otherwise than told, and doing it and saying that it failed.

SAME = 0xFFFFFFFF


def otherwise_of(call, scenario):
    """It is made with other arguments, and says that all went well."""
    def other(how, steps, *may):
        return Fault(call, how, f"{steps},=0", "otherwise", may)

    if call.name in ("setresuid", "setresgid") and call.args[0] != 0:
        for place, who in enumerate(("real", "effective", "saved")):
            yield other(f"the {who} one stays", f"a{place}={SAME}")
    if call.name == "setgroups" and call.args[0] > 0:
        yield other("none", "a0=0")
        yield other("group 0 instead of the first", f"i1+0={words(0)}")
    if call.name == "capset":
        for how, at in (("effective", 0), ("permitted", 4), ("inheritable", 8)):
            yield other(f"CAP_CHOWN is {how} too", f"i1+{at}={words(scenario.kept | 1)}")
    if call.option == "PR_SET_SECUREBITS":
        yield other("to none", "a1=0")
    if call.option == "PR_SET_DUMPABLE":
        yield other("to 1", "a1=1")
    if call.name == "rt_sigprocmask" and call.args[1]:
        yield other("no signal", f"i1+0={bytes(8).hex()}")
        may = [with_mask(scenario.blocked | 2)] if call.count == 1 and call.who == "s" else []
        yield other("SIGINT alone", f"i1+0={struct.pack('=Q', 2).hex()}", *may)


DEEDS = {
    "bind", "capset", "chdir", "close", "close_range", "fchown", "munmap", "rt_sigaction",
    "rt_sigprocmask", "setgroups", "setpgid", "setresgid", "setresuid", "sigaltstack",
}


def unreported_of(call):
    """It is made, and says that it failed."""
    if call.name in DEEDS or (call.name == "prctl" and not call.asks):
        if call.result >= 0:
            may = (with_securebits(0),) if call.option == "PR_SET_SECUREBITS" else ()
            yield Fault(call, "made, but EPERM", "=-1", "unreported", may)
