/* One address as ASP.NET Core reads it; what each is, a real Kestrel has said. */
#include "aspnet/address.h"
#include "unit.h"

#include <arpa/inet.h>

/* An address in the words of --check. */
static const char *show(enum address_fault fault, const struct address *address) {
    static const char *const faults[] = {
        [ADDRESS_NO_SCHEME] = "no scheme",
        [ADDRESS_NO_HOST] = "no host",
        [ADDRESS_UNKNOWN_SCHEME] = "unknown scheme",
        [ADDRESS_PATH_BASE] = "path base",
        [ADDRESS_NO_PORT] = "no port",
        [ADDRESS_PORT_RANGE] = "port range",
        [ADDRESS_PORT_TEXT] = "port text",
        [ADDRESS_PIPE] = "pipe",
        [ADDRESS_SOCKET_PATH] = "socket path",
        [ADDRESS_DYNAMIC_LOCALHOST] = "dynamic localhost",
        [ADDRESS_DYNAMIC_BELOW] = "dynamic below localhost",
    };
    char ip[INET6_ADDRSTRLEN];
    const char *host = "";
    if (fault != ADDRESS_GOOD) {
        return faults[fault];
    }
    if (address->socket) {
        return "socket";
    }
    if (address->host == HOST_LOCALHOST) {
        host = " localhost";
    } else if (address->host == HOST_IPV4) {
        host = print(" %s", inet_ntop(AF_INET, &address->ipv4, ip, sizeof ip));
    } else if (address->host == HOST_IPV6) {
        host = print(" [%s]", inet_ntop(AF_INET6, &address->ipv6, ip, sizeof ip));
    }
    return print("%u %s%s", (unsigned)address->port, address->scheme, host);
}

/* What was in the struct before must not shine through. */
static struct address stale(void) {
    struct address address;
    memset(&address, 0xa5, sizeof address);
    return address;
}

static const char *url(const char *text) {
    struct address address = stale();
    enum address_fault fault = address_parse(text_of(text), &address);
    return show(fault, &address);
}

static const char *port(const char *scheme, const char *text) {
    struct address address = stale();
    enum address_fault fault = address_parse_port(scheme, text_of(text), &address);
    return show(fault, &address);
}

static const char *loopback_port(const char *text) {
    struct address address = stale();
    enum address_fault fault = address_parse_loopback_port(text_of(text), &address);
    return show(fault, &address);
}

static void expect_urls(const char *const (*rows)[2], size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *what = url(rows[i][0]);
        expect(strcmp(what, rows[i][1]) == 0, "\"%s\" is: %s, not: %s", rows[i][0], what,
               rows[i][1]);
    }
}

static void expect_ports(const char *const (*rows)[2], size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *what = port("http", rows[i][0]);
        expect(strcmp(what, rows[i][1]) == 0, "\"%s\" is: %s, not: %s", rows[i][0], what,
               rows[i][1]);
    }
}

/* An entry of URLS. */

