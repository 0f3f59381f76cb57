/* Hosts as .NET reads them; what each is, a real ASP.NET Core has said. */
#include "aspnet/host.h"
#include "unit.h"

#include <arpa/inet.h>

static char shown[INET6_ADDRSTRLEN];

static const char *as_ipv4(const char *host) {
    struct in_addr ip;
    if (!host_read_ipv4(text_of(host), &ip)) {
        return "none";
    }
    assert_non_null(inet_ntop(AF_INET, &ip, shown, sizeof shown));
    return shown;
}

static const char *as_ipv6(const char *host) {
    struct in6_addr ip;
    if (!host_read_ipv6(text_of(host), &ip)) {
        return "none";
    }
    assert_non_null(inet_ntop(AF_INET6, &ip, shown, sizeof shown));
    return shown;
}

TEST(an_ipv4_address_has_one_to_four_parts) {
    static const char *const rows[][2] = {
        {"127.0.0.1", "127.0.0.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"10.20.30.40", "10.20.30.40"},
        /* The last part fills what is left. */
        {"0", "0.0.0.0"},
        {"1", "0.0.0.1"},
        {"127", "0.0.0.127"},
        {"8080", "0.0.31.144"},
        {"65536", "0.1.0.0"},
        {"4294967295", "255.255.255.255"},
        {"127.1", "127.0.0.1"},
        {"1.256", "1.0.1.0"},
        {"1.65536", "1.1.0.0"},
        {"1.16777215", "1.255.255.255"},
        {"1.2.3", "1.2.0.3"},
        {"1.2.256", "1.2.1.0"},
        {"1.2.65535", "1.2.255.255"},
        /* Hexadecimal and octal. */
        {"0x1F90", "0.0.31.144"},
        {"0X1f90", "0.0.31.144"},
        {"0xffffffff", "255.255.255.255"},
        {"0x7f.1", "127.0.0.1"},
        {"0xAB.0xcd.0xEf.0x09", "171.205.239.9"},
        {"00", "0.0.0.0"},
        {"010", "0.0.0.8"},
        {"0177.1", "127.0.0.1"},
        {"037777777777", "255.255.255.255"},
        {"01.02.03.04", "1.2.3.4"},
        {"1.2.3.0x4", "1.2.3.4"},
        {"0000000000001", "0.0.0.1"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *ip = as_ipv4(rows[i][0]);
        expect(strcmp(ip, rows[i][1]) == 0, "%s is %s", rows[i][0], ip);
    }
}

TEST(anything_else_is_no_ipv4_address) {
    static const char *const hosts[] = {
        "",
        "*",
        "+",
        "a",
        ".",
        "..",
        "1.",
        ".1",
        "1..2",
        "127.0.0.1.",
        "1.2.3.4.5",
        "1.2.3.4.0",
        "256.1.1.1",
        "1.256.1.1",
        "1.2.256.1",
        "1.2.3.256",
        "1.2.65536",
        "1.16777216",
        "4294967296",
        "18446744073709551617",
        "0x",
        "0x.1",
        "1.0x",
        "0xg",
        "0x100000000",
        "08",
        "09.1",
        "0.08",
        "040000000000",
        "+1",
        "-1",
        "1e1",
        "1_0",
        "0b1",
        "0o7",
        " 127.0.0.1",
        "127.0.0.1 ",
        "127. 0.0.1",
        "127.0.0.1%",
        "1%2",
        "1,2",
        "127.0.0.1x",
        "x127.0.0.1",
        "[1.2.3.4]",
        "[127.0.0.1]",
        "localhost4",
        "1.2.3.a",
        "1.2.3.4/24",
        "1:2",
        "\xef\xbc\x91",
        "\xd9\xa1",
        "0x1 ",
        "0x+1",
        "1.2.3.4\n",
        "1\xc2\xa0",
        "a.b.c.d",
        "0xx1",
        "00x1",
        "1x0",
    };
    for (size_t i = 0; i < LENGTH(hosts); i++) {
        expect(strcmp(as_ipv4(hosts[i]), "none") == 0, "%s is %s", hosts[i], shown);
    }
    assert_string_equal(as_ipv4(repeat('9', 400)), "none");
    assert_string_equal(as_ipv4(print("0x%s", repeat('f', 400))), "none");
    assert_string_equal(as_ipv4(print("0x%s1", repeat('0', 400))), "0.0.0.1");
}

TEST(an_ipv6_address_has_brackets_or_none) {
    static const char *const rows[][2] = {
        {"::", "::"},
        {"[::]", "::"},
        {"::1", "::1"},
        {"[::1]", "::1"},
        {"[0:0:0:0:0:0:0:1]", "::1"},
        {"[0000::1]", "::1"},
        {"[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8"},
        {"[1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7:0"},
        {"[::2:3:4:5:6:7:8]", "0:2:3:4:5:6:7:8"},
        {"[1::3:4:5:6:7:8]", "1:0:3:4:5:6:7:8"},
        {"[ABCD::]", "abcd::"},
        {"[abcd:EF01::]", "abcd:ef01::"},
        {"fe80::1", "fe80::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[::ffff:1.2.3.4]", "::ffff:1.2.3.4"},
        {"[::ffff:102:304]", "::ffff:1.2.3.4"},
        {"[::1.2.3.4]", "::1.2.3.4"},
        {"[::0.0.0.0]", "::"},
        {"[64:ff9b::1.2.3.4]", "64:ff9b::102:304"},
        {"[1:2:3:4:5:6:1.2.3.4]", "1:2:3:4:5:6:102:304"},
        {"[0000:0000:0000:0000:0000:ffff:255.255.255.255]", "::ffff:255.255.255.255"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *ip = as_ipv6(rows[i][0]);
        expect(strcmp(ip, rows[i][1]) == 0, "%s is %s", rows[i][0], ip);
    }
}

TEST(a_number_behind_the_brackets_is_left_out) {
    static const char *const rows[][2] = {
        {"[::1]:80", "::1"},          {"[::1]:", "::1"},     {"[::1]:0", "::1"},
        {"[::1]:0x50", "::1"},        {"[::1]:0x", "::1"},   {"[::1]:0xaF", "::1"},
        {"[::1]:70000000000", "::1"}, {"[::1%1]:80", "::1"}, {"[::1]:x", "none"},
        {"[::1]:80a", "none"},        {"[::1]80", "none"},   {"[::1]x", "none"},
        {"[::1]:0xg", "none"},        {"[::1]:a", "none"},   {"[::1]:-1", "none"},
        {"[::1]:+1", "none"},         {"[::1]: 80", "none"}, {"[::1]:80:", "none"},
        {"[::1]:80:81", "none"},      {"[::1]::", "none"},   {"[::1]:0X50", "none"},
        {"[::1]x80", "none"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *ip = as_ipv6(rows[i][0]);
        expect(strcmp(ip, rows[i][1]) == 0, "%s is %s", rows[i][0], ip);
    }
}

TEST(a_scope_is_left_out) {
    static const char *const rows[][2] = {
        {"[::1%1]", "::1"},
        {"::1%1", "::1"},
        {"[::1%]", "::1"},
        {"[::1%lo]", "::1"},
        {"[::1%nope]", "::1"},
        {"[::%0]", "::"},
        {"[fe80::1%eth0]", "fe80::1"},
        {"[fe80::1%25eth0]", "fe80::1"},
        {"[::1%1%2]", "::1"},
        {"[::1%a:b]", "::1"},
        {"[::1%[]", "::1"},
        {"[::1% 1]", "::1"},
        {"[::1%\xc3\xa9]", "::1"},
        {"[::1.2.3.4%3]", "::1.2.3.4"},
        {"[::1%4294967296]", "::1"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *ip = as_ipv6(rows[i][0]);
        expect(strcmp(ip, rows[i][1]) == 0, "%s is %s", rows[i][0], ip);
    }
    char *scope = repeat('x', 1000);
    assert_string_equal(as_ipv6(print("[::1%%%s]", scope)), "::1");
}

TEST(anything_else_is_no_ipv6_address) {
    static const char *const hosts[] = {
        "",
        "*",
        ":",
        ":::",
        "[]",
        "[",
        "]",
        "[*]",
        "[localhost]",
        "1",
        "1:",
        ":1",
        "1:2",
        "::g",
        "[::1",
        "::1]",
        "[::1]]",
        "[[::1]]",
        "[::1]x",
        "x[::1]",
        "[:::1]",
        "[:1::2]",
        "[1::2:]",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7::8]",
        "[::12345]",
        "[00000::1]",
        "[::1.2.3]",
        "[::1.2.3.4.5]",
        "[::256.1.1.1]",
        "[::01.2.3.4]",
        "[::00.0.0.1]",
        "[::0x1.2.3.4]",
        "[1:2:3:4:5:1.2.3.4]",
        "[1.2.3.4::]",
        "[::1.2.3.4:5]",
        "[1.2.3.4]",
        "1.2.3.4",
        "[::1 ]",
        "[ ::1]",
        "::1 ",
        "[%1]",
        "%1",
        "[::1/64]",
        "::+1",
        "::-1",
        "[::\xef\xbc\x91]",
    };
    for (size_t i = 0; i < LENGTH(hosts); i++) {
        expect(strcmp(as_ipv6(hosts[i]), "none") == 0, "%s is %s", hosts[i], shown);
    }
    for (size_t length = 3; length < 100; length++) {
        expect(strcmp(as_ipv6(repeat(':', length)), "none") == 0, "%zu colons", length);
        expect(strcmp(as_ipv6(print("[%s]", repeat('1', length))), "none") == 0, "%zu digits",
               length);
    }
    assert_string_equal(as_ipv6(repeat(':', 1000)), "none");
    assert_string_equal(as_ipv6(repeat('1', 1000)), "none");
    assert_string_equal(as_ipv6(print("[::%s]", repeat('1', 1000))), "none");
}

TEST(a_bracket_in_the_scope_ends_the_address) {
    assert_string_equal(as_ipv6("[::1%]]"), "none");
}

TEST(localhost_and_what_is_below_it_are_loopback) {
    static const char *const good[] = {"localhost",   "LOCALHOST",     "LocalHost",
                                       "a.localhost", "a.b.LOCALHOST", "*.localhost",
                                       "..localhost", "x y.localhost", "\xc3\xa9.localhost"};
    static const char *const bad[] = {"",
                                      ".localhost",
                                      "localhost.",
                                      "localhosts",
                                      "alocalhost",
                                      "a-localhost",
                                      "localhost.a",
                                      "localhos",
                                      "*",
                                      "local",
                                      " localhost",
                                      "localhost ",
                                      "[localhost]",
                                      "127.0.0.1",
                                      "a.localhost."};
    for (size_t i = 0; i < LENGTH(good); i++) {
        expect(host_is_localhost(text_of(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < LENGTH(bad); i++) {
        expect(!host_is_localhost(text_of(bad[i])), "%s", bad[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_has_one_to_four_parts),
        cmocka_unit_test(anything_else_is_no_ipv4_address),
        cmocka_unit_test(an_ipv6_address_has_brackets_or_none),
        cmocka_unit_test(a_number_behind_the_brackets_is_left_out),
        cmocka_unit_test(a_scope_is_left_out),
        cmocka_unit_test(anything_else_is_no_ipv6_address),
        cmocka_unit_test(a_bracket_in_the_scope_ends_the_address),
        cmocka_unit_test(localhost_and_what_is_below_it_are_loopback),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
