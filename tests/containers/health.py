"""A container's health, as its own check finds it."""

import time

from engine import START_SECONDS, must, run


def check_health(engine, name):
    """Has the check run: by podman at once, by docker when its turn has come. The status."""
    if engine.name == "podman":
        return "healthy" if run(engine.command, "healthcheck", "run", name).exit_code == 0 else "unhealthy"
    deadline = time.monotonic() + START_SECONDS
    while True:
        status = must(engine.command, "inspect", "-f", "{{.State.Health.Status}}", name)
        if status != "starting":
            return status
        assert time.monotonic() < deadline, "the check does not come to an end"
        time.sleep(0.2)
