/* Which addresses the app will bind; what is right, a real ASP.NET Core has said. */
#include "aspnet/aspnet.h"
#include "unit.h"

#include <arpa/inet.h>

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})
#define EMPTY ((char *const[]){NULL})
#define APP WORDS("./app")

static struct listen listen_to;
static struct messages messages;

static char *show_host(const struct address *address) {
    char ip[INET6_ADDRSTRLEN];
    switch (address->host) {
    case HOST_LOCALHOST:
        return print(" localhost");
    case HOST_IPV4:
        return print(" %s", inet_ntop(AF_INET, &address->ipv4, ip, sizeof ip));
    case HOST_IPV6:
        return print(" [%s]", inet_ntop(AF_INET6, &address->ipv6, ip, sizeof ip));
    case HOST_ANY:
        break;
    }
    return print("%s", "");
}

/*
 * The addresses in the words of --check with a comma between two, or "refused". There is an error
 * if and only if it is refused.
 */
static const char *resolve_from(char *const *environment, char *const *program,
                                const char *ports_from) {
    memset(&listen_to, 0xa5, sizeof listen_to);
    messages_all(&messages);
    listen_resolve(environment, program, ports_from, &listen_to, &messages);
    expect(listen_to.malformed == messages.errors, "%.*s", SAID(&messages));
    if (listen_to.malformed) {
        return "refused";
    }
    char *list = print("%s", listen_to.count == 0 ? "none" : "");
    for (size_t i = 0; i < listen_to.count; i++) {
        const struct address *address = &listen_to.addresses[i];
        const char *readings = listen_name_readings(address);
        expect(address->readings != 0 && address->readings <= READINGS_ALL, "%zu", i);
        list = print("%s%s%u %s%s from %.*s%s", list, i > 0 ? ", " : "", (unsigned)address->port,
                     address->scheme, show_host(address), (int)address->source.length,
                     address->source.at, readings == NULL ? "" : print(" (%s)", readings));
    }
    return list;
}

static const char *resolve(char *const *environment, char *const *program) {
    return resolve_from(environment, program, NULL);
}

/* An environment, arguments, and what comes of them. */
struct row {
    char *const *environment;
    char *const *program;
    const char *wanted;
};

static void expect_row(const struct row *row, size_t number) {
    const char *list = resolve(row->environment, row->program);
    expect(strcmp(list, row->wanted) == 0, "row %zu: %s, not: %s\n%.*s", number, list, row->wanted,
           SAID(&messages));
}

#define expect_rows(rows)                                                                          \
    do {                                                                                           \
        for (size_t i = 0; i < LENGTH(rows); i++) {                                                \
            expect_row(&(rows)[i], i);                                                             \
        }                                                                                          \
    } while (0)

#define DEFAULT "5000 http localhost from default"
#define IN_SLIM " (slim builder)"
#define IN_HOST " (generic host)"

TEST(without_a_word_it_is_port_5000_of_localhost) {
    const struct row rows[] = {
        {EMPTY, APP, DEFAULT},
        {WORDS("PATH=/bin", "DOTNET_RUNNING_IN_CONTAINER=true"), APP, DEFAULT},
        {WORDS("PORT=80", "ASPNETCORE_PORT=80", "SERVER_URLS=http://*:80",
               "ASPNETCORE_HTTPS_PORT=443", "WEBSITES_PORT=80"),
         APP, DEFAULT},
        {WORDS("ASPNETCORE__URLS=http://*:80", "URLS__0=http://*:80", "URLS__=http://*:80",
               "ASPNETCORE_ASPNETCORE_URLS=http://*:80", "MYSQLCONNSTR_URLS=http://*:80"),
         APP, DEFAULT},
        {EMPTY,
         WORDS("./app", "http://*:80", "-urls", "http://*:80", "--ASPNETCORE_URLS=http://*:80",
               "--urls"),
         DEFAULT},
    };
    expect_rows(rows);
    assert_int_equal(messages.length, 0);
    assert_true(is(listen_to.addresses[0].source, "default"));
}

TEST(the_official_image_listens_on_8080_without_a_word) {
    const struct row rows[] = {
        {WORDS("APP_UID=1654", "ASPNETCORE_HTTP_PORTS=8080", "DOTNET_RUNNING_IN_CONTAINER=true"),
         APP, "8080 http from ASPNETCORE_HTTP_PORTS"},
    };
    expect_rows(rows);
    assert_int_equal(messages.length, 0);
    assert_string_equal(resolve(WORDS("ASPNETCORE_HTTP_PORTS="), APP), DEFAULT);
    assert_int_equal(messages.length, 0);
}

TEST(each_layer_beats_those_below_it) {
    const struct row rows[] = {
        {WORDS("ASPNETCORE_HTTP_PORTS=1"), APP, "1 http from ASPNETCORE_HTTP_PORTS"},
        {WORDS("DOTNET_HTTP_PORTS=2", "ASPNETCORE_HTTP_PORTS=1"), APP,
         "2 http from DOTNET_HTTP_PORTS, 1 http from ASPNETCORE_HTTP_PORTS" IN_HOST},
        {WORDS("HTTP_PORTS=3", "DOTNET_HTTP_PORTS=2", "ASPNETCORE_HTTP_PORTS=1"), APP,
         "3 http from HTTP_PORTS"},
        {WORDS("HTTP_PORTS=3", "DOTNET_HTTP_PORTS=2"), WORDS("./app", "--http_ports", "4"),
         "4 http from --http_ports"},
        {WORDS("HTTP_PORTS=3"), WORDS("./app", "--http_ports=4", "--HTTP_PORTS=5"),
         "5 http from --HTTP_PORTS"},
        {WORDS("ASPNETCORE_URLS=http://*:1", "DOTNET_URLS=http://*:2"), APP,
         "2 http from DOTNET_URLS, 1 http from ASPNETCORE_URLS" IN_HOST},
        {WORDS("ASPNETCORE_URLS=http://*:1", "URLS=http://*:3"), APP, "3 http from URLS"},
        {WORDS("URLS=http://*:3"), WORDS("./app", "urls=http://*:4"), "4 http from urls"},
        {WORDS("ASPNETCORE_HTTP_PORTS=8080"), WORDS("./app", "--urls", "http://+:80"),
         "80 http from --urls"},
        {WORDS("aspnetcore_http_ports=1"), APP, "1 http from aspnetcore_http_ports"},
    };
    expect_rows(rows);
}

