"""The real thing: an ASP.NET Core app per case, in a network of its own."""

import ctypes
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile

from cases import Environment, to_bytes

HERE = os.path.dirname(os.path.abspath(__file__))
ARTIFACTS = os.path.join(HERE, "..", "..", "build", "kestrel")
PROGRAM = os.path.join(ARTIFACTS, "bin", "oracle", "release", "oracle.dll")


def build():
    project = os.path.join(HERE, "oracle", "oracle.csproj")
    command = ["dotnet", "build", project, "-c", "Release", "--artifacts-path", ARTIFACTS, "--nologo", "-v", "quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def version():
    return subprocess.run(["dotnet", PROGRAM, "version"], check=True, capture_output=True, text=True).stdout.strip()


def enter_own_network():
    """Runs in the child: an empty network with loopback up, so that every port is free."""
    clone_newnet, siocsifflags, iff_up = 0x40000000, 0x8914, 1
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a network namespace")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, siocsifflags, struct.pack("16sH14x", b"lo", iff_up))


class Oracle:
    """One long-lived process that answers case after case. It sits in an empty folder: no appsettings.json."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            ["dotnet", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            cwd=self.folder.name, preexec_fn=enter_own_network)

    def ask(self, case):
        if case.needs_own_process():
            return self.ask_fresh(case)
        question = {"env": [list(variable) for variable in case.variables()], "args": case.args}
        print(json.dumps(question), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the oracle died of {case}")
        return json.loads(answer)

    def ask_fresh(self, case):
        """The case as a process's real environment and arguments. Of two spellings, one counts by chance."""
        command = [to_bytes(shutil.which("dotnet")), to_bytes(PROGRAM), b"once", *map(to_bytes, case.args)]
        done = subprocess.run(
            command, env=Environment(case), cwd=self.folder.name, stdout=subprocess.PIPE, check=True,
            preexec_fn=enter_own_network)
        return json.loads(done.stdout)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
