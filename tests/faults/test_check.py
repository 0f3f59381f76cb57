"""shim --check when system calls fail or lie: it says something, or why not, and does nothing."""

import re

from faults import faults_of
from pairs import VERBS, draw_pair, share
from trial import INIT, PORT_80, Scenario, check_all, those_that_happened

SCENARIO = Scenario("check", INIT, PORT_80, program=("--check", "--", "/witness"))
KEYS = ["user", "group", "groups", "home", "listen", "keep", "program", "verdict"]
# It is not to make these.
DEEDS = {"bind", "capset", "clone", "execve", "fchown", "kill", "setgroups", "setpgid", "setresgid",
         "setresuid", "socket"}


def judge(outcome, faults=()):
    """None where it has said what a start would come to, and what is wrong otherwise."""
    if outcome.hung or outcome.code < 0:
        return f"it hangs, or ends by a signal: {outcome.code}"
    deeds = {call.name for call in outcome.calls} & DEEDS
    if deeds:
        return f"it has made {deeds}"
    keys = [line.split(": ")[0] for line in outcome.output.splitlines()]
    labels = re.findall(r"^shim: (error|hint): .+$", outcome.errors, re.M)
    if len(labels) != len(outcome.errors.splitlines()):
        return f"lines that are not the shim's: {outcome.errors!r}"
    if outcome.code == 0:
        good = keys == KEYS and outcome.output.endswith("verdict: ok\n") and not labels
    else:
        told = "error" in labels or any(fault.silences for fault in faults)
        unsaid = any(fault.call.file == "stdout" for fault in faults)  # half of it may be missing
        fits = unsaid or "verdict: ok" not in outcome.output
        good = outcome.code in (125, 126, 127) and told and fits
    return None if good else f"{outcome}"


def try_faults(bench, faults, counted):
    outcome = bench.run(SCENARIO, faults, log=True)
    happened = list(those_that_happened(faults, outcome))
    if not happened:
        return f"did not happen: {faults[0]}"
    complaint = judge(outcome, happened)
    ending = "BROKEN" if complaint else "said" if outcome.code == 0 else "refused"
    counted["--check, single faults" if len(faults) == 1 else "--check, pairs", ending] += 1
    return complaint and f"{' and '.join(map(str, faults))}: {complaint}"


def trace(bench):
    outcome = bench.run(SCENARIO, log=True)
    assert judge(outcome) is None and outcome.code == 0
    return outcome.calls


def test_every_call(bench, counted):
    faults = faults_of(trace(bench), SCENARIO, thorough=False)
    check_all(try_faults, ((bench, [fault], counted) for fault in faults))


def try_pair(bench, calls, number, counted):
    pair = draw_pair(SCENARIO, calls, number, lambda faults: bench.run(SCENARIO, faults, log=True))
    return try_faults(bench, pair, counted)


def test_pairs(bench, counted):
    calls = trace(bench)
    numbers = range(share(VERBS - 1))
    check_all(try_pair, ((bench, calls, number, counted) for number in numbers))
