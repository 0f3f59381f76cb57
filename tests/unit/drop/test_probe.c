/* The probe: an app's ports are tried as Kestrel would open them, on a network of our own. */
#include "drop/drop.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

enum { TRIES = 16 };

/* What was tried, and what it is answered: the error of bind(2), by family and type. */
static struct {
    size_t count;
    struct try {
        int family, type;
        bool only_v6;
        uint16_t port;
        char host[INET6_ADDRSTRLEN];
    }
    tries[TRIES];
    int v4, v6, udp;
    bool no_socket; /* it is socket(2) that answers so */
} network;

static struct messages messages;
static struct listen listening;
static struct plan plan;

static int answer_of(int family, int type) {
    int error = family == AF_INET ? network.v4 : network.v6;
    return type == SOCK_DGRAM ? network.udp : error;
}

/* libc's own, but for these. */
int socket(int family, int type, int protocol) {
    assert_true((type & SOCK_CLOEXEC) != 0 && protocol == 0);
    assert_true(network.count < TRIES);
    struct try *next = &network.tries[network.count++];
    memset(next, 0, sizeof *next);
    next->family = family;
    next->type = type & ~SOCK_CLOEXEC;
    int error = answer_of(family, next->type);
    if (network.no_socket && error != 0) {
        errno = error;
        return -1;
    }
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
    assert_true(fd >= 0 && length == sizeof(int));
    int number;
    memcpy(&number, value, sizeof number);
    if (level == IPPROTO_IPV6 && option == IPV6_V6ONLY) {
        assert_int_equal(network.tries[network.count - 1].family, AF_INET6);
        network.tries[network.count - 1].only_v6 = number == 1;
    } else {
        assert_true(level == SOL_SOCKET && option == SO_REUSEADDR && number == 1);
    }
    return 0;
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
    struct try *this = &network.tries[network.count - 1];
    assert_true(fd >= 0 && address->sa_family == this->family);
    if (this->family == AF_INET) {
        struct sockaddr_in v4;
        assert_int_equal(length, sizeof v4);
        memcpy(&v4, address, sizeof v4);
        this->port = ntohs(v4.sin_port);
        assert_non_null(inet_ntop(AF_INET, &v4.sin_addr, this->host, sizeof this->host));
    } else {
        struct sockaddr_in6 v6;
        assert_int_equal(length, sizeof v6);
        memcpy(&v6, address, sizeof v6);
        this->port = ntohs(v6.sin6_port);
        assert_non_null(inet_ntop(AF_INET6, &v6.sin6_addr, this->host, sizeof this->host));
    }
    int error = answer_of(this->family, this->type);
    errno = error == 0 ? EACCES : error; /* when all is well it says nothing */
    return error == 0 ? 0 : -1;
}

static struct address *listen_on(uint32_t port, enum address_host host, const char *scheme) {
    struct address *address = &listening.addresses[listening.count++];
    memset(address, 0, sizeof *address);
    address->port = port;
    address->host = host;
    address->scheme = scheme;
    address->readings = READINGS_ALL;
    address->source = LITERAL("URLS");
    return address;
}

static void start(void) {
    memset(&network, 0, sizeof network);
    messages_all(&messages);
    listening.count = 0;
    plan = (struct plan){
        .uid = 1654, .probe_floor = 1024, .kept = CAPABILITY_BIT(10), .listen = &listening};
}

static bool probe(void) {
    return probe_ports(&plan, &messages);
}

/* Whether that was tried; in which order is the compiler's business. */
static bool tried(int family, const char *host, bool only_v6) {
    for (size_t i = 0; i < network.count; i++) {
        const struct try *one = &network.tries[i];
        if (one->family == family && one->only_v6 == only_v6 && one->port == 80 &&
            strcmp(one->host, host) == 0) {
            return true;
        }
    }
    return false;
}

