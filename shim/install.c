#include "install.h"

#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The steps that can fail, as they are told: "cannot ... DEST". */
static const char reading[] = "read";
static const char writing[] = "write";
static const char making[] = "make a file for";
static const char lending[] = "give CAP_NET_BIND_SERVICE to a copy at";

static int fail_step(struct messages *messages, const char *step, const char *path) {
    message_error(messages, "--install: cannot %s %s: %s", step, quote(text_of(path)).text,
                  strerror(errno));
    if (step == lending) {
        message_hint(messages, "that takes CAP_SETFCAP, which root has while an image is built, "
                               "and a file system that keeps file capabilities; what was there is "
                               "still there");
    } else if (step == reading) {
        message_hint(messages, "the file of the shim itself must be readable for this user (chmod "
                               "0755); nothing was written");
    } else {
        message_hint(messages, "DEST is a folder, or a file in a folder, that is there and that "
                               "this user may write to; what was there is still there");
    }
    return EXIT_REFUSED;
}

/* Never argv[0]: whoever starts us chooses it. */
static int open_self(void) {
    const char *given = (const char *)getauxval(AT_EXECFN); /* NOLINT: an address, by definition */
    int self = lines_open_file("/proc/self/exe");
    return self < 0 && given != NULL ? lines_open_file(given) : self;
}

