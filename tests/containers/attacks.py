"""What a hostile app does in a container, and what may come of it.

It may end or slow its own container. It gains no right, no namespace and no memory; PID 1 goes on to
hand on signals and to reap, neither spins nor grows, and SIGTERM ends it all in the app's own way.
"""

import contextlib
import errno
import shutil

from engine import BUILD, Container
from expected import FLOOR, NET_BIND_SERVICE, NOTHING, STATUS_SETS
from hostile import Answers, Hostile, until

PROGRAMS = ("again", "filecap", "hostile", "hunter", "pry", "trick", "world")
UNCONFINED = "--security-opt=seccomp=unconfined"
PORT_80 = ("--env=ASPNETCORE_HTTP_PORTS=80", f"{FLOOR}=1024")
USER = "--user=1654"
SHARED = "a neighbour's PID namespace"

# How the container is started.
WORLDS = {
    "as it comes": (),
    "without seccomp, port 80 kept": (UNCONFINED, *PORT_80),
    "as USER, without seccomp": (UNCONFINED, USER),
    f"in {SHARED}, port 80 kept": PORT_80,
}
# So that nothing is taken from others of the same uid on this machine.
MODEST = (
    *("--ulimit=sigpending=500:500", "--pids-limit=64"),
    *("--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096"),  # podman's other ones are gone then
)
GROWTH = 16  # kB that PID 1 may take more than after its first signal: some pages of its stack

# The words of hostile.c, in this order: what is lowered stays so.
ATTACKS = (
    *("signals", "stop", "storm", "flood", "forks", "end forks", "everybody", "kill everybody"),
    *("programs", "stderr", "groups", "terminal", "priorities", "limits", "reach"),
)
REFUSED = {errno.EPERM, errno.EACCES}
TO_THE_BETTER = (
    *("nice -20", "real time", "io real time", "oom_score_adj", "timerslack_ns", "coredump_filter"),
    *("clear_refs", "comm", "uid_map"),
)

DOCKERFILE = """
    FROM scratch
    COPY . /
    RUN ["/filecap", "/capable"]
    RUN ["/filecap", "/mighty", "7"]
    RUN ["/filecap", "/setuid", "u+s"]
    RUN ["/filecap", "/setgid", "g+s"]
    ENTRYPOINT ["/shim"]
    """


def build(engine, shim, context):
    """The image: the shim, what attacks it, and what lies about with rights by its file."""
    for program in PROGRAMS:
        shutil.copy(BUILD / "payloads" / program, context)
    shutil.copy(shim, context / "shim")
    for name in ("setuid", "setgid", "capable", "mighty"):
        shutil.copy(BUILD / "payloads/world", context / name)
    (context / "bin").mkdir()
    shutil.copy(BUILD / "payloads/end", context / "bin/sh")
    (context / "tmp").mkdir()
    (context / "tmp").chmod(0o777)
    return engine.build(context, DOCKERFILE)


@contextlib.contextmanager
def a_container(engine, image, name, *options):
    """A container with the hostile app; with a neighbour of its uid, where the world has one."""
    options = (*MODEST, *WORLDS[name], *options)
    if SHARED not in name:
        with Hostile(engine, image, options=options) as container:
            yield container
        return
    with Hostile(engine, image) as neighbour:
        shared = f"--pid=container:{neighbour.name}"
        with Hostile(engine, image, options=(*options, shared)) as container:
            yield container


def has_gained(found, holds):
    """Whether a program that was started by its file has more than the app."""
    sets = {"permitted": "CapPrm", "effective": "CapEff", "inheritable": "CapInh", "ambient": "CapAmb",
            "bounding": "CapBnd"}
    return (
        " ".join(map(str, found["uids"])) != holds["Uid"]
        or " ".join(map(str, found["gids"])) != holds["Gid"]
        or found["no_new_privs"] != 1
        or any(int(found["capabilities"][name], 16) & ~int(holds[field], 16)
               for name, field in sets.items())
    )


def judge_programs(answer, holds):
    """As if the files had no rights; what the bounding set lacks keeps them from starting."""
    bounding = int(holds["CapBnd"], 16)
    complaints = []
    for path, needs in {"/setuid": 0, "/setgid": 0, "/capable": 1 << 10, "/mighty": 1 << 7}.items():
        found = answer[path]
        good = found == errno.EPERM if needs & ~bounding else not has_gained(found, holds)
        if not good:
            complaints.append(f"{path}: {shorten(found)}")
    return ", ".join(complaints)


