#include "base/base.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* Takes apart what the kernel keeps: struct vfs_ns_cap_data, little-endian. */
static void take_apart(const uint32_t *words, size_t length, struct file_capabilities *found) {
    uint32_t magic = le32toh(words[0]);
    uint32_t revision = magic & VFS_CAP_REVISION_MASK;
    bool v1 = revision == VFS_CAP_REVISION_1 && length == XATTR_CAPS_SZ_1;
    bool v2 = revision == VFS_CAP_REVISION_2 && length == XATTR_CAPS_SZ_2;
    bool v3 = revision == VFS_CAP_REVISION_3 && length == XATTR_CAPS_SZ_3;
    if (!v1 && !v2 && !v3) {
        found->state = FILECAPS_ODD;
        return;
    }
    found->effective = (magic & VFS_CAP_FLAGS_EFFECTIVE) != 0;
    found->permitted = le32toh(words[1]);
    found->inheritable = le32toh(words[2]);
    if (!v1) {
        found->permitted |= (uint64_t)le32toh(words[3]) << 32;
        found->inheritable |= (uint64_t)le32toh(words[4]) << 32;
    }
    /* One of our own namespace, or of one above it, is shown as revision 2. */
    found->state = v3 && le32toh(words[5]) != 0 ? FILECAPS_FOREIGN : FILECAPS_HONOURED;
}

void filecaps_read(const char *file, struct file_capabilities *found) {
    uint32_t words[XATTR_CAPS_SZ_3 / sizeof(uint32_t)] = {0};
    struct statvfs system;
    *found = (struct file_capabilities){.state = FILECAPS_NONE};
    ssize_t length = getxattr(file, "security.capability", words, sizeof words);
    if (length < 0) {
        /* Another namespace's, which has no number here; or longer than any that there is. */
        found->state = errno == EOVERFLOW ? FILECAPS_FOREIGN
                       : errno == ERANGE  ? FILECAPS_ODD
                                          : FILECAPS_NONE;
        return;
    }
    take_apart(words, (size_t)length, found);
    if (found->state == FILECAPS_HONOURED && statvfs(file, &system) == 0 &&
        (system.f_flag & ST_NOSUID) != 0) {
        found->state = FILECAPS_NOSUID;
    }
}

uint64_t filecaps_uncovered(const struct file_capabilities *of, uint64_t limit) {
    uint64_t uncovered = 0;
    if (of->state != FILECAPS_HONOURED || !of->effective) {
        return 0;
    }
    for (unsigned long i = 0; i < 64; i++) {
        const uint64_t bit = of->permitted & CAPABILITY_BIT(i);
        if (bit != 0 && ((limit & bit) == 0 || prctl(PR_CAPBSET_READ, i, 0UL, 0UL, 0UL) != 1)) {
            uncovered |= bit;
        }
    }
    return uncovered;
}

struct capability_list filecaps_show(const struct file_capabilities *of) {
    struct capability_list shown = {""};
    size_t used = 0;
    const struct {
        uint64_t set;
        const char *flags;
    } parts[] = {
        {of->permitted & of->inheritable, "ip"},
        {of->permitted & ~of->inheritable, "p"},
        {of->inheritable & ~of->permitted, "i"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].set == 0) {
            continue;
        }
        int length =
            snprintf(shown.text + used, sizeof shown.text - used, "%s%s=%s%s", used > 0 ? " " : "",
                     capability_names(parts[i].set).text, of->effective ? "e" : "", parts[i].flags);
        used += (size_t)length;
        if (used >= sizeof shown.text) {
            break;
        }
    }
    return shown;
}
