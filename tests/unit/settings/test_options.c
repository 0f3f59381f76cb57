/* The command line and the settings: every value that is taken, every one that is refused. */
#include "settings/settings.h"
#include "unit.h"

#include <signal.h>

static const char *const names[SETTINGS] = {
    [SETTING_LOG] = "SHIM_LOG",
    [SETTING_APP_UID] = "APP_UID",
    [SETTING_APP_GID] = "APP_GID",
    [SETTING_APP_GROUPS] = "APP_GROUPS",
    [SETTING_BOUNDING_SET] = "SHIM_BOUNDING_SET",
    [SETTING_UNPRIVILEGED_PORT_START] = "SHIM_UNPRIVILEGED_PORT_START",
    [SETTING_HTTP_PORTS_FROM] = "SHIM_HTTP_PORTS_FROM",
    [SETTING_SIGNAL_GROUP] = "SHIM_SIGNAL_GROUP",
    [SETTING_SIGNAL_REWRITE] = "SHIM_SIGNAL_REWRITE",
    [SETTING_EXIT_CODES] = "SHIM_EXIT_CODES",
    [SETTING_GRACE_PERIOD] = "SHIM_GRACE_PERIOD",
    [SETTING_SUPERVISE] = "SHIM_SUPERVISE",
};

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})
#define parse(options, messages, ...) parse_words(WORDS(__VA_ARGS__), options, messages)

static bool parse_words(char *const *words, struct options *options, struct messages *messages) {
    int count = 0;
    while (words[count] != NULL) {
        count++;
    }
    messages_all(messages);
    return options_parse(count, words, options, messages);
}

/* Reads settings from an environment. */
static void read_all(char *const *environment, struct options *options, struct messages *messages) {
    memset(options, 0, sizeof *options);
    messages_start(messages);
    options_read_settings(environment, options, messages);
}

static void read_one(const char *name, const char *value, struct options *options,
                     struct messages *messages) {
    read_all(WORDS(print("%s=%s", name, value)), options, messages);
}

/* Reads one setting that is well formed. */
static struct options accept(const char *name, const char *value) {
    struct options options;
    struct messages messages;
    read_one(name, value, &options, &messages);
    expect(!messages.errors && messages.length == 0, "%s=%s: %.*s", name, value, SAID(&messages));
    return options;
}

static void expect_same_settings(const struct options *options, const struct options *wanted,
                                 const char *why) {
    expect(options->uid.state == wanted->uid.state && options->uid.id == wanted->uid.id, "%s", why);
    expect(options->gid.state == wanted->gid.state && options->gid.id == wanted->gid.id, "%s", why);
    expect(options->group_count == wanted->group_count, "%s", why);
    expect(memcmp(options->malformed, wanted->malformed, sizeof options->malformed) == 0, "%s",
           why);
    expect(options->keeps_bounding_set == wanted->keeps_bounding_set, "%s", why);
    expect(options->level == wanted->level, "%s", why);
    expect(options->unprivileged_port_start == wanted->unprivileged_port_start, "%s", why);
    expect(options->ports_from == wanted->ports_from, "%s", why);
    expect(options->signal_group == wanted->signal_group, "%s", why);
    expect(memcmp(options->rewrite, wanted->rewrite, sizeof options->rewrite) == 0, "%s", why);
    expect(memcmp(options->exit_codes, wanted->exit_codes, sizeof options->exit_codes) == 0, "%s",
           why);
    expect(options->grace_seconds == wanted->grace_seconds, "%s", why);
    expect(options->supervise == wanted->supervise, "%s", why);
}

static struct options defaults(void) {
    struct options options;
    struct messages messages;
    read_all(WORDS(NULL), &options, &messages);
    return options;
}

/*
 * Reads one setting that is malformed: one error that shows name and value, a hint that says
 * what the setting can be, and the default in its place.
 */
static struct options refuse(const char *name, const char *value) {
    struct options options;
    struct messages messages;
    struct options wanted = defaults();
    read_one(name, value, &options, &messages);
    expect(messages.errors, "%s=%s was taken", name, value);
    expect(errors(&messages) == 1, "%s=%s: %.*s", name, value, SAID(&messages));
    expect(hints(&messages) == 1, "%s=%s: %.*s", name, value, SAID(&messages));
    expect(said(&messages, print("shim: error: %s is %s", name, quote(text_of(value)).text)) == 1,
           "%s=%s: %.*s", name, value, SAID(&messages));
    expect(said(&messages, print("shim: hint: %s ", name)) == 1, "%s=%s: %.*s", name, value,
           SAID(&messages));
    for (size_t i = 0; i < SETTINGS; i++) {
        wanted.malformed[i] = strcmp(names[i], name) == 0;
    }
    expect_same_settings(&options, &wanted, print("%s=%s", name, value));
    return options;
}

static void refuse_all(const char *name, const char *const *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        (void)refuse(name, values[i]);
    }
}

/* No setting is any of these. */
static const char *const nonsense[] = {
    " ",
    "\t",
    "\n",
    "-",
    "+",
    ".",
    ",",
    ":",
    "=",
    "!",
    "*",
    "?",
    "\"\"",
    "''",
    "\x01",
    "\x7f",
    "\xff",
    "\xc3\xa9",
    "a b",
    "#1",
    "$UID",
    "${A}",
    "$(id -u)",
    "; rm -rf /",
    "../..",
    "%d%s",
    "1 1",
    "1;1",
    "1|1",
    "--1",
    "++1",
    "+-1",
    "0x1F90",
    "0b101",
    "0o17",
    "1e3",
    "1.0",
    "1,",
    ",1",
    "1_000",
    "1'000",
    "\xef\xbc\x91",
    "\xd9\xa1",
    "1\n",
    "1\r",
    "1 ",
    " 1",
    "\t1",
    "1\t",
    "(1)",
    "[1]",
    "{1}",
    "1654 # the app",
    "1/1",
    "1\\",
    "\\1",
    "1:",
    ":1",
    "1-2",
    "01",
};

