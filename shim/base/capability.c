#include "base/base.h"

#include <stdio.h>

/* By number, without "cap_": linux/capability.h. */
static const char *const names[] = {
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};
enum { NAMES = sizeof names / sizeof names[0] };

struct capability_list capability_names(uint64_t set) {
    struct capability_list list = {""};
    size_t used = 0;
    for (unsigned i = 0; i < 64; i++) {
        size_t room = sizeof list.text - used;
        const char *comma = used > 0 ? "," : "";
        if ((set & CAPABILITY_BIT(i)) == 0) {
            continue;
        }
        int length = i < NAMES ? snprintf(list.text + used, room, "%scap_%s", comma, names[i])
                               : snprintf(list.text + used, room, "%s%u", comma, i);
        used += (size_t)length < room ? (size_t)length : room - 1;
    }
    return list;
}
