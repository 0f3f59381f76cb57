"""The cases of test_parity.py, and the one list of what the shim makes different on purpose."""

from dataclasses import dataclass

from expected import FLOOR, NOTHING

PORT_80 = "--env=ASPNETCORE_HTTP_PORTS=80"
MINIMUM = ("--cap-drop=ALL", "--cap-add=SETUID", "--cap-add=SETGID")
MAPPED = ("--uidmap=0:100000:65536", "--gidmap=0:100000:65536")
NO_1654 = ("--uidmap=0:100000:1000", "--gidmap=0:100000:1000")

NO_HOME = "HOME becomes /"


@dataclass(frozen=True)
class Case:
    """One image, run as USER and, as root, through the shim; with the same options."""

    name: str
    options: tuple = ()
    user: str = "1654"
    shim_user: str = "0"
    image: str = "plain"
    at_terminal: bool = False  # -i -t
    warning: str = ""  # the shim's, at SHIM_LOG=warn
    starts: bool = True  # as USER
    engine: str = ""  # the one that can do it


CASES = [
    # Who
    Case("app"),
    Case("app by name", user="app"),
    Case("app in more groups", image="groups"),
    Case("app, APP_GID", ("--env=APP_GID=5000",), user="1654:5000"),
    Case("app in more groups, APP_GID", ("--env=APP_GID=5000",), user="1654:5000", image="groups"),
    Case("app, APP_GID 0", ("--env=APP_GID=0",), user="1654:0"),
    Case("uid not in passwd", ("--env=APP_UID=7777",), user="7777", warning=NO_HOME),
    Case(
        "uid not in passwd, APP_GID 0",
        ("--env=APP_UID=7777", "--env=APP_GID=0"),
        user="7777:0",
        warning=NO_HOME,
    ),
    Case("largest uid", ("--env=APP_UID=2147483647",), user="2147483647", warning=NO_HOME),
    Case("--group-add", ("--group-add=2000",)),
    Case("--group-add, APP_GROUPS", ("--group-add=2000", "--env=APP_GROUPS=2000")),
    Case("-u 1654", shim_user="1654"),
    Case("-u 12345:0", user="12345:0", shim_user="12345:0"),
    Case("-u 1654 --group-add", ("--group-add=2000",), shim_user="1654"),
    Case("-u 1654 --cap-drop ALL", ("--cap-drop=ALL",), shim_user="1654"),
    # Where
    Case("chiseled", image="chiseled"),
    Case("empty image", image="empty", warning=NO_HOME),
    Case("--read-only", ("--read-only",)),
    Case("--read-only, tmpfs HOME", ("--read-only", "--tmpfs=/home/app")),
    Case("tmpfs HOME", ("--tmpfs=/home/app",)),
    Case("tmpfs HOME, root's", ("--tmpfs=/home/app:mode=0755",)),
    Case("HOME set", ("--env=HOME=/tmp",)),
    Case("HOME empty", ("--env=HOME=",)),
    Case("--workdir", ("--workdir=/tmp",)),
    Case("--ulimit", ("--ulimit=nofile=256:512", "--ulimit=nproc=1000:1000")),
    Case("--oom-score-adj", ("--oom-score-adj=500",)),
    # At a terminal, or not
    Case("-i", ("-i",)),
    Case("-t", ("-t",)),
    Case("-i -t", at_terminal=True),
    # What it may
    Case("--cap-drop ALL", ("--cap-drop=ALL",)),
    Case("cap SETUID", ("--cap-drop=ALL", "--cap-add=SETUID")),
    Case("cap SETGID", ("--cap-drop=ALL", "--cap-add=SETGID")),
    Case("caps SETUID SETGID", MINIMUM),
    Case("caps SETUID SETGID SETPCAP", (*MINIMUM, "--cap-add=SETPCAP")),
    Case("caps SETUID SETGID CHOWN", (*MINIMUM, "--cap-add=CHOWN")),
    Case("cap SYS_TIME added", ("--cap-add=SYS_TIME",)),
    # docker, in a sandbox, asks for more capabilities than the sandbox has.
    Case("--privileged", ("--privileged",), engine="podman"),
    Case("no-new-privileges", ("--security-opt=no-new-privileges",)),
    Case("seccomp unconfined", ("--security-opt=seccomp=unconfined",)),
    # Among whom
    Case("user namespace", MAPPED, engine="podman"),
    Case("user namespace, -i -t", MAPPED, at_terminal=True, engine="podman"),
    Case("user namespace, no 1654", NO_1654, starts=False, engine="podman"),
    Case("--network host", ("--network=host",)),
    Case("--network none", ("--network=none",)),
    Case("--pid host", ("--pid=host",)),
    Case("--pid host, -i -t", ("--pid=host",), at_terminal=True),
    Case("--init", ("--init",)),
    Case("--init, -i -t", ("--init",), at_terminal=True),
    # Ports
    Case("port 8080, floor 0", (f"{FLOOR}=0",)),
    Case("port 8080, floor 2000", (f"{FLOOR}=2000",)),
    Case("port 80, floor 0", (PORT_80, f"{FLOOR}=0")),
    Case("port 80, floor 1024", (PORT_80, f"{FLOOR}=1024")),
    Case(
        "port 80, just the caps for it",
        (PORT_80, f"{FLOOR}=1024", *MINIMUM, "--cap-add=SETPCAP", "--cap-add=NET_BIND_SERVICE"),
    ),
    Case("port 80, no cap for it", (PORT_80, f"{FLOOR}=1024", "--cap-drop=NET_BIND_SERVICE")),
]

