/*
 * filecap: gives a program CAP_NET_BIND_SERVICE by its file, as `setcap` would: permitted, and with
 * the effective flag, as most guides for a dotnet on port 80 have it. For images without setcap.
 *
 *   filecap FILE
 */
#include <endian.h>
#include <err.h>
#include <linux/capability.h>
#include <sys/xattr.h>

int main(int argc, char **argv) {
    struct vfs_cap_data data = {
        .magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
        .data = {{.permitted = htole32(1U << CAP_NET_BIND_SERVICE)}},
    };
    if (argc != 2) {
        errx(2, "usage: filecap FILE");
    }
    if (setxattr(argv[1], "security.capability", &data, sizeof data, 0) < 0) {
        err(1, "%s", argv[1]);
    }
}
