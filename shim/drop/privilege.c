#include "drop/drop.h"

#include "securebits.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 32-bit systems have a second set of these calls, for ids of more than 16 bits. */
#ifdef SYS_setresuid32
enum { CALL_SETRESUID = SYS_setresuid32, CALL_SETRESGID = SYS_setresgid32 };
enum { CALL_SETGROUPS = SYS_setgroups32 };
#else
enum { CALL_SETRESUID = SYS_setresuid, CALL_SETRESGID = SYS_setresgid };
enum { CALL_SETGROUPS = SYS_setgroups };
#endif

/* The kernel's own port floor; 1024 where it cannot be read: ip(7). */
static uint32_t read_kernel_floor(void) {
    char line[16] = "";
    uint32_t floor = 1024;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
    if (file == NULL) {
        return floor;
    }
    if (fgets(line, sizeof line, file) != NULL) {
        (void)text_number((struct text){line, strcspn(line, "\n")}, 65536, &floor);
    }
    (void)fclose(file); /* only read from */
    return floor;
}

bool privilege_read(struct held *held, struct messages *messages) {
    if (capng_get_caps_process() != 0) {
        message_error(messages, "cannot read our own capabilities: %s", strerror(errno));
        message_hint(messages, "a sandbox or a seccomp profile may forbid it");
        return false;
    }
    held->chown = capng_have_capability(CAPNG_EFFECTIVE, CAP_CHOWN) != 0;
    held->setuid = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) != 0;
    held->setgid = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID) != 0;
    held->setpcap = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    held->net_bind = capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_BIND_SERVICE) != 0;
    held->init = getpid() == 1;
    held->kernel_floor = read_kernel_floor();
    return true;
}

static bool fail(struct messages *messages, const char *what) {
    message_error(messages, "%s failed: %s", what, strerror(errno));
    message_hint(messages, "nothing was started; a seccomp profile or a sandbox may forbid it");
    return false;
}

/* What has left the bounding set cannot be added to the inheritable set: capabilities(7). */
static bool keep_inheritable(struct messages *messages) {
    if (capng_update(CAPNG_ADD, CAPNG_INHERITABLE, CAP_NET_BIND_SERVICE) != 0 ||
        capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(messages, "making CAP_NET_BIND_SERVICE inheritable");
    }
    return true;
}

/*
 * The bounding set goes while CAP_SETPCAP is still there. libcap-ng may say that all is well
 * when it is not: verification looks again. NOROOT and NO_SETUID_FIXUP, locked: uid 0 is
 * nothing special from here on, and a change of uid moves no capability. gVisor has no
 * securebits; no_new_privs has to do there.
 */
static bool drop_bounding(struct messages *messages) {
    capng_clear(CAPNG_SELECT_BOUNDS);
    if (capng_apply(CAPNG_SELECT_BOUNDS) != 0) {
        return fail(messages, "dropping the bounding set");
    }
    int bits = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
    if (bits < 0 && errno == EINVAL) {
        message_warn(messages, "this kernel has no securebits; no_new_privs does without them");
        return true;
    }
    unsigned long locked = (unsigned long)bits | SECUREBITS_LOCKED;
    if (bits < 0 || prctl(PR_SET_SECUREBITS, locked, 0UL, 0UL, 0UL) < 0) {
        return fail(messages, "locking the securebits");
    }
    return true;
}

/* EINVAL is the answer for an id that is not mapped; without /proc nobody could tell before. */
static bool fail_ids(const struct plan *plan, struct messages *messages, const char *what) {
    const char *hint = errno == EINVAL
                           ? "an id is not mapped in this user namespace: map it (--uidmap, "
                             "--gidmap), or set APP_UID, APP_GID and APP_GROUPS to mapped ones"
                           : "a user namespace that denies setgroups, a seccomp profile or a "
                             "sandbox may forbid it";
    message_error(messages, "cannot become uid %u, gid %u: %s failed: %s", (unsigned)plan->uid,
                  (unsigned)plan->gid, what, strerror(errno));
    message_hint(messages, "%s", hint);
    return false;
}

