#include "acl.h"

/* linux/posix_acl_xattr.h: a version, then entries of tag, rights and id, little-endian. */
enum { HEADER_SIZE = 4, ENTRY_SIZE = 8, VERSION = 2, WRITE = 2 };
enum tag {
    TAG_OWNER = 0x01,
    TAG_USER = 0x02,
    TAG_OWN_GROUP = 0x04,
    TAG_GROUP = 0x08,
    TAG_MASK = 0x10,
    TAG_OTHER = 0x20
};

static uint32_t read_little(const uint8_t *at, size_t size) {
    uint32_t value = 0;
    for (size_t i = size; i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

/* An entry that counts for a user gives the right to write, or withholds it. */
enum verdict { SAYS_NOTHING, SAYS_NO, SAYS_YES };

static enum verdict listen_to(uint32_t rights) {
    return (rights & WRITE) != 0 ? SAYS_YES : SAYS_NO;
}

bool acl_lets_write(const uint8_t *list, size_t length, gid_t group, uid_t uid,
                    const struct group_list *groups) {
    enum verdict by_user = SAYS_NOTHING;
    enum verdict by_group = SAYS_NOTHING;
    enum verdict by_other = SAYS_NO;
    uint32_t mask = WRITE;
    if (length < HEADER_SIZE || (length - HEADER_SIZE) % ENTRY_SIZE != 0 ||
        read_little(list, HEADER_SIZE) != VERSION) {
        return true;
    }
    for (const uint8_t *entry = list + HEADER_SIZE; entry < list + length; entry += ENTRY_SIZE) {
        const uint32_t rights = read_little(entry + 2, 2);
        const uint32_t id = read_little(entry + 4, 4);
        const enum tag tag = (enum tag)read_little(entry, 2);
        switch (tag) {
        case TAG_OWNER:
            break;
        case TAG_USER:
            by_user = id == uid && by_user == SAYS_NOTHING ? listen_to(rights) : by_user;
            break;
        case TAG_OWN_GROUP:
        case TAG_GROUP:
            /* Of several groups one is enough. */
            if (by_group != SAYS_YES && groups_have(groups, tag == TAG_GROUP ? id : group)) {
                by_group = listen_to(rights);
            }
            break;
        case TAG_MASK:
            mask = rights;
            break;
        case TAG_OTHER:
            by_other = listen_to(rights);
            break;
        default:
            return true;
        }
    }
    /* The first kind that has an entry for the user decides, and the mask is over both. */
    if (by_user != SAYS_NOTHING || by_group != SAYS_NOTHING) {
        const enum verdict verdict = by_user != SAYS_NOTHING ? by_user : by_group;
        return verdict == SAYS_YES && (mask & WRITE) != 0;
    }
    return by_other == SAYS_YES;
}
