#include "drop/drop.h"

#include "init/init.h"
#include "sets.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_setresuid32
enum { CALL_SETRESUID = SYS_setresuid32 };
#else
enum { CALL_SETRESUID = SYS_setresuid };
#endif

__attribute__((format(printf, 2, 3))) static bool surprise(struct messages *messages,
                                                           const char *format, ...) {
    char what[128];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(what, sizeof what, format, values);
    va_end(values);
    message_error(messages, "verification failed: %s", what);
    message_hint(messages, "the app was not started; this kernel or sandbox did not do as it was "
                           "told, or the shim has a bug");
    return false;
}

/* The list that getgroups(2) gives, settled as the plan's is: the kernel's may have one twice. */
static bool has_groups(const struct group_list *wanted) {
    struct group_list found = {NULL, 0};
    int count = getgroups(0, NULL);
    if (count < 0) {
        return false;
    }
    found.ids = calloc((size_t)count + 1, sizeof *found.ids);
    if (found.ids == NULL) {
        return false;
    }
    found.count = (size_t)count;
    bool same = getgroups(count, found.ids) == count;
    groups_settle(&found);
    same = same && groups_equal(&found, wanted);
    free(found.ids);
    return same;
}

/*
 * An impossible id changes nothing, and the answer is the one in force: setfsuid(2). gVisor has
 * no such call, and no such id: it goes by the effective one.
 */
static uint32_t ask_fsid(int (*set)(uid_t), uint32_t effective) {
    errno = 0;
    uint32_t id = (uint32_t)set((uid_t)-1);
    return id == UINT32_MAX && errno != 0 ? effective : id;
}

static bool verify_ids(const struct plan *plan, struct messages *messages) {
    uid_t ruid;
    uid_t euid;
    uid_t suid;
    gid_t rgid;
    gid_t egid;
    gid_t sgid;
    if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0) {
        return surprise(messages, "the ids cannot be read: %s", strerror(errno));
    }
    uid_t fsuid = ask_fsid(setfsuid, euid);
    gid_t fsgid = ask_fsid(setfsgid, egid);
    if (ruid != plan->uid || euid != plan->uid || suid != plan->uid || fsuid != plan->uid) {
        return surprise(messages, "the user ids are %u, %u, %u and %u instead of %u",
                        (unsigned)ruid, (unsigned)euid, (unsigned)suid, (unsigned)fsuid,
                        (unsigned)plan->uid);
    }
    if (rgid != plan->gid || egid != plan->gid || sgid != plan->gid || fsgid != plan->gid) {
        return surprise(messages, "the group ids are %u, %u, %u and %u instead of %u",
                        (unsigned)rgid, (unsigned)egid, (unsigned)sgid, (unsigned)fsgid,
                        (unsigned)plan->gid);
    }
    if (!has_groups(plan->groups)) {
        return surprise(messages, "the supplementary groups are not the %zu planned ones",
                        plan->groups->count);
    }
    return true;
}

/* Whether one of the sets is exactly what is wanted. */
static bool verify_set(const char *name, uint64_t found, uint64_t wanted,
                       struct messages *messages) {
    return found == wanted || surprise(messages, "the %s set is %016llx instead of %016llx", name,
                                       (unsigned long long)found, (unsigned long long)wanted);
}

/* Whether the four sets that a process acts by are. */
static bool verify_sets(uint64_t wanted, struct messages *messages) {
    struct sets sets;
    uint64_t ambient;
    bool absent;
    if (!sets_read(&sets) || !sets_read_ambient(&ambient, &absent)) {
        return surprise(messages, "the capabilities cannot be read: %s", strerror(errno));
    }
    if (absent && wanted != 0) {
        return surprise(messages, "this kernel has no ambient set");
    }
    return verify_set("permitted", sets.permitted, wanted, messages) &&
           verify_set("effective", sets.effective, wanted, messages) &&
           verify_set("inheritable", sets.inheritable, wanted, messages) &&
           verify_set("ambient", ambient, wanted, messages);
}

static bool verify_capabilities(const struct plan *plan, bool root_is_locked,
                                struct messages *messages) {
    uint64_t bounding;
    if (!verify_sets(plan->kept, messages)) {
        return false;
    }
    unsigned bits = root_is_locked ? sets_read_securebits() : SECUREBITS_LOCKED;
    if ((bits & SECUREBITS_LOCKED) != SECUREBITS_LOCKED) {
        return surprise(messages, "the securebits are %x instead of %x", bits,
                        (unsigned)SECUREBITS_LOCKED);
    }
    if (!plan->drops_bounding) {
        return true;
    }
    if (!sets_read_bounding(&bounding)) {
        return surprise(messages, "the bounding set cannot be read: %s", strerror(errno));
    }
    return verify_set("bounding", bounding, plan->bounding, messages);
}

bool verify_nothing_held(struct messages *messages) {
    return verify_sets(0, messages);
}

static bool verify_process(struct messages *messages) {
    if (prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) != 1) {
        return surprise(messages, "no_new_privs is not set");
    }
    /* Or one might be lost before the app has started. */
    if (!mask_is_whole()) {
        return surprise(messages, "the signal mask is not as it was set");
    }
    /* All three: sensors take a setuid(0) of an ordinary user for an attack. */
    if (syscall(CALL_SETRESUID, 0, 0, 0) == 0) {
        return surprise(messages, "the way back to root is open");
    }
    message_debug(messages, "verified: ids, groups, capability sets, no_new_privs, signal mask");
    return true;
}

bool verify(const struct plan *plan, bool root_is_locked, struct messages *messages) {
    return verify_ids(plan, messages) && verify_capabilities(plan, root_is_locked, messages) &&
           verify_process(messages);
}
