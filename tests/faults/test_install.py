"""shim --install when a system call fails: the new file is whole, or the old one is still there."""

import os
import shutil
import struct

import pytest
from calls import faults_of
from trial import Scenario, check_all, judge

OLD = b"what was there before\n"
CAPABILITY = "security.capability"
# struct vfs_cap_data of revision 2: CAP_NET_BIND_SERVICE permitted, and not effective.
LENDS = {"--install": None, "--install-net-bind-service": struct.pack("<5I", 0x02000000, 1 << 10, 0, 0, 0)}


class Folder:
    """One that nobody else installs into, with a file to be replaced."""

    def __init__(self, bench, verb, name):
        self.lends = LENDS[verb]
        self.path = bench.root / "home" / name
        self.path.mkdir()
        self.file = self.path / "shim"
        self.file.write_bytes(OLD)
        self.scenario = Scenario("install", program=(verb, f"/home/{name}/shim"))
        self.new = (bench.root / "shim").read_bytes()

    def complaint(self, outcome, silent=False):
        found = self.file.read_bytes() if self.file.exists() else None
        mode = self.file.stat().st_mode & 0o7777 if found else 0
        lends = CAPABILITY in os.listxattr(self.file) if found else False
        lends = os.getxattr(self.file, CAPABILITY) if lends else None
        names = [path.name for path in self.path.iterdir()]
        shutil.rmtree(self.path)
        if names != ["shim"]:
            return f"there is {names}"
        if outcome.code == 0 and not outcome.errors:
            made = (found, mode, lends) == (self.new, 0o755, self.lends)
            return None if made else f"mode {mode:o}, attribute {lends}: not the shim as it was to be"
        # Somebody may have put another in the place of the new one: it could not be looked at.
        if found != OLD and not (found == self.new and "is not the file that" in outcome.errors):
            return "it says that it has failed, but the file is not the old one"
        refused = Scenario("refused", code=125)
        return judge(refused, outcome, lenient=False, may_be_silent=silent)


def try_fault(bench, verb, number, fault, counted):
    folder = Folder(bench, verb, f"install-{number}")
    outcome = bench.run(folder.scenario, fault.inject)
    if "(INJECTED)" not in outcome.trace:
        return f"did not happen: {fault}"
    complaint = folder.complaint(outcome, fault.silences)
    counted[f"injected into {verb}"] += 1
    return complaint and f"{fault}: {complaint}"


@pytest.mark.parametrize("verb", LENDS)
def test_every_call(bench, tmp_path, counted, verb):
    folder = Folder(bench, verb, "install")
    outcome, calls = bench.trace(folder.scenario, tmp_path)
    assert outcome.code == 0 and folder.complaint(outcome) is None, outcome
    faults = enumerate(faults_of(calls, thorough=True))
    check_all(try_fault, ((bench, verb, *job, counted) for job in faults))