/* Splits destination into its folder and the name in it; a folder gets the name shim. */
static bool split_destination(const char *destination, char folder[PATH_MAX], const char **name) {
    struct stat status;
    const char *slash = strrchr(destination, '/');
    int length;
    if (stat(destination, &status) == 0 && S_ISDIR(status.st_mode)) {
        *name = "shim";
        length = snprintf(folder, PATH_MAX, "%s", destination);
    } else if (slash == NULL) {
        *name = destination;
        length = snprintf(folder, PATH_MAX, ".");
    } else {
        *name = slash + 1;
        length = snprintf(folder, PATH_MAX, "%.*s", (int)(slash - destination) + 1, destination);
    }
    if (length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    if ((*name)[0] == '\0') {
        errno = ENOENT; /* a folder's name with its slash, and no such folder */
        return false;
    }
    return true;
}

static bool copy(int from, int to) {
    char buffer[16384];
    unsigned times = 0;
    for (;;) {
        ssize_t length = read(from, buffer, sizeof buffer);
        if (length < 0 && signal_interrupted(&times)) {
            continue;
        }
        if (length <= 0) {
            return length == 0;
        }
        times = 0;
        if (!output_write(to, buffer, (size_t)length)) {
            return false;
        }
    }
}

/*
 * Gives the file CAP_NET_BIND_SERVICE, permitted and not effective: with the effective flag the
 * kernel refuses to start the file where the capability is not to be had. capabilities(7). What is
 * there then is read back.
 */
static bool lend_net_bind_service(int fd) {
    static const char name[] = "security.capability";
    /* As the kernel keeps it: struct vfs_cap_data, little-endian, revision 2. */
    const uint8_t data[XATTR_CAPS_SZ_2] = {
        [3] = VFS_CAP_REVISION_2 >> 24,
        [4 + CAP_NET_BIND_SERVICE / 8] = 1 << CAP_NET_BIND_SERVICE % 8,
    };
    uint8_t found[XATTR_CAPS_SZ_3] = {0};
    if (fsetxattr(fd, name, data, sizeof data, 0) < 0) {
        return false;
    }
    ssize_t length = fgetxattr(fd, name, found, sizeof found);
    if (length == (ssize_t)sizeof data && memcmp(found, data, sizeof data) == 0) {
        return true;
    }
    if (length >= 0) {
        errno = ENOSYS; /* a sandbox that pretends */
    }
    return false;
}

/* Whether the file is as it was to be made; errno tells why not. */
static bool is_made(int fd, struct stat *status) {
    errno = ENOSYS; /* a sandbox that pretends */
    return fstat(fd, status) == 0 && (status->st_mode & 07777) == 0755;
}

/*
 * Fills the new file, tells of it in *status, and closes it. Returns NULL, or the step that has
 * failed, with errno.
 */
static const char *fill(int self, int fd, bool lends, struct stat *status) {
    const char *failed = !copy(self, fd) || fchmod(fd, 0755) < 0 ? writing
                         : lends && !lend_net_bind_service(fd)   ? lending
                         : fsync(fd) < 0 || !is_made(fd, status) ? writing
                                                                 : NULL;
    int error = errno;
    if (close(fd) < 0 && failed == NULL) {
        return writing;
    }
    errno = error;
    return failed;
}

/*
 * Whether the name now leads to the file that was made, which we still have open: no other can
 * have its number. Whoever may write to the folder may put another there at any time.
 */
static bool is_in_place(int folder, const char *name, const struct stat *made) {
    struct stat found;
    return fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           made->st_dev == found.st_dev && made->st_ino == found.st_ino;
}

static int fail_in_place(struct messages *messages, const char *destination) {
    message_error(messages, "--install: %s is not the file that was written there",
                  quote(text_of(destination)).text);
    message_hint(messages, "somebody else writes to that folder: whoever may do that can put any "
                           "program in the shim's place; take a folder that is root's alone");
    return EXIT_REFUSED;
}

/*
 * A name that no other start has left behind: with the second half of getauxval(3)'s random
 * bytes, as libc takes the first for its stack protector.
 */
static void name_temporary(char *name, size_t size) {
    uint64_t number = (uint64_t)getpid();
    const char *bytes = (const char *)getauxval(AT_RANDOM); /* NOLINT: an address, by definition */
    if (bytes != NULL) {
        memcpy(&number, bytes + sizeof number, sizeof number);
    }
    (void)snprintf(name, size, ".shim-install-%016llx", (unsigned long long)number);
}

static int install_as(int self, bool lends, int folder, const char *name, const char *destination,
                      struct messages *messages) {
    char temporary[64];
    name_temporary(temporary, sizeof temporary);
    /* Nobody else's file: O_EXCL takes neither a file nor a link that is there. */
    int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
    if (fd < 0) {
        return fail_step(messages, making, destination);
    }
    struct stat made;
    int held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    const char *failed = held < 0 ? making : fill(self, fd, lends, &made);
    if (failed == NULL && renameat(folder, temporary, folder, name) < 0) {
        failed = writing;
    }
    int error = errno;
    bool good = failed == NULL && is_in_place(folder, name, &made);
    if (!good) {
        (void)unlinkat(folder, temporary, 0); /* what failed is told below */
    }
    if (held >= 0) {
        (void)close(held); /* what was written has been closed already */
    }
    errno = error;
    return failed != NULL ? fail_step(messages, failed, destination)
           : good         ? 0
                          : fail_in_place(messages, destination);
}

/* It is there, and lends nothing for as long as it is looked for by way of this mount. */
static void warn_of_nosuid(int folder, const char *destination, struct messages *messages) {
    struct statvfs system;
    if (fstatvfs(folder, &system) == 0 && (system.f_flag & ST_NOSUID) != 0) {
        message_warn(messages, "%s is on a nosuid mount, where no file lends anything",
                     quote(text_of(destination)).text);
        message_hint(messages, "put it into the image itself: RUN [\"/shim\", "
                               "\"--install-net-bind-service\", \"/shim\"]");
    }
}

int install(const char *destination, bool lends, struct messages *messages) {
    char path[PATH_MAX];
    const char *name;
    int code = EXIT_REFUSED;
    int self = open_self();
    if (self < 0) {
        return fail_step(messages, reading, "/proc/self/exe");
    }
    int folder = split_destination(destination, path, &name)
                     ? openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC)
                     : -1;
    if (folder < 0) {
        (void)fail_step(messages, writing, destination);
    } else {
        /* A signal waits until all of it is done, or none; and where it is, for our end. */
        uint64_t mask = mask_hold();
        code = install_as(self, lends, folder, name, destination, messages);
        if (code != 0) {
            mask_release(mask);
        }
        if (code == 0 && lends) {
            warn_of_nosuid(folder, destination, messages);
        }
        (void)close(folder);
    }
    (void)close(self); /* as the folder, it was only looked at */
    return code;
}
