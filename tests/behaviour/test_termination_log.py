"""/dev/termination-log: what `kubectl describe pod` shows of a start that failed."""

import os

import pytest

# The shim writes it as PID 1 only.
pytestmark = pytest.mark.usefixtures("namespaces")

LOG = "/dev/termination-log"
RT_SIGTIMEDWAIT = {"x86_64": 128, "aarch64": 137}.get(os.uname().machine, 177)
FAILURES = {
    "refused": (125, ["/world"], {"APP_UID": "0"}),
    "too large": (125, ["/huge"], {}),
    "no x bit": (126, ["/etc/passwd"], {}),
    "not found": (127, ["/nowhere"], {}),
}


@pytest.fixture
def log(box):
    """As Kubernetes mounts it: an empty file of root's."""
    return box.write(LOG, "")


def fail(box, name="refused", env=(), **options):
    exit_code, words, own = FAILURES[name]
    if name == "too large":
        box.write("/etc/passwd", f"app:x:1654:1654::/{'x' * 200000}:/bin/sh\n")
        box.path("/huge").symlink_to("/world")
    done = box.run(*words, env=own | dict(env), **options)
    assert done.exit_code == exit_code
    assert done.texts("error")
    return done


@pytest.mark.parametrize("supervise", ["1", "0"])
@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_written_down(box, log, name, supervise):
    done = fail(box, name, {"SHIM_SUPERVISE": supervise, "SHIM_LOG": "error"})
    assert log.read_text() == done.stderr


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o600])
def test_it_is_roots_own_file_even_when_the_start_fails_late(box, log, mode):
    """By then the shim is the app's user, who could not open it any more."""
    log.chmod(mode)
    assert fail(box, "not found").stderr == log.read_text()


def test_only_errors_and_their_hints_are_written_down(box, log):
    done = fail(box, env={"SHIM_LOG": "debug", "SHIM_GRACE": "5"})
    assert done.texts("warning") and "warning" not in log.read_text()
    assert log.read_text().startswith("shim: error: APP_UID")


def test_it_has_room_for_4096_bytes(box, log):
    settings = ["APP_UID", "APP_GID", "APP_GROUPS", "SHIM_LOG", "SHIM_SUPERVISE", "SHIM_EXIT_CODES"]
    done = fail(box, env={name: "\x01" * 300 for name in settings})
    text = log.read_text()
    assert len(done.stderr) > 4096
    assert 2048 < len(text) <= 4096
    assert text.endswith("\n")
    assert done.stderr.startswith(text) or set(text.splitlines()) <= set(done.stderr.splitlines())


def test_a_closed_stderr_does_not_matter(box, log):
    assert box.run("/world", env={"APP_UID": "0"}, closed=(2,)).exit_code == 125
    assert "APP_UID" in log.read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["--check", "/world"],
        ["--check", "/nowhere"],
        ["--check"],
        ["--check", "--install", "/copy"],
        ["--install", "/nowhere/shim"],
        ["--install"],
        ["--version", "/world"],
    ],
    ids=" ".join,
)
def test_what_is_no_start_is_not_written_down(box, log, words):
    assert box.run(*words, env={"APP_UID": "0"}).exit_code != 0
    assert log.read_text() == ""


@pytest.mark.parametrize("closed", [(), (2,), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("words", [[], ["--"], ["--unknown", "/world"]], ids=str)
def test_a_wrong_command_line_is_written_down_without_the_usage(box, log, words, closed):
    done = box.run(*words, closed=closed)
    assert done.exit_code == 125
    assert log.read_text().startswith("shim: error: ")
    assert "Usage" not in log.read_text()
    if not closed:
        assert done.stderr.startswith(log.read_text() + "Usage: ")


@pytest.mark.parametrize("verb", [["--check", "/world"], ["--install", "/copy"], ["--help"]])
def test_not_even_when_it_cannot_begin(box, log, verb):
    box.path("/dev/null").unlink()
    assert box.run(*verb, closed=(0,)).exit_code == 125
    assert log.read_text() == ""


def test_the_app_s_own_end_is_not_written_down(box, log):
    assert box.run("/world", env={"SHIM_EXIT_CODES": "0:125"}).exit_code == 125
    assert log.read_text() == ""


def test_only_pid_1_writes(box, log):
    fail(box, init=False)
    assert log.read_text() == ""


@pytest.mark.parametrize("name", ["refused", "not found"])
class TestWhatIsNotKubernetesFileIsLeftAlone:
    def test_missing(self, box, name):
        fail(box, name)
        assert not box.path(LOG).exists()

    def test_not_empty(self, box, log, name):
        log.write_text("somebody's")
        fail(box, name)
        assert log.read_text() == "somebody's"

    def test_a_link(self, box, name):
        target = box.write("/target", "")
        box.path(LOG).symlink_to("/target")
        fail(box, name)
        assert target.read_text() == ""

    def test_a_file_with_two_names(self, box, log, name):
        os.link(log, box.path("/other"))
        fail(box, name)
        assert log.read_text() == ""

    def test_a_folder(self, box, name):
        box.folder(LOG)
        fail(box, name)
        assert box.path(LOG).is_dir()

    @pytest.mark.parametrize("reader", [True, False], ids=["with a reader", "without"])
    def test_a_fifo(self, box, name, reader):
        os.mkfifo(box.path(LOG))
        end = os.open(box.path(LOG), os.O_RDONLY | os.O_NONBLOCK) if reader else None
        fail(box, name)
        if reader:
            assert os.read(end, 100) == b""
            os.close(end)

    def test_read_only(self, box, log, name):
        fail(box, name, readonly=("/",))
        assert log.read_text() == ""


def test_a_failure_once_the_app_runs_is_written_down_too(box, log):
    """By then all descriptors are closed. The kubelet makes its file for everybody to write to."""
    log.chmod(0o666)
    ends = os.pipe()  # so that the app does not end by itself first
    words = ("/world", "out=/tmp/world", "wait")
    done = box.run(*words, descriptors={0: ends[0]}, forbidden=(RT_SIGTIMEDWAIT,))
    for end in ends:
        os.close(end)
    assert done.exit_code == 125
    assert done.texts("error") and log.read_text() == done.stderr


def test_the_app_does_not_get_it(box, log):
    kept = []
    world = box.run("/world", "settled", "wait",
                    meanwhile=lambda pid: kept.extend(os.listdir(f"/proc/{pid}/fd"))).world
    assert [found["fd"] for found in world["descriptors"]] == [0, 1, 2]
    assert sorted(kept) == ["0", "1", "2"]
