/* --check: the plan as text. */
#include "check.h"
#include "unit.h"

#include <arpa/inet.h>

/* All that --check prints from. */
struct look {
    struct options options;
    struct identity identity;
    struct listen listen;
    struct plan plan;
    struct messages messages;
    const char *path;
};

static char *program[] = {NULL, NULL};
static gid_t groups[] = {1654, 2000, 3000};
static char name_app[] = "app";

static struct address *listen_on(struct look *look, uint32_t port, const char *source) {
    struct address *address = &look->listen.addresses[look->listen.count++];
    memset(address, 0, sizeof *address);
    address->scheme = "http";
    address->port = port;
    address->source = text_of(source);
    address->readings = READINGS_ALL;
    return address;
}

/* The ordinary case: root of an official image becomes app. */
static struct look ordinary(void) {
    struct look look;
    memset(&look, 0, sizeof look);
    messages_all(&look.messages);
    program[0] = write_file("aspnetapp", "#!/bin/sh\n", 0755);
    look.options.program = program;
    look.options.uid = (struct id_setting){ID_SET, 1654};
    look.identity.known = true;
    look.identity.app_uid = 1654;
    look.identity.app_gid = 1654;
    look.identity.app_groups = (struct group_list){groups, 1};
    look.identity.app = (struct account){true, 1654, name_app, NULL};
    look.plan.switches = true;
    look.plan.uid = 1654;
    look.plan.gid = 1654;
    look.plan.home = "/home/app";
    look.path = "/bin";
    return look;
}

/* What is printed, and the code. */
static char *print_check(struct look *look, int *code) {
    look->plan.groups = &look->identity.app_groups;
    look->plan.listen = &look->listen;
    struct capture capture = capture_begin(STDOUT_FILENO);
    char file[PATH_MAX];
    *code = check_program(&look->plan, program[0], look->path, file, &look->messages);
    *code = check_print(&look->plan, &look->options, &look->identity, file, *code, &look->messages);
    return capture_end(capture);
}

/* Whether a line is among those printed. */
static bool has_line(const char *printed, const char *line) {
    return strstr(print("\n%s", printed), print("\n%s\n", line)) != NULL;
}

/* Prints, and expects that code and that line. */
static void expect_line(struct look look, int wanted, const char *line) {
    int code;
    char *printed = print_check(&look, &code);
    expect(code == wanted, "%s: %d", line, code);
    expect(has_line(printed, line), "no \"%s\" in:\n%s", line, printed);
}

TEST(there_are_eight_keys_in_their_order) {
    struct look look = ordinary();
    int code;
    (void)listen_on(&look, 8080, "ASPNETCORE_HTTP_PORTS");
    assert_string_equal(print_check(&look, &code), print("user: 1654 (app), from APP_UID\n"
                                                         "group: 1654\n"
                                                         "groups: 1654\n"
                                                         "home: /home/app\n"
                                                         "listen: 8080 http, from "
                                                         "ASPNETCORE_HTTP_PORTS\n"
                                                         "keep: none\n"
                                                         "program: %s\n"
                                                         "verdict: ok\n",
                                                         program[0]));
    assert_int_equal(code, 0);
    assert_int_equal(look.messages.length, 0);
}

TEST(a_user_comes_from_app_uid_or_by_default_or_is_kept) {
    struct look look = ordinary();
    expect_line(look, 0, "user: 1654 (app), from APP_UID");
    look.identity.app.found = false;
    expect_line(look, 0, "user: 1654, from APP_UID");
    look.options.uid.state = ID_UNSET;
    expect_line(look, 0, "user: 1654, from default");
    look.identity.stays = true;
    look.plan.uid = 1000660000;
    expect_line(look, 0, "user: 1000660000, kept");
    look.options.uid.state = ID_SET;
    expect_line(look, 0, "user: 1000660000, kept");
}

TEST(groups_are_listed_with_commas) {
    struct look look = ordinary();
    look.identity.app_groups.count = 3;
    look.plan.gid = 0;
    expect_line(look, 0, "groups: 1654,2000,3000");
    expect_line(look, 0, "group: 0");
    look.identity.app_groups.count = 0;
    expect_line(look, 0, "groups: none");
}

TEST(a_home_that_is_not_there_is_none) {
    struct look look = ordinary();
    look.plan.home = NULL;
    expect_line(look, 0, "home: none");
    look.plan.home = "/";
    expect_line(look, 0, "home: /");
}

