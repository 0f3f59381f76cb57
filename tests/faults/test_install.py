"""shim --install when system calls fail or lie: the new file is whole, or the old is still there."""

import os
import shutil
import struct

import pytest
from faults import faults_of
from pairs import draw_pair, share
from trial import Scenario, check_all, judge, those_that_happened

OLD = b"what was there before\n"
CAPABILITY = "security.capability"
# struct vfs_cap_data of revision 2: CAP_NET_BIND_SERVICE permitted, and not effective.
LENDS = {"--install": None,
         "--install-net-bind-service": struct.pack("<5I", 0x02000000, 1 << 10, 0, 0, 0)}


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

    def complaint(self, outcome, faults=()):
        silent = any(fault.silences for fault in faults)
        found = self.file.read_bytes() if self.file.exists() else None
        mode = self.file.stat().st_mode & 0o7777 if found else 0
        lends = CAPABILITY in os.listxattr(self.file) if found else False
        lends = os.getxattr(self.file, CAPABILITY) if lends else None
        names = [path.name for path in self.path.iterdir()]
        shutil.rmtree(self.path)
        # What cannot be taken away again is left: the next one is not disturbed by it.
        if any(fault.call.name == "unlinkat" for fault in faults[1:]):
            names = [name for name in names if not name.startswith(".shim-install-")]
        if names != ["shim"]:
            return f"there is {names}"
        if outcome.code == 0 and not outcome.errors:
            made = (found, mode, lends) == (self.new, 0o755, self.lends)
            excused = made or is_exempt(faults)
            return None if excused else f"mode {mode:o}, attribute {lends}: not as it was to be"
        # Somebody may have put another in the place of the new one: it could not be looked at.
        unseen = found == self.new and (silent or "is not the file that" in outcome.errors)
        if found != OLD and not unseen:
            return "it says that it has failed, but the file is not the old one"
        refused = Scenario("refused", code=125)
        return judge(refused, outcome, may_be_silent=silent)


def is_exempt(faults):
    """A kernel that lies both about the mode and about what that is then; or about what the shim's
    own file says."""
    lies = {(fault.call.name, fault.kind) for fault in faults}
    return lies >= {("fchmod", "pretended"), ("fstat", "value")} or ("read", "value") in lies


def try_faults(bench, verb, number, faults, counted):
    folder = Folder(bench, verb, f"install-{number}")
    outcome = bench.run(folder.scenario, faults)
    happened = list(those_that_happened(faults, outcome))
    complaint = folder.complaint(outcome, happened)
    if not happened:
        return f"did not happen: {faults[0]}"
    ending = "BROKEN" if complaint else "installed" if outcome.code == 0 else "refused"
    counted[f"{verb}, {'single faults' if len(faults) == 1 else 'pairs'}", ending] += 1
    return complaint and f"{' and '.join(map(str, faults))}: {complaint}"


def trace(bench, verb, name):
    folder = Folder(bench, verb, name)
    outcome = bench.run(folder.scenario, log=True)
    assert outcome.code == 0 and folder.complaint(outcome) is None, outcome
    return folder.scenario, outcome.calls


@pytest.mark.parametrize("verb", LENDS)
def test_every_call(bench, counted, verb):
    scenario, calls = trace(bench, verb, "install")
    faults = enumerate(faults_of(calls, scenario, thorough=True))
    check_all(try_faults, ((bench, verb, number, [fault], counted) for number, fault in faults))


def try_pair(bench, verb, scenario, calls, number, counted):
    def run(faults):
        folder = Folder(bench, verb, f"install-{number}-before")
        outcome = bench.run(folder.scenario, faults, log=True)
        shutil.rmtree(folder.path)
        return outcome

    pair = draw_pair(scenario, calls, f"{verb}{number}", run)
    return try_faults(bench, verb, f"pair-{number}", pair, counted)


@pytest.mark.parametrize("verb", LENDS)
def test_pairs(bench, counted, verb):
    scenario, calls = trace(bench, verb, "pairs")
    numbers = range(share(list(LENDS).index(verb)))
    check_all(try_pair, ((bench, verb, scenario, calls, number, counted) for number in numbers))
