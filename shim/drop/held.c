#include "drop/drop.h"

#include "sets.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * The kernel's own port floor: ip(7). Returns false where it is not to be had: gVisor has no such
 * file, and a container may have no /proc.
 */
static bool read_kernel_floor(uint32_t *floor) {
    static const char path[] = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    char room[16];
    return text_number(lines_first(path, room, sizeof room), UINT16_MAX, floor);
}

/* What is permitted, but not ambient; only what is inheritable too can be: capabilities(7). */
static uint64_t find_unexplained(const struct sets *sets) {
    uint64_t unexplained = sets->permitted;
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        if ((sets->permitted & sets->inheritable & CAPABILITY_BIT(i)) != 0 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0UL, 0UL) == 1) {
            unexplained &= ~CAPABILITY_BIT(i);
        }
    }
    return unexplained;
}

static bool has(uint64_t set, unsigned capability) {
    return (set & CAPABILITY_BIT(capability)) != 0;
}

bool held_read(struct held *held, struct messages *messages) {
    struct sets sets;
    if (!sets_read(&sets)) {
        message_error(messages, "cannot read the shim's own capabilities: %s", strerror(errno));
        message_hint(messages, "a sandbox or a seccomp profile may forbid it");
        return false;
    }
    held->chown = has(sets.effective, CAP_CHOWN);
    held->setuid = has(sets.effective, CAP_SETUID);
    held->setgid = has(sets.effective, CAP_SETGID);
    held->setpcap = has(sets.effective, CAP_SETPCAP);
    held->net_bind = has(sets.permitted, CAP_NET_BIND_SERVICE);
    held->has_ambient = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0UL, 0UL, 0UL) >= 0;
    held->unexplained = find_unexplained(&sets);
    held->bounds_net_bind =
        prctl(PR_CAPBSET_READ, (unsigned long)CAP_NET_BIND_SERVICE, 0UL, 0UL, 0UL) == 1;
    held->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1;
    held->noroot = (sets_read_securebits() & SECBIT_NOROOT) != 0;
    held->init = getpid() == 1;
    held->kernel_floor = 1024; /* PROT_SOCK of include/net/sock.h */
    held->floor_known = read_kernel_floor(&held->kernel_floor);
    held->known = true;
    return true;
}
