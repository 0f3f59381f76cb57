"""Two faults or lies at a start, drawn by seed.

The app runs exactly as planned, or it never ran and the exit code is 125; and there is an end.
Exempt is a kernel that lies both in the doing and in the proof of it: pairs.py says which pairs those
are. They are counted, and what they hide is held to be no more than what that one call does. Lies
about exit, clone and execve are not told: calls.py.
"""

from dataclasses import replace

import pytest
from calls import Fault
from pairs import SEED, VERBS, draw_pair, exempt_fields, share
from trial import SCENARIOS, check_all, judge, judge_faults, those_that_happened

ATTEMPTS = 8  # the first of two may be the end of a start: then another pair is drawn


def ending_of(outcome, fields, is_believed):
    if fields:
        believed = ", and both are believed" if is_believed else ""
        return f"exempt, a lie in the doing and one in the proof{believed}"
    return "refused" if outcome.code in (125, 126, 127) else "as promised"


def try_one(bench, scenario, pair, counted):
    """Returns what is wrong, and whether both faults have happened."""
    outcome = bench.run(scenario, pair)
    happened = list(those_that_happened(pair, outcome))
    fields = exempt_fields(*pair)
    plain = judge_faults(scenario, happened, outcome)
    complaint = plain and judge_faults(scenario, happened, outcome, blind=fields)
    whole = len(happened) == 2
    ending = "BROKEN" if complaint else ending_of(outcome, fields, plain)
    counted["pairs" if whole else "pairs of which one has come", ending] += 1
    counted[f"pairs, {scenario.name}", ending] += whole
    if fields and whole:
        deed = next(fault.call for fault in pair if fault.kind != "value")
        name = "exempt pairs that are believed" if plain else "exempt pairs"
        counted[name, deed.option or deed.name] += 1
    if outcome.hung:
        counted["pairs", "HANGING"] += 1
    return complaint, whole


def try_pair(bench, scenario, calls, number, counted):
    for attempt in range(ATTEMPTS):
        pair = draw_pair(scenario, calls, f"{number}/{attempt}",
                         lambda faults: bench.run(scenario, faults, log=True))
        complaint, whole = try_one(bench, scenario, pair, counted)
        if complaint:
            return f"{SEED}/{number}/{attempt}: {pair[0]}, and {pair[1]}: {complaint}"
        if whole:
            break
    return None


@pytest.mark.parametrize("place", range(len(SCENARIOS)), ids=lambda place: SCENARIOS[place].name)
def test_pairs(bench, counted, place):
    scenario = SCENARIOS[place]
    outcome = bench.run(scenario, log=True)
    assert judge(scenario, outcome) is None
    calls = outcome.calls[1:]
    numbers = range(share(VERBS + place))
    check_all(try_pair, ((bench, scenario, calls, number, counted) for number in numbers))


@pytest.mark.parametrize("steps", ["skip,=-1", "skip,=-38"], ids=["EPERM", "ENOSYS"])
def test_an_end_that_is_not_told_once_is_seen_all_the_same(bench, steps):
    """wait4(2) says that nothing has happened, and nobody else can be asked: it is asked again."""
    calls = bench.run(SCENARIOS[0], log=True).calls
    ends = [call for call in calls if call.name == "wait4" and call.result > 0]
    looks = [call for call in calls if call.name == "waitid"]
    nothing = Fault(ends[0], "pretended", "skip,=0")
    nobody = Fault(replace(looks[-1], count=looks[-1].count + 1), "error", steps)
    outcome = bench.run(SCENARIOS[0], [nothing, nobody])
    assert len(outcome.calls) == 2
    assert judge(SCENARIOS[0], outcome) is None
