"""What the sample app says at /Environment, and the kernel of the shim, when all is well."""

# What this kernel does not tell, by the sample app's names: gVisor says nothing of some.
HIDDEN = set()

NOTHING = "0000000000000000"
NET_BIND_SERVICE = "0000000000000400"
SETS = ("permitted", "effective", "inheritable", "bounding", "ambient")
STATUS_SETS = ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb")

# Which ports are anybody's. Docker makes it 0, and then port 80 needs no privilege.
FLOOR = "--sysctl=net.ipv4.ip_unprivileged_port_start"
PORT_80 = {"ASPNETCORE_HTTP_PORTS": "80"}


def assert_is_app(environment, keeps=NOTHING):
    """What the app is after the shim has been root. keeps: the capability for its port."""
    assert environment["user"] == "app"
    assert environment["uids"] == environment["gids"] == [1654] * 4
    assert environment["home"] == "/home/app"
    assert environment["noNewPrivileges"] is told("noNewPrivileges", True)
    assert environment["capabilities"] == {
        name: told(name, keeps) for name in SETS
    }


def told(name, value):
    """What is said where it is so: nothing, if this kernel says nothing of it."""
    return None if name in HIDDEN else value


def holds_nothing(environment, but=()):
    """An app's sets, as far as this kernel tells; `but` these, which only root can empty."""
    sets = environment["capabilities"]
    return all(sets[name] == told(name, NOTHING) for name in SETS if name not in but)


def assert_holds_nothing(status, uid=1654, bounding=NOTHING):
    """The shim itself, once the app runs. Its bounding set is the app's."""
    assert status["Uid"].split() == status["Gid"].split() == [str(uid)] * 4
    assert status["Groups"] == str(uid)
    assert status.get("NoNewPrivs") == told("noNewPrivileges", "1")
    for name, field in zip(SETS, STATUS_SETS):
        wanted = bounding if name == "bounding" else NOTHING
        assert status.get(field) == told(name, wanted), field
