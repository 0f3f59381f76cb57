"""Two calls of one start that fail or lie: which pairs are tried, and which of them are exempt.

PAIRS of them in all are drawn from SEED. A third is drawn from all calls; a third has a lie in what
is done and another in the call that reads it back; in a third the second fault is in what the shim
does because of the first.
"""

import os
import random
from dataclasses import dataclass

from faults import faults_of_call
from trial import SCENARIOS

PAIRS, SEED = int(os.environ.get("PAIRS", 300)), os.environ.get("SEED", "1")

VERBS = 3  # --install, --install-net-bind-service and --check

IDS = ("getresuid", "getresgid", "getgroups")
ONES_OWN = 2  # getgroups(2) is called twice before the drop, the others once


@dataclass(frozen=True)
class Proof:
    """What a call does, and the calls that read it back."""

    deed: str  # a call, or an option of prctl(2)
    proofs: tuple
    # What may differ from the plan where both lie, and nothing else. (): whatever the second call
    # says, there is a third that tells.
    fields: tuple = ()
    kinds: tuple = ("pretended", "otherwise")


SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")

PROOFS = (
    Proof("setgroups", ("getgroups",), ("Groups",)),
    # The file-system id is asked for as well, and follows the effective one.
    Proof("setresgid", ("getresgid", "setfsgid"), ("Gid",), kinds=("otherwise",)),
    # And so is whether there is a way back.
    Proof("setresuid", ("getresuid", "setfsuid", "setresuid")),
    Proof("capset", ("capget",), SETS),
    Proof("PR_CAP_AMBIENT", ("PR_CAP_AMBIENT",), SETS),
    Proof("PR_CAPBSET_DROP", ("PR_CAPBSET_READ",), ("CapBnd",)),
    Proof("PR_SET_SECUREBITS", ("PR_GET_SECUREBITS",), ("securebits",)),
    Proof("PR_SET_NO_NEW_PRIVS", ("PR_GET_NO_NEW_PRIVS",), ("NoNewPrivs",)),
    Proof("PR_SET_DUMPABLE", ("PR_GET_DUMPABLE",), ("reaches the shim",)),
    Proof("rt_sigprocmask", ("rt_sigprocmask",), ("SigBlk",)),
    Proof("rt_sigaction", ("rt_sigaction",), ("SigIgn",)),
)


def name_of(call):
    return call.option or call.name


def changes(call):
    return not call.asks and not (call.name == "setresuid" and call.args[0] == 0)


def reads_back(call, deed):
    """It comes after it, and is about the same."""
    if deed.option == "PR_CAPBSET_DROP" and call.args[1] != deed.args[1]:
        return False
    if call.name in IDS and call.count <= (ONES_OWN if call.name == "getgroups" else 1):
        return False
    return call.asks or (call.name == "setresuid" and call.args[0] == 0) or call.args[2] != 0


def proof_of(call):
    return next((proof for proof in PROOFS if proof.deed == name_of(call)), None)


def exempt_fields(first, second):
    """A kernel that lies both in the doing and in the proof: what it may hide by that. Else ()."""
    for deed, said in ((first, second), (second, first)):
        proof = proof_of(deed.call)
        if (proof and changes(deed.call) and deed.kind in proof.kinds and said.kind == "value"
                and name_of(said.call) in proof.proofs and reads_back(said.call, deed.call)):
            return (*proof.fields, *(f"shim.{name}" for name in proof.fields))
    return ()


def is_untold(first, second):
    """A lie about exit: that the app has ended is neither said nor admitted. Who waits for that
    waits for ever."""
    return (first.kind == second.kind == "pretended"
            and {first.call.name, second.call.name} == {"wait4", "waitid"})


def draw_anywhere(dice, scenario, calls):
    while True:
        pair = [draw_fault(dice, scenario, dice.choice(calls)) for _ in range(2)]
        if None not in pair and pair[0].call.key != pair[1].call.key:
            return pair


def draw_fault(dice, scenario, call):
    faults = faults_of_call(call, scenario)
    return dice.choice(faults) if faults else None


def draw_deed_and_proof(dice, scenario, calls):
    """None: there is nothing to be proved."""
    deeds = [call for call in calls if changes(call) and proof_of(call)]
    if not deeds:
        return None
    kind = dice.choice(sorted({name_of(call) for call in deeds}))
    deed = dice.choice([call for call in deeds if name_of(call) == kind])
    proofs = [call for call in calls[calls.index(deed) + 1:]
              if name_of(call) in proof_of(deed).proofs and reads_back(call, deed)]
    if not proofs:
        return None
    said = dice.choice(proofs)
    lies = [fault for fault in faults_of_call(deed, scenario) if fault.kind != "error"]
    answers = [fault for fault in faults_of_call(said, scenario) if fault.kind == "value"]
    return [dice.choice(lies), dice.choice(answers)] if lies and answers else None


def draw_after(dice, scenario, calls, run):
    """What comes after a first fault: if there is any, in half of the cases what has come of it."""
    first = draw_fault(dice, scenario, dice.choice(calls))
    if first is None:
        return None
    there = run([first]).calls
    place = next((i for i, call in enumerate(there) if call.key == first.call.key), len(there))
    usual = {call.key for call in calls}
    later = there[place + 1:]
    new = [call for call in later if call.key not in usual]
    call = dice.choice(new if new and dice.random() < 0.5 else later or [None])
    second = draw_fault(dice, scenario, call) if call else None
    return [first, second] if second else None


def draw_pair(scenario, calls, number, run):
    """The pair of that number. run: makes a trial of faults, and logs it."""
    dice = random.Random(f"{SEED}/{scenario.name}/{number}")
    while True:
        pair = dice.choice((
            lambda: draw_anywhere(dice, scenario, calls),
            lambda: draw_deed_and_proof(dice, scenario, calls),
            lambda: draw_after(dice, scenario, calls, run),
        ))()
        if pair and not is_untold(*pair):
            return pair


def share(place):
    """How many of the pairs are those of one scenario, or of one verb: these come first."""
    count = VERBS + len(SCENARIOS)
    return PAIRS * (place + 1) // count - PAIRS * place // count
