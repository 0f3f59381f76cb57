#include "namespace.h"

#include <sys/stat.h>

/* A map has at most this many lines: UID_GID_MAP_MAX_EXTENTS of include/linux/user_namespace.h. */
enum { RANGES_MAX = 340 };

/* The ids of one kind that exist here. */
struct map {
    bool known;
    size_t count;
    struct range {
        uint32_t first, length;
    } ranges[RANGES_MAX];
};

/* Takes the next number off a line of them, which blanks keep apart. */
static bool take_number(struct text *line, uint32_t *number) {
    while (line->length > 0 && line->at[0] == ' ') {
        *line = text_skip(*line, 1);
    }
    struct text word = {line->at, text_find(*line, ' ')};
    *line = text_skip(*line, word.length);
    return text_number(word, UINT32_MAX, number);
}

static void read_map(const char *path, struct map *map) {
    struct lines file;
    struct text line;
    map->count = 0;
    map->known = lines_open(&file, path);
    if (!map->known) {
        return;
    }
    while (map->count < RANGES_MAX && lines_next(&file, &line)) {
        struct range *range = &map->ranges[map->count];
        uint32_t outside;
        if (take_number(&line, &range->first) && take_number(&line, &outside) &&
            take_number(&line, &range->length)) {
            map->count++;
        }
    }
    (void)lines_close(&file); /* what could not be read is not mapped */
}

static bool has(const struct map *map, uint32_t id) {
    for (size_t i = 0; i < map->count; i++) {
        const struct range *range = &map->ranges[i];
        if (id >= range->first && id - range->first < range->length) {
            return true;
        }
    }
    return !map->known;
}

/*
 * The first user namespace has every id, and denies nothing. It has always had this inode number:
 * include/uapi/linux/nsfs.h. In it, one call says what three files would.
 */
static bool is_first(void) {
    static const ino_t first = 0xEFFFFFFD;
    struct stat status;
    return stat("/proc/self/ns/user", &status) == 0 && status.st_ino == first;
}

void namespace_look(struct identity *identity) {
    char room[8];
    struct map map;
    if (is_first()) {
        return;
    }
    identity->setgroups_denied =
        text_equal(lines_first("/proc/self/setgroups", room, sizeof room), LITERAL("deny"));
    read_map("/proc/self/uid_map", &map);
    identity->uid_unmapped = !has(&map, identity->app_uid);
    read_map("/proc/self/gid_map", &map);
    for (size_t i = 0; i < identity->app_groups.count && !identity->gid_unmapped; i++) {
        identity->unmapped_gid = identity->app_groups.ids[i];
        identity->gid_unmapped = !has(&map, identity->unmapped_gid);
    }
}

gid_t namespace_overflow_gid(void) {
    char room[16];
    uint32_t gid = 65534; /* DEFAULT_OVERFLOWGID of include/linux/highuid.h */
    struct map map;
    if (is_first()) {
        return 0;
    }
    read_map("/proc/self/gid_map", &map);
    if (map.count == 1 && map.ranges[0].first == 0 && map.ranges[0].length == UINT32_MAX) {
        return 0;
    }
    (void)text_number(lines_first("/proc/sys/kernel/overflowgid", room, sizeof room), ID_MAX, &gid);
    return gid;
}
