/*
 * A kernel of one process, in place of the system calls that drop/ makes: by its rules for ids,
 * capability sets, securebits and no_new_privs (capabilities(7)), and with what a test says that
 * goes wrong. Any test may look at it, and set what no real kernel would have.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "unit.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { REAL, EFFECTIVE, SAVED, FILES, IDS };
enum { GROUPS = 8 };

/* What may be made to go wrong. */
enum call {
    NO_CALL,
    CAPGET,
    CAPSET,
    CHOOSE, /* libcap-ng's own list, and what it does with the ambient one */
    SETGROUPS,
    SETRESGID,
    SETRESUID,
    GETRESUID,
    GETRESGID,
    SETFSUID,
    SETFSGID,
    GETGROUPS,
    BOUNDING_READ,
    BOUNDING_DROP,
    AMBIENT_READ,
    AMBIENT_RAISE,
    GET_SECUREBITS,
    SET_SECUREBITS,
    KEEPCAPS,
    SET_DUMPABLE,
    GET_DUMPABLE,
    SET_NO_NEW_PRIVS,
    GET_NO_NEW_PRIVS,
    MASK,
    CALLS
};

static struct kernel {
    uid_t uids[IDS];
    gid_t gids[IDS];
    gid_t groups[GROUPS];
    int group_count;
    uint64_t permitted, effective, inheritable, ambient, bounding, mask;
    unsigned capabilities; /* how many it knows */
    int securebits, dumpable, no_new_privs;
    bool keepcaps;
    enum call
        wrong; /* fails with this error, the first times excepted; 0: says yes, does nothing */
    int error, spared, times; /* so often; 0: for ever */
    int answer;               /* what the reading calls say instead, if error is 0 */
    unsigned made[CALLS];
} kernel;

/* Root in a container that has everything. */
static inline void kernel_start(void) {
    memset(&kernel, 0, sizeof kernel);
    kernel.capabilities = 41;
    kernel.bounding = kernel.permitted = kernel.effective = (UINT64_C(1) << 41) - 1;
    kernel.mask = UINT64_MAX;
    kernel.dumpable = 1;
}

/* Whether the call goes on; if not, *answer is what it says. */
static inline bool works(enum call call, long *answer) {
    kernel.made[call]++;
    const unsigned first = (unsigned)kernel.spared + 1;
    if (kernel.wrong != call || kernel.made[call] < first ||
        (kernel.times > 0 && kernel.made[call] >= first + (unsigned)kernel.times)) {
        return true;
    }
    *answer = kernel.error != 0 ? -1 : kernel.answer;
    errno = kernel.error != 0 ? kernel.error : errno;
    return false;
}

static inline long refuse_with(int error) {
    errno = error;
    return -1;
}

static inline bool may(unsigned capability) {
    return (kernel.effective & CAPABILITY_BIT(capability)) != 0;
}

static inline void leave_root(void) {
    kernel.ambient = 0;
    if ((kernel.securebits & SECBIT_NO_SETUID_FIXUP) != 0) {
        return;
    }
    kernel.permitted = kernel.keepcaps ? kernel.permitted : 0;
    kernel.effective = 0;
}

static inline long set_uids(uid_t real, uid_t effective, uid_t saved) {
    const uid_t *now = kernel.uids;
    bool own = real == now[REAL] && effective == now[REAL] && saved == now[REAL];
    if (!own && !may(CAP_SETUID)) {
        return refuse_with(EPERM);
    }
    if (now[REAL] == 0 && real != 0) {
        leave_root();
    }
    const uid_t uids[IDS] = {real, effective, saved, effective};
    memcpy(kernel.uids, uids, sizeof uids);
    return 0;
}

static inline long set_gids(gid_t real, gid_t effective, gid_t saved) {
    if (!may(CAP_SETGID)) {
        return refuse_with(EPERM);
    }
    const gid_t gids[IDS] = {real, effective, saved, effective};
    memcpy(kernel.gids, gids, sizeof gids);
    return 0;
}

static inline long set_groups(size_t count, const gid_t *ids) {
    if (!may(CAP_SETGID) || count > GROUPS) {
        return refuse_with(EPERM);
    }
    memcpy(kernel.groups, ids, count * sizeof *ids);
    kernel.group_count = (int)count;
    return 0;
}

static inline long tell_sets(struct __user_cap_data_struct *data) {
    data[0] = (struct __user_cap_data_struct){
        (uint32_t)kernel.effective, (uint32_t)kernel.permitted, (uint32_t)kernel.inheritable};
    data[1] = (struct __user_cap_data_struct){(uint32_t)(kernel.effective >> 32),
                                              (uint32_t)(kernel.permitted >> 32),
                                              (uint32_t)(kernel.inheritable >> 32)};
    return 0;
}

static inline long tell_mask(uint64_t *mask) {
    *mask = kernel.mask;
    return 0;
}

