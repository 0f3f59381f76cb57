#include "verify.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
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

static bool surprise(struct report *report, const char *what) {
    report_error(report, "verification failed: %s", what);
    report_hint(report, "the app was not started; this kernel or sandbox did not do as it was "
                        "told, or the shim has a bug");
    return false;
}

/* The list that getgroups(2) gives, which the kernel keeps sorted, against the plan's. */
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

bool verify_ids(const struct plan *plan, struct report *report) {
    uid_t ruid;
    uid_t euid;
    uid_t suid;
    gid_t rgid;
    gid_t egid;
    gid_t sgid;
    if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0) {
        return surprise(report, "the ids cannot be read");
    }
    if (ruid != plan->uid || euid != plan->uid || suid != plan->uid) {
        return surprise(report, "a user id is not the app's");
    }
    if (rgid != plan->gid || egid != plan->gid || sgid != plan->gid) {
        return surprise(report, "a group id is not the app's");
    }
    /* An impossible id changes nothing; the answer is the one in force: setfsuid(2). */
    if ((uid_t)setfsuid((uid_t)-1) != plan->uid || (gid_t)setfsgid((gid_t)-1) != plan->gid) {
        return surprise(report, "the file system user or group id is not the app's");
    }
    if (!has_groups(plan->groups)) {
        return surprise(report, "the supplementary groups are not the app's");
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
        int set = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0);
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
        int set = prctl(PR_CAPBSET_READ, i);
        if (set < 0) {
            return errno == EINVAL && i > 0;
        }
        *bounding |= (uint64_t)set << i;
    }
    return true;
}

/* Whether the four sets that a process acts by are all exactly wanted. */
static bool verify_sets(uint64_t wanted, struct report *report) {
    struct sets sets;
    uint64_t ambient;
    if (!read_sets(&sets) || !read_ambient(&ambient)) {
        return surprise(report, "the capabilities cannot be read");
    }
    if (sets.permitted != wanted || sets.effective != wanted) {
        return surprise(report, "the permitted or effective capabilities are not as planned");
    }
    if (sets.inheritable != wanted) {
        return surprise(report, "the inheritable capabilities are not as planned");
    }
    if (ambient != wanted) {
        return surprise(report, "the ambient capabilities are not as planned");
    }
    return true;
}

bool verify_capabilities(const struct plan *plan, struct report *report) {
    uint64_t bounding;
    int bits = prctl(PR_GET_SECUREBITS);
    if (!verify_sets(plan->keeps_net_bind ? (uint64_t)1 << CAP_NET_BIND_SERVICE : 0, report)) {
        return false;
    }
    if (bits < 0 || (bits & SECBIT_KEEP_CAPS) != 0) {
        return surprise(report, "capabilities would outlive a change of user");
    }
    if (!plan->drops_bounding) {
        return true;
    }
    if (!read_bounding(&bounding) || bounding != 0) {
        return surprise(report, "the bounding set is not empty");
    }
    if ((bits & VERIFY_SECUREBITS) != VERIFY_SECUREBITS) {
        return surprise(report, "the securebits are not locked");
    }
    return true;
}

bool verify_nothing_held(struct report *report) {
    return verify_sets(0, report);
}

/*
 * Every signal must still be blocked, or one might be lost before the app has started. Nobody
 * can block KILL and STOP; and qemu's user mode, which people start images of another
 * architecture with, keeps 63 and 64 to itself: it never delivers them.
 */
static bool is_all_blocked(void) {
    static const uint64_t exempt =
        (uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1) | (uint64_t)3 << 62;
    uint64_t blocked = 0;
    return syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked) == 0 &&
           (blocked | exempt) == UINT64_MAX;
}

bool verify_process(const struct plan *plan, struct report *report) {
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
        return surprise(report, "no_new_privs is not set");
    }
    if (!is_all_blocked()) {
        return surprise(report, "the signal mask is not as it was set");
    }
    if (plan->uid != 0 && syscall(CALL_SETUID, 0) == 0) {
        return surprise(report, "the way back to root is open");
    }
    report_debug(report, "verified: ids, groups, capability sets, no_new_privs, signal mask");
    return true;
}
