"""One system call of a start fails, or lies: every one of them, in turn."""

import pytest
from faults import faults_of
from trial import SCENARIOS, check_all, judge, judge_faults, those_that_happened

# All errors of every call; elsewhere one of each, the calls being the same for the most part.
THOROUGH = ("init keeps a capability", "process")


def try_fault(bench, scenario, fault, counted):
    outcome = bench.run(scenario, [fault])
    happened = list(those_that_happened([fault], outcome))
    if not happened:
        return f"did not happen: {fault}"
    complaint = judge_faults(scenario, happened, outcome)
    ending = "refused" if outcome.code in (125, 126, 127) else "ran as promised"
    counted["single faults", "BROKEN" if complaint else ending] += 1
    return complaint and f"{fault}: {complaint}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_call(bench, counted, scenario):
    outcome = bench.run(scenario, log=True)
    assert judge(scenario, outcome) is None
    faults = faults_of(outcome.calls, scenario, scenario.name in THOROUGH)
    check_all(try_fault, ((bench, scenario, fault, counted) for fault in faults))