/* libc's own, but for these. */
long syscall(long number, ...) {
    long answer;
    va_list words;
    va_start(words, number);
    long a = va_arg(words, long);
    long b = va_arg(words, long);
    long c = va_arg(words, long);
    va_end(words);
    switch (number) {
    case SYS_capget:
        return works(CAPGET, &answer) ? tell_sets((struct __user_cap_data_struct *)b) : answer;
    case SYS_setgroups:
        return works(SETGROUPS, &answer) ? set_groups((size_t)a, (const gid_t *)b) : answer;
    case SYS_setresgid:
        return works(SETRESGID, &answer) ? set_gids((gid_t)a, (gid_t)b, (gid_t)c) : answer;
    case SYS_setresuid:
        return works(SETRESUID, &answer) ? set_uids((uid_t)a, (uid_t)b, (uid_t)c) : answer;
    case SYS_rt_sigprocmask:
        return works(MASK, &answer) ? tell_mask((uint64_t *)c) : answer;
    default:
        return refuse_with(ENOSYS);
    }
}

static inline int read_bit(uint64_t set, unsigned long capability) {
    return capability >= kernel.capabilities ? (int)refuse_with(EINVAL)
                                             : (int)(set >> capability & 1);
}

static inline int drop_bit(unsigned long capability) {
    if (capability >= kernel.capabilities) {
        return (int)refuse_with(EINVAL);
    }
    if (!may(CAP_SETPCAP)) {
        return (int)refuse_with(EPERM);
    }
    kernel.bounding &= ~CAPABILITY_BIT(capability);
    return 0;
}

static inline int set_securebits(unsigned long bits) {
    if (!may(CAP_SETPCAP)) {
        return (int)refuse_with(EPERM);
    }
    kernel.securebits = (int)bits;
    return 0;
}

static inline int store(int *where, unsigned long value) {
    *where = (int)value;
    return 0;
}

int prctl(int option, ...) {
    long answer;
    va_list words;
    va_start(words, option);
    unsigned long a = va_arg(words, unsigned long);
    unsigned long b = va_arg(words, unsigned long);
    va_end(words);
    switch (option) {
    case PR_CAPBSET_READ:
        return works(BOUNDING_READ, &answer) ? read_bit(kernel.bounding, a) : (int)answer;
    case PR_CAPBSET_DROP:
        return works(BOUNDING_DROP, &answer) ? drop_bit(a) : (int)answer;
    case PR_CAP_AMBIENT:
        assert_int_equal(a, PR_CAP_AMBIENT_IS_SET);
        return works(AMBIENT_READ, &answer) ? read_bit(kernel.ambient, b) : (int)answer;
    case PR_GET_SECUREBITS:
        return works(GET_SECUREBITS, &answer) ? kernel.securebits : (int)answer;
    case PR_SET_SECUREBITS:
        return works(SET_SECUREBITS, &answer) ? set_securebits(a) : (int)answer;
    case PR_SET_KEEPCAPS:
        kernel.keepcaps = works(KEEPCAPS, &answer);
        return kernel.keepcaps ? 0 : (int)answer;
    case PR_SET_DUMPABLE:
        return works(SET_DUMPABLE, &answer) ? store(&kernel.dumpable, a) : (int)answer;
    case PR_GET_DUMPABLE:
        return works(GET_DUMPABLE, &answer) ? kernel.dumpable : (int)answer;
    case PR_SET_NO_NEW_PRIVS:
        return works(SET_NO_NEW_PRIVS, &answer) ? store(&kernel.no_new_privs, a) : (int)answer;
    case PR_GET_NO_NEW_PRIVS:
        return works(GET_NO_NEW_PRIVS, &answer) ? kernel.no_new_privs : (int)answer;
    default:
        return (int)refuse_with(EINVAL);
    }
}

static inline int tell_ids(enum call call, const uint32_t *ids, uint32_t *real, uint32_t *effective,
                           uint32_t *saved) {
    long answer;
    if (!works(call, &answer)) {
        return (int)answer;
    }
    *real = ids[REAL];
    *effective = ids[EFFECTIVE];
    *saved = ids[SAVED];
    return 0;
}

int getresuid(uid_t *real, uid_t *effective, uid_t *saved) {
    return tell_ids(GETRESUID, kernel.uids, real, effective, saved);
}

int getresgid(gid_t *real, gid_t *effective, gid_t *saved) {
    return tell_ids(GETRESGID, kernel.gids, real, effective, saved);
}

int setfsuid(uid_t uid) {
    long answer;
    assert_int_equal(uid, (uid_t)-1);
    return works(SETFSUID, &answer) ? (int)kernel.uids[FILES] : (int)answer;
}

int setfsgid(gid_t gid) {
    long answer;
    assert_int_equal(gid, (gid_t)-1);
    return works(SETFSGID, &answer) ? (int)kernel.gids[FILES] : (int)answer;
}

int getgroups(int size, gid_t *groups) {
    long answer;
    if (!works(GETGROUPS, &answer)) {
        return (int)answer;
    }
    if (size == 0) {
        return kernel.group_count;
    }
    assert_true(size >= kernel.group_count);
    memcpy(groups, kernel.groups, (size_t)kernel.group_count * sizeof *groups);
    return kernel.group_count;
}

#endif
