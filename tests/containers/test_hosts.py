"""Every engine, the same cases: what starts, what is refused, and why.

In images that hold the shim, a few static programs and nothing else, so that an engine needs no
public image for them. Where kernels differ, the engine says in what (engine.py).
"""

import json
import shutil
import time

import pytest
from engine import START_SECONDS
from expected import FLOOR, NET_BIND_SERVICE, NOTHING, SETS

PROGRAMS = ("end", "filecap", "nest", "orphans", "reach", "signals", "world")
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80"}
TRUSTING = {**PORT_80, "SHIM_UNPRIVILEGED_PORT_START": "0"}
LOW, USUAL = f"{FLOOR}=0", f"{FLOOR}=1024"
WITHOUT = "--cap-drop=NET_BIND_SERVICE"
NO_NEW_PRIVS = "--security-opt=no-new-privileges"
OPENSHIFT = ("--user=1000650000:0", "--cap-drop=ALL", NO_NEW_PRIVS)
MINIMUM = ("--cap-drop=ALL", "--cap-add=SETUID", "--cap-add=SETGID")
LOOK = ("/reach", "bind=80", "--", "/world", "settled")

DOCKERFILE = """
    FROM scratch
    COPY . /
    RUN ["/shim", "--install-net-bind-service", "/lends/shim"]
    RUN ["/filecap", "/privileged"]
    ENV ASPNETCORE_HTTP_PORTS=8080
    ENTRYPOINT ["{entrypoint}"]
    """


@pytest.fixture(scope="module")
def context(shim, payloads, tmp_path_factory):
    context = tmp_path_factory.mktemp("hosts")
    for program in PROGRAMS:
        shutil.copy(payloads / program, context)
    shutil.copy(payloads / "world", context / "privileged")
    shutil.copy(shim, context)
    (context / "lends").mkdir()
    (context / "open").mkdir()
    shutil.copy(shim, context / "open")
    (context / "open").chmod(0o777)
    (context / "etc").mkdir()
    (context / "etc/passwd").write_text("root:x:0:0::/root:/x\napp:x:1654:1654::/home/app:/x\n")
    (context / "etc/group").write_text("root:x:0:\napp:x:1654:\n")
    return context


def build(engine, context, entrypoint="/shim", user=""):
    text = DOCKERFILE.format(entrypoint=entrypoint)
    return engine.build(context, text + (f"USER {user}\n" if user else ""))


@pytest.fixture(scope="module")
def image(bare_engine, context):
    return build(bare_engine, context)


@pytest.fixture(scope="module")
def user_image(bare_engine, context):
    """An image that says USER 1654."""
    return build(bare_engine, context, user="1654")


@pytest.fixture
def run(bare_engine, image, record_property):
    """Runs the shim with these words, to its end; what came of it is for ./hosts-table too."""

    def run(*words, image=image, **how):
        done = bare_engine.run(image, *words, **how)
        record_property("end", describe(done))
        return done

    return run


def describe(done):
    if done.exit_code == 125:
        return done.stderr.partition("\n")[0].replace("shim: error: ", "refused: ")
    if done.exit_code != 0:
        return f"ends with {done.exit_code}"
    keeps = f'"effective": "{NET_BIND_SERVICE}"' in done.stdout
    return "starts, keeps one capability" if keeps else "starts"


def world_of(done):
    """What the app found, of a start that had nothing to say; and errno of its bind(2) to 80."""
    assert (done.exit_code, done.stderr) == (0, "")
    reach, end = json.JSONDecoder().raw_decode(done.stdout)
    return json.loads(done.stdout[end:]), reach["bind=80"]


def assert_app(world, uid=1654, gid=1654, groups=(1654,), keeps=NOTHING, is_bounded=True):
    # The last one is the file system's, which gVisor does not have.
    assert world["uids"] in ([uid] * 4, [uid] * 3 + [-1])
    assert world["gids"] in ([gid] * 4, [gid] * 3 + [-1])
    assert world["groups"] == list(groups)
    assert world["no_new_privs"] == 1
    for name in SETS:
        if name != "bounding":
            assert world["capabilities"][name] == keeps, name
        elif is_bounded:
            assert world["capabilities"][name] == NOTHING


def assert_supervisor(world, uid=1654):
    """The shim by then: PID 1, and nobody special."""
    shim = world["parent"]["status"]
    assert (shim["Name"], shim["Pid"]) == ("shim", "1")
    assert shim["Uid"].split()[:3] == [str(uid)] * 3
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert shim.get(name, NOTHING) == NOTHING, name


def refuses(done, *words):
    assert (done.exit_code, done.stdout) == (125, "")
    error, *hints = done.stderr.splitlines()
    assert error.startswith("shim: error: ") and hints
    assert all(word in done.stderr for word in words), done.stderr
    return True