TEST(each_host_is_tried_as_kestrel_does) {
    start();
    (void)listen_on(80, HOST_ANY, "http");
    expect(probe() && network.count == 2, "any");
    expect(tried(AF_INET6, "::", false) && tried(AF_INET, "0.0.0.0", false), "any");
    start();
    (void)listen_on(80, HOST_LOCALHOST, "http");
    expect(probe() && network.count == 2, "localhost");
    expect(tried(AF_INET, "127.0.0.1", false) && tried(AF_INET6, "::1", true), "localhost");
    start();
    assert_int_equal(inet_pton(AF_INET, "10.1.2.3", &listen_on(80, HOST_IPV4, "http")->ipv4), 1);
    expect(probe() && network.count == 1 && tried(AF_INET, "10.1.2.3", false), "IPv4");
    start();
    assert_int_equal(inet_pton(AF_INET6, "fd00::1", &listen_on(80, HOST_IPV6, "http")->ipv6), 1);
    expect(probe() && network.count == 1 && tried(AF_INET6, "fd00::1", true), "IPv6");
    start();
    (void)listen_on(80, HOST_IPV6, "http");
    expect(probe() && network.count == 1 && tried(AF_INET6, "::", false), "[::]");
}

TEST(only_privileged_ports_are_tried) {
    static const struct {
        uint32_t port, floor;
        size_t tries;
    } rows[] = {{0, 1024, 0}, {1, 1024, 2}, {1023, 1024, 2}, {1024, 1024, 0},
                {80, 80, 0},  {79, 80, 2},  {80, 0, 0}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        plan.probe_floor = rows[i].floor;
        (void)listen_on(rows[i].port, HOST_ANY, "http");
        expect(probe() && network.count == rows[i].tries, "row %zu", i);
        expect(said(&messages, print("probed: ports below %u, tried as uid 1654: %d\n",
                                     (unsigned)rows[i].floor, rows[i].tries > 0)) == 1,
               "row %zu: %.*s", i, SAID(&messages));
    }
}

/* Denied is what no family allows and one denies. */
TEST(two_families_are_one_answer) {
    static const int answers[] = {0,          EACCES, EPERM, EAFNOSUPPORT, EADDRNOTAVAIL,
                                  EADDRINUSE, EMFILE};
    static const enum address_host hosts[] = {HOST_ANY, HOST_LOCALHOST};
    for (size_t i = 0; i < LENGTH(answers) * LENGTH(answers) * LENGTH(hosts) * 2; i++) {
        start();
        network.v4 = answers[i % LENGTH(answers)];
        network.v6 = answers[i / LENGTH(answers) % LENGTH(answers)];
        network.no_socket = i % 2 == 1;
        (void)listen_on(80, hosts[i / (LENGTH(answers) * LENGTH(answers)) % LENGTH(hosts)], "http");
        bool v4_denies = network.v4 == EACCES || network.v4 == EPERM;
        bool v6_denies = network.v6 == EACCES || network.v6 == EPERM;
        bool v4_is_absent = network.v4 == EAFNOSUPPORT || network.v4 == EADDRNOTAVAIL;
        bool v6_is_absent = network.v6 == EAFNOSUPPORT || network.v6 == EADDRNOTAVAIL;
        bool denied = (v4_denies && (v6_denies || v6_is_absent)) || (v6_denies && v4_is_absent);
        expect(probe() == !denied, "%d and %d", network.v4, network.v6);
        expect(errors(&messages) == denied, "%d and %d", network.v4, network.v6);
    }
}

TEST(one_family_answers_for_itself) {
    static const struct {
        int error;
        bool good;
    } rows[] = {{0, true},          {EACCES, false},      {EPERM, false},
                {EADDRINUSE, true}, {EAFNOSUPPORT, true}, {EADDRNOTAVAIL, true}};
    for (size_t i = 0; i < 2 * LENGTH(rows); i++) {
        start();
        network.v4 = i % 2 == 0 ? rows[i / 2].error : EACCES;
        network.v6 = i % 2 == 1 ? rows[i / 2].error : EACCES;
        (void)listen_on(80, i % 2 == 0 ? HOST_IPV4 : HOST_IPV6, "http");
        expect(probe() == rows[i / 2].good, "row %zu", i);
    }
}

