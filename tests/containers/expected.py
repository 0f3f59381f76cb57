"""What the sample app says at /Environment, and the kernel of the shim, when all is well."""

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
    assert environment["noNewPrivileges"] is True
    assert environment["capabilities"] == dict.fromkeys(SETS, keeps) | {"bounding": NOTHING}


def assert_holds_nothing(status, uid=1654):
    """The shim itself, once the app runs."""
    assert status["Uid"].split() == status["Gid"].split() == [str(uid)] * 4
    assert status["Groups"] == str(uid)
    assert status["NoNewPrivs"] == "1"
    assert [status[name] for name in STATUS_SETS] == [NOTHING] * len(STATUS_SETS)
