"""The real thing: an ASP.NET Core app per case, in a network of its own."""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import tempfile

import runtimes
from cases import Environment, to_bytes

PROJECT = runtimes.HERE / "oracle" / "oracle.csproj"


class Program:
    """The oracle, compiled for a runtime."""

    def __init__(self, runtime):
        artifacts = runtimes.BUILD / runtime.framework
        command = ["dotnet", "build", PROJECT, "-c", "Release", f"-p:Framework={runtime.framework}",
                   "--artifacts-path", artifacts, "--nologo", "-v", "quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        program = artifacts / "bin" / "oracle" / "release" / "oracle.dll"
        # By options: the environment is the case's own.
        self.command = [runtime.dotnet, "--roll-forward", "LatestMajor", str(program)]

    def version(self):
        return self.run("version").stdout.strip()

    def run(self, *words):
        return subprocess.run([*self.command, *words], check=True, capture_output=True, text=True)


def enter_own_network():
    """Runs in the child: an empty network with loopback up, so that every port is free."""
    clone_newnet, siocsifflags, iff_up = 0x40000000, 0x8914, 1
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a network namespace")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, siocsifflags, struct.pack("16sH14x", b"lo", iff_up))


class Oracle:
    """One long-lived process that answers case after case. It sits in an empty folder: no appsettings.json."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            program.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            cwd=self.folder.name, preexec_fn=enter_own_network)

    def ask(self, case, builders):
        """The answers by builder."""
        if case.needs_own_process():
            return self.ask_fresh(case, builders)
        question = {"env": [list(variable) for variable in case.variables()], "args": case.args, "builders": builders}
        print(json.dumps(question), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the oracle died of {case}")
        return json.loads(answer)

    def ask_fresh(self, case, builders):
        """The case as a process's real environment and arguments. Of two spellings, one counts by chance."""
        answers = {}
        for builder in builders:
            command = [*self.program.command, "once", builder, *case.args]
            done = subprocess.run(
                [to_bytes(word) for word in command], env=Environment(case), cwd=self.folder.name,
                stdout=subprocess.PIPE, check=True, preexec_fn=enter_own_network)
            answers.update(json.loads(done.stdout))
        return answers

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