ANY = object()
ACTING = ("permitted", "effective", "inheritable", "ambient")
CHOWN, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, SYS_TIME = 0, 6, 7, 8, 10, 25


def holds(*numbers):
    """The sets of a process that can use these capabilities, and pass them on to what it runs."""
    return dict.fromkeys(ACTING, f"{sum(1 << number for number in numbers):016x}")


NO_SETPCAP_CASES = (
    *("-u 1654", "-u 12345:0", "-u 1654 --group-add", "-u 1654 --cap-drop ALL"),
    *("caps SETUID SETGID", "caps SETUID SETGID CHOWN"),
)
KEEPING_CASES = ("port 80, floor 1024", "port 80, just the caps for it")
NO_CHOWN_CASES = (
    "caps SETUID SETGID",
    "caps SETUID SETGID SETPCAP",
    "port 80, just the caps for it",
)
NOT_IN_PASSWD = {"uid not in passwd": 7777, "largest uid": 2147483647, "empty image": 1654}


@dataclass(frozen=True)
class Difference:
    """What USER gives and what the shim gives, each one of a few values; in which cases, and why.

    In those cases, and with that engine, it has to be so, and in all others the two are equal.
    """

    field: str
    user: tuple
    shim: tuple
    why: str
    only: tuple = ()  # these cases; none: all
    but: tuple = ()  # not these
    engine: str = ""

    def applies(self, field, case, engine):
        return (
            self.field == field
            and (not self.only or case.name in self.only)
            and case.name not in self.but
            and self.engine in ("", engine.name)
        )

    def describes(self, user, shim):
        return all(
            any(value is ANY or value == found for value in values)
            for values, found in ((self.user, user), (self.shim, shim))
        )


