/* What the app's user is given of what we were started with, and whose terminal it is told of. */
#include "drop/drop.h"
#include "memory.h"
#include "unit.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* What descriptors 0 to 2 are, and what there is of a terminal. */
static struct {
    mode_t kind;
    uid_t owner;
    long system; /* the file system's number */
    bool tty;
    int error; /* of fchown(2), but for stderr if that is spared */
    bool spares_stderr;
    unsigned given;
    uid_t to;
} stdio;

static struct {
    pid_t pid, session;
    bool by_descriptor, by_name; /* how it controls us */
    const char *legacy_tiocsti, *leader;
} terminal;

/* Which of descriptors 0 to 2 are open, and what comes of opening another. */
static struct {
    bool open[STDERR_FILENO + 1];
    int error;     /* of fcntl(2), where it is not that nothing is open */
    int null;      /* what openat(2) says: the lowest one that is free, 0; an error, negative */
    unsigned made; /* /dev/null, so often */
} table;

static struct messages messages;
static struct plan plan;

/* libc's own, but for these. */

pid_t getpid(void) {
    return terminal.pid;
}

pid_t getsid(pid_t pid) {
    assert_int_equal(pid, 0);
    return terminal.session;
}

pid_t tcgetpgrp(int fd) {
    if (terminal.by_descriptor && fd == STDERR_FILENO) {
        return 0; /* a group of another PID namespace */
    }
    errno = ENOTTY;
    return -1;
}

int isatty(__attribute__((unused)) int fd) {
    return stdio.tty;
}

int fstat(int fd, struct stat *status) {
    if (fd > STDERR_FILENO) {
        return (int)syscall(SYS_newfstatat, fd, "", status, AT_EMPTY_PATH);
    }
    memset(status, 0, sizeof *status);
    status->st_mode = stdio.kind == 0 ? S_IFSOCK : stdio.kind; /* nothing, if it fails */
    status->st_uid = stdio.owner;
    errno = EIO;
    return stdio.kind == 0 ? -1 : 0;
}

int fstatfs(int fd, struct statfs *system) {
    assert_true(fd <= STDERR_FILENO);
    memset(system, 0, sizeof *system);
    system->f_type = stdio.system == 0 ? PIPEFS_MAGIC : stdio.system; /* likewise */
    errno = EIO;
    return stdio.system == 0 ? -1 : 0;
}

int fchown(int fd, uid_t uid, gid_t gid) {
    assert_true(fd <= STDERR_FILENO && gid == (gid_t)-1);
    int error = fd == STDERR_FILENO && stdio.spares_stderr ? 0 : stdio.error;
    stdio.to = uid;
    stdio.given |= error == 0 ? 1U << fd : 0;
    errno = error;
    return error == 0 ? 0 : -1;
}

