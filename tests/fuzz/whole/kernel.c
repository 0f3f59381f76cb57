/* The answers of the kernel. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct kernel kernel;

/* Reads as many arguments as there may be. */
#define TAKES_MORE __attribute__((no_sanitize("address")))

int __real_openat(int folder, const char *path, int flags, ...);
int __real_stat(const char *path, struct stat *status);
int __real_lstat(const char *path, struct stat *status);
long __real_syscall(long number, ...);
int __real_prctl(int option, ...);
ssize_t __real_write(int fd, const void *bytes, size_t size);
unsigned long __real_getauxval(unsigned long type);

int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_stat(const char *path, struct stat *status);
int __wrap_lstat(const char *path, struct stat *status);
long __wrap_syscall(long number, ...);
int __wrap_prctl(int option, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
unsigned long __wrap_getauxval(unsigned long type);
ssize_t __wrap_readlink(const char *path, char *target, size_t size);
ssize_t __wrap_getxattr(const char *path, const char *name, void *value, size_t size);
int __wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int __wrap_getresgid(gid_t *real, gid_t *effective, gid_t *saved);
int __wrap_getgroups(int size, gid_t *groups);

unsigned kernel_choose(enum place place, unsigned count) {
    const struct block *machine = &kernel.parts[MACHINE];
    return ((size_t)place < machine->size ? machine->at[place] : '0') % count;
}

uint32_t kernel_choose_id(enum place place) {
    static const uint32_t ids[] = {0, 1000, 1654, 2000, INT32_MAX, 65534};
    return ids[kernel_choose(place, 6)];
}

static bool ends_in(const char *path, const char *end) {
    return strlen(path) >= strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0;
}

static int open_part(const void *bytes, size_t size) {
    struct file file = make_file(bytes, size);
    require(lseek(file.fd, 0, SEEK_SET) == 0);
    return file.fd;
}

static int open_text(const char *text) {
    return open_part(text, strlen(text));
}

static int open_by_name(const char *path) {
    static const char *const floors[] = {"1024\n", "0\n", "80\n", "65535\n", "x\n", ""};
    static const struct {
        const char *end;
        enum part part;
    } files[] = {{"/etc/passwd", PASSWD}, {"/etc/group", GROUP}, {"_map", MAP}, {"/app", PROGRAM}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (ends_in(path, files[i].end)) {
            return open_part(kernel.parts[files[i].part].at, kernel.parts[files[i].part].size);
        }
    }
    if (ends_in(path, "/ip_unprivileged_port_start")) {
        return open_text(floors[kernel_choose(FLOOR, 6)]);
    }
    if (ends_in(path, "/setgroups")) {
        return open_text(kernel_choose(DENY, 2) == 1 ? "deny\n" : "allow\n");
    }
    errno = ENOENT;
    return -1;
}

TAKES_MORE int __wrap_openat(int folder, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = va_arg(more, int);
    va_end(more);
    return kernel.running ? open_by_name(path) : __real_openat(folder, path, flags, mode);
}

/* Folders are root's; the files of accounts, and once in a while the shim, may be open to others.
 */
static int stat_by_name(const char *path, struct stat *status) {
    static const mode_t modes[] = {0644, 0664, 0666, 0646, 0600};
    const bool account = strcmp(path, "/etc/passwd") == 0 || strcmp(path, "/etc/group") == 0;
    const bool own = strcmp(path, "/shim") == 0 || strcmp(path, "/proc/self/exe") == 0;
    memset(status, 0, sizeof *status);
    if (account || (own && kernel_choose(MODE, 16) == 15)) {
        status->st_mode = S_IFREG | modes[kernel_choose(MODE, 5)];
        status->st_uid = kernel_choose(OWNER, 2) == 0 ? 0 : kernel_choose_id(OWNER);
        status->st_gid = kernel_choose_id(OWN_GROUP);
    } else if (own || ends_in(path, "/app")) {
        status->st_mode = S_IFREG | 0755;
    } else if (ends_in(path, "/ns/user")) {
        status->st_ino = kernel_choose(FIRST_NAMESPACE, 2) == 0 ? 0xEFFFFFFD : 1;
    } else if (strcmp(path, "/") == 0 || strcmp(path, "/etc") == 0) {
        status->st_mode = S_IFDIR | 0755;
    } else {
        errno = ENOENT;
        return -1;
    }
    return 0;
}

int __wrap_stat(const char *path, struct stat *status) {
    return kernel.running ? stat_by_name(path, status) : __real_stat(path, status);
}

int __wrap_lstat(const char *path, struct stat *status) {
    return kernel.running ? stat_by_name(path, status) : __real_lstat(path, status);
}

ssize_t __wrap_readlink(const char *path, char *target, size_t size) {
    require(strcmp(path, "/proc/self/exe") == 0 && size > sizeof "/shim");
    memcpy(target, "/shim", sizeof "/shim" - 1);
    return sizeof "/shim" - 1;
}

ssize_t __wrap_getxattr(const char *path, const char *name, void *value, size_t size) {
    const struct block *part =
        &kernel.parts[strcmp(name, "security.capability") == 0 ? CAPABILITIES : LIST];
    (void)path;
    if (part->size == 0 || (size > 0 && size < part->size)) {
        errno = part->size == 0 ? ENODATA : ERANGE;
        return -1;
    }
    if (size > 0) {
        memcpy(value, part->at, part->size);
    }
    return (ssize_t)part->size;
}

int __wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved) {
    *effective = kernel_choose_id(EFFECTIVE_UID);
    *saved = *effective;
    *real = kernel_choose(SECURE, 4) == 3 ? kernel_choose_id(REAL_UID) : *effective;
    return 0;
}