TEST(an_address_has_scheme_host_and_port) {
    static const char *const rows[][2] = {
        {"http://*:80", "80 http"},
        {"http://+:8080", "8080 http"},
        {"https://*:443", "443 https"},
        {"http://web:8080", "8080 http"},
        {"http://example.com:80", "80 http"},
        {"http://0.0.0.0:80", "80 http 0.0.0.0"},
        {"http://127.0.0.1:80", "80 http 127.0.0.1"},
        {"http://10.0.0.1:8080", "8080 http 10.0.0.1"},
        {"http://[::]:80", "80 http [::]"},
        {"http://[::1]:80", "80 http [::1]"},
        {"http://localhost:5000", "5000 http localhost"},
        {"https://localhost:5001", "5001 https localhost"},
        {"http://a.LocalHost:5000", "5000 http localhost"},
        {"HTTP://*:1", "1 http"},
        {"hTTpS://*:1", "1 https"},
        {"http://*:1/", "1 http"},
        {"http://*:0", "0 http"},
        {"http://127.0.0.2:0", "0 http 127.0.0.2"},
        {"http://*:65535", "65535 http"},
        {"http://sockfd:3", "3 http"},
        {"http://user@host:1", "1 http"},
        {"http:// :1", "1 http"},
        {"http://[1.2.3.4]:1", "1 http"},
        {"http://?:1", "1 http"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(without_a_port_it_is_80_or_443) {
    static const char *const rows[][2] = {
        {"http://*", "80 http"},
        {"https://*", "443 https"},
        {"HTTPS://*", "443 https"},
        {"http://*/", "80 http"},
        {"http://localhost", "80 http localhost"},
        {"https://localhost", "443 https localhost"},
        {"http://127.0.0.1", "80 http 127.0.0.1"},
        {"http://[::1]", "80 http [::1]"},
        {"https://[::1]/", "443 https [::1]"},
        {"http://[::]", "80 http [::]"},
        {"http://unix", "80 http"},
        {"http://pipe", "80 http"},
        /* The number of an address, not of a port. */
        {"http://8080", "80 http 0.0.31.144"},
        {"https://8443", "443 https 0.0.32.251"},
        {"http://8080/", "80 http 0.0.31.144"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(an_ipv6_address_without_brackets_loses_its_end_to_the_port) {
    static const char *const rows[][2] = {
        {"http://::1:8080", "8080 http [::1]"},
        {"http://::1", "1 http"},
        {"http://fe80::1", "1 http"},
        {"http://1:2:3:4:5:6:7:8", "8 http"},
        {"http://1:2:3:4:5:6:7:8:9", "9 http [1:2:3:4:5:6:7:8]"},
        {"http://fe80::99999", "port range"},
        /* What is no number is the address's own. */
        {"http://::a", "80 http [::a]"},
        {"https://::a", "443 https [::a]"},
        {"http://fe80::abcd", "80 http [fe80::abcd]"},
        {"http://::ffff:1.2.3.4", "80 http [::ffff:1.2.3.4]"},
        {"http://1:2:3:4:5:6:7:abcd", "80 http [1:2:3:4:5:6:7:abcd]"},
        {"http://::1%", "80 http [::1]"},
        {"http://fe80::a%1", "80 http [fe80::a]"},
        {"http://[::1", "1 http"},
        {"http://::1]", "port text"},
        {"http://[::", "port text"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(behind_brackets_the_last_number_is_the_port) {
    static const char *const rows[][2] = {
        {"http://[::1]:80:81", "81 http [::1]"}, {"http://[::1]::1", "1 http [::1]"},
        {"http://[::1]:0x50:1", "1 http [::1]"}, {"http://[::1]:a:1", "1 http"},
        {"http://[::1%]]:2", "2 http"},          {"http://::1%]:2", "2 http"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(an_address_that_ends_in_two_colons_is_port_80_and_not_port_0) {
    static const char *const rows[][2] = {
        {"http://::", "80 http [::]"},
        {"https://::", "443 https [::]"},
        {"http://fe80::", "80 http [fe80::]"},
        {"http://::/", "80 http [::]"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(a_number_of_the_port_is_read_as_dotnet_reads_it) {
    static const char *const rows[][2] = {
        {"http://*:+80", "80 http"},
        {"http://*:-0", "0 http"},
        {"http://*:0080", "80 http"},
        {"http://*:000000000000000000000000000000000000000080", "80 http"},
        {"http://*: 80", "80 http"},
        {"http://*:80 ", "80 http"},
        {"http://*:\t80\n", "80 http"},
        {"http://*:\v80\f\r", "80 http"},
        {"http://* :80", "80 http"},
        {"http://*:80 /", "80 http"},
        {"http://[::1]:+80", "80 http [::1]"},
        {"http://[::1]: 80", "80 http [::1]"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(a_port_beyond_the_range_is_refused) {
    static const char *const rows[][2] = {
        {"http://*:65536", "port range"},      {"http://*:70000", "port range"},
        {"http://*:-1", "port range"},         {"http://*:-80", "port range"},
        {"http://*:2147483647", "port range"}, {"http://*:-2147483648", "port range"},
        {"http://[::1]:70000", "port range"},  {"http://localhost:70000", "port range"},
        {"http://localhost:-1", "port range"}, {"http://*:65616", "port range"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(a_port_that_is_no_number_is_refused_where_kestrel_takes_80) {
    static const char *const texts[] = {
        "",
        "x",
        "80x",
        "x80",
        "0x50",
        "1e4",
        "80.",
        "80.0",
        "8_080",
        "$PORT",
        "{PORT}",
        "\"80\"",
        "80?x",
        "80#x",
        "80,81",
        "80 81",
        "+",
        "-",
        "--80",
        "++80",
        "+-80",
        "+ 80",
        "80-",
        "*",
        "2147483648",
        "-2147483649",
        "4294967376",
        "99999999999999999999",
        "80;",
        " ",
        "\xc2\xa0"
        "80",
        "\x1c"
        "80",
        "80\x7f",
        "\xef\xbc\x98",
        "\xe2\x88\x92"
        "80",
        "80\\",
        "80\xff",
        "http",
        "(80)",
        "80:x",
    };
    for (size_t i = 0; i < LENGTH(texts); i++) {
        static const char *const hosts[] = {"*", "web", "127.0.0.1", "[::1]", "[::]", "localhost"};
        for (size_t j = 0; j < LENGTH(hosts); j++) {
            char *text = print("http://%s:%s", hosts[j], texts[i]);
            expect(strcmp(url(text), "port text") == 0, "\"%s\" is: %s", text, url(text));
        }
    }
    assert_string_equal(url(print("http://*:%s", repeat('9', 400))), "port text");
    assert_string_equal(url("https://*:x"), "port text");
    assert_string_equal(url("http://:x"), "port text");
    assert_string_equal(url("http://unix:"), "port text");
    assert_string_equal(url("http://unix:tmp"), "port text");
    assert_string_equal(url("http://pipe:x"), "port text");
}

TEST(what_is_no_address_is_refused) {
    static const char *const rows[][2] = {
        {"", "no scheme"},
        {" ", "no scheme"},
        {"x", "no scheme"},
        {"8080", "no scheme"},
        {"*:8080", "no scheme"},
        {"localhost:8080", "no scheme"},
        {"//*:8080", "no scheme"},
        {"http", "no scheme"},
        {"http:", "no scheme"},
        {"http:/", "no scheme"},
        {"http:/*:8080", "no scheme"},
        {"http:*:8080", "no scheme"},
        {"http//*:8080", "no scheme"},
        {"http:\\\\*:8080", "no scheme"},
        {"unix:/run/app.sock", "no scheme"},
        {"http://", "no host"},
        {"http:///", "no host"},
        {"http://:8080", "no host"},
        {"http://:80/", "no host"},
        {"https://:0", "no host"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(only_http_and_https_are_known) {
    static const char *const rows[][2] = {
        {"ftp://*:1", "unknown scheme"},          {"tcp://*:1", "unknown scheme"},
        {"ws://*:1", "unknown scheme"},           {"://*:1", "unknown scheme"},
        {" http://*:1", "unknown scheme"},        {"http ://*:1", "unknown scheme"},
        {"httpx://*:1", "unknown scheme"},        {"htt://*:1", "unknown scheme"},
        {"httpss://*:1", "unknown scheme"},       {"\"http://*:1\"", "unknown scheme"},
        {"'http://*:1'", "unknown scheme"},       {"http+unix://*:1", "unknown scheme"},
        {"https:://*:1", "unknown scheme"},       {"ftp://unix:/a", "unknown scheme"},
        {"ftp://pipe:/a", "unknown scheme"},      {"net.tcp://*:1", "unknown scheme"},
        {"\xc2\xa0http://*:1", "unknown scheme"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(text_after_the_address_is_refused) {
    static const char *const rows[][2] = {
        {"http://*:1/base", "path base"},       {"http://*:1//", "path base"},
        {"http://*:1/ ", "path base"},          {"http://*/x", "path base"},
        {"http://*:1,http://*:2", "path base"}, {"http://*:1;http://*:2", "path base"},
        {"http://*:1 http://*:2", "path base"}, {"http://*:1/?x", "path base"},
        {"http://[::1/64]:80", "path base"},    {"http://UNIX:/run/app.sock", "path base"},
        {"http://PIPE:/x", "path base"},        {"http://unix:tmp/x", "path base"},
        {"http://x/y/z", "path base"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(a_unix_socket_has_no_port) {
    static const char *const rows[][2] = {
        {"http://unix:/run/app.sock", "socket"},
        {"https://unix:/run/app.sock", "socket"},
        {"HTTP://unix:/run/app.sock", "socket"},
        {"http://unix://tmp/app.sock", "socket"},
        {"http://unix:/run/app.sock:", "socket"},
        {"http://unix:/run/app.sock:/", "socket"},
        {"http://unix:/a b?c#d", "socket"},
        {"http://unix:/run/app.sock:80", "path base"},
        {"http://unix:/run/app.sock:/x", "path base"},
        {"http://unix:/run/app.sock:x", "path base"},
        {"http://unix:/run/app.sock:80/", "path base"},
        {"http://unix:/", "socket path"},
        {"http://unix:80", "80 http"},
        {"http://Unix:80", "80 http"},
    };
    expect_urls(rows, LENGTH(rows));
}

TEST(the_path_of_a_unix_socket_has_107_bytes_at_most) {
    assert_string_equal(url(print("http://unix:/%s", repeat('a', 106))), "socket");
    assert_string_equal(url(print("http://unix:/%s", repeat('a', 107))), "socket path");
    assert_string_equal(url(print("http://unix:/%s:", repeat('a', 106))), "socket");
    assert_string_equal(url(print("http://unix:/%s:", repeat('a', 107))), "socket path");
    assert_string_equal(url(print("http://unix:/%s", repeat('a', 100000))), "socket path");
}

TEST(of_a_path_that_is_no_text_the_length_is_what_dotnet_makes_of_it) {
    assert_string_equal(url(print("http://unix:/\xff%s", repeat('a', 103))), "socket");
    assert_string_equal(url(print("http://unix:/\xff%s", repeat('a', 104))), "socket path");
    assert_string_equal(url(print("http://unix:/\xc3\xa9%s", repeat('a', 104))), "socket");
    assert_string_equal(url(print("http://unix:/\xc3\xa9%s", repeat('a', 105))), "socket path");
    assert_string_equal(url(print("http://unix:/%s:/", repeat('\xff', 35))), "socket");
    assert_string_equal(url(print("http://unix:/%s:/", repeat('\xff', 36))), "socket path");
}

/* Where Kestrel goes when the port is no number, for a reading that is not refused for it. */
TEST(a_port_that_is_no_number_still_leads_somewhere) {
    static const struct {
        const char *text;
        uint32_t port;
        enum address_host host;
    } urls[] = {
        {"http://*:80a", 80, HOST_ANY},        {"https://*:80a", 443, HOST_ANY},
        {"http://127.0.0.1:x", 80, HOST_ANY},  {"http://localhost:80a", 80, HOST_ANY},
        {"http://[::1]:x", 80, HOST_ANY},      {"http://x:a.localhost", 80, HOST_LOCALHOST},
        {"https://[::1]:0x5", 443, HOST_IPV6},
    };
    static const struct {
        const char *text;
        uint32_t port;
        enum address_host host;
    } ports[] = {
        {"80a", 80, HOST_ANY},
        {"", 80, HOST_ANY},
        {"127.0.0.1:x", 80, HOST_ANY},
        {"a.localhost", 80, HOST_LOCALHOST},
        {"x:a.localhost/", 80, HOST_LOCALHOST},
    };
    for (size_t i = 0; i < LENGTH(urls); i++) {
        struct address address = stale();
        expect(address_parse(text_of(urls[i].text), &address) == ADDRESS_PORT_TEXT, "%s",
               urls[i].text);
        expect(address.port == urls[i].port && address.host == urls[i].host, "%s: %u", urls[i].text,
               (unsigned)address.port);
    }
    for (size_t i = 0; i < LENGTH(ports); i++) {
        struct address address = stale();
        expect(address_parse_port("http", text_of(ports[i].text), &address) == ADDRESS_PORT_TEXT,
               "%s", ports[i].text);
        expect(address.port == ports[i].port && address.host == ports[i].host && !address.socket,
               "%s: %u", ports[i].text, (unsigned)address.port);
        expect(address_parse_loopback_port(text_of(ports[i].text), &address) == ADDRESS_PORT_TEXT &&
                   address.host == ports[i].host,
               "%s", ports[i].text);
        expect(address_parse_port("https", text_of(ports[i].text), &address) == ADDRESS_PORT_TEXT &&
                   address.port == 443,
               "%s", ports[i].text);
    }
}

TEST(port_0_of_a_name_below_localhost_is_there_all_the_same) {
    struct address address = stale();
    assert_int_equal(address_parse(text_of("http://a.localhost:0"), &address),
                     ADDRESS_DYNAMIC_BELOW);
    assert_int_equal(address.port, 0);
    assert_int_equal(address.host, HOST_LOCALHOST);
}

TEST(the_path_of_a_unix_socket_does_not_end_in_a_slash) {
    assert_string_equal(url("http://unix:/run/app.sock/"), "socket path");
    assert_string_equal(url("http://unix:/:"), "socket");
}

TEST(a_named_pipe_is_refused) {
    assert_string_equal(url("http://pipe:/x"), "pipe");
    assert_string_equal(url("https://pipe:/x/y"), "pipe");
    assert_string_equal(url("http://pipe:/x:"), "pipe");
    assert_string_equal(url("http://pipe:/x:/"), "pipe");
    assert_string_equal(url("http://pipe:/x:/y"), "path base");
    assert_string_not_equal(url("http://pipe:/"), "socket");
    assert_string_equal(url("http://pipe:80"), "80 http");
}

TEST(port_0_of_localhost_is_refused) {
    assert_string_equal(url("http://localhost:0"), "dynamic localhost");
    assert_string_equal(url("http://localhost:-0"), "dynamic localhost");
    assert_string_equal(url("https://LOCALHOST:00"), "dynamic localhost");
    assert_string_equal(url("http://a.localhost:0"), "dynamic below localhost");
}

TEST(an_address_is_read_no_further_than_its_end) {
    struct address address = stale();
    assert_int_equal(address_parse((struct text){"http://*:8080", 11}, &address), ADDRESS_GOOD);
    assert_int_equal(address.port, 80);
    assert_int_equal(address_parse((struct text){"http://", 6}, &address), ADDRESS_NO_SCHEME);
    assert_int_equal(address_parse((struct text){"http://unix:/x", 13}, &address),
                     ADDRESS_SOCKET_PATH);
    assert_int_equal(address_parse_port("http", (struct text){"8080", 2}, &address), ADDRESS_GOOD);
    assert_int_equal(address.port, 80);
}

/* An entry of HTTP_PORTS. */

TEST(a_port_is_a_number) {
    static const char *const rows[][2] = {
        {"80", "80 http"},       {"8080", "8080 http"}, {"0", "0 http"},
        {"65535", "65535 http"}, {"080", "80 http"},    {"0000000000000008080", "8080 http"},
        {"+8080", "8080 http"},  {"-0", "0 http"},      {"+0", "0 http"},
        {"00", "0 http"},        {" 80 ", "80 http"},   {"\t80\r\n", "80 http"},
    };
    expect_ports(rows, LENGTH(rows));
    assert_string_equal(port("https", "443"), "443 https");
    assert_string_equal(port("https", "0"), "0 https");
}

TEST(of_hosts_before_a_port_only_what_ends_in_dot_localhost_counts) {
    static const char *const rows[][2] = {
        {"a.localhost:80", "80 http localhost"},
        {"A.LocalHost:80/", "80 http localhost"},
        {".localhost:80", "80 http localhost"},
        {"a:.localhost:80", "80 http localhost"},
        {"a.localhost:0", "dynamic below localhost"},
        {"a.localhost:80a", "port text"},
        {"alocalhost:80", "80 http"},
        {"localhost.:80", "80 http"},
    };
    expect_ports(rows, LENGTH(rows));
    assert_string_equal(loopback_port("a.localhost:80"), "80 http localhost");
    assert_string_equal(loopback_port("localhost:80"), "80 http");
}

TEST(a_port_may_have_a_host_before_it_that_counts_for_nothing) {
    static const char *const rows[][2] = {
        {":80", "80 http"},        {"*:80", "80 http"},
        {"a:80", "80 http"},       {"127.0.0.1:8080", "8080 http"},
        {"[::]:80", "80 http"},    {"[::1]:80", "80 http"},
        {"::1:80", "80 http"},     {"localhost:80", "80 http"},
        {"localhost:0", "0 http"}, {"8080:80", "80 http"},
        {"80:8080", "8080 http"},  {"80:81:82", "82 http"},
        {"80: 81", "81 http"},     {"::80", "80 http"},
        {"80:-1", "port range"},   {"80:65536", "port range"},
        {"80:", "port text"},      {"80:a", "port text"},
        {":", "port text"},        {"*:", "port text"},
        {"[::1]", "port text"},    {"::", "port text"},
    };
    expect_ports(rows, LENGTH(rows));
}

TEST(a_port_may_have_one_slash_behind_it) {
    static const char *const rows[][2] = {
        {"8080/", "8080 http"},       {"80 /", "80 http"},        {"80//", "path base"},
        {"/80", "path base"},         {"80/tcp", "path base"},    {"80/ ", "path base"},
        {"//", "path base"},          {"/", "port text"},         {"x/", "port text"},
        {"80:/", "port text"},        {"http://*:80", "no port"}, {"http://80", "no port"},
        {"unix:/run/a", "path base"}, {"pipe:/x", "path base"},   {"65536/x", "path base"},
        {"80/?", "path base"},        {"x/y", "path base"},
    };
    expect_ports(rows, LENGTH(rows));
}

TEST(a_port_alone_beyond_the_range_is_refused) {
    static const char *const rows[][2] = {
        {"65536", "port range"},  {"70000", "port range"},      {"-1", "port range"},
        {"-80", "port range"},    {"2147483647", "port range"}, {"-2147483648", "port range"},
        {"65536/", "port range"}, {"*:65536", "port range"},
    };
    expect_ports(rows, LENGTH(rows));
}

TEST(anything_else_is_no_port_where_kestrel_takes_80) {
    static const char *const texts[] = {
        "",
        "abc",
        "80a",
        "a80",
        "8O80",
        "0x50",
        "0X1F90",
        "0b1",
        "1e4",
        "80.",
        "80.0",
        "8_080",
        "8'080",
        "{PORT}",
        "$PORT",
        "${PORT}",
        "%PORT%",
        "'80'",
        "\"80\"",
        "(80)",
        "#80",
        "80#",
        "80?",
        "80%",
        "+",
        "-",
        "--80",
        "++80",
        "+-80",
        "-+80",
        "80-",
        "80+",
        "8-0",
        "80,81",
        "80;81",
        "80 81",
        "1 8080",
        "+ 80",
        "- 80",
        "*",
        "http",
        "true",
        "\\",
        "[",
        "]",
        "@80",
        "80@",
        "\xef\xbc\x98\xef\xbc\x90",
        "\xd9\xa8\xd9\xa0",
        "\xe2\x88\x92"
        "80",
        "\xe2\x80\x8b"
        "80",
        "80\xe2\x80\x8b",
        "80\xc2\xb2",
        "\x1c"
        "80",
        "80\x1f",
        "\x01"
        "80",
        "80\x7f",
        "+\xc2\xa0"
        "80",
        "80\xff",
        "\xff"
        "80",
        "2147483648",
        "-2147483649",
        "4294967376",
        "99999999999",
        "4294985376",
        "18446744073709551696",
        "340282366920938463463374607431768211536",
    };
    for (size_t i = 0; i < LENGTH(texts); i++) {
        expect(strcmp(port("http", texts[i]), "port text") == 0, "\"%s\" is: %s", texts[i],
               port("http", texts[i]));
        expect(strcmp(port("https", texts[i]), "port text") == 0, "\"%s\" is: %s", texts[i],
               port("https", texts[i]));
    }
    assert_string_equal(port("http", repeat('8', 400)), "port text");
    assert_string_equal(port("http", print("-%s", repeat('8', 400))), "port text");
    assert_string_equal(port("http", print("%s80", repeat('0', 400))), "80 http");
}

/* ASPNETCORE_PORT of the IIS integration. */

TEST(the_port_of_the_iis_integration_is_on_the_loopback) {
    assert_string_equal(loopback_port("8080"), "8080 http 127.0.0.1");
    assert_string_equal(loopback_port("+80/"), "80 http 127.0.0.1");
    assert_string_equal(loopback_port("0"), "0 http 127.0.0.1");
    assert_string_equal(loopback_port("80:81"), "81 http");
    assert_string_equal(loopback_port("x"), "port text");
    assert_string_equal(loopback_port(""), "port text");
    assert_string_equal(loopback_port("70000"), "port range");
    assert_string_equal(loopback_port("80/x"), "path base");
}

/* White space. */

TEST(the_white_space_of_unicode_is_trimmed) {
    static const char *const spaces[] = {
        " ",
        "\t",
        "\n",
        "\v",
        "\f",
        "\r",
        "\xc2\x85",
        "\xc2\xa0",
        "\xe1\x9a\x80",
        "\xe2\x80\x80",
        "\xe2\x80\x81",
        "\xe2\x80\x82",
        "\xe2\x80\x83",
        "\xe2\x80\x84",
        "\xe2\x80\x85",
        "\xe2\x80\x86",
        "\xe2\x80\x87",
        "\xe2\x80\x88",
        "\xe2\x80\x89",
        "\xe2\x80\x8a",
        "\xe2\x80\xa8",
        "\xe2\x80\xa9",
        "\xe2\x80\xaf",
        "\xe2\x81\x9f",
        "\xe3\x80\x80",
    };
    for (size_t i = 0; i < LENGTH(spaces); i++) {
        const char *space = spaces[i];
        expect(is(address_trim(text_of(print("%s80", space))), "80"), "space %zu before", i);
        expect(is(address_trim(text_of(print("80%s", space))), "80"), "space %zu behind", i);
        expect(is(address_trim(text_of(print("%s80%s", space, space))), "80"), "space %zu", i);
        expect(is(address_trim(text_of(print(" %s 80 %s\t", space, space))), "80"), "space %zu", i);
        expect(is(address_trim(text_of(space)), ""), "space %zu alone", i);
        expect(is(address_trim(text_of(print("8%s0", space))), print("8%s0", space)),
               "space %zu within", i);
    }
    assert_true(is(address_trim(text_of("")), ""));
    assert_true(is(address_trim(text_of("   \t ")), ""));
    assert_true(is(address_trim(text_of("80")), "80"));
    assert_true(
        is(address_trim(text_of(print("%s80%s", repeat(' ', 999), repeat(' ', 999)))), "80"));
}

TEST(what_is_no_white_space_stays) {
    static const char *const others[] = {
        "\x01",         "\x08",         "\x0e",         "\x1b",     "\x1c",
        "\x1d",         "\x1e",         "\x1f",         "!",        "\x7f",
        "\xc2\xad",     "\xe1\xa0\x8e", "\xff",         "\xc2\x84", "\xe2\x80\x8b",
        "\xe2\x80\x8e", "\xe2\x81\xa0", "\xef\xbb\xbf", "\xc2",     "\x85",
        "\xa0",         "\xe2\x80",     "\x80",         "\xe3\x80",
    };
    for (size_t i = 0; i < LENGTH(others); i++) {
        char *before = print("%s80", others[i]);
        char *behind = print("80%s", others[i]);
        expect(is(address_trim(text_of(before)), before), "byte %zu before", i);
        expect(is(address_trim(text_of(behind)), behind), "byte %zu behind", i);
    }
    /* Not beyond its end. */
    assert_true(is(address_trim((struct text){"80 ", 2}), "80"));
    assert_true(is(address_trim((struct text){"\xe2\x80\x83", 2}), "\xe2\x80"));
}

/* What is said of it. */

TEST(every_fault_is_explained_and_has_an_advice) {
    for (enum address_fault fault = ADDRESS_NO_SCHEME; fault <= ADDRESS_DYNAMIC_LOCALHOST;
         fault++) {
        const char *words = address_explain(fault, "http");
        expect(strlen(words) > 10, "fault %d", (int)fault);
        expect(strlen(address_advise(fault, text_of("x"))) > 10, "fault %d", (int)fault);
        for (enum address_fault other = ADDRESS_NO_SCHEME; other < fault; other++) {
            expect(strcmp(words, address_explain(other, "http")) != 0, "faults %d and %d",
                   (int)fault, (int)other);
        }
    }
}

TEST(the_port_that_kestrel_would_take_is_named) {
    assert_non_null(strstr(address_explain(ADDRESS_PORT_TEXT, "http"), "port 80 "));
    assert_non_null(strstr(address_explain(ADDRESS_PORT_TEXT, "https"), "port 443 "));
}

TEST(who_wrote_a_comma_is_told_of_the_semicolon) {
    assert_non_null(strstr(address_advise(ADDRESS_PORT_TEXT, text_of("80,81")), "semicolon"));
    assert_non_null(
        strstr(address_advise(ADDRESS_NO_SCHEME, text_of("80,81")), "http://*:8080;http://*:8081"));
    assert_non_null(
        strstr(address_advise(ADDRESS_PATH_BASE, text_of("http://*:1,http://*:2")), "semicolon"));
    assert_null(strstr(address_advise(ADDRESS_PORT_TEXT, text_of("80x")), "semicolon"));
}

TEST(who_wants_a_pipe_or_a_broken_socket_is_told_of_a_good_one) {
    assert_non_null(strstr(address_advise(ADDRESS_PIPE, text_of("http://pipe:/x")), "unix:/"));
    assert_non_null(
        strstr(address_advise(ADDRESS_SOCKET_PATH, text_of("http://unix:/")), "unix:/"));
    assert_null(strstr(address_advise(ADDRESS_PORT_TEXT, text_of("x")), "unix:/"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_scheme_host_and_port),
        cmocka_unit_test(without_a_port_it_is_80_or_443),
        cmocka_unit_test(an_ipv6_address_without_brackets_loses_its_end_to_the_port),
        cmocka_unit_test(behind_brackets_the_last_number_is_the_port),
        cmocka_unit_test(an_address_that_ends_in_two_colons_is_port_80_and_not_port_0),
        cmocka_unit_test(a_number_of_the_port_is_read_as_dotnet_reads_it),
        cmocka_unit_test(a_port_beyond_the_range_is_refused),
        cmocka_unit_test(a_port_that_is_no_number_is_refused_where_kestrel_takes_80),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(only_http_and_https_are_known),
        cmocka_unit_test(text_after_the_address_is_refused),
        cmocka_unit_test(a_unix_socket_has_no_port),
        cmocka_unit_test(the_path_of_a_unix_socket_has_107_bytes_at_most),
        cmocka_unit_test(of_a_path_that_is_no_text_the_length_is_what_dotnet_makes_of_it),
        cmocka_unit_test(a_port_that_is_no_number_still_leads_somewhere),
        cmocka_unit_test(port_0_of_a_name_below_localhost_is_there_all_the_same),
        cmocka_unit_test(the_path_of_a_unix_socket_does_not_end_in_a_slash),
        cmocka_unit_test(a_named_pipe_is_refused),
        cmocka_unit_test(port_0_of_localhost_is_refused),
        cmocka_unit_test(an_address_is_read_no_further_than_its_end),
        cmocka_unit_test(a_port_is_a_number),
        cmocka_unit_test(of_hosts_before_a_port_only_what_ends_in_dot_localhost_counts),
        cmocka_unit_test(a_port_may_have_a_host_before_it_that_counts_for_nothing),
        cmocka_unit_test(a_port_may_have_one_slash_behind_it),
        cmocka_unit_test(a_port_alone_beyond_the_range_is_refused),
        cmocka_unit_test(anything_else_is_no_port_where_kestrel_takes_80),
        cmocka_unit_test(the_port_of_the_iis_integration_is_on_the_loopback),
        cmocka_unit_test(the_white_space_of_unicode_is_trimmed),
        cmocka_unit_test(what_is_no_white_space_stays),
        cmocka_unit_test(every_fault_is_explained_and_has_an_advice),
        cmocka_unit_test(the_port_that_kestrel_would_take_is_named),
        cmocka_unit_test(who_wants_a_pipe_or_a_broken_socket_is_told_of_a_good_one),
        cmocka_unit_test(who_wrote_a_comma_is_told_of_the_semicolon),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