def judge(attack, answer, holds, alone):
    """The complaint about an answer, or "". holds: what the app held before."""
    if answer is None:
        return "the container has ended"
    if attack == "programs":
        return judge_programs(answer, holds)
    if attack == "reach":
        open_ways = [way for way, error in answer["/pry"].items() if error not in REFUSED]
        return f"reached by {', '.join(open_ways)}" if open_ways else ""
    if attack == "priorities":
        raised = [what for what in TO_THE_BETTER if answer[what] not in REFUSED]
        return f"has a say in {', '.join(raised)}" if raised else ""
    if attack == "limits" and answer["raised"]:
        return "raises limits"
    if attack == "stop" and answer["stopped"] and alone:
        return "PID 1 is stopped"
    if attack in ("flood", "forks") and answer["full"] != errno.EAGAIN:
        return "the limit is not reached"
    return ""


def shorten(found):
    """A world, or an errno number."""
    if not isinstance(found, dict):
        return found
    held = found["capabilities"]["permitted"].lstrip("0") or "0"
    return f"uid {found['uids'][1]}, gid {found['gids'][1]}, permitted {held}"


def describe(attack, answer):
    """An answer as text: of errno numbers their names."""
    if answer is None:
        return "the container has ended"
    if attack == "programs":
        answer = {path: shorten(found) for path, found in answer.items()}
    if attack == "reach":
        [answer] = answer.values()
    counts = {"sent", "stopped", "queued", "some", "lowered", "raised", "done"}
    words = {}
    for name, value in answer.items():
        is_error = name not in counts and isinstance(value, int)
        words.setdefault(errno.errorcode.get(value, "goes") if is_error else str(value), []).append(name)
    return "; ".join(f"{', '.join(names)}: {word}" for word, names in words.items())


def judge_start(shim, app, name):
    """The complaint about what they hold before the first attack, or ""."""
    kept = NET_BIND_SERVICE if "port 80" in name else NOTHING
    complaints = []
    for who, holds, wanted in (("shim", shim, NOTHING), ("app", app, kept)):
        found = {holds[field] for field in STATUS_SETS if field != "CapBnd"}
        if found != {wanted} or holds["Uid"] != "1654 1654 1654 1654" or holds["NoNewPrivs"] != "1":
            complaints.append(f"the {who} holds {holds}")
    return ", ".join(complaints)


def look_at(container, before):
    """The complaint about PID 1 after an attack, or ""."""
    if container.ask("alive") != {"back": 0}:
        return "PID 1 hands on no signals"
    until(container.has_reaped, "PID 1 has reaped all")
    until(container.is_idle, "PID 1 comes to rest")
    holds, takes = (container.holds(), container.holds(container.app)), container.takes()
    if holds != before[0]:
        return f"rights or namespaces have changed: {holds}"
    if takes[0] > before[1][0] + GROWTH or takes[1] > before[1][1]:
        return f"PID 1 grows: {before[1]} to {takes}"
    return ""


def make_all(engine, image, name):
    """{attack: (what came of it, complaint or "")} in one container, its end included."""
    found = {}
    alone = SHARED not in name
    with a_container(engine, image, name) as container:
        before = (container.holds(), container.holds(container.app)), container.takes()
        held = before[0][1]["CapPrm"].lstrip("0") or "nothing"
        found["before"] = f"the app holds {held}", judge_start(*before[0], name)
        for attack in ATTACKS:
            if attack == "kill everybody" and not alone:
                continue  # which ends it
            answer = container.ask(attack)
            if attack == "stop":
                container.ask("continue")
            complaint = judge(attack, answer, before[0][1], alone)
            if answer is not None:
                seen = look_at(container, before)
                complaint = "; ".join(word for word in (complaint, seen) if word)
            found[attack] = describe(attack, answer), complaint
        code = container.term()
    found["SIGTERM in the end"] = f"exit code {code}", "" if code == 143 else "not the app's own end"
    return found


def play_trick(engine, image, options=(), words=("/trick",)):
    """The way to root by PID 1: {step: errno}, and what root then executes for /bin/sh."""
    name, process = engine.attach(image, *words, "/tmp/own", "/bin/sh", options=options)
    try:
        steps = Answers(process.stdout).next()
        root = ("--user=0:0",)
        done = Container(engine, name, None).exec("/bin/sh", "exit", "7", options=root)
        assert (done.exit_code, done.stdout) in {(7, ""), (0, "the app's own program, as uid 0\n")}, done
        return steps, done.exit_code == 0
    finally:
        engine.remove(name)
        process.stdin.close()
        process.stdout.close()
        process.wait()
