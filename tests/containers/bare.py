"""runc alone, without an engine in front of it, and so without a seccomp profile, as Kubernetes has it
unless a pod asks for one. Images are folders: of a Dockerfile it knows what images of nothing need."""

import json
import re
import shlex

from ctr import DEFAULT
from engine import Engine, must, run
from expected import FLOOR
from own import need, store

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Runc(Engine):
    """Containers by runc itself."""

    name = "runc"
    has_neighbours = False
    is_own = True
    is_bare = True

    def __init__(self):
        need("runc", "chroot")
        version = must("runc", "--version").split()[2]
        super().__init__("runc", "runc", f"runc {version}, bare")
        self.folder = store() / "runc"
        self.command = self.folder / "runc"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command.write_text(f"#!/bin/sh\nexec runc --root '{self.folder}/state' \"$@\"\n")
        self.command.chmod(0o755)
        self.entrypoints = {}
        self.environment = {}

    def store(self):
        return self.folder

    def _bundle(self, name):
        return self.folder / "bundles" / name

    def build(self, context, dockerfile, options=()):
        """COPY of it all, RUN in brackets, ENV and ENTRYPOINT."""
        tag = self.new_name()
        root = self.folder / "images" / tag
        root.mkdir(parents=True)
        must("cp", "-r", "--preserve=mode", "--no-dereference", f"{context}/.", root)
        root.chmod(0o755)
        for folder in ("proc", "sys", "dev"):
            (root / folder).mkdir(exist_ok=True)
        settings = [PATH]
        for line in dockerfile.strip().splitlines():
            word, _, rest = line.strip().partition(" ")
            if word == "RUN":
                must("chroot", root, *json.loads(rest))
            elif word == "ENV":
                settings += shlex.split(rest)
            elif word == "ENTRYPOINT":
                self.entrypoints[tag] = json.loads(rest)
            else:
                assert (word, rest) in {("FROM", "scratch"), ("COPY", ". /")}, line
        self.environment[tag] = settings
        self.images.append(tag)
        return tag

    def _namespace(self, spec, kind, path=None):
        spaces = spec["linux"]["namespaces"]
        spaces[:] = [space for space in spaces if space["type"] != kind]
        spaces.append({"type": kind, **({"path": path} if path else {})})

    def _follow(self, option, spec):
        """One of docker's options, in the words of a runtime's config.json."""
        name, _, value = option.partition("=")
        process = spec["process"]
        held = process["capabilities"]["bounding"]
        if name == "--env":
            process["env"].append(value)
        elif name == "--user":
            uid, _, gid = value.partition(":")
            process["user"] = {"uid": int(uid), "gid": int(gid or 0)}
        elif name == "--entrypoint":
            spec["entrypoint"] = [value]
        elif name == "--cap-add":
            held.append(f"CAP_{value}")
        elif name == "--cap-drop":
            held[:] = [] if value == "ALL" else [one for one in held if one != f"CAP_{value}"]
        elif name == "--ulimit":
            kind, limits = value.split("=")
            soft, hard = map(int, limits.split(":"))
            process["rlimits"].append({"type": f"RLIMIT_{kind.upper()}", "soft": soft, "hard": hard})
        elif name == "--pids-limit":
            spec["linux"]["resources"]["pids"] = {"limit": int(value)}
        elif name == "--memory":
            spec["linux"]["resources"]["memory"] = {"limit": int(value), "swap": int(value)}
        elif option.startswith(FLOOR):
            spec["linux"]["sysctl"] = {FLOOR.removeprefix("--sysctl="): option.rpartition("=")[2]}
        elif option.startswith("--pid=container:"):
            pid = json.loads(must(self.command, "state", value.partition(":")[2]))["pid"]
            self._namespace(spec, "pid", f"/proc/{pid}/ns/pid")
        elif option == "-t":
            process["terminal"] = True
        elif option == "--security-opt=no-new-privileges":
            process["noNewPrivileges"] = True
        else:
            assert option in {"-i", "--rm", "--network=none", "--security-opt=seccomp=unconfined"}, option

    def _run_command(self, name, image, args, env, options):
        bundle = self._bundle(name)
        bundle.mkdir(parents=True)
        must("runc", "spec", "--bundle", bundle)
        config = bundle / "config.json"
        spec = json.loads(config.read_text())
        settings = [f"{key}={value}" for key, value in dict(env).items()]
        spec["entrypoint"] = self.entrypoints.get(image, [])
        spec["root"] = {"path": str(self.folder / "images" / image), "readonly": False}
        spec["linux"]["cgroupsPath"] = f"/shim-test/{name}"
        held = [f"CAP_{capability}" for capability in DEFAULT]
        spec["process"].update(terminal=False, noNewPrivileges=False, rlimits=[], cwd="/",
                               env=[*self.environment[image], *settings],
                               capabilities={"bounding": held})
        for option in options:
            self._follow(option, spec)
        process = spec["process"]
        sets = ("permitted", "effective") if not process["user"]["uid"] else ()
        process["capabilities"].update({kind: held for kind in sets})
        process["args"] = [*spec.pop("entrypoint"), *map(str, args)]
        config.write_text(json.dumps(spec))
        return (self.command, "run", "--bundle", bundle, name)

    def kill(self, name, signal):
        must(self.command, "kill", name, signal)

    def remove(self, *names):
        for name in names:
            run(self.command, "delete", "--force", name)
            run("rm", "-rf", self._bundle(name))

    def clean_up_after_others(self):
        self._clean("shim-test-")

    def clean_up(self):
        self._clean(self.prefix)

    def _clean(self, ours):
        listed = must(self.command, "list", "--quiet").split()
        self.remove(*(name for name in listed if name.startswith(ours)))
        for folder in (self.folder / "bundles", self.folder / "images"):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if re.match(re.escape(ours), path.name):
                    run("rm", "-rf", path)