int __wrap_getresgid(gid_t *real, gid_t *effective, gid_t *saved) {
    *real = *effective = *saved = kernel_choose_id(GID);
    return 0;
}

int __wrap_getgroups(int size, gid_t *groups) {
    const int count = (int)kernel_choose(GROUP_COUNT, 3);
    for (int i = 0; i < count && i < size; i++) {
        groups[i] = kernel_choose_id(i == 0 ? FIRST_GROUP : SECOND_GROUP);
    }
    return count;
}

unsigned long __wrap_getauxval(unsigned long type) {
    return !kernel.running     ? __real_getauxval(type)
           : type == AT_SECURE ? kernel_choose(SECURE, 2)
           : type == AT_EXECFN ? (unsigned long)"/shim"
                               : 0;
}

static uint64_t held(void) {
    return (kernel_choose(SETUID, 2) == 0 ? 1U << CAP_SETUID : 0) |
           (kernel_choose(SETGID, 2) == 0 ? 1U << CAP_SETGID : 0) |
           (kernel_choose(SETPCAP, 2) == 0 ? 1U << CAP_SETPCAP : 0) |
           (kernel_choose(NET_BIND, 2) == 0 ? 1U << CAP_NET_BIND_SERVICE : 0) |
           (kernel_choose(LENT, 4) == 3 ? 1U << CAP_NET_RAW : 0);
}

TAKES_MORE long __wrap_syscall(long number, ...) {
    long words[6];
    va_list more;
    va_start(more, number);
    for (size_t i = 0; i < 6; i++) {
        words[i] = va_arg(more, long);
    }
    va_end(more);
    if (kernel.running && number == SYS_capget) {
        struct __user_cap_data_struct *data = (struct __user_cap_data_struct *)words[1];
        data[0].permitted = data[0].effective = (uint32_t)held();
        return 0;
    }
    if (kernel.running && number == SYS_statx) {
        errno = ENOSYS;
        return -1;
    }
    return __real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

TAKES_MORE int __wrap_prctl(int option, ...) {
    unsigned long words[4];
    va_list more;
    va_start(more, option);
    for (size_t i = 0; i < 4; i++) {
        words[i] = va_arg(more, unsigned long);
    }
    va_end(more);
    if (!kernel.running) {
        return __real_prctl(option, words[0], words[1], words[2], words[3]);
    }
    errno = EINVAL;
    switch (option) {
    case PR_CAP_AMBIENT:
        return kernel_choose(AMBIENT, 4) == 3 ? -1 : (int)kernel_choose(AMBIENT, 2);
    case PR_CAPBSET_READ:
        return (held() >> words[0] & 1) != 0;
    case PR_GET_NO_NEW_PRIVS:
        return kernel_choose(NO_NEW_PRIVS, 4) == 3;
    case PR_GET_SECUREBITS:
        return kernel_choose(NOROOT, 4) == 3;
    default:
        require(false);
        return -1;
    }
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
    if (!kernel.running || fd != STDERR_FILENO) {
        return __real_write(fd, bytes, size);
    }
    require(kernel.said_length + size <= sizeof kernel.said);
    memcpy(kernel.said + kernel.said_length, bytes, size);
    kernel.said_length += size;
    return (ssize_t)size;
}
