"""One system call of a start fails, or says yes and does nothing: every one of them, in turn."""

from dataclasses import replace

import pytest
from calls import faults_of
from trial import SCENARIOS, check_all, judge

# All errors of every call; elsewhere one of each, the calls being the same for the most part.
THOROUGH = ("init keeps a capability", "process")


def promised_after(scenario, fault):
    """What is promised changes with what there is: without an entry in a file, numbers alone."""
    if "PR_SET_SECUREBITS" in fault.text and fault.how != "retval=0":
        return replace(scenario, securebits=0)
    if "PR_CAPBSET_READ" in fault.text and scenario.kept:
        return replace(scenario, bounding=0)
    if "getgroups(0" in fault.text and fault.how == "retval=0":  # none of the platform's, then
        return replace(scenario, groups=scenario.groups.removeprefix("5 "))
    absent = fault.how in [f"error={error}" for error in ("ENOENT", "ENOTDIR", "ELOOP")]
    if scenario.ids != (1654, 2654) or not absent:
        return scenario
    if "/etc/passwd" in fault.text:
        return replace(scenario, ids=(1654, 1654), groups="5 1654 3000", home="/")
    if "/etc/group" in fault.text:
        return replace(scenario, groups="5 2654 3000")
    return scenario


def is_good(scenario, fault, outcome):
    """The complaint about one trial, or None."""
    # Not dumpable: then nobody may look into the shim, and DESIGN.md takes that in its stride.
    blind = ("shim.cwd", "shim.descriptors") if "PR_SET_DUMPABLE" in fault.text else ()
    complaints = [judge(possible, outcome, lenient=not fault.is_interruption,
                        may_be_silent=fault.silences, blind=fault.leaves_behind)
                  for possible in (scenario, promised_after(scenario, fault))]
    return None if None in complaints else complaints[0]


def try_fault(bench, scenario, fault, counted):
    outcome = bench.run(scenario, fault.inject)
    if "(INJECTED)" not in outcome.trace:
        return f"did not happen: {fault}"
    complaint = is_good(scenario, fault, outcome)
    ending = "refused" if outcome.code in (125, 126, 127) else "ran as promised"
    counted["injected into single calls"] += 1
    counted[f"injected into single calls: {'BROKEN' if complaint else ending}"] += 1
    return complaint and f"{fault}: {complaint}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_call(bench, tmp_path, counted, scenario):
    outcome, calls = bench.trace(scenario, tmp_path)
    assert judge(scenario, outcome, lenient=False) is None
    faults = faults_of(calls, scenario.name in THOROUGH)
    check_all(try_fault, ((bench, scenario, fault, counted) for fault in faults))
