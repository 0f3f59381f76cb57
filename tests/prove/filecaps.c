/*
 * Any attribute, of any length. With: base/filecaps.c base/capability.c base/text.c
 * With options: -eva-slevel-function filecaps_uncovered:100
 */
#include "any.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

ssize_t getxattr(const char *path, const char *name, void *value, size_t size) {
    const long length = any_of(-1, 25);
    (void)path;
    (void)name;
    if (length < 0 || (size_t)length > size) {
        errno = length < 0 ? Frama_C_interval(1, 133) : ERANGE;
        return -1;
    }
    if (length > 0) {
        Frama_C_make_unknown(value, (size_t)length);
    }
    return length;
}

int statvfs(const char *path, struct statvfs *system) {
    (void)path;
    system->f_flag = (unsigned long)Frama_C_interval(0, 3);
    return (int)any_of(-1, 0);
}

int prctl(int option, ...) {
    (void)option;
    return Frama_C_interval(-1, 1);
}

uint32_t le32toh(uint32_t little) {
    return little;
}

int main(void) {
    struct file_capabilities found;
    filecaps_read("/x", &found);
    (void)filecaps_uncovered(&found, 5);
    Frama_C_show_each_end();
    return 0;
}
