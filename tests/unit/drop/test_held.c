/* What this process holds as it starts, as the kernel says it. */
#include "drop/drop.h"
#include "kernel.h"

static struct messages messages;
static struct held held;
static const char *floor_file; /* what it says; NULL: there is none */

static pid_t pid;

/* libc's own, but for these. */

pid_t getpid(void) {
    return pid;
}

int openat(int folder, const char *path, int flags, ...) {
    assert_int_equal(folder, AT_FDCWD);
    assert_true((flags & O_CLOEXEC) != 0);
    assert_string_equal(path, "/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if (floor_file == NULL) {
        errno = ENOENT;
        return -1;
    }
    int fd = memfd_create("floor", MFD_CLOEXEC);
    assert_true(write(fd, floor_file, strlen(floor_file)) == (ssize_t)strlen(floor_file));
    assert_true(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void start(void) {
    kernel_start();
    messages_all(&messages);
    memset(&held, 0, sizeof held);
}

static bool read_held(void) {
    bool good = held_read(&held, &messages);
    expect(good == held.known && errors(&messages) == !good, "%.*s", SAID(&messages));
    return good;
}

TEST(each_capability_is_told_by_its_own_bit) {
    for (unsigned bit = 0; bit < 41; bit++) {
        start();
        kernel.permitted = 0;
        kernel.effective = CAPABILITY_BIT(bit);
        expect(read_held(), "%u", bit);
        expect(held.chown == (bit == CAP_CHOWN) && held.setuid == (bit == CAP_SETUID) &&
                   held.setgid == (bit == CAP_SETGID) && held.setpcap == (bit == CAP_SETPCAP),
               "%u", bit);
        expect(!held.net_bind, "lent, it is permitted");
        start();
        kernel.effective = 0;
        kernel.permitted = kernel.bounding = CAPABILITY_BIT(bit);
        expect(read_held(), "%u", bit);
        expect(held.net_bind == (bit == CAP_NET_BIND_SERVICE), "%u", bit);
        expect(held.bounds_net_bind == (bit == CAP_NET_BIND_SERVICE), "%u", bit);
        expect(!held.chown && !held.setuid && !held.setgid && !held.setpcap, "%u", bit);
    }
}

/* Only what is permitted and inheritable can be ambient, whoever says otherwise. */
TEST(unexplained_is_what_is_permitted_and_not_ambient) {
    for (unsigned bit = 0; bit < 64; bit++) {
        for (unsigned sets = 0; sets < 8; sets++) {
            start();
            kernel.capabilities = 64;
            kernel.permitted = (sets & 1) != 0 ? CAPABILITY_BIT(bit) : 0;
            kernel.inheritable = (sets & 2) != 0 ? CAPABILITY_BIT(bit) : 0;
            kernel.ambient = (sets & 4) != 0 ? CAPABILITY_BIT(bit) : 0;
            expect(read_held(), "%u", bit);
            expect(held.unexplained == (sets == 7 ? 0 : kernel.permitted), "%u, %u", bit, sets);
        }
    }
    start();
    kernel.inheritable = kernel.ambient = kernel.permitted;
    kernel.wrong = AMBIENT_READ;
    kernel.answer = 2; /* no answer */
    expect(read_held() && held.unexplained == kernel.permitted, "a third answer");
}

TEST(an_ambient_set_is_there_where_it_answers) {
    start();
    expect(read_held() && held.has_ambient, "there");
    start();
    kernel.wrong = AMBIENT_READ;
    kernel.error = EINVAL;
    expect(read_held() && !held.has_ambient, "not there");
}

TEST(no_new_privs_and_noroot_are_read) {
    start();
    expect(read_held() && !held.no_new_privs && !held.noroot, "neither");
    start();
    kernel.no_new_privs = 1;
    kernel.securebits = SECBIT_NOROOT;
    expect(read_held() && held.no_new_privs && held.noroot, "both");
    start();
    kernel.securebits = ~SECBIT_NOROOT & 0xff;
    kernel.wrong = GET_NO_NEW_PRIVS;
    kernel.error = EINVAL;
    expect(read_held() && !held.no_new_privs && !held.noroot, "other bits, and no answer");
    start();
    kernel.wrong = BOUNDING_READ;
    kernel.error = EPERM;
    expect(read_held() && !held.bounds_net_bind, "no answer");
}

TEST(the_kernels_floor_is_known_where_it_says_so) {
    static const struct {
        const char *file;
        bool known;
        uint32_t floor;
    } rows[] = {
        {"1024\n", true, 1024},   {"0\n", true, 0},         {"80", true, 80},
        {"65535\n", true, 65535}, {"65536\n", false, 1024}, {"x\n", false, 1024},
        {"\n", false, 1024},      {"", false, 1024},        {NULL, false, 1024},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        floor_file = rows[i].file;
        expect(read_held(), "row %zu", i);
        expect(held.floor_known == rows[i].known && held.kernel_floor == rows[i].floor, "row %zu",
               i);
    }
}

TEST(pid_1_is_init) {
    static const pid_t rows[] = {0, 1, 2};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        pid = rows[i];
        expect(read_held() && held.init == (rows[i] == 1), "%d", rows[i]);
    }
}

TEST(without_capget_nothing_is_known) {
    start();
    kernel.wrong = CAPGET;
    kernel.error = EPERM;
    expect(!read_held() && hints(&messages) == 1, "%.*s", SAID(&messages));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_capability_is_told_by_its_own_bit),
        cmocka_unit_test(unexplained_is_what_is_permitted_and_not_ambient),
        cmocka_unit_test(an_ambient_set_is_there_where_it_answers),
        cmocka_unit_test(no_new_privs_and_noroot_are_read),
        cmocka_unit_test(the_kernels_floor_is_known_where_it_says_so),
        cmocka_unit_test(pid_1_is_init),
        cmocka_unit_test(without_capget_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