/* How a number that is to be plain digits can be spelled wrong, whatever its limits. */
static const char *const odd_numbers[] = {
    "+1654",
    "-1654",
    "-1",
    "-0",
    "+0",
    " 1654",
    "1654 ",
    "\t1654",
    "1654\n",
    "1654\r",
    "16 54",
    "0x676",
    "0X676",
    "676h",
    "0b1",
    "01",
    "00",
    "01654",
    "0000000000000000000000000001654",
    "1654x",
    "x1654",
    "1.654",
    "1654.0",
    "1e3",
    "1E3",
    "1_654",
    "1'654",
    "app",
    "root",
    "APP_UID",
    "$APP_UID",
    "${APP_UID}",
    "\"1654\"",
    "'1654'",
    "1654:1654",
    "1654/1654",
    "1654;",
    "(1654)",
    "NaN",
    "inf",
    "true",
    "null",
    "\xef\xbc\x91\xef\xbc\x96\xef\xbc\x95\xef\xbc\x94", /* full-width digits */
    "\xd9\xa1\xd9\xa6\xd9\xa5\xd9\xa4",                 /* Arabic digits */
    "\xc2\xa0"
    "1654",
    "\xef\xbb\xbf"
    "1654",
    "\xff",
    "4294967296",
    "4294967297",
    "4294968950", /* 1654, where a reader keeps 32 bits of it */
    "8589934592",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "18446744073709553270", /* 1654, where a reader keeps 64 bits of it */
    "99999999999999999999999999999999999999999999999999",
};

static void refuse_odd_numbers(const char *name) {
    refuse_all(name, odd_numbers, LENGTH(odd_numbers));
    (void)refuse(name, repeat('9', 400));
    (void)refuse(name, repeat('0', 400));
    (void)refuse(name, print("%s1654", repeat('0', 396)));
    (void)refuse(name, print("%s1654", repeat(' ', 396)));
}

/* The command line. */

TEST(the_first_word_is_the_program_and_all_after_it_is_its_own) {
    struct options options;
    struct messages messages;
    assert_true(parse(&options, &messages, "/shim", "./app", "--check", "--", "-x", "--help"));
    assert_int_equal(options.verb, VERB_RUN);
    assert_string_equal(options.program[0], "./app");
    assert_string_equal(options.program[1], "--check");
    assert_string_equal(options.program[2], "--");
    assert_string_equal(options.program[3], "-x");
    assert_string_equal(options.program[4], "--help");
    assert_null(options.program[5]);
    assert_int_equal(messages.length, 0);
}

TEST(two_dashes_end_the_flags) {
    struct options options;
    struct messages messages;
    assert_true(parse(&options, &messages, "/shim", "--", "--check"));
    assert_int_equal(options.verb, VERB_RUN);
    assert_string_equal(options.program[0], "--check");
    assert_true(parse(&options, &messages, "/shim", "--", "--", "app"));
    assert_string_equal(options.program[0], "--");
    assert_string_equal(options.program[1], "app");
    assert_true(parse(&options, &messages, "/shim", "--check", "--", "--version"));
    assert_int_equal(options.verb, VERB_CHECK);
    assert_string_equal(options.program[0], "--version");
}

TEST(check_takes_a_program_too) {
    struct options options;
    struct messages messages;
    assert_true(parse(&options, &messages, "/shim", "--check", "./app", "a"));
    assert_int_equal(options.verb, VERB_CHECK);
    assert_string_equal(options.program[0], "./app");
    assert_string_equal(options.program[1], "a");
    assert_null(options.program[2]);
}

TEST(install_takes_a_destination) {
    struct options options;
    struct messages messages;
    assert_true(parse(&options, &messages, "/shim", "--install", "/usr/bin"));
    assert_int_equal(options.verb, VERB_INSTALL);
    assert_string_equal(options.destination, "/usr/bin");
    assert_true(parse(&options, &messages, "/shim", "--install", "--", "-odd-"));
    assert_string_equal(options.destination, "-odd-");
    assert_true(parse(&options, &messages, "/shim", "--install-net-bind-service", "/usr/bin"));
    assert_int_equal(options.verb, VERB_INSTALL_NET_BIND_SERVICE);
    assert_string_equal(options.destination, "/usr/bin");
}

TEST(version_and_help_need_nothing) {
    struct options options;
    struct messages messages;
    assert_true(parse(&options, &messages, "/shim", "--version"));
    assert_int_equal(options.verb, VERB_VERSION);
    assert_true(parse(&options, &messages, "/shim", "--help"));
    assert_int_equal(options.verb, VERB_HELP);
}

TEST(an_empty_word_is_a_program) {
    struct options options;
    struct messages messages;
    assert_true(parse(&options, &messages, "/shim", ""));
    assert_string_equal(options.program[0], "");
}

TEST(an_unknown_flag_is_a_usage_error_that_names_it) {
    static char *const flags[] = {"-",
                                  "-h",
                                  "-v",
                                  "-V",
                                  "-c",
                                  "--Check",
                                  "--CHECK",
                                  "--check=",
                                  "--check=x",
                                  "--checks",
                                  "--chec",
                                  "---check",
                                  "-check",
                                  "--user",
                                  "--user=1654",
                                  "--install=/usr/bin",
                                  "--install-net-bind-service=/shim",
                                  "--install-net-bind",
                                  "-u",
                                  "--init",
                                  "-g",
                                  "--usage",
                                  "-- ",
                                  "--\n",
                                  "-\xff",
                                  "-1654"};
    for (size_t i = 0; i < LENGTH(flags); i++) {
        struct options options;
        struct messages messages;
        expect(!parse(&options, &messages, "/shim", flags[i], "app"), "%s", flags[i]);
        expect(errors(&messages) == 1, "%s: %.*s", flags[i], SAID(&messages));
        expect(said(&messages, print("unknown flag %s", quote(text_of(flags[i])).text)) == 1,
               "%s: %.*s", flags[i], SAID(&messages));
        expect(!parse(&options, &messages, "/shim", "--check", flags[i], "app"), "%s", flags[i]);
    }
}

TEST(no_program_is_a_usage_error) {
    struct options options;
    struct messages messages;
    assert_false(parse(&options, &messages, "/shim"));
    assert_int_equal(said(&messages, "shim: error: no PROGRAM"), 1);
    assert_int_equal(hints(&messages), 1);
    assert_false(parse(&options, &messages, "/shim", "--"));
    assert_int_equal(said(&messages, "no PROGRAM"), 1);
    assert_false(parse(&options, &messages, "/shim", "--check"));
    assert_int_equal(said(&messages, "no PROGRAM"), 1);
    assert_false(parse(&options, &messages, "/shim", "--check", "--"));
    assert_int_equal(said(&messages, "no PROGRAM"), 1);
}

TEST(no_words_at_all_are_a_usage_error) {
    struct options options;
    struct messages messages;
    static char *const none[] = {NULL};
    messages_all(&messages);
    assert_false(options_parse(0, none, &options, &messages));
    assert_int_equal(said(&messages, "no PROGRAM"), 1);
}

