"""The hosts that the shim must start on: what each does to a container, and on which machine.

A Host runs containers like Machine.run(), with its own peculiarities added. A case for all of them
is a test with the fixture `host`; another host is an entry in HOSTS.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from machine import NOSUID

SELINUX_DOMAIN = ("write", "/proc/self/attr/exec", "system_u:system_r:container_t")
APPARMOR_PROFILE = ("write", "/proc/self/attr/exec", "exec shim-test-container")
CONFINED_RUNTIME = ("write", "/proc/self/attr/current", "changeprofile shim-test-runtime")

CGROUP = "/sys/fs/cgroup/box"
IN_CGROUP = (("folder", CGROUP), ("write", f"{CGROUP}/cgroup.procs", "0"), ("unshare", "cgroup"))
CGROUP_MOUNT = ("mount", "cgroup2", "/sys/fs/cgroup", "cgroup2", NOSUID, "")


@dataclass(frozen=True)
class Host:
    name: str
    machine: str = "ordinary_machine"  # a fixture of conftest.py
    before: tuple = ()  # as in machine.Start
    inside: tuple = ()
    proc: object = ""
    nnp: bool = True  # its policy lets a runtime start containers under no_new_privs
    settings: dict = field(default_factory=dict, hash=False)  # {a file of the kernel's: its value}


HOSTS = [
    Host("ordinary"),
    Host("SELinux", "selinux_machine", before=(SELINUX_DOMAIN,)),
    Host("AppArmor", "apparmor_machine", before=(APPARMOR_PROFILE,)),
    Host("AppArmor, confined runtime", "apparmor_machine",
         before=(CONFINED_RUNTIME, APPARMOR_PROFILE), nnp=False),
    Host("cgroup v2", before=IN_CGROUP, inside=(CGROUP_MOUNT,)),
    Host("Yama", settings={"/proc/sys/kernel/yama/ptrace_scope": "1"}),
    Host("suid_dumpable 1", settings={"/proc/sys/fs/suid_dumpable": "1"}),
    Host("suid_dumpable 2", settings={"/proc/sys/fs/suid_dumpable": "2"}),
    Host("no user namespaces", settings={"/proc/sys/user/max_user_namespaces": "0"}),
    Host("hidepid", proc="hidepid=2"),
    Host("no /proc", proc=None),
    Host("no /proc/sys", proc="subset=pid"),
    Host("arm64", "arm64_machine"),
]


class Containers:
    """The containers of a Host."""

    def __init__(self, host, machine):
        self.host, self.machine = host, machine

    def run(self, *words, before=(), inside=(), **options):
        """As Machine.run()."""
        options = {"proc": self.host.proc, **options}
        return self.machine.run(*words, before=(*self.host.before, *before),
                                inside=(*self.host.inside, *inside), **options)


@contextmanager
def on(host, machine):
    with ExitStack() as stack:
        for path, value in host.settings.items():
            stack.enter_context(machine.setting(path, value))
        yield Containers(host, machine)
