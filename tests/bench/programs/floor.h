/* The calls of the shim's drop and of its proof, and nothing else. Any surprise: false. */
#ifndef FLOOR_H
#define FLOOR_H

#include "limit.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

enum { USER = 1654, CAPABILITIES = 64 };

static const unsigned long locked =
    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;

/* 32-bit systems have a second set of these calls, for ids of more than 16 bits. */
#ifdef SYS_setresuid32
enum { CALL_SETRESUID = SYS_setresuid32, CALL_SETRESGID = SYS_setresgid32 };
enum { CALL_SETGROUPS = SYS_setgroups32 };
#else
enum { CALL_SETRESUID = SYS_setresuid, CALL_SETRESGID = SYS_setresgid };
enum { CALL_SETGROUPS = SYS_setgroups };
#endif

static inline bool drop(void) {
    static const gid_t group = USER;
    static const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    unsigned long last = 0;
    while (prctl(PR_CAPBSET_DROP, last, 0UL, 0UL, 0UL) == 0) {
        last++;
    }
    int bits = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
    return bits >= 0 &&
           prctl(PR_SET_SECUREBITS, (unsigned long)bits | locked, 0UL, 0UL, 0UL) == 0 &&
           syscall(CALL_SETGROUPS, 1, &group) == 0 &&
           syscall(CALL_SETRESGID, USER, USER, USER) == 0 &&
           syscall(CALL_SETRESUID, USER, USER, USER) == 0 &&
           prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == 0 &&
           syscall(SYS_capset, &header, none) == 0 &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0;
}

static inline bool prove_ids(void) {
    uid_t user[3];
    gid_t group[3];
    gid_t groups[2];
    return getresuid(&user[0], &user[1], &user[2]) == 0 &&
           getresgid(&group[0], &group[1], &group[2]) == 0 && user[0] == USER && user[1] == USER &&
           user[2] == USER && group[0] == USER && group[1] == USER && group[2] == USER &&
           setfsuid((uid_t)-1) == USER && setfsgid((gid_t)-1) == USER && getgroups(0, NULL) == 1 &&
           getgroups(1, groups) == 1 && groups[0] == USER;
}

/* Asks a set capability by capability, to its end, behind which nothing may answer. */
static inline bool is_empty(int option, unsigned long first) {
    bool ended = false;
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        int found = option == PR_CAP_AMBIENT ? prctl(option, first, i, 0UL, 0UL)
                                             : prctl(option, i, 0UL, 0UL, 0UL);
        if (found > 0 || (found == 0 && ended)) {
            return false;
        }
        ended = found < 0;
    }
    return true;
}

static inline bool prove(void) {
    static const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    uint64_t mask;
    return prove_ids() && syscall(SYS_capget, &header, sets) == 0 &&
           memcmp(sets, none, sizeof none) == 0 &&
           is_empty(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET) && is_empty(PR_CAPBSET_READ, 0) &&
           prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL) == (int)locked &&
           prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1 &&
           prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == 0 &&
           syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask) == 0 &&
           syscall(CALL_SETRESUID, 0, 0, 0) < 0;
}

#endif