TEST(install_takes_exactly_one_word) {
    static char *const flags[] = {"--install", "--install-net-bind-service"};
    for (size_t i = 0; i < LENGTH(flags); i++) {
        struct options options;
        struct messages messages;
        char *wanted = print("shim: error: %s takes one word", flags[i]);
        assert_false(parse(&options, &messages, "/shim", flags[i]));
        expect(said(&messages, wanted) == 1, "%s: %.*s", flags[i], SAID(&messages));
        assert_false(parse(&options, &messages, "/shim", flags[i], "--"));
        expect(said(&messages, wanted) == 1, "%s: %.*s", flags[i], SAID(&messages));
        assert_false(parse(&options, &messages, "/shim", flags[i], ""));
        expect(said(&messages, wanted) == 1, "%s: %.*s", flags[i], SAID(&messages));
        assert_false(parse(&options, &messages, "/shim", flags[i], "a", "b"));
        expect(said(&messages, wanted) == 1, "%s: %.*s", flags[i], SAID(&messages));
    }
}

TEST(version_and_help_take_no_word) {
    struct options options;
    struct messages messages;
    assert_false(parse(&options, &messages, "/shim", "--version", "app"));
    assert_int_equal(said(&messages, "\"app\""), 1);
    assert_false(parse(&options, &messages, "/shim", "--help", "--", "app"));
    assert_int_equal(errors(&messages), 1);
}

TEST(one_verb_at_a_time) {
    static char *const flags[] = {"--check", "--install", "--install-net-bind-service", "--version",
                                  "--help"};
    for (size_t i = 0; i < LENGTH(flags); i++) {
        for (size_t j = 0; j < LENGTH(flags); j++) {
            struct options options;
            struct messages messages;
            expect(!parse(&options, &messages, "/shim", flags[i], flags[j], "x"), "%s %s", flags[i],
                   flags[j]);
            expect(errors(&messages) == 1, "%s %s: %.*s", flags[i], flags[j], SAID(&messages));
        }
    }
}

TEST(the_usage_names_every_verb_setting_and_code) {
    for (size_t i = 0; i < LENGTH(names); i++) {
        expect(strstr(options_usage, print("  %s ", names[i])) != NULL, "%s", names[i]);
    }
    static const char *const words[] = {"shim [--] PROGRAM [ARG]...",
                                        "shim --check [--] PROGRAM [ARG]...",
                                        "shim --install DEST",
                                        "shim --install-net-bind-service DEST",
                                        "shim --version | --help",
                                        "125",
                                        "126",
                                        "127",
                                        "128+n"};
    for (size_t i = 0; i < LENGTH(words); i++) {
        expect(strstr(options_usage, words[i]) != NULL, "%s", words[i]);
    }
    /* It is read in a terminal of 100 columns. */
    for (const char *line = options_usage; *line != '\0'; line += strcspn(line, "\n") + 1) {
        expect(strcspn(line, "\n") <= 100, "%s", line);
    }
}

/* The settings. */

TEST(without_settings_there_are_defaults) {
    struct options options;
    struct messages messages;
    read_all(WORDS("PATH=/bin", "ASPNETCORE_HTTP_PORTS=8080"), &options, &messages);
    assert_int_equal(messages.length, 0);
    assert_int_equal(messages.level, MESSAGE_WARN);
    assert_int_equal(options.uid.state, ID_UNSET);
    assert_int_equal(options.gid.state, ID_UNSET);
    assert_int_equal(options.group_count, 0);
    for (size_t i = 0; i < SETTINGS; i++) {
        assert_false(options.malformed[i]);
    }
    assert_false(options.keeps_bounding_set);
    assert_int_equal(options.level, MESSAGE_WARN);
    assert_int_equal(options.unprivileged_port_start, 1024);
    assert_null(options.ports_from);
    assert_false(options.signal_group);
    assert_int_equal(options.grace_seconds, 0);
    assert_true(options.supervise);
    for (size_t i = 0; i <= SIGNAL_MAX; i++) {
        assert_int_equal(options.rewrite[i], i);
    }
    for (size_t i = 0; i < 256; i++) {
        assert_int_equal(options.exit_codes[i], i);
    }
}

TEST(an_empty_setting_is_unset) {
    struct options wanted = defaults();
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct options options = accept(names[i], "");
        expect_same_settings(&options, &wanted, names[i]);
    }
}

TEST(no_setting_takes_nonsense) {
    for (size_t i = 0; i < LENGTH(names); i++) {
        refuse_all(names[i], nonsense, LENGTH(nonsense));
    }
}

TEST(all_malformed_settings_are_told_in_one_run) {
    struct options options;
    struct messages messages;
    char *environment[LENGTH(names) + 1] = {NULL};
    for (size_t i = 0; i < LENGTH(names); i++) {
        environment[i] = print("%s=no!", names[i]);
    }
    read_all(environment, &options, &messages);
    assert_int_equal(errors(&messages), LENGTH(names));
    for (size_t i = 0; i < LENGTH(names); i++) {
        expect(said(&messages, print("shim: error: %s is \"no!\"", names[i])) == 1, "%s", names[i]);
    }
}

TEST(a_setting_that_is_there_twice_with_different_values_is_refused) {
    static const char *const values[SETTINGS] = {
        [SETTING_LOG] = "warn",
        [SETTING_APP_UID] = "1",
        [SETTING_APP_GID] = "2",
        [SETTING_APP_GROUPS] = "2,3",
        [SETTING_BOUNDING_SET] = "keep",
        [SETTING_UNPRIVILEGED_PORT_START] = "1025",
        [SETTING_HTTP_PORTS_FROM] = "A_1",
        [SETTING_SIGNAL_GROUP] = "1",
        [SETTING_SIGNAL_REWRITE] = "INT:2",
        [SETTING_EXIT_CODES] = "1:2",
        [SETTING_GRACE_PERIOD] = "1",
        [SETTING_SUPERVISE] = "1",
    };
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct options options;
        struct messages messages;
        char *one = print("%s=%s", names[i], values[i]);
        read_all(WORDS(one, print("%s=", names[i])), &options, &messages);
        expect(errors(&messages) == 1, "%s: %.*s", names[i], SAID(&messages));
        expect(said(&messages,
                    print("shim: error: %s is in the environment more than once", names[i])) == 1,
               "%s: %.*s", names[i], SAID(&messages));
        expect(hints(&messages) == 1, "%s: %.*s", names[i], SAID(&messages));
        for (size_t other = 0; other < SETTINGS; other++) {
            expect(options.malformed[other] == (other == i), "%s: %s", names[i], names[other]);
        }
        read_all(WORDS(one, "A=1", one), &options, &messages);
        expect(errors(&messages) == 0, "%s: %.*s", names[i], SAID(&messages));
    }
}

