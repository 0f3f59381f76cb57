"""What an engine cannot do, and so which tests are skipped on it, each with the reason.

By SHIM_ENGINE's name for it: patterns for the tests' names within this folder.
"""

from fnmatch import fnmatch

# gVisor's sandbox holds one container, or one pod that was made for it; the kernel is its own.
ONE = "each container has a kernel of its own: no other container sees its processes"
PODS = "podman's pods are not what gVisor takes for one"
FLOORLESS = "gVisor has no floor for ports: anybody may bind any"
FIELDS = "gVisor's /proc/PID/status has fewer fields than the comparison takes"

CANNOT = {
    "runsc": {
        "test_kubernetes.py::*": PODS,
        "test_compose.py::*": PODS,
        "test_parity.py::test_the_app_*": FIELDS,
        "*::test_pid_1_is_a_shell_as_root": ONE,
        "*::test_the_engine_says_so*": ONE,
        "*::test_a_capability_that_does_not_count": "a network stack and users of its own",
    },
}


def why_not(engine, test):
    """The reason, or None: for a test's name as pytest has it."""
    test = test.split("/")[-1]
    reasons = CANNOT.get(engine, {})
    return next((why for pattern, why in reasons.items() if fnmatch(test, pattern)), None)