TEST(an_empty_layer_hides_those_below_it) {
    const struct row rows[] = {
        {WORDS("HTTP_PORTS=", "ASPNETCORE_HTTP_PORTS=1"), APP, DEFAULT},
        {WORDS("HTTP_PORTS= ", "ASPNETCORE_HTTP_PORTS=1"), APP, DEFAULT},
        {WORDS("HTTP_PORTS=;", "ASPNETCORE_HTTP_PORTS=1"), APP, DEFAULT},
        {WORDS("DOTNET_HTTP_PORTS=", "ASPNETCORE_HTTP_PORTS=1"), APP,
         DEFAULT ", 1 http from ASPNETCORE_HTTP_PORTS" IN_HOST},
        {WORDS("ASPNETCORE_HTTP_PORTS=1"), WORDS("./app", "--http_ports="), DEFAULT},
        {WORDS("ASPNETCORE_HTTP_PORTS=1"), WORDS("./app", "--http_ports", ""), DEFAULT},
        {WORDS("URLS=", "ASPNETCORE_URLS=http://*:1"), APP,
         DEFAULT ", 1 http from ASPNETCORE_URLS" IN_HOST},
        {WORDS("URLS=", "ASPNETCORE_URLS=http://*:1", "ASPNETCORE_HTTP_PORTS=2"), APP,
         "2 http from ASPNETCORE_HTTP_PORTS, 1 http from ASPNETCORE_URLS" IN_HOST},
        {WORDS("HTTP_PORTS=", "ASPNETCORE_HTTP_PORTS=2", "DOTNET_HTTPS_PORTS=3"), APP,
         "3 https from DOTNET_HTTPS_PORTS"},
        {WORDS("URLS=", "ASPNETCORE_URLS=x"), APP, DEFAULT},
    };
    expect_rows(rows);
}

TEST(urls_beat_ports) {
    const struct row rows[] = {
        {WORDS("ASPNETCORE_URLS=http://*:1", "HTTP_PORTS=2", "HTTPS_PORTS=3"), APP,
         "1 http from ASPNETCORE_URLS"},
        {WORDS("ASPNETCORE_URLS=http://*:1"), WORDS("./app", "--http_ports=2"),
         "1 http from ASPNETCORE_URLS"},
        /* Set, but with nothing in it. */
        {WORDS("URLS=;", "HTTP_PORTS=2"), APP, DEFAULT},
        {WORDS("URLS= ", "HTTP_PORTS=2"), APP, "refused"},
        {WORDS("URLS=http://unix:/run/a.sock", "HTTP_PORTS=2"), APP, "none"},
    };
    expect_rows(rows);
}

TEST(ports_are_http_first_and_then_https) {
    const struct row rows[] = {
        {WORDS("HTTPS_PORTS=443;8443", "HTTP_PORTS=80;8080"), APP,
         "80 http from HTTP_PORTS, 8080 http from HTTP_PORTS, 443 https from HTTPS_PORTS, "
         "8443 https from HTTPS_PORTS"},
        {WORDS("HTTPS_PORTS=443"), APP, "443 https from HTTPS_PORTS"},
        {WORDS("HTTP_PORTS= 80 ;; 81 ;"), APP, "80 http from HTTP_PORTS, 81 http from HTTP_PORTS"},
        {WORDS("HTTP_PORTS=80;80"), APP, "80 http from HTTP_PORTS, 80 http from HTTP_PORTS"},
        {WORDS("HTTP_PORTS=0"), APP, "0 http from HTTP_PORTS"},
        {WORDS("HTTP_PORTS=+8080;080;8080/;127.0.0.1:8080"), APP,
         "8080 http from HTTP_PORTS, 80 http from HTTP_PORTS, 8080 http from HTTP_PORTS, "
         "8080 http from HTTP_PORTS"},
    };
    expect_rows(rows);
}

TEST(urls_are_taken_in_their_order) {
    const struct row rows[] = {
        {WORDS("URLS=http://*:2;https://localhost:1;http://[::1]:3"), APP,
         "2 http from URLS, 1 https localhost from URLS, 3 http [::1] from URLS"},
        {WORDS("URLS=;http://*:1;;http://127.0.0.1:2;"), APP,
         "1 http from URLS, 2 http 127.0.0.1 from URLS"},
        {WORDS("URLS=http://unix:/run/a.sock;http://*:80"), APP, "80 http from URLS"},
        {WORDS("URLS=http://*"), APP, "80 http from URLS"},
        {WORDS("URLS=http://::"), APP, "80 http [::] from URLS"},
    };
    expect_rows(rows);
}