TEST(names_that_only_look_like_settings_are_left_alone) {
    struct options options;
    struct messages messages;
    struct options wanted = defaults();
    read_all(WORDS("app_uid=0", "App_Uid=0", "APP_UID_=0", "XAPP_UID=0", "APP__UID=0", "APP_UID",
                   "=0", "SHIM_SERVICE_HOST=10.0.0.1", "SHIM_SERVICE_PORT=80",
                   "SHIM_PORT=tcp://10.0.0.1:80", "SHIM_PORT_80_TCP=tcp://10.0.0.1:80",
                   "SHIM_PORT_80_TCP_PROTO=tcp", "SHIM=1", "SHIM_NO_SUCH_THING=", "SHIM_NO_VALUE",
                   "shim_log=debug", "XSHIM_LOGS=debug", "DOTNET_APP_UID=0"),
             &options, &messages);
    assert_int_equal(messages.length, 0);
    assert_false(messages.errors);
    assert_int_equal(messages.level, MESSAGE_WARN);
    expect_same_settings(&options, &wanted, "left alone");
}

/* What Kubernetes puts there for the services shim, shim-web and grace-shim. */
TEST(a_service_that_is_called_shim_is_no_misspelt_setting) {
    static const char *const services[] = {"SHIM", "SHIM_WEB", "SHIM_SERVICE", "SHIM_LOG"};
    for (size_t i = 0; i < LENGTH(services); i++) {
        const char *name = services[i];
        struct options options;
        struct messages messages;
        read_all(
            WORDS(print("%s_SERVICE_HOST=10.0.0.1", name), print("%s_SERVICE_PORT=80", name),
                  print("%s_SERVICE_PORT_HTTP=80", name), print("%s_PORT=tcp://10.0.0.1:80", name),
                  print("%s_PORT_80_TCP=tcp://10.0.0.1:80", name),
                  print("%s_PORT_80_TCP_PROTO=tcp", name), print("%s_PORT_80_TCP_PORT=80", name),
                  print("%s_PORT_80_TCP_ADDR=10.0.0.1", name)),
            &options, &messages);
        expect(messages.length == 0, "%s: %.*s", name, SAID(&messages));
    }
}

TEST(a_misspelt_setting_is_told_with_the_one_that_may_be_meant) {
    static const struct {
        const char *name;
        const char *meant; /* NULL: nobody knows */
    } rows[] = {
        {"SHIM_GRACE", "SHIM_GRACE_PERIOD"},
        {"SHIM_GRACEPERIOD", "SHIM_GRACE_PERIOD"},
        {"SHIM_GRACE_PERIOD_SECONDS", "SHIM_GRACE_PERIOD"},
        {"SHIM_LOGS", "SHIM_LOG"},
        {"SHIM_LOG_LEVEL", "SHIM_LOG"},
        {"SHIM_LoG", "SHIM_LOG"},
        {"SHIM_HTTP_PORT", "SHIM_HTTP_PORTS_FROM"},
        {"SHIM_HTTP_PORT_FROM", "SHIM_HTTP_PORTS_FROM"},
        {"SHIM_UNPRIVILEGED_PORT_STRAT", "SHIM_UNPRIVILEGED_PORT_START"},
        {"SHIM_SIGNAL_REWIRTE", "SHIM_SIGNAL_REWRITE"},
        {"SHIM_BOUNDING", "SHIM_BOUNDING_SET"},
        {"SHIM_EXIT_CODE", "SHIM_EXIT_CODES"},
        {"SHIM_SUPERVICE", "SHIM_SUPERVISE"},
        {"SHIM_SUPERVISE ", "SHIM_SUPERVISE"},
        {"SHIM_", NULL},
        {"SHIM_NO_SUCH_THING", NULL},
        {"SHIM_APP_UID", NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct options options;
        struct messages messages;
        struct options wanted = defaults();
        read_one(rows[i].name, "debug", &options, &messages);
        char *lines =
            print("shim: warning: %s is not a setting of the shim, and is ignored\n"
                  "shim: hint: %s%s%sshim --help lists the settings\n",
                  rows[i].name, rows[i].meant == NULL ? "" : "did you mean ",
                  rows[i].meant == NULL ? "" : rows[i].meant, rows[i].meant == NULL ? "" : "? ");
        expect(messages.length == strlen(lines) && said(&messages, lines) == 1, "%s: %.*s",
               rows[i].name, SAID(&messages));
        expect_same_settings(&options, &wanted, rows[i].name);
    }
}

TEST(a_uid_is_a_number_from_1_to_2147483647) {
    static const uint32_t good[] = {1,     9,     10,    1000,       1654,       64198,
                                    65534, 65535, 65536, 1000660000, 2147483646, 2147483647};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct options options = accept("APP_UID", print("%u", (unsigned)good[i]));
        expect(options.uid.state == ID_SET && options.uid.id == good[i], "%u", (unsigned)good[i]);
        assert_int_equal(options.gid.state, ID_UNSET);
    }
    static const char *const bad[] = {"0", "2147483648", "4294967294", "4294967295"};
    refuse_all("APP_UID", bad, LENGTH(bad));
    refuse_odd_numbers("APP_UID");
}

TEST(a_gid_may_be_0_as_well) {
    static const uint32_t good[] = {0, 1, 1654, 65534, 65536, 2147483647};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct options options = accept("APP_GID", print("%u", (unsigned)good[i]));
        expect(options.gid.state == ID_SET && options.gid.id == good[i], "%u", (unsigned)good[i]);
        assert_int_equal(options.uid.state, ID_UNSET);
    }
    static const char *const bad[] = {"2147483648", "4294967294", "4294967295"};
    refuse_all("APP_GID", bad, LENGTH(bad));
    refuse_odd_numbers("APP_GID");
}

TEST(groups_are_numbers_with_a_comma_between_two) {
    static const struct {
        const char *value;
        gid_t groups[4];
        size_t count;
    } rows[] = {
        {"2000", {2000}, 1},
        {"2000,3000", {2000, 3000}, 2},
        {"3,2,1,2147483647", {3, 2, 1, 2147483647}, 4},
        {"2000,2000", {2000, 2000}, 2},
        {"1", {1}, 1},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct options options = accept("APP_GROUPS", rows[i].value);
        expect(options.group_count == rows[i].count, "%s", rows[i].value);
        expect(!options.malformed[SETTING_APP_GROUPS], "%s", rows[i].value);
        for (size_t j = 0; j < rows[i].count; j++) {
            expect(options.groups[j] == rows[i].groups[j], "%s, group %zu", rows[i].value, j);
        }
    }
}

