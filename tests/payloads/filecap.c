/*
 * filecap: gives a program a capability by its file, as `setcap` would: permitted, and with the
 * effective flag, as most guides for a dotnet on port 80 have it. For images without setcap, and
 * without chmod.
 *
 *   filecap FILE [NUMBER]    CAP_NET_BIND_SERVICE, or that one
 *   filecap FILE u+s|g+s     its owner's or its group's id instead
 */
#include <endian.h>
#include <err.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

int main(int argc, char **argv) {
    int number = argc == 3 ? atoi(argv[2]) : CAP_NET_BIND_SERVICE;
    bool is_id = argc == 3 && strcmp(argv[2] + 1, "+s") == 0;
    struct vfs_cap_data data = {
        .magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
        .data = {{.permitted = htole32(1U << (number & 31))}},
    };
    if (argc != 2 && argc != 3) {
        errx(2, "usage: filecap FILE [NUMBER|u+s|g+s]");
    }
    if (is_id && chmod(argv[1], argv[2][0] == 'u' ? 04755 : 02755) < 0) {
        err(1, "%s", argv[1]);
    }
    if (is_id) {
        return 0;
    }
    if (setxattr(argv[1], "security.capability", &data, sizeof data, 0) < 0) {
        err(1, "%s", argv[1]);
    }
}