TEST(every_denied_port_is_told) {
    start();
    network.v4 = network.v6 = EACCES;
    (void)listen_on(80, HOST_ANY, "http");
    (void)listen_on(8080, HOST_ANY, "http");
    (void)listen_on(443, HOST_ANY, "http");
    expect(!probe() && errors(&messages) == 2 && hints(&messages) == 2, "%.*s", SAID(&messages));
    expect(said(&messages, "port 80, from URLS, cannot be opened as uid 1654") == 1, "80");
    expect(said(&messages, "port 443, from URLS, cannot be opened as uid 1654") == 1, "443");
}

TEST(a_good_port_does_not_make_up_for_a_denied_one) {
    start();
    network.v4 = EACCES;
    (void)listen_on(80, HOST_IPV4, "http");
    (void)listen_on(81, HOST_IPV6, "http");
    expect(!probe() && network.count == 2, "80");
}

TEST(the_hint_says_what_would_do) {
    static const struct {
        uint64_t kept;
        const char *source;
        uint32_t floor;
        const char *words;
    } rows[] = {
        {0, "URLS", 1024,
         "this kernel wants CAP_NET_BIND_SERVICE for it: give URLS a port from "
         "1024 up, 8080 by custom"},
        {1 << 10, "URLS", 8080,
         "CAP_NET_BIND_SERVICE does not count here (host network with a "
         "user namespace, a sandbox): give URLS a port from 8080 up, 8080"},
        {0, "default", 8081, "set ASPNETCORE_HTTP_PORTS to a port from 8081 up\n"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        plan.kept = rows[i].kept;
        plan.probe_floor = rows[i].floor;
        network.v4 = network.v6 = EACCES;
        listen_on(80, HOST_ANY, "http")->source = text_of(rows[i].source);
        expect(!probe() && said(&messages, rows[i].words) == 1, "%.*s", SAID(&messages));
    }
}

/* Another reading, or HTTP/3: nobody can tell whether the app opens it. */
TEST(what_the_app_may_do_without_is_a_warning) {
    for (unsigned readings = 1; readings <= READINGS_ALL; readings++) {
        bool counts = (readings & READING_WEB) != 0;
        start();
        network.v4 = network.v6 = EACCES;
        listen_on(80, HOST_ANY, "http")->readings = readings;
        expect(probe() == !counts && warnings(&messages) == !counts, "%u", readings);
        start();
        plan.kept = 0; /* the plan has warned */
        network.v4 = network.v6 = EACCES;
        listen_on(80, HOST_ANY, "http")->readings = readings;
        expect(probe() == !counts && warnings(&messages) == 0, "%u", readings);
    }
}

TEST(https_is_tried_by_udp_too) {
    static const struct {
        const char *scheme;
        int udp;
        bool warns;
    } rows[] = {{"https", 0, false}, {"https", EACCES, true}, {"http", EACCES, false}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start();
        network.udp = rows[i].udp;
        (void)listen_on(80, HOST_ANY, rows[i].scheme);
        expect(probe() && warnings(&messages) == rows[i].warns, "row %zu", i);
        expect(said(&messages, "port 80 by UDP, which HTTP/3 needs") == rows[i].warns, "row %zu",
               i);
        expect(network.count == (strcmp(rows[i].scheme, "https") == 0 ? 4 : 2), "row %zu", i);
    }
    start();
    network.v4 = network.v6 = EACCES;
    (void)listen_on(80, HOST_ANY, "https");
    expect(!probe() && network.count == 2, "denied by TCP already");
}

TEST(what_is_tried_is_let_go) {
    start();
    for (uint32_t port = 1; port < 8; port++) {
        (void)listen_on(port, HOST_ANY, "http");
    }
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    expect(probe(), "probed");
    int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    expect(after == before + 1, "descriptors");
    assert_int_equal(close(before) + close(after), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_is_tried_as_kestrel_does),
        cmocka_unit_test(only_privileged_ports_are_tried),
        cmocka_unit_test(two_families_are_one_answer),
        cmocka_unit_test(one_family_answers_for_itself),
        cmocka_unit_test(every_denied_port_is_told),
        cmocka_unit_test(a_good_port_does_not_make_up_for_a_denied_one),
        cmocka_unit_test(the_hint_says_what_would_do),
        cmocka_unit_test(what_the_app_may_do_without_is_a_warning),
        cmocka_unit_test(https_is_tried_by_udp_too),
        cmocka_unit_test(what_is_tried_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
