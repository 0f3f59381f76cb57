/*
 * The attributes of files: a uid, a gid, the file's gid and groups on the first line; then, behind
 * a line of "--", those of security.capability, and behind another those of an access control list,
 * each held against a second reader, which was written from capabilities(7) and acl(5).
 */
#include "fuzz.h"
#include "identity/acl.h"

#include <errno.h>

static const uint8_t *attribute;
static size_t attribute_size;

/* tests/fuzz/run links it in the place of the real one: the kernel keeps no odd attributes. */
ssize_t __wrap_getxattr(const char *path, const char *name, void *value, size_t size);

ssize_t __wrap_getxattr(const char *path, const char *name, void *value, size_t size) {
    require(path[0] == '/' && strcmp(name, "security.capability") == 0);
    if (size < attribute_size) {
        errno = ERANGE;
        return -1;
    }
    memcpy(value, attribute, attribute_size);
    return (ssize_t)attribute_size;
}

static uint64_t word_at(const uint8_t *data, size_t place) {
    return data[4 * place] | (uint64_t)data[4 * place + 1] << 8 |
           (uint64_t)data[4 * place + 2] << 16 | (uint64_t)data[4 * place + 3] << 24;
}

static void check_capabilities(const uint8_t *data, size_t size) {
    struct file_capabilities found;
    memset(&found, 0xa5, sizeof found);
    attribute = data;
    attribute_size = size;
    filecaps_read("/", &found);
    const unsigned revision = size > 3 ? data[3] : 0;
    const size_t sizes[] = {0, 12, 20, 24};
    if (revision == 0 || revision > 3 || size != sizes[revision]) {
        require(found.state == FILECAPS_ODD);
        require(filecaps_uncovered(&found, 0) == 0);
        return;
    }
    const bool foreign = revision == 3 && word_at(data, 5) != 0;
    const uint64_t high = revision == 1 ? 0 : UINT64_MAX << 32;
    require(found.state == (foreign ? FILECAPS_FOREIGN : FILECAPS_HONOURED));
    require(found.effective == ((data[0] & 1) != 0));
    require(found.permitted == (word_at(data, 1) | (high != 0 ? word_at(data, 3) << 32 : 0)));
    require(found.inheritable == (word_at(data, 2) | (high != 0 ? word_at(data, 4) << 32 : 0)));
    require(filecaps_uncovered(&found, 0) == (foreign || !found.effective ? 0 : found.permitted));
    const struct capability_list shown = filecaps_show(&found);
    require(strlen(shown.text) < sizeof shown.text);
    require((shown.text[0] == '\0') == ((found.permitted | found.inheritable) == 0));
}

/* The algorithm of acl(5), step by step as it stands there. */
static bool may_write(const uint8_t *data, size_t size, const uint32_t *ids,
                      const struct group_list *groups) {
    enum { USER = 2, OWN_GROUP = 4, GROUP = 8, MASK = 16, OTHER = 32 };
    const size_t count = (size - 4) / 8;
    bool mask = true;
    bool other = false;
    bool named = false;
    bool user = false;
    bool matched = false;
    bool group = false;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *entry = data + 4 + 8 * i;
        const bool writes = (entry[2] & 2) != 0;
        const uint32_t id = (uint32_t)word_at(entry, 1);
        const bool member = groups_have(groups, entry[0] == OWN_GROUP ? ids[2] : id);
        mask = entry[0] == MASK ? writes : mask;
        other = entry[0] == OTHER ? writes : other;
        user = !named && entry[0] == USER && id == ids[0] ? writes : user;
        named = named || (entry[0] == USER && id == ids[0]);
        matched = matched || ((entry[0] == OWN_GROUP || entry[0] == GROUP) && member);
        group = group || ((entry[0] == OWN_GROUP || entry[0] == GROUP) && member && writes);
    }
    return named ? user && mask : matched ? group && mask : other;
}

static bool is_list(const uint8_t *data, size_t size) {
    if (size < 4 || size % 8 != 4 || word_at(data, 0) != 2) {
        return false;
    }
    for (size_t i = 4; i < size; i += 8) {
        const unsigned tag = data[i] | (unsigned)data[i + 1] << 8;
        if (tag == 0 || tag > 32 || (tag & (tag - 1)) != 0) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint32_t ids[6] = {0, 0, 0, 0, 0, 0};
    struct group_list groups = {NULL, 0};
    struct block head = take_block(&data, &size);
    struct block capabilities = take_block(&data, &size);
    struct block list = take_block(&data, &size);
    char *line = take_string(head.at, head.size);
    (void)sscanf(line, "%u %u %u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3], &ids[4], &ids[5]);
    for (size_t i = 1; i < 6; i += i == 1 ? 2 : 1) {
        require(groups_add(&groups, ids[i]));
    }
    groups_settle(&groups);
    check_capabilities(capabilities.at, capabilities.size);
    require(acl_lets_write(list.at, list.size, ids[2], ids[0], &groups) ==
            (!is_list(list.at, list.size) || may_write(list.at, list.size, ids, &groups)));
    free(groups.ids);
    free(line);
    free(head.at);
    free(capabilities.at);
    free(list.at);
    return 0;
}
