"""All that may go wrong at a start, call by call."""

from dataclasses import replace

from calls import ALWAYS, can_fail, failures_of, is_in_a_row
from lies import (otherwise_of, promised_after_error, promised_after_pretence, unreported_of,
                  values_of)

# What they leave behind when they have done nothing, and nobody is harmed by it: a working
# directory, descriptors that the app has too, the one that libcap-ng opens before main(), a process
# group, the foreground. A SIGCHLD that the app does not ignore, as it was, lets it wait for its
# children.
LEFT_BEHIND = {
    "chdir": ("shim.cwd",),
    "close": ("descriptors", "shim.descriptors"),
    "close_range": ("shim.descriptors",),
    "getpgid": ("foreground",),
    "getpid": ("foreground",),
    "ioctl": ("foreground",),
    "rt_sigaction": ("SigIgn",),
    "setpgid": ("group", "foreground"),
}


def with_consequences(fault):
    """Adds what may come of it other than a refusal."""
    call = fault.call
    may = fault.may
    if fault.kind == "error":
        may += promised_after_error(call, fault.how.removeprefix("error="))
    if fault.kind == "pretended":
        may += promised_after_pretence(call)
    return replace(fault, may=may, blind=fault.blind + LEFT_BEHIND.get(call.name, ()))


def faults_of_call(call, scenario, all_errors=True):
    if not can_fail(call):
        return []
    found = [*failures_of(call, all_errors), *values_of(call, scenario),
             *otherwise_of(call, scenario), *unreported_of(call)]
    return [with_consequences(fault) for fault in found]


def faults_of(calls, scenario, thorough):
    """All faults for the calls of one start. Else one error of each call and all lies; of those
    that come for every capability, one lie."""
    for place, call in enumerate(calls):
        in_a_row = not thorough and is_in_a_row(calls, place)
        all_errors = call.name in ALWAYS or thorough and not in_a_row
        faults = [fault for fault in faults_of_call(call, scenario, all_errors)
                  if not fault.is_true]
        yield from faults[:2] if in_a_row else faults