TEST(groups_are_nothing_else) {
    static const char *const bad[] = {
        "0",          "0,2000",          "2000,0",          "2000,0,3000", ",",
        ",2000",      "2000,",           "2000,,3000",      ",,",          "2000, 3000",
        "2000 ,3000", " 2000",           "2000 ",           "2000 3000",   "2000;3000",
        "2000:3000",  "2000.3000",       "2000\n3000",      "2147483648",  "2000,2147483648",
        "4294967295", "2000,4294967296", "4294968950,2000", "app",         "2000,app",
        "app,2000",   "+2000",           "-2000",           "2000,-1",     "02000",
        "2000,03000", "0x7d0",           "2000,0x7d0",      "2000,+3000",  "00",
    };
    refuse_all("APP_GROUPS", bad, LENGTH(bad));
    refuse_odd_numbers("APP_GROUPS");
}

/* count group numbers from 1 up. */
static char *list_groups(size_t count) {
    char *list = repeat('\0', count * sizeof "2147483647");
    size_t used = 0;
    for (size_t i = 1; i <= count; i++) {
        used += (size_t)sprintf(list + used, "%s%zu", i > 1 ? "," : "", i);
    }
    return list;
}

TEST(there_may_be_256_groups_and_no_more) {
    struct options options = accept("APP_GROUPS", list_groups(256));
    assert_int_equal(options.group_count, 256);
    assert_int_equal(options.groups[255], 256);
    (void)refuse("APP_GROUPS", list_groups(257));
    (void)refuse("APP_GROUPS", list_groups(70000));
}

TEST(the_first_unprivileged_port_is_a_number_from_0_to_65535) {
    static const uint32_t good[] = {0, 1, 79, 80, 81, 443, 1023, 1024, 1025, 8080, 65534, 65535};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct options options =
            accept("SHIM_UNPRIVILEGED_PORT_START", print("%u", (unsigned)good[i]));
        expect(options.unprivileged_port_start == good[i], "%u", (unsigned)good[i]);
    }
    static const char *const bad[] = {"65536",      "65617",      "131072",
                                      "2147483647", "2147483648", "4294967295"};
    refuse_all("SHIM_UNPRIVILEGED_PORT_START", bad, LENGTH(bad));
    refuse_odd_numbers("SHIM_UNPRIVILEGED_PORT_START");
}

TEST(a_grace_period_is_a_number_from_0_to_86400) {
    static const uint32_t good[] = {0, 1, 10, 30, 3600, 86399, 86400};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct options options = accept("SHIM_GRACE_PERIOD", print("%u", (unsigned)good[i]));
        expect(options.grace_seconds == good[i], "%u", (unsigned)good[i]);
    }
    static const char *const bad[] = {"86401", "100000", "2147483647", "2147483648", "4294967295",
                                      "10s",   "1m",     "1.5",        "00:00:10",   "forever"};
    refuse_all("SHIM_GRACE_PERIOD", bad, LENGTH(bad));
    refuse_odd_numbers("SHIM_GRACE_PERIOD");
}

TEST(a_switch_is_0_or_1) {
    assert_false(accept("SHIM_SIGNAL_GROUP", "0").signal_group);
    assert_true(accept("SHIM_SIGNAL_GROUP", "1").signal_group);
    assert_true(accept("SHIM_SIGNAL_GROUP", "1").supervise);
    assert_false(accept("SHIM_SUPERVISE", "0").supervise);
    assert_true(accept("SHIM_SUPERVISE", "1").supervise);
    assert_false(accept("SHIM_SUPERVISE", "1").signal_group);
    static const char *const bad[] = {
        "2",   "10",         "11",         "255",     "256",  "257", "true", "yes",       "on",
        "off", "no",         "false",      "enabled", "TRUE", "y",   "n",    "t",         "f",
        "0 ",  "2147483647", "2147483648", "0.0",     "1.0",  "000", "0001", "4294967295"};
    refuse_all("SHIM_SIGNAL_GROUP", bad, LENGTH(bad));
    refuse_odd_numbers("SHIM_SIGNAL_GROUP");
    refuse_all("SHIM_SUPERVISE", bad, LENGTH(bad));
    refuse_odd_numbers("SHIM_SUPERVISE");
}

TEST(the_bounding_set_is_emptied_or_kept) {
    assert_false(accept("SHIM_BOUNDING_SET", "none").keeps_bounding_set);
    assert_true(accept("SHIM_BOUNDING_SET", "keep").keeps_bounding_set);
    static const char *const bad[] = {"0",     "1",      "None",  "KEEP",  "keeps", "keep ",
                                      " none", "all",    "empty", "clear", "drop",  "none,keep",
                                      "kee",   "keep\n", "off",   "on",    "full",  "cap_net_raw"};
    refuse_all("SHIM_BOUNDING_SET", bad, LENGTH(bad));
    refuse_odd_numbers("SHIM_BOUNDING_SET");
}

