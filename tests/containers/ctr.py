"""containerd alone, without docker in front of it: by its own `ctr`, as far as that goes."""

import contextlib
import functools
import json
import subprocess

import pytest
from engine import HERE, Container, Result, must, run
from expected import FLOOR
from own import OwnDocker

# What containerd gives to a container that asks for nothing.
DEFAULT = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)


def set_capabilities(drop, add):
    """docker's way to name them in ctr's words: it knows no ALL."""
    held = set(DEFAULT).difference(DEFAULT if "ALL" in drop else drop).union(add)
    words = [f"--cap-drop=CAP_{name}" for name in sorted(set(DEFAULT) - held)]
    return words + [f"--cap-add=CAP_{name}" for name in sorted(held.difference(DEFAULT))]


class Containerd(OwnDocker):
    """The containerd that a docker of our own has started. Images are built by that docker."""

    name = "containerd"
    has_neighbours = False
    lends_under_no_new_privs = True

    @contextlib.contextmanager
    def running(self):
        with super().running():
            self.inside = ("nsenter", "-t", self.pid, "-m", "-p", "-n")
            address = self.folder / "run/exec/containerd/containerd.sock"
            self.ctr = (*self.inside, "ctr", f"--address={address}", "--namespace=shim-test")
            words = must(*self.ctr, "version").split()
            self.version = f"containerd {words[-3]}, by ctr"
            self.imported = set()
            yield

    def _name(self, image):
        """What containerd calls an image of docker's; it is handed over first."""
        if image not in self.imported:
            archive = self.folder / "image.tar"
            must(self.command, "save", "-o", archive, image)
            must(*self.ctr, "images", "import", archive)
            archive.unlink()
            self.imported.add(image)
        return f"docker.io/library/{image}" if "/" not in image else image

    @functools.cache
    def _entrypoint(self, image):
        """To ctr, a command takes the place of the entrypoint."""
        text = must(self.command, "inspect", "--format", "{{json .Config.Entrypoint}}", image)
        return json.loads(text) or []

    @functools.cache
    def _as_user(self, image, user):
        """ctr of 1.6 cannot say it: the image does."""
        return self.build(self.folder / "run", f"FROM {image}\nUSER {user}\n")

    def _translate(self, options):
        """Docker's options in ctr's words, and the user."""
        words, drop, add, user = ["--allow-new-privs"], set(), set(), None
        for option in options:
            name, _, value = option.partition("=")
            if name == "--cap-drop":
                drop.add(value)
            elif name == "--cap-add":
                add.add(value)
            elif name == "--user":
                user = value
            elif option == "--security-opt=no-new-privileges":
                words.remove("--allow-new-privs")
            elif option.startswith(FLOOR):
                words.append(f"--with-ns=network:{self._network(value.partition('=')[2])}")
            elif name in ("--read-only", "--env"):
                words.append(option)
            else:
                pytest.skip(f"ctr has no {option}")
        return words + set_capabilities(drop, add), user

    @functools.cache
    def _network(self, floor):
        """A network namespace with that floor, by a path in there."""
        script = (
            f"echo {floor} >/proc/sys/net/ipv4/ip_unprivileged_port_start && ip link set lo up"
            " && echo $$ && exec cat"
        )
        words = [*map(str, self.inside), "unshare", "--net", "sh", "-c", script]
        pipe = subprocess.PIPE
        keeper = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)  # ends with the daemon
        return f"/proc/{int(keeper.stdout.readline())}/ns/net"

    def _run_command(self, name, image, args, env, options):
        words, user = self._translate([word for word in options if word not in ("--rm", "-d")])
        if user is not None:
            image = self._as_user(image, user)
        settings = [f"--env={key}={value}" for key, value in dict(env).items()]
        log = self.log(name)
        log.mkdir()
        words += [f"--log-uri=binary://{HERE}/engines/ctr-log?in={log}"]
        words += [*settings, self._name(image), name]
        return (*self.ctr, "run", "--rm", *words, *((*self._entrypoint(image), *args) if args else ()))

    def log(self, name):
        return self.folder / "run" / name

    def run(self, image, *args, env=(), options=(), timeout=60):
        name = self.new_name()
        command = self._run_command(name, image, args, env, options)
        try:
            done = run(*command, timeout=timeout)
        except subprocess.TimeoutExpired:
            self.remove(name)
            raise
        said = [(self.log(name) / stream).read_text() for stream in ("stdout", "stderr")]
        return Result(done.exit_code, said[0], said[1] + done.stderr)

    def run_at_terminal(self, image, *args, env=(), options=(), **size):
        pytest.skip("a terminal of ctr's own is not tried")

    def start(self, image, *args, env=(), options=(), port=8080):
        name = self.new_name()
        return CtrContainer(self, name, port, self._run_command(name, image, args, env, options))

    def remove(self, *names):
        for name in names:
            run(*self.ctr, "task", "kill", "--signal=SIGKILL", name)
            run(*self.ctr, "task", "delete", "--force", name)
            run(*self.ctr, "container", "delete", name)

    def _clean(self, ours):
        names = must(*self.ctr, "container", "ls", "--quiet").split()
        self.remove(*(name for name in names if name.startswith(ours)))
        images = must(*self.ctr, "images", "ls", "--quiet").split()
        ours = [image for image in images if image.split("/")[-1].startswith(ours)]
        if ours:
            must(*self.ctr, "images", "rm", *ours)

    def clean_up_after_others(self):
        super().clean_up_after_others()
        self._clean("shim-test-")

    def clean_up(self):
        self._clean(self.prefix)
        super().clean_up()


class CtrContainer(Container):
    """One in the background: ctr stays with it."""

    def __init__(self, engine, name, port, command):
        super().__init__(engine, name, port)
        self.log = engine.log(name)
        words = [str(word) for word in command]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)

    def __exit__(self, *_):
        self.engine.remove(self.name)
        self.process.wait()

    def is_running(self):
        return self.process.poll() is None

    def logs(self):
        streams = (self.log / name for name in ("stdout", "stderr"))
        return "".join(stream.read_text() for stream in streams if stream.exists())

    def _pid(self):
        """Of its first process, as its own daemon sees it."""
        tasks = must(*self.engine.ctr, "task", "ls").splitlines()
        pids = [line.split()[1] for line in tasks if line.split()[0] == self.name]
        if not pids:
            raise ConnectionError("there is no task yet")
        return pids[0]

    @property
    def network(self):
        return f"/proc/{self.engine.pid}/root/proc/{self._pid()}/ns/net"

    @property
    def _address(self):
        return f"127.0.0.1:{self.port}"

    def exec(self, *words, options=()):
        if options:
            pytest.skip(f"ctr's exec has no {options}")
        name = self.engine.new_name()
        return run(*self.engine.ctr, "task", "exec", f"--exec-id={name}", self.name, *words)

    def exec_at_terminal(self, *words):
        pytest.skip("a terminal of ctr's own is not tried")

    def kill(self, signal):
        must(*self.engine.ctr, "task", "kill", f"--signal={signal}", self.name)

    def wait(self):
        return self.process.wait(60)

    def stop(self, seconds=10):
        self.kill("SIGTERM")
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill("SIGKILL")
            return self.wait()