TEST(an_address_has_its_host_unless_it_is_any) {
    static const struct {
        enum address_host host;
        const char *ip;
        const char *line;
    } rows[] = {
        {HOST_ANY, NULL, "listen: 80 http, from URLS"},
        {HOST_LOCALHOST, NULL, "listen: 80 http localhost, from URLS"},
        {HOST_IPV4, "127.0.0.1", "listen: 80 http 127.0.0.1, from URLS"},
        {HOST_IPV4, "255.255.255.255", "listen: 80 http 255.255.255.255, from URLS"},
        {HOST_IPV4, "0.0.0.0", "listen: 80 http, from URLS"},
        {HOST_IPV6, "::1", "listen: 80 http [::1], from URLS"},
        {HOST_IPV6, "2001:db8::8a2e:370:7334",
         "listen: 80 http [2001:db8::8a2e:370:7334], from URLS"},
        {HOST_IPV6, "fedc:ba98:7654:3210:fedc:ba98:7654:3210",
         "listen: 80 http [fedc:ba98:7654:3210:fedc:ba98:7654:3210], from URLS"},
        {HOST_IPV6, "::", "listen: 80 http, from URLS"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct look look = ordinary();
        struct address *address = listen_on(&look, 80, "URLS");
        address->host = rows[i].host;
        if (rows[i].host == HOST_IPV4) {
            assert_int_equal(inet_pton(AF_INET, rows[i].ip, &address->ipv4), 1);
        } else if (rows[i].host == HOST_IPV6) {
            assert_int_equal(inet_pton(AF_INET6, rows[i].ip, &address->ipv6), 1);
        }
        expect_line(look, 0, rows[i].line);
    }
}

TEST(each_address_has_a_line) {
    struct look look = ordinary();
    int code;
    (void)listen_on(&look, 80, "HTTP_PORTS");
    listen_on(&look, 443, "HTTPS_PORTS")->scheme = "https";
    listen_on(&look, 5000, "default")->host = HOST_LOCALHOST;
    (void)listen_on(&look, 8080, "--urls");
    assert_non_null(strstr(print_check(&look, &code), "listen: 80 http, from HTTP_PORTS\n"
                                                      "listen: 443 https, from HTTPS_PORTS\n"
                                                      "listen: 5000 http localhost, from default\n"
                                                      "listen: 8080 http, from --urls\n"));
}

TEST(an_address_of_another_reading_says_which) {
    static const struct {
        unsigned readings;
        const char *line;
    } rows[] = {
        {READINGS_ALL, "listen: 81 http, from HTTP_PORTS"},
        {READING_WEB, "listen: 81 http, from HTTP_PORTS"},
        {READING_WEB | READING_HOST, "listen: 81 http, from HTTP_PORTS"},
        {READING_SLIM, "listen: 81 http, from HTTP_PORTS (slim builder)"},
        {READING_HOST, "listen: 81 http, from HTTP_PORTS (generic host)"},
        {READING_SLIM | READING_HOST,
         "listen: 81 http, from HTTP_PORTS (slim builder, generic host)"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct look look = ordinary();
        listen_on(&look, 81, "HTTP_PORTS")->readings = rows[i].readings;
        expect_line(look, 0, rows[i].line);
    }
}

TEST(an_app_that_listens_on_sockets_alone_has_none) {
    expect_line(ordinary(), 0, "listen: none");
}

TEST(the_one_capability_that_may_be_kept_is_named) {
    struct look look = ordinary();
    look.plan.kept = CAPABILITY_BIT(10);
    expect_line(look, 0, "keep: cap_net_bind_service");
}

TEST(the_program_is_the_file_that_path_leads_to) {
    struct look look = ordinary();
    char *file = program[0];
    look.path = folder();
    program[0] = (char *)"aspnetapp";
    expect_line(look, 0, print("program: %s", file));
    look.path = "/nowhere";
    expect_line(look, 127, "program: aspnetapp");
}

TEST(a_program_that_is_not_there_is_127) {
    struct look look = ordinary();
    int code;
    program[0] = in_folder("missing");
    char *printed = print_check(&look, &code);
    assert_int_equal(code, 127);
    assert_true(has_line(printed, "verdict: refused"));
    assert_true(has_line(printed, print("program: %s", program[0])));
    assert_int_equal(errors(&look.messages), 1);
    assert_int_equal(said(&look.messages, "was not found"), 1);
}

TEST(a_program_without_an_x_bit_is_126) {
    struct look look = ordinary();
    int code;
    program[0] = write_file("data", "", 0644);
    char *printed = print_check(&look, &code);
    assert_int_equal(code, 126);
    assert_true(has_line(printed, "verdict: refused"));
    assert_int_equal(errors(&look.messages), 1);

    look = ordinary();
    program[0] = (char *)folder();
    (void)print_check(&look, &code);
    assert_int_equal(code, 126);
    assert_int_equal(said(&look.messages, "folder"), 1);
}

TEST(a_plan_that_is_refused_is_125_whatever_the_program) {
    struct look look = ordinary();
    look.plan.refused = true;
    expect_line(look, 125, "verdict: refused");
    program[0] = in_folder("missing");
    expect_line(look, 125, "verdict: refused");
    int code;
    (void)print_check(&look, &code);
    /* Why it is refused is in the messages already; what is wrong besides is told at once. */
    assert_int_equal(errors(&look.messages), 1);
    assert_int_equal(said(&look.messages, "was not found"), 1);
}

TEST(a_refused_plan_still_shows_all_that_is_known) {
    struct look look = ordinary();
    int code;
    look.plan.refused = true;
    (void)listen_on(&look, 80, "URLS");
    assert_string_equal(print_check(&look, &code), print("user: 1654 (app), from APP_UID\n"
                                                         "group: 1654\n"
                                                         "groups: 1654\n"
                                                         "home: /home/app\n"
                                                         "listen: 80 http, from URLS\n"
                                                         "keep: none\n"
                                                         "program: %s\n"
                                                         "verdict: refused\n",
                                                         program[0]));
}

TEST(with_lent_rights_nobody_is_told_which_files_there_are) {
    struct look look = ordinary();
    look.plan.refused = true;
    look.plan.lent = true;
    look.path = folder();
    program[0] = (char *)"aspnetapp";
    expect_line(look, 125, "program: aspnetapp");
}

TEST(what_a_malformed_setting_leaves_unknown_is_a_question_mark) {
    struct look look = ordinary();
    look.plan.refused = true;
    look.options.malformed[SETTING_APP_UID] = true;
    look.identity.known = false;
    expect_line(look, 125, "user: ?");
    expect_line(look, 125, "group: ?");
    expect_line(look, 125, "groups: ?");
    expect_line(look, 125, "home: ?");

    look = ordinary();
    look.plan.refused = true;
    look.options.malformed[SETTING_APP_GID] = true;
    expect_line(look, 125, "user: 1654 (app), from APP_UID");
    expect_line(look, 125, "group: ?");
    expect_line(look, 125, "groups: ?");
    expect_line(look, 125, "home: /home/app");

    look = ordinary();
    look.plan.refused = true;
    look.options.malformed[SETTING_APP_GROUPS] = true;
    expect_line(look, 125, "group: 1654");
    expect_line(look, 125, "groups: ?");

    look = ordinary();
    look.plan.refused = true;
    (void)listen_on(&look, 8080, "HTTP_PORTS");
    look.listen.malformed = true;
    expect_line(look, 125, "listen: ?");
    int code;
    assert_null(strstr(print_check(&look, &code), "8080"));
}

TEST(no_value_breaks_a_line_or_moves_the_cursor) {
    struct look look = ordinary();
    char odd_name[] = "a\npp\x1b[2J";
    int code;
    look.identity.app.name = odd_name;
    look.plan.home = "/home\nverdict: ok";
    (void)listen_on(&look, 8080, "Kestrel__Endpoints__\r\n__Url");
    program[0] = write_file("odd\nname", "", 0755);
    char *printed = print_check(&look, &code);
    assert_true(has_line(printed, "user: 1654 (a\\x0app\\x1b[2J), from APP_UID"));
    assert_true(has_line(printed, "home: /home\\x0averdict: ok"));
    assert_true(has_line(printed, "listen: 8080 http, from Kestrel__Endpoints__\\x0d\\x0a__Url"));
    assert_true(has_line(printed, print("program: %s/odd\\x0aname", folder())));
    for (const char *byte = printed; *byte != '\0'; byte++) {
        expect(*byte == '\n' || (*byte >= ' ' && *byte <= '~'), "byte %d", *byte);
    }
    size_t lines = 0;
    for (const char *byte = printed; *byte != '\0'; byte++) {
        lines += *byte == '\n';
    }
    assert_int_equal(lines, 8);
}

TEST(a_stdout_that_takes_nothing_is_an_error) {
    struct look look = ordinary();
    look.plan.groups = &look.identity.app_groups;
    look.plan.listen = &look.listen;
    assert_int_equal(fflush(stdout), 0);
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(saved >= 0 && full >= 0);
    assert_true(dup2(full, STDOUT_FILENO) >= 0);
    int code = check_print(&look.plan, &look.options, &look.identity, "/app", 0, &look.messages);
    clearerr(stdout);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
    assert_int_equal(close(full), 0);
    assert_int_equal(code, 125);
    assert_int_equal(said(&look.messages, "stdout"), 1);
}

/* The line of SHIM_LOG=info. */
static char *summarize(struct look *look) {
    look->plan.groups = &look->identity.app_groups;
    look->plan.listen = &look->listen;
    check_summarize(&look->plan, &look->identity, "./app", &look->messages);
    return print("%.*s", SAID(&look->messages));
}

TEST(the_same_facts_go_into_one_line_at_info) {
    struct look look = ordinary();
    (void)listen_on(&look, 8080, "HTTP_PORTS");
    listen_on(&look, 8443, "HTTPS_PORTS")->scheme = "https";
    look.identity.app_groups.count = 3;
    assert_string_equal(summarize(&look),
                        "shim: info: shim " SHIM_VERSION " starts \"./app\" as uid 1654 (app), gid "
                        "1654, groups 1654, 2000, 3000; ports: 8080 http, 8443 https; keeps no "
                        "capability\n");
    look = ordinary();
    look.identity.app.found = false;
    look.identity.app_groups.count = 0;
    look.plan.kept = CAPABILITY_BIT(10);
    assert_string_equal(summarize(&look),
                        "shim: info: shim " SHIM_VERSION " starts \"./app\" as uid 1654, gid 1654, "
                        "groups none; ports: none; keeps CAP_NET_BIND_SERVICE\n");
    look = ordinary();
    look.messages.level = MESSAGE_WARN;
    assert_string_equal(summarize(&look), "");
}

TEST(that_line_has_an_end_however_many_ports_there_are) {
    struct look look = ordinary();
    for (uint32_t port = 10001; port <= 10000 + LISTEN_MAX; port++) {
        (void)listen_on(&look, port, "HTTP_PORTS");
    }
    char *line = summarize(&look);
    char *end = strstr(line, " more; keeps no capability\n");
    assert_non_null(end);
    char *ports = strstr(line, "10001 http, 10002 http, ");
    assert_non_null(ports);
    size_t listed = said(&look.messages, " http");
    assert_non_null(strstr(line, print(" http and %zu more;", LISTEN_MAX - listed)));
    assert_true(listed > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_eight_keys_in_their_order),
        cmocka_unit_test(a_user_comes_from_app_uid_or_by_default_or_is_kept),
        cmocka_unit_test(groups_are_listed_with_commas),
        cmocka_unit_test(a_home_that_is_not_there_is_none),
        cmocka_unit_test(an_address_has_its_host_unless_it_is_any),
        cmocka_unit_test(each_address_has_a_line),
        cmocka_unit_test(an_address_of_another_reading_says_which),
        cmocka_unit_test(an_app_that_listens_on_sockets_alone_has_none),
        cmocka_unit_test(the_one_capability_that_may_be_kept_is_named),
        cmocka_unit_test(the_program_is_the_file_that_path_leads_to),
        cmocka_unit_test(a_program_that_is_not_there_is_127),
        cmocka_unit_test(a_program_without_an_x_bit_is_126),
        cmocka_unit_test(a_plan_that_is_refused_is_125_whatever_the_program),
        cmocka_unit_test(a_refused_plan_still_shows_all_that_is_known),
        cmocka_unit_test(with_lent_rights_nobody_is_told_which_files_there_are),
        cmocka_unit_test(what_a_malformed_setting_leaves_unknown_is_a_question_mark),
        cmocka_unit_test(no_value_breaks_a_line_or_moves_the_cursor),
        cmocka_unit_test(a_stdout_that_takes_nothing_is_an_error),
        cmocka_unit_test(the_same_facts_go_into_one_line_at_info),
        cmocka_unit_test(that_line_has_an_end_however_many_ports_there_are),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, remove_folder);
}
