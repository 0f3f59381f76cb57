#include "drop/drop.h"

#include "sets.h"

#include <cap-ng.h>
#include <errno.h>
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

/*
 * What libcap-ng gets in place of open(2), by the linker's --wrap: before main() it would look for
 * the last capability in /proc, and wait there for ever where somebody has put a FIFO. It asks the
 * kernel then. Our own rooms open by openat(2).
 */
/* NOLINTBEGIN(*-reserved-identifier, cert-dcl*) */
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...) {
    (void)path;
    (void)flags;
    errno = ENOENT;
    return -1;
}
/* NOLINTEND(*-reserved-identifier, cert-dcl*) */

static bool fail(struct messages *messages, const char *what) {
    message_error(messages, "%s failed: %s", what, strerror(errno));
    message_hint(messages, "nothing was started; a seccomp profile or a sandbox may forbid it");
    return false;
}

/* Makes sets the three that capset(2) knows. libcap-ng writes; it never reads for us. */
static bool write_sets(const struct sets *sets) {
    capng_clear(CAPNG_SELECT_CAPS);
    for (unsigned i = 0; i < CAPABILITIES; i++) {
        const uint64_t bit = CAPABILITY_BIT(i);
        const unsigned in = ((sets->permitted & bit) != 0 ? CAPNG_PERMITTED : 0U) |
                            ((sets->effective & bit) != 0 ? CAPNG_EFFECTIVE : 0U) |
                            ((sets->inheritable & bit) != 0 ? CAPNG_INHERITABLE : 0U);
        if (in != 0 && capng_update(CAPNG_ADD, (capng_type_t)in, i) != 0) {
            return false;
        }
    }
    return capng_apply(CAPNG_SELECT_CAPS) == 0;
}

/* What has left the bounding set cannot be added to the inheritable set: capabilities(7). */
static bool make_inheritable(uint64_t kept, struct messages *messages) {
    struct sets sets;
    if (!sets_read(&sets)) {
        return fail(messages, "reading the capabilities");
    }
    sets.inheritable |= kept;
    return write_sets(&sets) || fail(messages, "making CAP_NET_BIND_SERVICE inheritable");
}

/* The bounding set goes while CAP_SETPCAP is still there. Its list ends with EINVAL. */
static bool drop_bounding(uint64_t remaining, struct messages *messages) {
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        if ((remaining & CAPABILITY_BIT(i)) == 0 && prctl(PR_CAPBSET_DROP, i, 0UL, 0UL, 0UL) < 0) {
            return (errno == EINVAL && i > 0) || fail(messages, "dropping the bounding set");
        }
    }
    return true;
}

/*
 * Sandboxes know no securebits, or allow none: gVisor has said EINVAL and EPERM. no_new_privs and
 * the proof do without. Returns whether they are set.
 */
static bool lock_securebits(struct messages *messages) {
    unsigned long bits = sets_read_securebits() | SECUREBITS_LOCKED;
    if (prctl(PR_SET_SECUREBITS, bits, 0UL, 0UL, 0UL) == 0) {
        return true;
    }
    message_info(messages, "the securebits cannot be set here (%s); no_new_privs does without them",
                 strerror(errno));
    return false;
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

/* Permitted, effective and inheritable, then ambient: a change of uid has cleared that. */
static bool set_capabilities(uint64_t kept, struct messages *messages) {
    const struct sets sets = {.permitted = kept, .effective = kept, .inheritable = kept};
    if (!write_sets(&sets)) {
        return fail(messages, "dropping the capabilities");
    }
    /* What is ambient already stays so, even where the securebits let nobody raise it any more. */
    if (kept != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET,
                           (unsigned long)CAP_NET_BIND_SERVICE, 0UL, 0UL) == 1) {
        return true;
    }
    capng_clear(CAPNG_SELECT_AMBIENT);
    if (kept != 0 && capng_update(CAPNG_ADD, CAPNG_AMBIENT, CAP_NET_BIND_SERVICE) != 0) {
        return fail(messages, "choosing CAP_NET_BIND_SERVICE");
    }
    /* A kernel without ambient capabilities has none to clear: verification looks again. */
    if (capng_apply(CAPNG_SELECT_AMBIENT) != 0 && kept != 0) {
        return fail(messages, "handing CAP_NET_BIND_SERVICE to the app as an ambient capability");
    }
    return true;
}

/*
 * Without NO_SETUID_FIXUP the new uid would cost us what is kept. Where that is refused too, what
 * is then missing is seen when it is to be set; execve(2) ends the keeping.
 */
static void keep_over_change_of_uid(struct messages *messages) {
    if (prctl(PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL) < 0) {
        message_debug(messages, "PR_SET_KEEPCAPS: %s", strerror(errno));
    }
}

bool privilege_drop(const struct plan *plan, bool *root_is_locked, struct messages *messages) {
    *root_is_locked = false;
    if (plan->kept != 0 && !make_inheritable(plan->kept, messages)) {
        return false;
    }
    if (plan->drops_bounding && !drop_bounding(plan->bounding, messages)) {
        return false;
    }
    if (plan->locks_root) {
        *root_is_locked = lock_securebits(messages);
    }
    if (plan->switches && plan->kept != 0 && !*root_is_locked) {
        keep_over_change_of_uid(messages);
    }
    if (plan->switches && !change_ids(plan, messages)) {
        return false;
    }
    privilege_seal();
    if (!set_capabilities(plan->kept, messages)) {
        return false;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0) {
        return fail(messages, "setting no_new_privs");
    }
    message_debug(messages, "dropped: uid %u, gid %u, groups: %zu, %s", (unsigned)plan->uid,
                  (unsigned)plan->gid, plan->groups->count,
                  plan->kept != 0 ? "CAP_NET_BIND_SERVICE kept" : "no capabilities");
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
    if (plan->kept != 0 && capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(messages, "setting the capabilities to what they are");
    }
    message_debug(messages, "sealed: the app cannot trace the shim");
    return true;
}

bool privilege_release(const struct plan *plan, struct messages *messages) {
    return plan->kept == 0 || (set_capabilities(0, messages) && verify_nothing_held(messages));
}