static int open_text(const char *text) {
    if (text == NULL) {
        errno = ENOENT;
        return -1;
    }
    int fd = memfd_create("text", MFD_CLOEXEC);
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_true(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

int fcntl(int fd, int command, ...) {
    if (fd > STDERR_FILENO) { /* whoever counts what the tests come by locks a file */
        return 0;
    }
    assert_int_equal(command, F_GETFD);
    errno = table.error != 0 ? table.error : EBADF;
    return table.open[fd] && table.error == 0 ? 0 : -1;
}

static int open_null(int flags) {
    assert_int_equal(flags, O_RDWR);
    table.made++;
    if (table.null != 0) {
        errno = table.null < 0 ? -table.null : 0;
        return table.null < 0 ? -1 : table.null;
    }
    int fd = 0;
    while (table.open[fd]) {
        fd++;
    }
    table.open[fd] = true;
    return fd;
}

int openat(int folder, const char *path, int flags, ...) {
    if (strcmp(path, "/proc/sys/dev/tty/legacy_tiocsti") == 0) {
        return open_text(terminal.legacy_tiocsti);
    }
    if (strcmp(path, print("/proc/%d/comm", (int)terminal.session)) == 0) {
        return open_text(terminal.leader);
    }
    if (strcmp(path, "/dev/null") == 0) {
        return open_null(flags);
    }
    if (strcmp(path, "/dev/tty") == 0) {
        return open_text(terminal.by_name ? "" : NULL);
    }
    return (int)syscall(SYS_openat, folder, path, flags, 0600);
}

static void start(void) {
    memset(&stdio, 0, sizeof stdio);
    memset(&terminal, 0, sizeof terminal);
    memset(&table, 0, sizeof table);
    messages_all(&messages);
    plan = (struct plan){.uid = 1654, .uid_changes = true, .gives_stdio = true};
    stdio.kind = S_IFSOCK;
    terminal.pid = 1;
    terminal.session = 1;
}

TEST(closed_descriptors_are_opened_on_dev_null) {
    for (unsigned open = 0; open < 8; open++) {
        start();
        unsigned closed = 0;
        for (unsigned fd = 0; fd < 3; fd++) {
            table.open[fd] = (open >> fd & 1) != 0;
            closed += !table.open[fd];
        }
        expect(handover_fill_stdio(&messages) && table.made == closed, "%u", open);
        expect(table.open[0] && table.open[1] && table.open[2], "%u", open);
        expect(messages.length == 0, "%u", open);
    }
}

TEST(a_descriptor_that_stays_closed_is_an_error) {
    static const int rows[] = {-ENOENT, -EMFILE, 5};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        for (int fd = 0; fd < 3; fd++) {
            start();
            table.open[0] = table.open[1] = table.open[2] = true;
            table.open[fd] = false;
            table.null = rows[i];
            expect(!handover_fill_stdio(&messages) && errors(&messages) == 1, "row %zu", i);
            expect(said(&messages, print("descriptor %d is closed", fd)) == 1, "row %zu", i);
        }
    }
}

/* A sandbox that has no fcntl(2) says nothing of what is open. */
TEST(a_descriptor_that_cannot_be_asked_after_is_left_alone) {
    start();
    table.error = EPERM;
    expect(handover_fill_stdio(&messages) && table.made == 0, "left alone");
}

TEST(what_is_nobody_elses_is_given_to_the_app) {
    static const struct {
        mode_t kind;
        long system;
        bool tty;
        pid_t pid, session;
        bool given;
    } rows[] = {
        {S_IFSOCK, 0, false, 9, 5, true},
        {S_IFIFO, PIPEFS_MAGIC, false, 9, 5, true},
        {S_IFIFO, TMPFS_MAGIC, false, 1, 1, false}, /* it has a name */
        {S_IFIFO, 0, false, 1, 1, false},
        {S_IFCHR, 0, true, 1, 0, true},
        {S_IFCHR, 0, true, 9, 9, true},
        {S_IFCHR, 0, true, 9, 5, false},  /* the session's leader is another */
        {S_IFCHR, 0, false, 1, 1, false}, /* /dev/null */
        {S_IFREG, PIPEFS_MAGIC, true, 1, 1, false},
        {S_IFDIR, PIPEFS_MAGIC, true, 1, 1, false},
        {0, PIPEFS_MAGIC, true, 1, 1, false}, /* it cannot be looked at */
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        stdio.kind = rows[i].kind;
        stdio.system = rows[i].system;
        stdio.tty = rows[i].tty;
        terminal.pid = rows[i].pid;
        terminal.session = rows[i].session;
        handover_stdio(&plan, &messages);
        expect(stdio.given == (rows[i].given ? 7 : 0), "row %zu", i);
        expect(!rows[i].given || stdio.to == 1654, "row %zu", i);
        expect(messages.length == 0, "row %zu: %.*s", i, SAID(&messages));
    }
}

TEST(what_is_the_apps_already_stays) {
    start();
    stdio.owner = 1654;
    stdio.error = EPERM;
    handover_stdio(&plan, &messages);
    expect(stdio.to == 0 && messages.length == 0, "its own");
    start();
    plan.uid_changes = false;
    handover_stdio(&plan, &messages);
    expect(stdio.given == 0, "nobody is switched");
}

/* No socket can be opened by its name anyway, and with CAP_CHOWN nothing helps. */
TEST(what_cannot_be_given_is_told_where_it_matters) {
    static const struct {
        mode_t kind;
        bool gives, told;
    } rows[] = {
        {S_IFIFO, false, true},
        {S_IFIFO, true, false},
        {S_IFSOCK, false, false},
        {S_IFSOCK, true, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        stdio.kind = rows[i].kind;
        stdio.system = PIPEFS_MAGIC;
        stdio.owner = 7;
        stdio.error = EPERM;
        plan.gives_stdio = rows[i].gives;
        handover_stdio(&plan, &messages);
        expect(hints(&messages) == rows[i].told, "row %zu: %.*s", i, SAID(&messages));
        expect(said(&messages, "stays uid 7's without CAP_CHOWN") == (rows[i].told ? 3 : 0),
               "row %zu", i);
        expect(said(&messages, "keeps its owner") == (rows[i].told ? 0 : 3), "row %zu", i);
        expect(said(&messages, "stderr") >= 1 && said(&messages, "stdin") >= 1, "row %zu", i);
    }
}

TEST(one_that_cannot_be_given_is_enough_for_the_hint) {
    start();
    stdio.kind = S_IFIFO;
    stdio.system = PIPEFS_MAGIC;
    stdio.error = EPERM;
    stdio.spares_stderr = true;
    plan.gives_stdio = false;
    handover_stdio(&plan, &messages);
    expect(stdio.given == 4 && hints(&messages) == 1, "%.*s", SAID(&messages));
}

TEST(what_stays_as_it_is_is_told_at_info) {
    start();
    stdio.kind = S_IFIFO;
    stdio.system = PIPEFS_MAGIC;
    stdio.error = EPERM;
    plan.gives_stdio = false;
    messages.level = MESSAGE_WARN;
    handover_stdio(&plan, &messages);
    expect(messages.length == 0, "at info only: %.*s", SAID(&messages));
}

TEST(the_terminal_of_roots_shell_is_a_warning) {
    static const struct {
        pid_t pid, session;
        bool by_descriptor, by_name;
        const char *legacy_tiocsti, *leader;
        bool warns;
    } rows[] = {
        {9, 5, true, false, "1\n", "bash\n", true},
        {9, 5, false, true, "1\n", "bash\n", true},
        {9, 5, true, true, NULL, NULL, true}, /* no /proc, or a kernel before 6.2 */
        {9, 5, true, false, "", "", true},
        {9, 5, false, false, "1\n", "bash\n", false}, /* no terminal */
        {9, 5, true, true, "0\n", "bash\n", false},
        {1, 5, true, true, "1\n", "bash\n", false},
        {9, 9, true, true, "1\n", "bash\n", false},
        {9, 5, true, true, "1\n", "tini\n", false},
        {9, 5, true, true, "1\n", "docker-init\n", false},
        {9, 5, true, true, "1\n", "podman-init\n", false},
        {9, 5, true, true, "1\n", "catatonit\n", false},
        {9, 5, true, true, "1\n", "dumb-init\n", false},
        {9, 5, true, true, "1\n", "tiny\n", true},
        {9, 5, true, true, "1\n", "tini-of-another\n", true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        terminal.pid = rows[i].pid;
        terminal.session = rows[i].session;
        terminal.by_descriptor = rows[i].by_descriptor;
        terminal.by_name = rows[i].by_name;
        terminal.legacy_tiocsti = rows[i].legacy_tiocsti;
        terminal.leader = rows[i].leader;
        handover_stdio(&plan, &messages);
        expect(warnings(&messages) == rows[i].warns && hints(&messages) == rows[i].warns,
               "row %zu: %.*s", i, SAID(&messages));
        plan.uid_changes = false;
        messages_all(&messages);
        handover_stdio(&plan, &messages);
        expect(warnings(&messages) == 0, "row %zu: whose user stays", i);
    }
}

TEST(nothing_that_is_looked_at_stays_open) {
    start();
    terminal.pid = 9;
    terminal.session = 5;
    terminal.by_name = true;
    terminal.legacy_tiocsti = "1\n";
    terminal.leader = "bash\n";
    int before = memfd_create("before", MFD_CLOEXEC);
    handover_stdio(&plan, &messages);
    int after = memfd_create("after", MFD_CLOEXEC);
    expect(after == before + 1, "descriptors");
    assert_int_equal(close(before) + close(after), 0);
}

TEST(home_is_handed_over_where_the_user_changes) {
    static const struct {
        bool changes;
        const char *given, *home, *wanted;
    } rows[] = {
        {true, "HOME=/root", "/home/app", "HOME=/home/app"},
        {true, "HOME=/home/app", "/home/app", "HOME=/home/app"},
        {true, "HOME=", "/", "HOME=/"},
        {false, "HOME=/root", "/home/app", "HOME=/root"},
        {true, "A=b", "/home/app", "HOME=/home/app"},
        {false, "A=b", NULL, NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *given = print("%s", rows[i].given);
        char *environment[] = {given, NULL, NULL};
        start();
        plan.uid_changes = rows[i].changes;
        plan.home = rows[i].home;
        expect(handover_home(&plan, environment, &messages), "row %zu", i);
        const char *found = environment_get(environment, "HOME");
        bool right = strcmp(rows[i].given, print("HOME=%s", rows[i].home)) == 0;
        expect((environment[0] == given && environment[1] == NULL) == (right || !rows[i].changes),
               "row %zu: what is right is left alone", i);
        expect(rows[i].wanted == NULL ? found == NULL
                                      : strcmp(found, rows[i].wanted + strlen("HOME=")) == 0,
               "row %zu", i);
    }
}

TEST(without_memory_there_is_no_home_to_hand_over) {
    char *environment[] = {NULL, NULL};
    start();
    plan.home = "/home/app";
    memory_before = 0;
    bool good = handover_home(&plan, environment, &messages);
    memory_before = -1;
    expect(!good && errors(&messages) == 1 && hints(&messages) == 1, "%.*s", SAID(&messages));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_descriptors_are_opened_on_dev_null),
        cmocka_unit_test(a_descriptor_that_stays_closed_is_an_error),
        cmocka_unit_test(a_descriptor_that_cannot_be_asked_after_is_left_alone),
        cmocka_unit_test(what_is_nobody_elses_is_given_to_the_app),
        cmocka_unit_test(what_is_the_apps_already_stays),
        cmocka_unit_test(what_cannot_be_given_is_told_where_it_matters),
        cmocka_unit_test(one_that_cannot_be_given_is_enough_for_the_hint),
        cmocka_unit_test(what_stays_as_it_is_is_told_at_info),
        cmocka_unit_test(the_terminal_of_roots_shell_is_a_warning),
        cmocka_unit_test(nothing_that_is_looked_at_stays_open),
        cmocka_unit_test(home_is_handed_over_where_the_user_changes),
        cmocka_unit_test(without_memory_there_is_no_home_to_hand_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