/*
 * By raw system call: there is one thread, and libc's wrappers would stop others first. Groups
 * and gid before the uid: CAP_SETGID may go with it.
 */
static bool change_ids(const struct plan *plan, struct messages *messages) {
    if (plan->sets_groups && syscall(CALL_SETGROUPS, plan->groups->count, plan->groups->ids) < 0) {
        return fail_ids(plan, messages, "setgroups");
    }
    if (syscall(CALL_SETRESGID, plan->gid, plan->gid, plan->gid) < 0) {
        return fail_ids(plan, messages, "setresgid");
    }
    if (syscall(CALL_SETRESUID, plan->uid, plan->uid, plan->uid) < 0) {
        return fail_ids(plan, messages, "setresuid");
    }
    return true;
}

/* Permitted, effective, inheritable, then ambient: a change of uid has cleared that. */
static bool set_capabilities(bool keep, struct messages *messages) {
    capng_clear(CAPNG_SELECT_ALL);
    if (keep && capng_updatev(CAPNG_ADD,
                              CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_AMBIENT,
                              CAP_NET_BIND_SERVICE, -1) != 0) {
        return fail(messages, "choosing CAP_NET_BIND_SERVICE");
    }
    if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(messages, "dropping the capabilities");
    }
    /* A kernel without ambient capabilities has none to clear: verification looks again. */
    if (capng_apply(CAPNG_SELECT_AMBIENT) != 0 && keep) {
        return fail(messages, "handing CAP_NET_BIND_SERVICE to the app as an ambient capability");
    }
    return true;
}

bool privilege_drop(const struct plan *plan, struct messages *messages) {
    const bool keeps = plan->keeps_net_bind;
    if (keeps && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, (unsigned long)CAP_NET_BIND_SERVICE,
                       0UL, 0UL) < 0) {
        message_error(messages, "this kernel cannot hand CAP_NET_BIND_SERVICE to an ordinary user: "
                                "it has no ambient set");
        message_hint(messages, "use a port from %u up, 8080 by custom", (unsigned)plan->floor);
        return false;
    }
    /* Without CAP_SETPCAP there is no NO_SETUID_FIXUP, and the new uid would cost us the rest. */
    if (keeps && prctl(PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL) < 0) {
        return fail(messages, "keeping CAP_NET_BIND_SERVICE over the change of user");
    }
    if (keeps && !keep_inheritable(messages)) {
        return false;
    }
    if (plan->drops_bounding && !drop_bounding(messages)) {
        return false;
    }
    if (plan->switches && !change_ids(plan, messages)) {
        return false;
    }
    privilege_seal();
    if (!set_capabilities(keeps, messages)) {
        return false;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0) {
        return fail(messages, "setting no_new_privs");
    }
    if (keeps && prctl(PR_SET_KEEPCAPS, 0UL, 0UL, 0UL, 0UL) < 0) {
        return fail(messages, "ending the keeping of capabilities");
    }
    message_debug(messages, "dropped: uid %u, gid %u, %zu groups, %s", (unsigned)plan->uid,
                  (unsigned)plan->gid, plan->groups->count,
                  keeps ? "CAP_NET_BIND_SERVICE kept" : "no capabilities");
    return true;
}

void privilege_seal(void) {
    (void)prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL); /* what counts is what is read back */
}

bool privilege_rehearse(const struct plan *plan, struct messages *messages) {
    int dumpable = prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
    if (dumpable < 0 || dumpable == 1) {
        message_error(messages, "the app could trace the shim: it stays dumpable%s%s",
                      dumpable < 0 ? ", as far as can be told: " : "",
                      dumpable < 0 ? strerror(errno) : "");
        message_hint(messages, "nothing was started; a seccomp profile or a sandbox may forbid "
                               "prctl(PR_SET_DUMPABLE)");
        return false;
    }
    if (plan->keeps_net_bind && capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(messages, "setting the capabilities to what they are");
    }
    return true;
}

bool privilege_release(const struct plan *plan, struct messages *messages) {
    return !plan->keeps_net_bind ||
           (set_capabilities(false, messages) && verify_nothing_held(messages));
}