TEST(endpoints_beat_urls_and_ports) {
    const struct row rows[] = {
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1"), APP,
         "1 http from Kestrel__Endpoints__A__Url"},
        {WORDS("ASPNETCORE_Kestrel__Endpoints__A__Url=http://*:1", "URLS=http://*:2",
               "HTTP_PORTS=3"),
         APP, "1 http from ASPNETCORE_Kestrel__Endpoints__A__Url"},
        {WORDS("KESTREL__ENDPOINTS__A__URL=http://*:1", "kestrel:endpoints:b:url=https://*:2"), APP,
         "1 http from KESTREL__ENDPOINTS__A__URL, 2 https from kestrel:endpoints:b:url"},
        {EMPTY, WORDS("./app", "--Kestrel:Endpoints:A:Url=http://*:1"),
         "1 http from --Kestrel:Endpoints:A:Url"},
        {WORDS("Kestrel__Endpoints__A__Url=http://unix:/run/a.sock", "URLS=http://*:80"), APP,
         "none"},
        {WORDS("Kestrel__Endpoints____Url=http://*:1"), APP,
         "1 http from Kestrel__Endpoints____Url"},
        /* A Url is one address, not a list. */
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1;http://*:2"), APP, "refused"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1;"), APP, "refused"},
        /* Per key, the highest layer. */
        {WORDS("ASPNETCORE_Kestrel__Endpoints__A__Url=http://*:1",
               "DOTNET_Kestrel__Endpoints__a__Url=http://*:2"),
         APP,
         "2 http from DOTNET_Kestrel__Endpoints__a__Url, "
         "1 http from ASPNETCORE_Kestrel__Endpoints__A__Url" IN_HOST},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1"),
         WORDS("./app", "--kestrel:endpoints:a:url", "http://*:2"),
         "2 http from --kestrel:endpoints:a:url"},
        {WORDS("ASPNETCORE_Kestrel__Endpoints__A__Url=x", "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "2 http from Kestrel__Endpoints__A__Url"},
        {WORDS("ASPNETCORE_Kestrel__Endpoints__A__Protocols=Http1",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "2 http from Kestrel__Endpoints__A__Url"},
    };
    expect_rows(rows);
}

/* appsettings.json may have it, and often does: it is no reason to refuse. */
TEST(an_endpoint_without_a_url_is_not_to_be_seen_from_here) {
    const struct row rows[] = {
        {WORDS("Kestrel__Endpoints__A__Protocols=Http1", "URLS=http://*:1"), APP, "none"},
        {WORDS("Kestrel__Endpoints__A__Url="), APP, "none"},
        {WORDS("Kestrel__Endpoints__A="), APP, "none"},
        {WORDS("Kestrel__Endpoints__Url=http://*:1"), APP, "none"},
        {WORDS("Kestrel__Endpoints__=x"), APP, "none"},
        {WORDS("Kestrel__Endpoints__A___Url=http://*:1"), APP, "none"},
        {WORDS("Kestrel__Endpoints__A__Url=", "ASPNETCORE_Kestrel__Endpoints__A__Url=http://*:1"),
         APP, "none"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1"),
         WORDS("./app", "--Kestrel:Endpoints:A:Url="), "none"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1", "Kestrel__Endpoints__B__Url="), APP,
         "1 http from Kestrel__Endpoints__A__Url"},
        /* Even where it would not be used. */
        {WORDS("Kestrel__Endpoints__A__Protocols=x", "PREFERHOSTINGURLS=1", "URLS=http://*:1"), APP,
         "1 http from URLS"},
        /* And these make no endpoint. */
        {WORDS("Kestrel__Endpoints=x", "Kestrel=x", "Kestrel__Url=http://*:80",
               "Kestrel__EndpointDefaults__Url=http://*:80"),
         APP, DEFAULT},
        {WORDS("Kestrel__Endpoints__A__Url__B=x", "Kestrel__Endpoints__A__Url=http://*:1"), APP,
         "1 http from Kestrel__Endpoints__A__Url"},
    };
    expect_rows(rows);
}

TEST(preferred_hosting_urls_beat_endpoints) {
    const struct row rows[] = {
        {WORDS("PREFERHOSTINGURLS=true", "URLS=http://*:1",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "1 http from URLS"},
        {WORDS("ASPNETCORE_PREFERHOSTINGURLS=1", "HTTP_PORTS=1",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "1 http from HTTP_PORTS"},
        {WORDS("URLS=http://*:1", "Kestrel__Endpoints__A__Url=http://*:2"),
         WORDS("./app", "--preferHostingUrls", "true"), "1 http from URLS"},
        {WORDS("PREFERHOSTINGURLS=0", "ASPNETCORE_PREFERHOSTINGURLS=1", "URLS=http://*:1",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "2 http from Kestrel__Endpoints__A__Url"},
        /* With nothing to prefer, the endpoints are it after all. */
        {WORDS("PREFERHOSTINGURLS=1", "Kestrel__Endpoints__A__Url=http://*:2"), APP,
         "2 http from Kestrel__Endpoints__A__Url"},
        {WORDS("PREFERHOSTINGURLS=1", "URLS=;", "HTTP_PORTS=3",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "2 http from Kestrel__Endpoints__A__Url"},
        /* An endpoint is read even then; what only binding shows does no harm. */
        {WORDS("PREFERHOSTINGURLS=1", "URLS=http://*:1", "Kestrel__Endpoints__A__Url=x"), APP,
         "refused"},
        {WORDS("PREFERHOSTINGURLS=1", "URLS=http://*:1", "Kestrel__Endpoints__A__Url=ftp://*:2"),
         APP, "refused"},
        {WORDS("PREFERHOSTINGURLS=1", "URLS=http://*:1", "Kestrel__Endpoints__A__Url=http://*:2/x"),
         APP, "refused"},
        {WORDS("PREFERHOSTINGURLS=1", "URLS=http://*:1", "Kestrel__Endpoints__A__Url=http://*:80a"),
         APP, "1 http from URLS"},
        {WORDS("PREFERHOSTINGURLS=1", "URLS=http://*:1",
               "Kestrel__Endpoints__A__Url=http://pipe:/x"),
         APP, "1 http from URLS"},
        {WORDS("PREFERHOSTINGURLS=1", "URLS=http://unix:/run/a.sock",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "none"},
    };
    expect_rows(rows);
}

TEST(of_two_spellings_all_count) {
    const struct row rows[] = {
        {WORDS("HTTP_PORTS=1", "http_ports=2"), APP,
         "1 http from HTTP_PORTS, 2 http from http_ports"},
        {WORDS("HTTP_PORTS=1", "http_ports="), APP, "1 http from HTTP_PORTS, " DEFAULT},
        {WORDS("URLS=http://*:1", "urls=", "HTTP_PORTS=2"), APP,
         "1 http from URLS, 2 http from HTTP_PORTS"},
        {WORDS("URLS=http://*:1", "urls=;"), APP, "1 http from URLS, " DEFAULT},
        {WORDS("URLS=x", "urls=y"), APP, "refused"},
        {WORDS("PREFERHOSTINGURLS=1", "preferhostingurls=0", "URLS=http://*:1",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "1 http from URLS, 2 http from Kestrel__Endpoints__A__Url"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1", "kestrel__endpoints__a__url=http://*:2"),
         APP, "1 http from Kestrel__Endpoints__A__Url, 2 http from kestrel__endpoints__a__url"},
        {WORDS("Kestrel__Endpoints__A__Url=x", "Kestrel:Endpoints:A:Url="), APP, "none"},
        /* In a lower layer they are hidden, however many. */
        {WORDS("ASPNETCORE_HTTP_PORTS=1", "aspnetcore_http_ports=2", "HTTP_PORTS=3"), APP,
         "3 http from HTTP_PORTS"},
    };
    expect_rows(rows);
}

TEST(of_one_name_that_is_there_twice_the_first_counts) {
    const struct row rows[] = {
        {WORDS("HTTP_PORTS=1", "HTTP_PORTS=2"), APP, "1 http from HTTP_PORTS"},
        {WORDS("HTTP_PORTS=", "HTTP_PORTS=1"), APP, DEFAULT},
        {WORDS("HTTP_PORTS=1", "HTTP_PORTS="), APP, "1 http from HTTP_PORTS"},
        {WORDS("URLS=http://*:1", "URLS=x"), APP, "1 http from URLS"},
        {WORDS("HTTP_PORTS=1", "http_ports=3", "HTTP_PORTS=2"), APP,
         "1 http from HTTP_PORTS, 3 http from http_ports"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1", "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "1 http from Kestrel__Endpoints__A__Url"},
    };
    expect_rows(rows);
}

/* .NET takes 3 or 1, never 2; to count one more is on the safe side. */
TEST(a_name_that_is_there_twice_beside_other_spellings_leaves_nothing_out) {
    const struct row rows[] = {
        {WORDS("http_ports=3", "HTTP_PORTS=1", "HTTP_PORTS=2"), APP,
         "3 http from http_ports, 1 http from HTTP_PORTS, 2 http from HTTP_PORTS"},
    };
    expect_rows(rows);
}

TEST(the_iis_integration_takes_over_with_its_three_variables) {
#define IIS "ASPNETCORE_APPL_PATH=/", "ASPNETCORE_TOKEN=t"
    const struct row rows[] = {
        {WORDS("ASPNETCORE_PORT=80", IIS), APP,
         "80 http 127.0.0.1 from ASPNETCORE_PORT, " DEFAULT IN_SLIM},
        {WORDS("ASPNETCORE_PORT=8080", IIS, "ASPNETCORE_HTTP_PORTS=81"), APP,
         "8080 http 127.0.0.1 from ASPNETCORE_PORT, 81 http from ASPNETCORE_HTTP_PORTS" IN_SLIM},
        {WORDS("ASPNETCORE_PORT=80", IIS, "URLS=http://*:1", "HTTP_PORTS=2",
               "Kestrel__Endpoints__A__Url=http://*:3", "PREFERHOSTINGURLS=0"),
         WORDS("./app", "--urls=http://*:4"),
         "80 http 127.0.0.1 from ASPNETCORE_PORT, "
         "3 http from Kestrel__Endpoints__A__Url (slim builder, generic host)"},
        {WORDS("ASPNETCORE_PORT=7;http://*:8;", IIS), APP,
         "7 http 127.0.0.1 from ASPNETCORE_PORT, 8 http from ASPNETCORE_PORT, " DEFAULT IN_SLIM},
        /* Malformed, it is refused unless a slim app would start. */
        {WORDS("ASPNETCORE_PORT=x", IIS, "URLS=y"), APP, "refused"},
        {WORDS("ASPNETCORE_PORT=;", IIS, "URLS=y"), APP, "refused"},
        {WORDS("ASPNETCORE_PORT=70000", IIS, "URLS=y"), APP, "refused"},
        {WORDS("ASPNETCORE_PORT=7;8", IIS, "URLS=y"), APP, "refused"},
        {WORDS("ASPNETCORE_PORT=x", IIS), APP, "80 http from ASPNETCORE_PORT, " DEFAULT IN_SLIM},
        {WORDS("ASPNETCORE_PORT=70000", IIS, "HTTP_PORTS=1"), APP,
         "1 http from HTTP_PORTS" IN_SLIM},
        {WORDS("ASPNETCORE_PORT=80", IIS, "Kestrel__Endpoints__A__Url=x"), APP, "refused"},
        {WORDS("ASPNETCORE_PORT=80", IIS, "URLS=x"), APP, "80 http 127.0.0.1 from ASPNETCORE_PORT"},
        /* In the generic host it stands in for the ASPNETCORE_ variables alone. */
        {WORDS("ASPNETCORE_PORT=80", IIS, "URLS=http://*:1"), APP,
         "80 http 127.0.0.1 from ASPNETCORE_PORT, 1 http from URLS (slim builder, generic host)"},
        {WORDS("ASPNETCORE_PORT=80", IIS, "ASPNETCORE_URLS=http://*:1", "DOTNET_URLS=http://*:2"),
         APP, "80 http 127.0.0.1 from ASPNETCORE_PORT, 2 http from DOTNET_URLS" IN_SLIM},
        /* Two of three are none, and the names are taken to the letter. */
        {WORDS("ASPNETCORE_PORT=80", "ASPNETCORE_APPL_PATH=/"), APP, DEFAULT},
        {WORDS("ASPNETCORE_PORT=80", "ASPNETCORE_TOKEN=t"), APP, DEFAULT},
        {WORDS(IIS), APP, DEFAULT},
        {WORDS("ASPNETCORE_PORT=", IIS), APP, DEFAULT},
        {WORDS("ASPNETCORE_PORT=80", "ASPNETCORE_APPL_PATH=", "ASPNETCORE_TOKEN=t"), APP, DEFAULT},
        {WORDS("ASPNETCORE_PORT=80", "ASPNETCORE_APPL_PATH=/", "ASPNETCORE_TOKEN="), APP, DEFAULT},
        {WORDS("aspnetcore_port=80", IIS), APP,
         DEFAULT ", 80 http 127.0.0.1 from aspnetcore_port" IN_HOST},
        {WORDS("DOTNET_PORT=80", "PORT=80", IIS), APP, DEFAULT},
    };
    expect_rows(rows);
}

TEST(what_kestrel_always_refuses_is_refused) {
    static const char *const urls[] = {
        "8080",
        "*:8080",
        "localhost:8080",
        "http:/*:80",
        "http://",
        "http://:80",
        "ftp://*:1",
        "tcp://*:1",
        " http://*:1",
        "http://*:1/base",
        "http://*:70000",
        "http://*:-1",
        "http://pipe:/x",
        "http://unix:/",
        "http://localhost:0",
        "http://*:1,http://*:2",
        "http://*:1; http://*:2",
        "http://*:1;x",
    };
    for (size_t i = 0; i < LENGTH(urls); i++) {
        expect(strcmp(resolve(WORDS(print("URLS=%s", urls[i])), APP), "refused") == 0, "URLS=%s",
               urls[i]);
        expect(errors(&messages) == 1 && hints(&messages) == 1, "URLS=%s: %.*s", urls[i],
               SAID(&messages));
        expect(said(&messages, "shim: error: URLS: \"") == 1, "URLS=%s: %.*s", urls[i],
               SAID(&messages));
        expect(strcmp(resolve(EMPTY, WORDS("./app", "--urls", (char *)urls[i])), "refused") == 0,
               "--urls %s", urls[i]);
        expect(said(&messages, "shim: error: --urls: \"") == 1, "--urls %s: %.*s", urls[i],
               SAID(&messages));
    }
}

TEST(a_port_that_is_no_number_is_refused_with_variable_and_entry) {
    static const char *const ports[] = {"abc",   "80a",    "0x1F90",   "8080,8081", "8080 8081",
                                        "$PORT", "{PORT}", "\"8080\"", "1e4",       "99999999999"};
    for (size_t i = 0; i < LENGTH(ports); i++) {
        expect(strcmp(resolve(WORDS(print("ASPNETCORE_HTTP_PORTS=8080; %s ;8081", ports[i])), APP),
                      "refused") == 0,
               "%s", ports[i]);
        expect(said(&messages, print("shim: error: ASPNETCORE_HTTP_PORTS: %s is not a port number",
                                     quote(text_of(ports[i])).text)) == 1,
               "%s: %.*s", ports[i], SAID(&messages));
        expect(errors(&messages) == 1 && hints(&messages) == 1, "%s: %.*s", ports[i],
               SAID(&messages));
    }
    (void)resolve(WORDS("HTTP_PORTS=x"), APP);
    assert_int_equal(said(&messages, "port 80 "), 1);
    (void)resolve(WORDS("HTTPS_PORTS=x"), APP);
    assert_int_equal(said(&messages, "port 443 "), 1);
    (void)resolve(WORDS("HTTP_PORTS=-1"), APP);
    assert_int_equal(said(&messages, "\"-1\" is not a port from 0 to 65535"), 1);
}

TEST(all_that_is_malformed_is_told_but_not_without_end) {
    assert_string_equal(resolve(WORDS("HTTP_PORTS=a;b;80;c", "HTTPS_PORTS=d"), APP), "refused");
    assert_int_equal(errors(&messages), 4);
    assert_string_equal(resolve(WORDS("HTTP_PORTS=1;a;a;a;a;a;a;a;a"), APP), "refused");
    assert_int_equal(errors(&messages), 8);
    assert_string_equal(resolve(WORDS("HTTP_PORTS=a;a;a;a;a;a;a;a;a;a;a"), APP), "refused");
    assert_int_equal(errors(&messages), 9);
    assert_int_equal(said(&messages, "shim: error: and 3 more like these"), 1);
}

TEST(endpoints_without_a_url_are_told_at_info) {
    assert_string_equal(
        resolve(WORDS("Kestrel__Endpoints__Https__Certificate__Password=x", "HTTP_PORTS=8080"),
                APP),
        "none");
    assert_int_equal(errors(&messages) + warnings(&messages), 0);
    assert_int_equal(said(&messages,
                          "shim: info: Kestrel__Endpoints__Https__Certificate__Password: "
                          "the Url of the Kestrel endpoint \"Https\" is not to be seen"),
                     1);
}

TEST(what_another_one_overrides_is_a_warning_at_most) {
    const struct {
        char *const *environment;
        char *const *program;
        const char *wanted;
        const char *told;
    } rows[] = {
        {WORDS("ASPNETCORE_HTTP_PORTS=x", "HTTP_PORTS=1"), APP, "1 http from HTTP_PORTS",
         "ASPNETCORE_HTTP_PORTS is malformed (\"x\"), but overridden by HTTP_PORTS"},
        {WORDS("ASPNETCORE_HTTP_PORTS=8080", "HTTP_PORTS=1"), APP, "1 http from HTTP_PORTS",
         "ASPNETCORE_HTTP_PORTS is overridden by HTTP_PORTS"},
        {WORDS("ASPNETCORE_HTTP_PORTS=8", "URLS=http://*:1"), APP, "1 http from URLS",
         "ASPNETCORE_HTTP_PORTS is overridden by URLS"},
        {WORDS("HTTPS_PORTS=x", "URLS=http://*:1"), APP, "1 http from URLS",
         "HTTPS_PORTS is malformed (\"x\"), but overridden by URLS"},
        {WORDS("ASPNETCORE_URLS=x"), WORDS("./app", "--urls=http://*:1"), "1 http from --urls",
         "ASPNETCORE_URLS is malformed (\"x\"), but overridden by --urls"},
        {WORDS("URLS=x", "Kestrel__Endpoints__A__Url=http://*:1"), APP,
         "1 http from Kestrel__Endpoints__A__Url",
         "URLS is malformed (\"x\"), but overridden by Kestrel__Endpoints__A__Url"},
        {WORDS("HTTP_PORTS=x", "Kestrel__Endpoints__A__Url=http://*:1"), APP,
         "1 http from Kestrel__Endpoints__A__Url",
         "HTTP_PORTS is malformed (\"x\"), but overridden by Kestrel__Endpoints__A__Url"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1", "ASPNETCORE_Kestrel__Endpoints__A__Url=x"),
         APP, "1 http from Kestrel__Endpoints__A__Url",
         "ASPNETCORE_Kestrel__Endpoints__A__Url is malformed (\"x\"), but overridden by "
         "Kestrel__Endpoints__A__Url"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1",
               "ASPNETCORE_Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "1 http from Kestrel__Endpoints__A__Url",
         "ASPNETCORE_Kestrel__Endpoints__A__Url is overridden by Kestrel__Endpoints__A__Url"},
        {WORDS("Kestrel__Endpoints__A__Url=http://*:1", "PREFERHOSTINGURLS=1", "HTTP_PORTS=2"), APP,
         "2 http from HTTP_PORTS", "Kestrel__Endpoints__A__Url is overridden by PREFERHOSTINGURLS"},
        {WORDS("HTTP_PORTS=x", "URLS=;"), APP, DEFAULT,
         "HTTP_PORTS is malformed (\"x\"), but overridden by URLS"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *list = resolve(rows[i].environment, rows[i].program);
        expect(strcmp(list, rows[i].wanted) == 0, "row %zu: %s\n%.*s", i, list, SAID(&messages));
        /* Layers are there to be overridden; what is malformed should not be lost. */
        bool malformed = strstr(rows[i].told, "malformed") != NULL;
        expect(warnings(&messages) == (malformed ? 1 : 0), "row %zu: %.*s", i, SAID(&messages));
        const char *label = malformed ? "warning" : "info";
        expect(said(&messages, print("shim: %s: %s\n", label, rows[i].told)) == 1, "row %zu: %.*s",
               i, SAID(&messages));
    }
}

TEST(an_empty_value_that_is_overridden_is_no_warning) {
    assert_string_equal(resolve(WORDS("ASPNETCORE_HTTP_PORTS=", "URLS=http://*:1"), APP),
                        "1 http from URLS");
    assert_int_equal(messages.length, 0);
}

TEST(the_generic_host_takes_aspnetcore_before_dotnet) {
    const struct row rows[] = {
        {WORDS("DOTNET_URLS=http://*:1", "ASPNETCORE_URLS=http://*:2"), APP,
         "1 http from DOTNET_URLS, 2 http from ASPNETCORE_URLS" IN_HOST},
        {WORDS("ASPNETCORE_HTTP_PORTS=2", "DOTNET_HTTP_PORTS=1"), APP,
         "1 http from DOTNET_HTTP_PORTS, 2 http from ASPNETCORE_HTTP_PORTS" IN_HOST},
        {WORDS("DOTNET_HTTP_PORTS=", "ASPNETCORE_HTTP_PORTS=8080"), APP,
         DEFAULT ", 8080 http from ASPNETCORE_HTTP_PORTS" IN_HOST},
        /* What both open is told once. */
        {WORDS("DOTNET_URLS=http://*:1", "ASPNETCORE_URLS=http://*:1"), APP,
         "1 http from DOTNET_URLS"},
        {WORDS("DOTNET_URLS=http://10.0.0.1:1;http://[fd00::1]:2",
               "ASPNETCORE_URLS=http://[fd00::1]:2;http://10.0.0.1:1"),
         APP, "1 http 10.0.0.1 from DOTNET_URLS, 2 http [fd00::1] from DOTNET_URLS"},
        /* And what differs in one thing is another. */
        {WORDS("DOTNET_URLS=http://*:1", "ASPNETCORE_URLS=https://*:1"), APP,
         "1 http from DOTNET_URLS, 1 https from ASPNETCORE_URLS" IN_HOST},
        {WORDS("DOTNET_URLS=http://10.0.0.1:1", "ASPNETCORE_URLS=http://10.0.0.2:1"), APP,
         "1 http 10.0.0.1 from DOTNET_URLS, 1 http 10.0.0.2 from ASPNETCORE_URLS" IN_HOST},
        {WORDS("DOTNET_URLS=http://[fd00::1]:1", "ASPNETCORE_URLS=http://[fd00::2]:1"), APP,
         "1 http [fd00::1] from DOTNET_URLS, 1 http [fd00::2] from ASPNETCORE_URLS" IN_HOST},
        {WORDS("DOTNET_URLS=http://localhost:1", "ASPNETCORE_URLS=http://*:1"), APP,
         "1 http localhost from DOTNET_URLS, 1 http from ASPNETCORE_URLS" IN_HOST},
        {WORDS("DOTNET_HTTP_PORTS=1;2", "ASPNETCORE_HTTP_PORTS=2;3"), APP,
         "1 http from DOTNET_HTTP_PORTS, 2 http from DOTNET_HTTP_PORTS, "
         "3 http from ASPNETCORE_HTTP_PORTS" IN_HOST},
        {WORDS("DOTNET_URLS=http://*:1", "ASPNETCORE_URLS=http://*:2", "URLS=http://*:3"), APP,
         "3 http from URLS"},
        {WORDS("DOTNET_URLS=http://*:1", "ASPNETCORE_URLS=http://*:2"),
         WORDS("./app", "--urls=http://*:3"), "3 http from --urls"},
        {WORDS("DOTNET_Kestrel__Endpoints__A__Url=http://*:1",
               "ASPNETCORE_Kestrel__Endpoints__B__Url=http://*:2"),
         APP,
         "1 http from DOTNET_Kestrel__Endpoints__A__Url, "
         "2 http from ASPNETCORE_Kestrel__Endpoints__B__Url"},
        /* An empty one lets the other through on .NET 10, and hides it on 11. */
        {WORDS("ASPNETCORE_HTTP_PORTS=", "DOTNET_HTTP_PORTS=2"), APP,
         "2 http from DOTNET_HTTP_PORTS, " DEFAULT IN_HOST},
        /* Its own urls are asked where those of the app are empty. */
        {WORDS("URLS=", "DOTNET_URLS=http://*:1"), APP,
         DEFAULT ", 1 http from DOTNET_URLS" IN_HOST},
        {WORDS("ASPNETCORE_URLS=http://*:2", "DOTNET_URLS=http://*:1"), WORDS("./app", "--urls="),
         DEFAULT ", 2 http from ASPNETCORE_URLS" IN_HOST},
        {WORDS("DOTNET_URLS=http://*:1"), WORDS("./app", "--urls="), DEFAULT},
        {WORDS("HTTP_PORTS=", "ASPNETCORE_HTTP_PORTS=1"), APP, DEFAULT},
        {WORDS("PREFERHOSTINGURLS=", "ASPNETCORE_PREFERHOSTINGURLS=1", "URLS=http://*:1",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "2 http from Kestrel__Endpoints__A__Url, 1 http from URLS" IN_HOST},
    };
    expect_rows(rows);
    (void)resolve(rows[0].environment, rows[0].program);
    assert_int_equal(warnings(&messages), 0);
    assert_int_equal(said(&messages, "shim: info: port 2, from ASPNETCORE_URLS: only an app of the "
                                     "generic host opens it\n"),
                     1);
}

TEST(what_one_reading_accepts_is_a_warning_and_not_refused) {
    const struct row rows[] = {
        {WORDS("DOTNET_HTTP_PORTS=80a", "ASPNETCORE_HTTP_PORTS=8080"), APP,
         "80 http from DOTNET_HTTP_PORTS, 8080 http from ASPNETCORE_HTTP_PORTS" IN_HOST},
        {WORDS("DOTNET_URLS=x", "ASPNETCORE_URLS=http://*:1"), APP,
         "1 http from ASPNETCORE_URLS" IN_HOST},
        {WORDS("DOTNET_URLS=http://*:1", "ASPNETCORE_URLS=x"), APP, "1 http from DOTNET_URLS"},
        {WORDS("URLS=http://*:1", "urls=x"), APP, "1 http from URLS"},
        {WORDS("HTTP_PORTS=80a", "http_ports=81"), APP,
         "80 http from HTTP_PORTS, 81 http from http_ports"},
        {WORDS("PREFERHOSTINGURLS=1", "preferhostingurls=0", "URLS=x",
               "Kestrel__Endpoints__A__Url=http://*:2"),
         APP, "2 http from Kestrel__Endpoints__A__Url"},
        {WORDS("PREFERHOSTINGURLS=1", "preferhostingurls=0", "URLS=http://*:1",
               "Kestrel__Endpoints__A__Url=http://pipe:/x"),
         APP, "1 http from URLS"},
        {WORDS("URLS=http://a.localhost:0"), APP, "0 http localhost from URLS"},
    };
    static const char *const refused[] = {
        "DOTNET_URLS=x",
        "HTTP_PORTS=80a",
        "URLS=http://localhost:0",
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        expect_row(&rows[i], i);
        expect(warnings(&messages) == 1 && hints(&messages) == 1, "row %zu: %.*s", i,
               SAID(&messages));
    }
    for (size_t i = 0; i < LENGTH(refused); i++) {
        const char *list = resolve(WORDS((char *)refused[i]), APP);
        expect(strcmp(list, "refused") == 0, "%s: %s", refused[i], list);
    }
    /* All spellings have to be bad, and every port of a list good. */
    assert_string_equal(resolve(WORDS("URLS=x", "urls=http://*:1;y"), APP), "refused");
    assert_string_equal(resolve(WORDS("HTTP_PORTS=80", "HTTPS_PORTS=x"), APP), "refused");
    assert_string_equal(
        resolve(WORDS("Kestrel__Endpoints__A__Url=http://*:1", "Kestrel__Endpoints__B__Url=x",
                      "kestrel__endpoints__b__url=y"),
                APP),
        "refused");
}

TEST(an_argument_that_dotnet_has_no_mapping_for_is_told_at_info) {
    assert_string_equal(resolve(WORDS("HTTP_PORTS=1"), WORDS("./app", "-p=80")),
                        "1 http from HTTP_PORTS");
    assert_int_equal(warnings(&messages), 0);
    assert_int_equal(said(&messages, "shim: info: argument \"-p=80\""), 1);
    assert_string_equal(resolve(WORDS("HTTP_PORTS=1"), WORDS("./app", "-p", "80", "--x", "-y=1")),
                        "1 http from HTTP_PORTS");
    assert_int_equal(messages.length, 0);
}

TEST(the_variable_that_the_port_was_taken_from_is_the_one_that_is_named) {
    assert_string_equal(resolve_from(WORDS("ASPNETCORE_HTTP_PORTS=9000"), APP, "PORT"),
                        "9000 http from PORT");
    assert_int_equal(messages.length, 0);
    assert_string_equal(
        resolve_from(WORDS("ASPNETCORE_HTTP_PORTS=9000", "HTTP_PORTS=1"), APP, "PORT"),
        "1 http from HTTP_PORTS");
    assert_int_equal(said(&messages, "shim: warning: PORT is overridden by HTTP_PORTS\n"), 1);
    assert_string_equal(
        resolve_from(WORDS("ASPNETCORE_HTTP_PORTS=9000", "ASPNETCORE_URLS=http://*:1"), APP,
                     "PORT"),
        "1 http from ASPNETCORE_URLS");
    assert_int_equal(said(&messages, "shim: warning: PORT is overridden by ASPNETCORE_URLS\n"), 1);
    /* In most apps, that is: others take it. */
    assert_string_equal(
        resolve_from(WORDS("ASPNETCORE_HTTP_PORTS=9000", "DOTNET_HTTP_PORTS=1"), APP, "PORT"),
        "1 http from DOTNET_HTTP_PORTS, 9000 http from PORT (generic host)");
    assert_int_equal(said(&messages, "shim: warning: PORT is overridden by DOTNET_HTTP_PORTS\n"),
                     1);
    assert_string_equal(resolve_from(WORDS("ASPNETCORE_HTTP_PORTS=9000", "ASPNETCORE_PORT=1",
                                           "ASPNETCORE_APPL_PATH=/", "ASPNETCORE_TOKEN=x"),
                                     APP, "PORT"),
                        "1 http 127.0.0.1 from ASPNETCORE_PORT, 9000 http from PORT "
                        "(slim builder)");
    assert_int_equal(said(&messages, "shim: warning: PORT is overridden by ASPNETCORE_PORT\n"), 1);
    /* Only that one. */
    assert_string_equal(
        resolve_from(WORDS("HTTPS_PORTS=443", "ASPNETCORE_HTTP_PORTS=80"), APP, "WEB_PORT"),
        "80 http from WEB_PORT, 443 https from HTTPS_PORTS");
}

TEST(behind_dotnet_only_the_apps_own_arguments_count) {
    const struct row rows[] = {
        {EMPTY, WORDS("dotnet", "app.dll", "--urls", "http://*:1"), "1 http from --urls"},
        {EMPTY, WORDS("dotnet", "--urls=http://*:2", "app.dll", "--urls=http://*:1"),
         "1 http from --urls"},
        {EMPTY, WORDS("dotnet", "exec", "--depsfile", "x", "app.dll", "/urls", "http://*:1"),
         "1 http from /urls"},
        {EMPTY, WORDS("dotnet", "urls=http://*:2"), DEFAULT},
    };
    expect_rows(rows);
}

TEST(there_are_256_addresses_at_most) {
    char *list = repeat('\0', 257 * sizeof "65535;");
    for (size_t i = 0; i < 256; i++) {
        strcat(list, "8080;");
    }
    (void)resolve(WORDS(print("HTTP_PORTS=%s", list)), APP);
    assert_false(listen_to.malformed);
    assert_int_equal(listen_to.count, 256);
    assert_string_equal(resolve(WORDS(print("HTTP_PORTS=%s1", list)), APP), "refused");
    assert_int_equal(errors(&messages), 1);
    assert_int_equal(said(&messages, "HTTP_PORTS: more than 256"), 1);
    assert_int_equal(hints(&messages), 1);
    assert_string_equal(resolve(WORDS(print("HTTP_PORTS=%s%s", list, list)), APP), "refused");
    assert_int_equal(errors(&messages), 1);
}

TEST(there_are_256_endpoints_at_most) {
    char *environment[258] = {NULL};
    for (size_t i = 0; i < 256; i++) {
        environment[i] = print("Kestrel__Endpoints__%zu__Url=http://*:%zu", i, i + 1);
    }
    (void)resolve(environment, APP);
    assert_false(listen_to.malformed);
    assert_int_equal(listen_to.count, 256);
    environment[256] = print("Kestrel__Endpoints__256__Url=http://*:80");
    assert_string_equal(resolve(environment, APP), "refused");
    assert_int_equal(said(&messages, "Kestrel__Endpoints__0__Url: more than 256"), 1);
}

TEST(no_name_or_value_gets_to_the_terminal_as_it_is) {
    assert_string_equal(resolve(WORDS("Kestrel__Endpoints__\x1b[2J__Url=\x1b[31m\n"), APP),
                        "refused");
    assert_string_equal(resolve(WORDS("Kestrel__Endpoints__\x1b[2J__X=y", "HTTP_PORTS=\x9b"),
                                WORDS("./app", "-\x1b=\n")),
                        "none");
    for (size_t i = 0; i < messages.length; i++) {
        expect(messages.text[i] == '\n' || (messages.text[i] >= ' ' && messages.text[i] <= '~'),
               "byte %zu", i);
    }
    assert_int_equal(said(&messages, "Kestrel__Endpoints__\\x1b[2J__X"), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_it_is_port_5000_of_localhost),
        cmocka_unit_test(the_official_image_listens_on_8080_without_a_word),
        cmocka_unit_test(each_layer_beats_those_below_it),
        cmocka_unit_test(an_empty_layer_hides_those_below_it),
        cmocka_unit_test(urls_beat_ports),
        cmocka_unit_test(ports_are_http_first_and_then_https),
        cmocka_unit_test(urls_are_taken_in_their_order),
        cmocka_unit_test(endpoints_beat_urls_and_ports),
        cmocka_unit_test(an_endpoint_without_a_url_is_not_to_be_seen_from_here),
        cmocka_unit_test(preferred_hosting_urls_beat_endpoints),
        cmocka_unit_test(of_two_spellings_all_count),
        cmocka_unit_test(of_one_name_that_is_there_twice_the_first_counts),
        cmocka_unit_test(a_name_that_is_there_twice_beside_other_spellings_leaves_nothing_out),
        cmocka_unit_test(the_iis_integration_takes_over_with_its_three_variables),
        cmocka_unit_test(what_kestrel_always_refuses_is_refused),
        cmocka_unit_test(a_port_that_is_no_number_is_refused_with_variable_and_entry),
        cmocka_unit_test(all_that_is_malformed_is_told_but_not_without_end),
        cmocka_unit_test(endpoints_without_a_url_are_told_at_info),
        cmocka_unit_test(what_another_one_overrides_is_a_warning_at_most),
        cmocka_unit_test(an_empty_value_that_is_overridden_is_no_warning),
        cmocka_unit_test(the_generic_host_takes_aspnetcore_before_dotnet),
        cmocka_unit_test(what_one_reading_accepts_is_a_warning_and_not_refused),
        cmocka_unit_test(an_argument_that_dotnet_has_no_mapping_for_is_told_at_info),
        cmocka_unit_test(the_variable_that_the_port_was_taken_from_is_the_one_that_is_named),
        cmocka_unit_test(behind_dotnet_only_the_apps_own_arguments_count),
        cmocka_unit_test(there_are_256_addresses_at_most),
        cmocka_unit_test(there_are_256_endpoints_at_most),
        cmocka_unit_test(no_name_or_value_gets_to_the_terminal_as_it_is),
    };
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