TEST(signals_are_handed_on_as_others) {
    static const struct {
        const char *value;
        struct {
            uint8_t from;
            uint8_t to;
        } pairs[3];
    } rows[] = {
        {"SIGTERM:SIGINT", {{SIGTERM, SIGINT}}},
        {"SIGTERM:SIGINT,HUP:0", {{SIGTERM, SIGINT}, {SIGHUP, 0}}},
        {"term:int,sighup:Quit,USR1:usr2",
         {{SIGTERM, SIGINT}, {SIGHUP, SIGQUIT}, {SIGUSR1, SIGUSR2}}},
        {"15:2", {{15, 2}}},
        {"TERM:TERM", {{SIGTERM, SIGTERM}}},
        {"1:0", {{1, 0}}},
        {"64:1,1:64", {{64, 1}, {1, 64}}},
        {"RTMIN+3:TERM", {{37, SIGTERM}}},
        {"RTMIN:RTMAX,RTMAX-1:RTMIN+1", {{34, 64}, {63, 35}}},
        {"32:33,33:32", {{32, 33}, {33, 32}}},
        {"TERM:KILL,INT:STOP,HUP:CHLD", {{SIGTERM, SIGKILL}, {SIGINT, SIGSTOP}, {SIGHUP, SIGCHLD}}},
        {"TERM:INT,INT:HUP", {{SIGTERM, SIGINT}, {SIGINT, SIGHUP}}}, /* one pass: no chain */
        {"CONT:0,TSTP:0,WINCH:0", {{SIGCONT, 0}, {SIGTSTP, 0}, {SIGWINCH, 0}}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct options options = accept("SHIM_SIGNAL_REWRITE", rows[i].value);
        uint8_t wanted[SIGNAL_MAX + 1];
        for (size_t j = 0; j <= SIGNAL_MAX; j++) {
            wanted[j] = (uint8_t)j;
        }
        for (size_t j = 0; j < 3; j++) {
            wanted[rows[i].pairs[j].from] = rows[i].pairs[j].to;
        }
        wanted[0] = 0;
        expect(memcmp(options.rewrite, wanted, sizeof wanted) == 0, "%s", rows[i].value);
    }
}

TEST(a_malformed_rewrite_is_refused) {
    static const char *const bad[] = {
        "TERM",
        "TERM:",
        ":TERM",
        ":",
        "TERM:INT:HUP",
        "TERM:INT,",
        ",TERM:INT",
        "TERM:INT,,HUP:INT",
        "TERM:INT HUP:INT",
        "TERM:INT;HUP:INT",
        "TERM:INT, HUP:INT",
        "TERM :INT",
        "TERM: INT",
        "TERM=INT",
        "TERM-INT",
        "TERM>INT",
        "TERM,INT",
        "TERM:NOPE",
        "NOPE:TERM",
        "SIGNOPE:TERM",
        "SIG:TERM",
        "TERM:SIG",
        "SIGSIGTERM:INT",
        "SIG15:INT",
        "65:1",
        "1:65",
        "255:1",
        "1:256",
        "256:1",
        "271:2",
        "-1:1",
        "1:-1",
        "+15:2",
        "015:2",
        "15:02",
        "15:0x2",
        "4294967311:2",
        "15:4294967298",
        "RTMIN+31:TERM",
        "TERM:RTMAX-31",
        "RTMIN-1:TERM",
        "RTMAX+1:TERM",
        "TERM:RTMIN+",
        "TERM:INT,HUP",
        "TERM:INT,HUP:NOPE",
    };
    refuse_all("SHIM_SIGNAL_REWRITE", bad, LENGTH(bad));
    (void)refuse("SHIM_SIGNAL_REWRITE", print("TERM:%s", repeat('9', 400)));
}

TEST(what_cannot_be_caught_or_is_none_cannot_be_rewritten) {
    static const char *const bad[] = {
        "KILL:TERM",    "SIGKILL:TERM", "9:15",   "kill:0",    "STOP:TERM",
        "SIGSTOP:TERM", "19:15",        "stop:0", "CHLD:TERM", "SIGCHLD:TERM",
        "17:15",        "CLD:TERM",     "0:TERM", "0:0",       "TERM:INT,KILL:INT",
    };
    refuse_all("SHIM_SIGNAL_REWRITE", bad, LENGTH(bad));
}

TEST(a_signal_is_rewritten_once) {
    static const char *const bad[] = {
        "TERM:INT,TERM:HUP", "TERM:INT,TERM:INT", "TERM:INT,SIGTERM:HUP", "TERM:INT,term:HUP",
        "TERM:INT,15:HUP",   "15:2,HUP:INT,15:2", "RTMIN:1,34:1",         "RTMIN+30:1,RTMAX:1",
        "ABRT:INT,IOT:INT",  "IO:INT,POLL:INT",
    };
    refuse_all("SHIM_SIGNAL_REWRITE", bad, LENGTH(bad));
}

TEST(exit_codes_become_others) {
    struct options options = accept("SHIM_EXIT_CODES", "143:0,137:1,0:255,255:9,1:1");
    for (size_t i = 0; i < 256; i++) {
        int wanted = i == 143 ? 0 : i == 137 ? 1 : i == 0 ? 255 : i == 255 ? 9 : (int)i;
        expect(options.exit_codes[i] == wanted, "code %zu", i);
    }
    options = accept("SHIM_EXIT_CODES", "143:0");
    assert_int_equal(options.exit_codes[143], 0);
    assert_int_equal(options.exit_codes[0], 0);
}

TEST(a_malformed_exit_code_is_refused) {
    static const char *const bad[] = {
        "143",          "143:",         ":0",           ":",         "143:0:1",    "143:0,",
        ",143:0",       "143:0,,1:2",   "143:0 1:2",    "143:0;1:2", "143:0, 1:2", "143 :0",
        "143: 0",       "143=0",        "143,0",        "256:0",     "0:256",      "399:0",
        "-1:0",         "0:-1",         "+1:0",         "01:0",      "1:00",       "0x8f:0",
        "143:0x0",      "TERM:0",       "143:OK",       "143:0,1",   "143:0,1:x",  "143:0,1:256",
        "4294967439:0", "1:4294967296", "2147483648:0", "1.0:0",
    };
    refuse_all("SHIM_EXIT_CODES", bad, LENGTH(bad));
    (void)refuse("SHIM_EXIT_CODES", print("143:%s", repeat('9', 400)));
    (void)refuse("SHIM_EXIT_CODES", print("143:%s", repeat('0', 400)));
}

TEST(an_exit_code_is_rewritten_once) {
    static const char *const bad[] = {"143:0,143:1", "143:0,143:0", "0:1,1:2,0:1"};
    refuse_all("SHIM_EXIT_CODES", bad, LENGTH(bad));
}

TEST(the_log_level_takes_effect) {
    static const char *const words[] = {"error", "warn", "info", "debug"};
    for (size_t i = 0; i < LENGTH(words); i++) {
        struct options options;
        struct messages messages;
        read_one("SHIM_LOG", words[i], &options, &messages);
        expect(!messages.errors, "%s", words[i]);
        expect(messages.level == i, "%s", words[i]);
    }
}

TEST(no_other_word_is_a_log_level) {
    static const char *const bad[] = {
        "Error", "ERROR",      "warning", "WARN", "Info",    "trace",   "none", "off",
        "quiet", "0",          "1",       "2",    "errors",  "err",     "e",    "info ",
        " info", "info,debug", "debug\n", "all",  "verbose", "critical"};
    refuse_all("SHIM_LOG", bad, LENGTH(bad));
    struct options options;
    struct messages messages;
    read_one("SHIM_LOG", "DEBUG", &options, &messages);
    assert_int_equal(messages.level, MESSAGE_WARN);
}

TEST(the_log_level_holds_for_the_settings_themselves) {
    struct options options;
    struct messages messages;
    read_all(WORDS("APP_UID=x", "SHIM_LOG=debug"), &options, &messages);
    assert_int_equal(messages.level, MESSAGE_DEBUG);
    assert_int_equal(errors(&messages), 1);
}

TEST(what_nobody_can_know_for_two_values_is_unknown) {
    struct options options;
    struct messages messages;
    read_all(WORDS("APP_UID=1000", "APP_UID=2000"), &options, &messages);
    assert_int_equal(options.uid.state, ID_UNSET);
    assert_true(options.malformed[SETTING_APP_UID]);
    read_all(WORDS("APP_GID=1000", "APP_GID="), &options, &messages);
    assert_int_equal(options.gid.state, ID_UNSET);
    assert_true(options.malformed[SETTING_APP_GID]);
    read_all(WORDS("APP_GROUPS=1000", "APP_GROUPS=2000"), &options, &messages);
    assert_true(options.malformed[SETTING_APP_GROUPS]);
    assert_int_equal(options.group_count, 0);
}

TEST(settings_for_a_supervisor_are_known_from_the_others) {
    static const struct {
        const char *setting;
        bool tunes_supervision;
    } rows[] = {
        {"APP_UID=1", false},
        {"APP_GID=1", false},
        {"APP_GROUPS=1", false},
        {"SHIM_LOG=warn", false},
        {"SHIM_BOUNDING_SET=keep", false},
        {"SHIM_SUPERVISE=0", false},
        {"SHIM_HTTP_PORTS_FROM=PORT", false},
        {"SHIM_UNPRIVILEGED_PORT_START=0", false},
        {"SHIM_GRACE_PERIOD=", false},
        {"SHIM_GRACE_PERIOD=5", true},
        {"SHIM_EXIT_CODES=1:2", true},
        {"SHIM_SIGNAL_REWRITE=TERM:INT", true},
        {"SHIM_SIGNAL_GROUP=1", true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct options options;
        struct messages messages;
        read_all(WORDS((char *)rows[i].setting, "PATH=/bin"), &options, &messages);
        expect(options.tunes_supervision == rows[i].tunes_supervision, "%s", rows[i].setting);
    }
}

/* SHIM_HTTP_PORTS_FROM: a name, and the port that is that variable's value. */

TEST(the_port_comes_from_the_variable_that_is_named) {
    static const char *const good[] = {"1", "80", "1023", "1024", "8080", "65535"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct options options;
        struct messages messages;
        read_all(WORDS("SHIM_HTTP_PORTS_FROM=PORT", print("PORT=%s", good[i])), &options,
                 &messages);
        expect(messages.length == 0, "%s: %.*s", good[i], SAID(&messages));
        assert_non_null(options.ports_from);
        assert_string_equal(options.ports_from, "PORT");
        assert_string_equal(options.ports_from_value, good[i]);
    }
}

TEST(a_named_variable_that_is_unset_or_empty_asks_for_nothing) {
    struct options options;
    struct messages messages;
    static const char line[] = "shim: warning: SHIM_HTTP_PORTS_FROM names PORT, which is not set";
    read_all(WORDS("SHIM_HTTP_PORTS_FROM=PORT"), &options, &messages);
    assert_false(messages.errors);
    assert_int_equal(said(&messages, line), 1);
    assert_int_equal(hints(&messages), 1);
    assert_null(options.ports_from);
    read_all(WORDS("SHIM_HTTP_PORTS_FROM=PORT", "PORT="), &options, &messages);
    assert_false(messages.errors);
    assert_int_equal(said(&messages, line), 1);
    assert_null(options.ports_from);
    read_all(WORDS("SHIM_HTTP_PORTS_FROM=PORT", "port=1", "PORTS=2", "APORT=3"), &options,
             &messages);
    assert_false(messages.errors);
    assert_int_equal(said(&messages, line), 1);
    assert_null(options.ports_from);
    read_all(WORDS("PORT=8080"), &options, &messages);
    assert_int_equal(messages.length, 0);
    assert_null(options.ports_from);
}

static void refuse_port(const char *value) {
    struct options options;
    struct messages messages;
    read_all(WORDS("SHIM_HTTP_PORTS_FROM=PORT", print("PORT=%s", value)), &options, &messages);
    expect(errors(&messages) == 1, "PORT=%s: %.*s", value, SAID(&messages));
    expect(hints(&messages) == 1, "PORT=%s: %.*s", value, SAID(&messages));
    expect(said(&messages, print("shim: error: PORT is %s", quote(text_of(value)).text)) == 1,
           "PORT=%s: %.*s", value, SAID(&messages));
    expect(said(&messages, "SHIM_HTTP_PORTS_FROM") == 1, "PORT=%s: %.*s", value, SAID(&messages));
    expect(options.ports_from == NULL, "PORT=%s", value);
}

TEST(its_value_is_a_port_in_plain_digits) {
    static const char *const bad[] = {"0",          "65536",         "65616",
                                      "2147483647", "2147483648",    "8080;8081",
                                      "8080,8081",  "8080/tcp",      "tcp://10.0.0.1:80",
                                      "http",       "http://*:8080", "*:8080",
                                      ":8080",      "$PORT",         "4294967295"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        refuse_port(bad[i]);
    }
    for (size_t i = 0; i < LENGTH(odd_numbers); i++) {
        refuse_port(odd_numbers[i]);
    }
    refuse_port(repeat('8', 400));
}

TEST(a_named_variable_with_two_values_is_refused) {
    struct options options;
    struct messages messages;
    read_all(WORDS("SHIM_HTTP_PORTS_FROM=PORT", "PORT=8080", "PORT=9090"), &options, &messages);
    assert_int_equal(said(&messages, "shim: error: PORT is in the environment more than once"), 1);
    read_all(WORDS("PORT=8080", "SHIM_HTTP_PORTS_FROM=PORT", "PORT="), &options, &messages);
    assert_int_equal(said(&messages, "shim: error: PORT is in the environment more than once"), 1);
    read_all(WORDS("SHIM_HTTP_PORTS_FROM=PORT", "PORT=8080", "PORT=8080"), &options, &messages);
    assert_int_equal(messages.length, 0);
    /* Not asked for, not looked at. */
    read_all(WORDS("PORT=8080", "PORT=9090"), &options, &messages);
    assert_int_equal(messages.length, 0);
}

TEST(a_variables_name_is_letters_digits_and_underscores) {
    static const char *const good[] = {"PORT", "port", "_",     "_PORT_2",      "A",
                                       "z9",   "aZ0",  "Az_09", "WEBSITES_PORT"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct options options;
        struct messages messages;
        read_all(WORDS(print("%s=8080", good[i]), print("SHIM_HTTP_PORTS_FROM=%s", good[i])),
                 &options, &messages);
        expect(messages.length == 0, "%s: %.*s", good[i], SAID(&messages));
        expect(options.ports_from != NULL && strcmp(options.ports_from, good[i]) == 0, "%s",
               good[i]);
    }
    static const char *const bad[] = {
        "8080",        "9PORT",     "PORT ",      " PORT", "PO RT", "$PORT", "${PORT}", "%PORT%",
        "PORT=",       "PORT=8080", "PORT,PORT2", "PORT;", "PO-RT", "PO.RT", "PORT:",   "-PORT",
        "P\xc3\x96RT", "PORT\n",    "@",          "[",     "`",     "{",     "/",       "A/B"};
    refuse_all("SHIM_HTTP_PORTS_FROM", bad, LENGTH(bad));
}

TEST(no_value_from_outside_gets_to_the_terminal_as_it_is) {
    struct options options;
    struct messages messages;
    read_all(WORDS("APP_UID=\x1b[2J\r\n\x9b", "SHIM_HTTP_PORTS_FROM=PORT", "PORT=\x1b]0;x\x07"),
             &options, &messages);
    assert_int_equal(errors(&messages), 2);
    for (size_t i = 0; i < messages.length; i++) {
        expect(messages.text[i] == '\n' || (messages.text[i] >= ' ' && messages.text[i] <= '~'),
               "byte %zu", i);
    }
    assert_int_equal(said(&messages, "\\x1b[2J\\x0d\\x0a\\x9b"), 1);
}

/* .NET speaks to a service manager as PID 1 only. */
TEST(what_waits_to_hear_from_its_main_process_is_a_warning_while_supervising) {
    static const struct {
        const char *entries[3];
        const char *named; /* NULL: no warning */
    } rows[] = {
        {{"NOTIFY_SOCKET=/run/notify"}, "NOTIFY_SOCKET"},
        {{"NOTIFY_SOCKET=@abstract"}, "NOTIFY_SOCKET"},
        {{"WATCHDOG_PID=1"}, "WATCHDOG_PID"},
        {{"WATCHDOG_PID=1", "NOTIFY_SOCKET=/run/notify"}, "NOTIFY_SOCKET"},
        {{"NOTIFY_SOCKET="}, NULL},
        {{"WATCHDOG_USEC=1"}, NULL},
        {{"NOTIFY_SOCKET=/run/notify", "SHIM_SUPERVISE=0"}, NULL},
        {{"WATCHDOG_PID=1", "SHIM_SUPERVISE=0"}, NULL},
        {{"WATCHDOG_PID=1", "SHIM_LOG=error"}, NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct options options;
        struct messages messages;
        read_all((char *const *)rows[i].entries, &options, &messages);
        size_t told = rows[i].named == NULL ? 0 : 1;
        expect(warnings(&messages) == told && hints(&messages) == told, "row %zu: %.*s", i,
               SAID(&messages));
        if (told > 0) {
            expect(said(&messages, print("shim: warning: %s is set", rows[i].named)) == 1,
                   "row %zu: %.*s", i, SAID(&messages));
            assert_int_equal(said(&messages, "SHIM_SUPERVISE=0"), 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_word_is_the_program_and_all_after_it_is_its_own),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(check_takes_a_program_too),
        cmocka_unit_test(install_takes_a_destination),
        cmocka_unit_test(version_and_help_need_nothing),
        cmocka_unit_test(an_empty_word_is_a_program),
        cmocka_unit_test(an_unknown_flag_is_a_usage_error_that_names_it),
        cmocka_unit_test(no_program_is_a_usage_error),
        cmocka_unit_test(no_words_at_all_are_a_usage_error),
        cmocka_unit_test(install_takes_exactly_one_word),
        cmocka_unit_test(version_and_help_take_no_word),
        cmocka_unit_test(one_verb_at_a_time),
        cmocka_unit_test(the_usage_names_every_verb_setting_and_code),
        cmocka_unit_test(without_settings_there_are_defaults),
        cmocka_unit_test(an_empty_setting_is_unset),
        cmocka_unit_test(no_setting_takes_nonsense),
        cmocka_unit_test(all_malformed_settings_are_told_in_one_run),
        cmocka_unit_test(a_setting_that_is_there_twice_with_different_values_is_refused),
        cmocka_unit_test(names_that_only_look_like_settings_are_left_alone),
        cmocka_unit_test(a_service_that_is_called_shim_is_no_misspelt_setting),
        cmocka_unit_test(a_misspelt_setting_is_told_with_the_one_that_may_be_meant),
        cmocka_unit_test(a_uid_is_a_number_from_1_to_2147483647),
        cmocka_unit_test(a_gid_may_be_0_as_well),
        cmocka_unit_test(groups_are_numbers_with_a_comma_between_two),
        cmocka_unit_test(groups_are_nothing_else),
        cmocka_unit_test(there_may_be_256_groups_and_no_more),
        cmocka_unit_test(the_first_unprivileged_port_is_a_number_from_0_to_65535),
        cmocka_unit_test(a_grace_period_is_a_number_from_0_to_86400),
        cmocka_unit_test(a_switch_is_0_or_1),
        cmocka_unit_test(the_bounding_set_is_emptied_or_kept),
        cmocka_unit_test(signals_are_handed_on_as_others),
        cmocka_unit_test(a_malformed_rewrite_is_refused),
        cmocka_unit_test(what_cannot_be_caught_or_is_none_cannot_be_rewritten),
        cmocka_unit_test(a_signal_is_rewritten_once),
        cmocka_unit_test(exit_codes_become_others),
        cmocka_unit_test(a_malformed_exit_code_is_refused),
        cmocka_unit_test(an_exit_code_is_rewritten_once),
        cmocka_unit_test(the_log_level_takes_effect),
        cmocka_unit_test(no_other_word_is_a_log_level),
        cmocka_unit_test(the_log_level_holds_for_the_settings_themselves),
        cmocka_unit_test(what_nobody_can_know_for_two_values_is_unknown),
        cmocka_unit_test(settings_for_a_supervisor_are_known_from_the_others),
        cmocka_unit_test(the_port_comes_from_the_variable_that_is_named),
        cmocka_unit_test(a_named_variable_that_is_unset_or_empty_asks_for_nothing),
        cmocka_unit_test(its_value_is_a_port_in_plain_digits),
        cmocka_unit_test(a_named_variable_with_two_values_is_refused),
        cmocka_unit_test(a_variables_name_is_letters_digits_and_underscores),
        cmocka_unit_test(no_value_from_outside_gets_to_the_terminal_as_it_is),
        cmocka_unit_test(what_waits_to_hear_from_its_main_process_is_a_warning_while_supervising),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