class TestAnOrdinaryStart:
    """None of them has a word to say, at the level that users get."""

    def test_root(self, run):
        world, _ = world_of(run(*LOOK))
        assert_app(world)
        assert_supervisor(world)
        assert "HOME=/home/app" in world["environment"]

    def test_an_image_that_says_user(self, run, user_image):
        world, _ = world_of(run(*LOOK, image=user_image))
        assert_app(world, gid=world["gids"][0], groups=world["groups"], is_bounded=False)
        assert_supervisor(world)

    @pytest.mark.parametrize("options", [("--user=1654:1654",), ("--user=1654:1654", NO_NEW_PRIVS)],
                             ids=["runAsUser", "no-new-privileges"])
    def test_a_platform_that_names_the_user(self, run, options):
        world, _ = world_of(run(*LOOK, options=options))
        assert_app(world, groups=world["groups"], is_bounded=False)
        assert_supervisor(world)

    def test_openshift_chooses_a_user(self, run):
        world, _ = world_of(run(*LOOK, options=OPENSHIFT))
        assert_app(world, uid=1000650000, gid=0, groups=world["groups"], is_bounded=False)
        assert_supervisor(world, uid=1000650000)

    def test_no_new_privileges(self, run):
        assert_app(world_of(run(*LOOK, options=(NO_NEW_PRIVS,)))[0])

    def test_read_only(self, run):
        assert_app(world_of(run(*LOOK, options=("--read-only",)))[0])

    def test_two_capabilities_will_do(self, run):
        world, _ = world_of(run(*LOOK, options=MINIMUM))
        assert_app(world, is_bounded=False)
        assert_supervisor(world)

    def test_beside_the_engines_init(self, run):
        world, _ = world_of(run(*LOOK, options=("--init",)))
        assert_app(world)
        assert world["parent"]["status"]["Name"] == "shim"

    def test_a_terminal(self, bare_engine, image):
        with bare_engine.run_at_terminal(image, *LOOK) as terminal:
            assert terminal.end() == 0
        said = terminal.text.replace("\r\n", "\n")
        _, end = json.JSONDecoder().raw_decode(said)
        assert_app(json.loads(said[end:]))


class TestPort80:
    def test_with_the_capability_it_is_kept_where_it_takes_one(self, bare_engine, run):
        world, bound = world_of(run(*LOOK, env=PORT_80, options=(USUAL,)))
        assert bound == 0
        assert_app(world, keeps=NET_BIND_SERVICE if bare_engine.has_ambient else NOTHING,
                   is_bounded=False)
        assert world["capabilities"]["bounding"] in (NOTHING, NET_BIND_SERVICE)
        assert_supervisor(world)

    def test_where_anybody_may_open_it_nothing_is_kept(self, run):
        world, bound = world_of(run(*LOOK, env=PORT_80, options=(LOW,)))
        assert bound == 0
        assert_app(world)

    @pytest.mark.parametrize("floor", [LOW, USUAL], ids=["floor-0", "floor-1024"])
    def test_without_the_capability_it_is_refused(self, run, floor):
        done = run(*LOOK, env=PORT_80, options=(floor, WITHOUT))
        assert refuses(done, "port 80, from ASPNETCORE_HTTP_PORTS", "CAP_NET_BIND_SERVICE")

    def test_without_it_the_setting_leaves_it_to_the_kernel(self, run):
        world, bound = world_of(run(*LOOK, env=TRUSTING, options=(LOW, WITHOUT)))
        assert bound == 0
        assert_app(world)

    def test_and_the_kernel_may_refuse(self, bare_engine, run):
        done = run(*LOOK, env=TRUSTING, options=(USUAL, WITHOUT))
        if bare_engine.has_floor:
            assert refuses(done, "port 80, from ASPNETCORE_HTTP_PORTS")
        else:
            assert world_of(done)[1] == 0

    def test_a_user_is_refused(self, run, user_image):
        done = run(*LOOK, env=PORT_80, options=(USUAL,), image=user_image)
        assert refuses(done, "port 80, from ASPNETCORE_HTTP_PORTS")

    def test_a_user_may_where_anybody_may(self, run, user_image):
        world, bound = world_of(run(*LOOK, env=TRUSTING, options=(LOW,), image=user_image))
        assert bound == 0
        assert_app(world, gid=world["gids"][0], groups=world["groups"], is_bounded=False)


def assert_lent(engine, done):
    """A user has port 80; by the one capability, where that can be handed on."""
    world, bound = world_of(done)
    assert bound == 0
    assert_app(world, gid=world["gids"][0], groups=world["groups"], is_bounded=False,
               keeps=NET_BIND_SERVICE if engine.has_ambient else NOTHING)
    assert_supervisor(world)


