#include "sets.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool sets_read(struct sets *sets) {
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

static int ask_bounding(unsigned long number) {
    return prctl(PR_CAPBSET_READ, number, 0UL, 0UL, 0UL);
}

static int ask_ambient(unsigned long number) {
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0UL, 0UL);
}

/*
 * All that ask() says, up to the kernel's last capability. Behind the EINVAL that ends the list
 * there must be no answer any more: one that comes is a capability that nobody has looked at.
 */
static bool read_list(int (*ask)(unsigned long), uint64_t *set, unsigned long *length) {
    *set = 0;
    *length = CAPABILITIES;
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        int answer = ask(i);
        if (answer < 0 && errno == EINVAL) {
            *length = i < *length ? i : *length;
        } else if (answer < 0 || answer > 1 || *length < i) {
            errno = answer < 0 ? errno : EPROTO;
            return false;
        } else {
            *set |= (uint64_t)answer << i;
        }
    }
    return true;
}

bool sets_read_bounding(uint64_t *bounding) {
    unsigned long length;
    if (!read_list(ask_bounding, bounding, &length)) {
        return false;
    }
    errno = EINVAL;
    return length > 0;
}

bool sets_read_ambient(uint64_t *ambient, bool *absent) {
    unsigned long length;
    *ambient = 0;
    *absent = ask_ambient(0) < 0;
    if (*absent && errno != EINVAL) {
        return true;
    }
    return read_list(ask_ambient, ambient, &length);
}

unsigned sets_read_securebits(void) {
    int bits = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
    return bits < 0 ? 0 : (unsigned)bits;
}
