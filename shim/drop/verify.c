#include "drop/drop.h"

#include "init/init.h"
#include "securebits.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_setuid32
enum { CALL_SETUID = SYS_setuid32 };
#else
enum { CALL_SETUID = SYS_setuid };
#endif

/* The kernel has room for this many capabilities; an unknown one answers EINVAL. */
enum { CAPABILITIES = 64 };

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
    return id == UINT32_MAX && errno == ENOSYS ? effective : id;
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

struct sets {
    uint64_t permitted, effective, inheritable;
};

static bool read_sets(struct sets *sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    memset(data, 0, sizeof data);
    if (syscall(SYS_capget, &header, data) < 0) {
        return false;
    }
    sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return true;
}

/*
 * The ambient set by prctl(2): EINVAL is the end of the list, and from the first question on
 * the answer of a kernel that has no such set.
 */
static bool read_ambient(uint64_t *ambient) {
    *ambient = 0;
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        int set = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0UL, 0UL);
        if (set < 0) {
            return errno == EINVAL;
        }
        *ambient |= (uint64_t)set << i;
    }
    return true;
}

static bool read_bounding(uint64_t *bounding) {
    *bounding = 0;
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        int set = prctl(PR_CAPBSET_READ, i, 0UL, 0UL, 0UL);
        if (set < 0) {
            return errno == EINVAL && i > 0;
        }
        *bounding |= (uint64_t)set << i;
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
    if (!read_sets(&sets) || !read_ambient(&ambient)) {
        return surprise(messages, "the capabilities cannot be read: %s", strerror(errno));
    }
    return verify_set("permitted", sets.permitted, wanted, messages) &&
           verify_set("effective", sets.effective, wanted, messages) &&
           verify_set("inheritable", sets.inheritable, wanted, messages) &&
           verify_set("ambient", ambient, wanted, messages);
}

/* A kernel that answers EINVAL has no securebits; the drop has said so. */
static bool verify_securebits(bool locked, struct messages *messages) {
    int bits = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
    if (bits < 0) {
        return errno == EINVAL || surprise(messages, "the securebits cannot be read");
    }
    if ((bits & SECBIT_KEEP_CAPS) != 0) {
        return surprise(messages, "capabilities would outlive a change of user");
    }
    if (locked && (bits & SECUREBITS_LOCKED) != SECUREBITS_LOCKED) {
        return surprise(messages, "the securebits are %x instead of %x", (unsigned)bits,
                        (unsigned)SECUREBITS_LOCKED);
    }
    return true;
}

static bool verify_capabilities(const struct plan *plan, struct messages *messages) {
    uint64_t bounding;
    if (!verify_sets(plan->keeps_net_bind ? (uint64_t)1 << CAP_NET_BIND_SERVICE : 0, messages) ||
        !verify_securebits(plan->drops_bounding, messages)) {
        return false;
    }
    if (!plan->drops_bounding) {
        return true;
    }
    if (!read_bounding(&bounding)) {
        return surprise(messages, "the bounding set cannot be read: %s", strerror(errno));
    }
    return verify_set("bounding", bounding, 0, messages);
}

bool verify_nothing_held(struct messages *messages) {
    return verify_sets(0, messages);
}

static bool verify_process(const struct plan *plan, struct messages *messages) {
    if (prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) != 1) {
        return surprise(messages, "no_new_privs is not set");
    }
    /* Or one might be lost before the app has started. */
    if (!mask_is_whole()) {
        return surprise(messages, "the signal mask is not as it was set");
    }
    if (plan->uid != 0 && syscall(CALL_SETUID, 0) == 0) {
        return surprise(messages, "the way back to root is open");
    }
    message_debug(messages, "verified: ids, groups, capability sets, no_new_privs, signal mask");
    return true;
}

bool verify(const struct plan *plan, struct messages *messages) {
    return verify_ids(plan, messages) && verify_capabilities(plan, messages) &&
           verify_process(plan, messages);
}