class TestFilesWithCapabilities:
    @pytest.fixture(scope="class")
    def lending(self, bare_engine, context):
        """USER 1654, and a shim that may lend the one capability."""
        return build(bare_engine, context, entrypoint="/lends/shim", user="1654")

    def test_a_shim_lends_a_user_the_one_for_port_80(self, bare_engine, run, lending):
        done = run(*LOOK, env=PORT_80, options=(USUAL,), image=lending)
        if bare_engine.grants_by_file:
            assert_lent(bare_engine, done)
        else:
            assert refuses(done, "port 80, from ASPNETCORE_HTTP_PORTS")

    def test_a_shim_that_lends_and_need_not_keeps_nothing(self, run, lending):
        world, _ = world_of(run(*LOOK, options=(USUAL,), image=lending))
        assert_app(world, gid=world["gids"][0], groups=world["groups"], is_bounded=False)

    def test_no_new_privileges_may_keep_it_from_lending(self, bare_engine, run, lending):
        done = run(*LOOK, env=PORT_80, options=(USUAL, NO_NEW_PRIVS), image=lending)
        if bare_engine.lends_under_no_new_privs:
            assert_lent(bare_engine, done)
        else:
            assert refuses(done, "port 80, from ASPNETCORE_HTTP_PORTS")

    def test_an_empty_bounding_set_keeps_a_program_from_starting(self, bare_engine, run):
        done = run("/privileged")
        if bare_engine.insists_on_grant:
            assert (done.exit_code, done.stdout) == (126, "")
            assert "/privileged" in done.stderr and "setcap -r" in done.stderr
        else:
            assert (done.exit_code, done.stderr) == (0, "")

    def test_with_the_set_left_alone_it_starts_and_gains_nothing(self, run):
        done = run("/privileged", env={"SHIM_BOUNDING_SET": "keep"})
        assert (done.exit_code, done.stderr) == (0, "")
        assert_app(json.loads(done.stdout), is_bounded=False)


class TestRefusals:
    def test_root_that_cannot_switch(self, run):
        assert refuses(run(*LOOK, options=("--cap-drop=ALL",)), "CAP_SETUID", "CAP_SETGID")

    def test_a_shim_that_the_app_could_replace(self, bare_engine, run, context):
        image = build(bare_engine, context, entrypoint="/open/shim")
        assert refuses(run(*LOOK, image=image), "could replace the shim")

    @pytest.mark.parametrize("uid", ["0", "-1", "4294967296"])
    def test_a_uid_that_will_not_do(self, run, uid):
        assert refuses(run(*LOOK, env={"APP_UID": uid}), "APP_UID")


@pytest.mark.parametrize(
    "words, env, exit_code",
    [
        (("/end", "exit", "7"), {}, 7),
        (("/end", "exit", "7"), {"SHIM_EXIT_CODES": "7:0"}, 0),
        (("/end", "signal", "9"), {}, 137),
        (("/end", "signal", "15"), {}, 143),
        (("/nowhere",), {}, 127),
        (("/etc/passwd",), {}, 126),
        (("/open",), {}, 126),
    ],
    ids=["code", "mapped", "KILL", "TERM", "missing", "no-program", "folder"],
)
def test_how_it_ends(run, words, env, exit_code):
    done = run(*words, env=env)
    assert done.exit_code == exit_code
    assert bool(done.stderr) == (exit_code in (126, 127))


def test_signals_are_handed_on(bare_engine, image):
    """The one that nobody takes ends the app, and the container with 143."""
    with bare_engine.start(image, "/signals", "-n", "15") as container:

        def expect(text):
            deadline = time.monotonic() + START_SECONDS
            while text not in container.logs():
                assert container.is_running() and time.monotonic() < deadline, container.logs()
                time.sleep(0.05)

        expect("ready ")
        for number in bare_engine.signals:
            container.kill(number)
            expect(f"\n{number}\n")
        assert container.stop() == 143


def test_orphans_are_reaped(run):
    """More and more of them, until the app ends."""
    assert run("/orphans", "endless", "7").exit_code == 7


def test_in_place_of_the_shim(run):
    done = run("/world", env={"SHIM_SUPERVISE": "0"})
    assert done.exit_code == 0
    world = json.loads(done.stdout)
    assert_app(world)
    assert world["pid"] == 1


def test_check_says_it_beforehand(run):
    checked = run("--check", "/world")
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.splitlines() == [
        "user: 1654 (app), from default",
        "group: 1654",
        "groups: 1654",
        "home: /home/app",
        "listen: 8080 http, from ASPNETCORE_HTTP_PORTS",
        "keep: none",
        "program: /world",
        "verdict: ok",
    ]