# Their places in this list are the numbers in the table.
ON_PURPOSE = [
    Difference(
        "no_new_privs", (0,), (1,),
        "always set: no setuid program and no file capability gives anything back",
        but=("no-new-privileges",),
    ),
    Difference(
        "bounding", (ANY,), (NOTHING,),
        "emptied: what is not in it, no program that the app runs can ever be given; only without "
        "CAP_SETPCAP it stays",
        but=(*NO_SETPCAP_CASES, *KEEPING_CASES),
    ),
    Difference(
        "bounding", (ANY,), (f"{1 << NET_BIND_SERVICE:016x}",),
        "emptied but for what is kept: a program that asks for just that can still be started",
        only=KEEPING_CASES,
    ),
    Difference(
        "securebits", (0,), (0b1111,),
        "NOROOT and NO_SETUID_FIXUP, both locked: uid 0, should it ever be reached, means nothing; "
        "this too takes CAP_SETPCAP",
        but=NO_SETPCAP_CASES,
    ),
    Difference(
        "process", ("PID 1, leads its session, leads its group",), ("a child, leads its group",),
        "PID 1 is the shim, which hands signals on and reaps; the app is its child, and leads a "
        "process group of its own",
        but=("--pid host", "--pid host, -i -t", "--init", "--init, -i -t"),
    ),
    Difference(
        "process", ("a child, leads its session, leads its group",), ("a child, leads its group",),
        "nobody in the container is PID 1, and the shim leads the session",
        only=("--pid host", "--pid host, -i -t"),
    ),
    *(
        Difference(
            field, ([0] * count,), ([uid] * count,),
            f"a uid that /etc/passwd does not know ({uid}) gets the gid of the same number; USER "
            "gives it group 0, which owns the files of root",
            only=(case,),
        )
        for case, uid in NOT_IN_PASSWD.items()
        for field, count in (("gids", 4), ("groups", 1))
    ),
    Difference(
        "groups", ([5000],), ([2000, 3000, 5000],),
        "APP_GID is the primary group alone; USER 1654:5000 also takes the groups away that "
        "/etc/group gives to the user",
        only=("app in more groups, APP_GID",),
    ),
    Difference(
        "HOME", ("/app",), ("/",),
        "podman, not Docker, adds the user to /etc/passwd if the image does not know it, and has "
        "the working directory for its home",
        only=(*NOT_IN_PASSWD, "uid not in passwd, APP_GID 0"),
        engine="podman",
    ),
    Difference(
        "capabilities",
        (holds(SETUID, SETGID), holds(SETUID, SETGID, SETPCAP), holds(SETUID, SETGID, CHOWN),
         holds(SYS_TIME)),
        (holds(),),
        "podman, not Docker, lets a user use every capability that --cap-add names; the shim keeps "
        "at most NET_BIND_SERVICE",
        only=("caps SETUID SETGID", "caps SETUID SETGID SETPCAP", "caps SETUID SETGID CHOWN",
              "cap SYS_TIME added"),
        engine="podman",
    ),
    Difference(
        "capabilities",
        (holds(), holds(SETUID, SETGID, SETPCAP, NET_BIND_SERVICE)), (holds(NET_BIND_SERVICE),),
        "a privileged port was asked for and is opened with this one; USER leaves the app without",
        only=KEEPING_CASES,
    ),
    Difference(
        "start", ("ok",),
        ("refused: CAP_SETUID", "refused: CAP_SETGID", "refused: CAP_SETUID CAP_SETGID"),
        "root that may not change its ids cannot become the app, and must not go on as root",
        only=("--cap-drop ALL", "cap SETUID", "cap SETGID"),
    ),
    Difference(
        "start", ("ok",), ("refused: CAP_NET_BIND_SERVICE",),
        "the app would start, and then fail to open its port",
        only=("port 80, no cap for it",),
    ),
    Difference(
        "fd owners", ([0, 1654, 1654],), ([0, 0, 0],),
        "giving stdout and stderr to the app takes CAP_CHOWN (see the case that has it); what is "
        "open already works all the same",
        only=NO_CHOWN_CASES,
    ),
    Difference(
        "fd owners", ([1654] * 3,), ([0] * 3,),
        "neither PID 1 nor the leader of the session, the shim cannot tell whose terminal it is, "
        "and leaves it alone",
        only=("--init, -i -t",),
    ),
    Difference(
        "/dev/stdout", (0,), (13,), "the same two: opened anew, it asks for its owner",
        only=(*NO_CHOWN_CASES, "--init, -i -t"),
    ),
    Difference(
        "/proc/1/fd/1", (0,), (13,),
        "PID 1 is the shim, out of the app's reach: an app that could trace it would be root at the "
        "next exec (with --pid host it is somebody else's anyway, and in a user namespace the pipe)",
        but=("--pid host", "--pid host, -i -t", "user namespace"),
    ),
]
