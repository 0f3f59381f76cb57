"""For pytest, -p quick: of the faults only those of the calls that a room makes, to the first told."""

import os
from concurrent.futures import ThreadPoolExecutor

CALLS = set(filter(None, os.environ.get("FAULTS_OF_CALLS", "").split(",")))
THREADS = 2


def stop_at_first(try_one, jobs):
    jobs = list(jobs)
    with ThreadPoolExecutor(THREADS) as pool:
        pending = [pool.submit(try_one, *job) for job in jobs]
        for future in pending:
            if complaint := future.result():
                for other in pending:
                    other.cancel()
                raise AssertionError(complaint)


def only_of_calls(faults_of):
    return lambda *given: (fault for fault in faults_of(*given) if not CALLS or fault.call.name in CALLS)


def pytest_collection_modifyitems(items):
    for module in {item.module for item in items}:
        if hasattr(module, "check_all"):
            module.check_all = stop_at_first
        if hasattr(module, "faults_of"):
            module.faults_of = only_of_calls(module.faults_of)
