"""The shim is out of the app's reach on every host, whatever the host makes of a process that has
changed its ids: the payload pry tries it."""

import errno
import json

import pytest
from machine import CAP_NET_BIND_SERVICE

USER = {"uid": 1654, "gid": 1654, "groups": (1654,)}
REFUSED = {errno.EPERM, errno.EACCES}
ATTEMPTS = 13


def pry(host, target, **options):
    """Returns {what was tried: the error}, without the files that are not there or not shown."""
    done = host.run("/pry", target, **options)
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert len(found) == ATTEMPTS
    if host.host.proc != "":
        found = {name: error for name, error in found.items() if error != errno.ENOENT}
    return found


@pytest.mark.parametrize("env", [{}, {"ASPNETCORE_HTTP_PORTS": "80"}], ids=["8080", "80"])
@pytest.mark.parametrize("who", [{}, USER], ids=["root", "USER 1654"])
def test_the_app_cannot_reach_the_shim(host, who, env):
    held = CAP_NET_BIND_SERVICE if who else 0
    assert set(pry(host, "1", env=env, capabilities=held, **who).values()) <= REFUSED


def test_the_app_reaches_what_is_its_own(host):
    """The same attempts: it is dumpable, as ever. (EFAULT: let in, to where nothing is.)"""
    assert set(pry(host, "child").values()) == {0, errno.EFAULT}
