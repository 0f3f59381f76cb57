#include "mounts.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct statx of linux/stat.h, in words of 64 bits: where what is asked for has its place. */
enum { STATX_ATTRIBUTES = 1, STATX_ATTRIBUTES_MASK = 7, STATX_MOUNT = 18, STATX_WORDS = 32 };

/* By raw system call: Debian's musl has no statx(2). */
static bool ask_statx(const char *path, int flags, unsigned wanted, uint64_t answer[STATX_WORDS]) {
    memset(answer, 0, STATX_WORDS * sizeof *answer);
    return syscall(SYS_statx, AT_FDCWD, path, flags, wanted, answer) == 0;
}

bool mounts_have(const char *path) {
    static const uint64_t mount_root = 0x2000;
    uint64_t answer[STATX_WORDS];
    return ask_statx(path, AT_SYMLINK_NOFOLLOW, 0, answer) &&
           (answer[STATX_ATTRIBUTES] & answer[STATX_ATTRIBUTES_MASK] & mount_root) != 0;
}

static bool find_mount(const char *path, uint64_t *mount) {
    static const uint32_t mount_id = 0x1000;
    uint64_t answer[STATX_WORDS];
    uint32_t told;
    bool found = ask_statx(path, 0, mount_id, answer);
    memcpy(&told, answer, sizeof told); /* stx_mask */
    *mount = answer[STATX_MOUNT];
    return found && (told & mount_id) != 0;
}

bool mounts_cover(const char *path) {
    uint64_t root;
    uint64_t mount;
    return find_mount("/", &root) && find_mount(path, &mount) && mount != root;
}
