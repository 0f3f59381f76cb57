"""One system call of a start fails, or says yes and does nothing: every one of them, in turn."""

import re
from dataclasses import replace

import pytest
from calls import faults_of
from trial import SCENARIOS, check_all, judge

# All errors of every call; elsewhere one of each, the calls being the same for the most part.
THOROUGH = ("init keeps a capability", "process")


def promised_after(scenario, fault):
    """All that is promised then. It changes with what there is: without an entry in a file, numbers
    alone; of a file that the app may be able to write to, no groups."""
    yield scenario
    if "PR_SET_SECUREBITS" in fault.text and fault.how != "retval=0":
        yield replace(scenario, securebits=0)
    if "PR_CAPBSET_READ" in fault.text and scenario.kept:
        yield replace(scenario, bounding=0)
    if "getgroups(0" in fault.text and fault.how == "retval=0":  # none of the platform's, then
        yield replace(scenario, groups=scenario.groups.removeprefix("5 "))
    if scenario.ids != (1654, 2654) or not fault.how.startswith("error="):
        return
    if fault.how in [f"error={error}" for error in ("ENOENT", "ENOTDIR", "ELOOP")]:
        if "/etc/passwd" in fault.text:
            yield replace(scenario, ids=(1654, 1654), groups="5 1654 3000", home="/")
        if "/etc/group" in fault.text:
            yield replace(scenario, groups="5 2654 3000")
    if re.search(r'^(l|new|f)?stat(at|fs)?\(.*"/(etc.*)?"', fault.text):
        yield replace(scenario, ids=(1654, 1654), groups="1654 3000")
        yield replace(scenario, groups="2654 3000")


def is_good(scenario, fault, outcome):
    """The complaint about one trial, or None."""
    complaints = [judge(possible, outcome, lenient=not fault.is_interruption,
                        may_be_silent=fault.silences, blind=fault.leaves_behind)
                  for possible in promised_after(scenario, fault)]
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
