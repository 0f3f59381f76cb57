/* Environment and command line as .NET's configuration sees them. */
#include "aspnet/configuration.h"
#include "unit.h"

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})

static char *const none[] = {NULL};

static const char *name_layer(enum layer layer) {
    static const char *const layers[LAYERS] = {
        [LAYER_ASPNETCORE] = "aspnetcore",
        [LAYER_DOTNET] = "dotnet",
        [LAYER_BARE] = "bare",
        [LAYER_ARGUMENTS] = "argument",
    };
    return layers[layer];
}

static bool is_same(const struct entry *a, const struct entry *b) {
    return a->layer == b->layer && a->at == b->at && text_equal(a->key, b->key) &&
           text_equal(a->value, b->value) && text_equal(a->source, b->source);
}

/* All entries, one a line: layer, source, key and value. */
static char *walk(char *const *environment, char *const *program) {
    struct configuration_cursor cursor = configuration_begin(environment, program);
    struct entry entry;
    char *list = print("%s", "");
    while (configuration_next(&cursor, &entry)) {
        struct entry again = configuration_reread(entry.layer, entry.at);
        expect(is_same(&again, &entry), "%.*s", (int)entry.source.length, entry.source.at);
        list = print("%s%s %.*s: %.*s=%.*s\n", list, name_layer(entry.layer),
                     (int)entry.source.length, entry.source.at, (int)entry.key.length, entry.key.at,
                     (int)entry.value.length, entry.value.at);
    }
    return list;
}

#define expect_walk(environment, program, wanted)                                                  \
    assert_string_equal(walk(environment, program), wanted)

TEST(a_variable_is_in_the_layer_of_its_prefix_in_any_case) {
    expect_walk(WORDS("URLS=1", "ASPNETCORE_URLS=2", "DOTNET_URLS=3", "aspnetcore_urls=4",
                      "DotNet_Http_Ports=5"),
                none,
                "bare URLS: URLS=1\n"
                "aspnetcore ASPNETCORE_URLS: URLS=2\n"
                "dotnet DOTNET_URLS: URLS=3\n"
                "aspnetcore aspnetcore_urls: urls=4\n"
                "dotnet DotNet_Http_Ports: Http_Ports=5\n");
}

TEST(a_prefix_is_taken_off_once_and_whole) {
    expect_walk(WORDS("ASPNETCORE_ASPNETCORE_URLS=1", "ASPNETCORE_DOTNET_URLS=2", "ASPNETCORE=3",
                      "ASPNETCOREURLS=4", "XDOTNET_URLS=5", "ASPNETCORE_=6", "DOTNET_=7",
                      "ASPNETCORE_:URLS=8"),
                none,
                "aspnetcore ASPNETCORE_ASPNETCORE_URLS: ASPNETCORE_URLS=1\n"
                "aspnetcore ASPNETCORE_DOTNET_URLS: DOTNET_URLS=2\n"
                "bare ASPNETCORE: ASPNETCORE=3\n"
                "bare ASPNETCOREURLS: ASPNETCOREURLS=4\n"
                "bare XDOTNET_URLS: XDOTNET_URLS=5\n"
                "aspnetcore ASPNETCORE_: =6\n"
                "dotnet DOTNET_: =7\n"
                "aspnetcore ASPNETCORE_:URLS: :URLS=8\n");
}

TEST(two_underscores_behind_the_prefix_make_it_none) {
    expect_walk(WORDS("ASPNETCORE__URLS=1", "DOTNET__URLS=2", "ASPNETCORE___URLS=3"), none,
                "bare ASPNETCORE__URLS: ASPNETCORE__URLS=1\n"
                "bare DOTNET__URLS: DOTNET__URLS=2\n"
                "bare ASPNETCORE___URLS: ASPNETCORE___URLS=3\n");
}

TEST(what_is_no_variable_is_left_out) {
    expect_walk(WORDS("", "URLS", "=x", "A=", "B=x=y"), none, "bare A: A=\nbare B: B=x=y\n");
    expect_walk(none, none, "");
    expect_walk(none, WORDS("./app"), "");
}

TEST(arguments_are_read_in_all_forms_that_dotnet_knows) {
    expect_walk(
        none,
        WORDS("./app", "--a=1", "--b", "2", "/c=3", "/d", "4", "e=5", "--f:g=6", "--h=", "--i", ""),
        "argument --a: a=1\n"
        "argument --b: b=2\n"
        "argument /c: c=3\n"
        "argument /d: d=4\n"
        "argument e: e=5\n"
        "argument --f:g: f:g=6\n"
        "argument --h: h=\n"
        "argument --i: i=\n");
}

TEST(an_argument_with_dashes_takes_the_next_word_whatever_it_is) {
    expect_walk(none, WORDS("./app", "--a", "--b", "c=1"),
                "argument --a: a=--b\nargument c: c=1\n");
    expect_walk(none, WORDS("./app", "--a", "-b=1"), "argument --a: a=-b=1\n");
    expect_walk(none, WORDS("./app", "/a", "/b=1"), "argument /a: a=/b=1\n");
    expect_walk(none, WORDS("./app", "/x/y", "z=1"), "argument /x/y: x/y=z=1\n");
    expect_walk(none, WORDS("./app", "--", "z=1"), "argument --: =z=1\n");
    expect_walk(none, WORDS("./app", "/", "z=1", "y=2"), "argument /: =z=1\nargument y: y=2\n");
}

TEST(an_argument_that_says_nothing_is_left_out) {
    expect_walk(none, WORDS("./app", "word", "-", "-a", "x", "", "c=1"), "argument c: c=1\n");
    expect_walk(none, WORDS("./app", "--last"), "");
    expect_walk(none, WORDS("./app", "/last"), "");
    expect_walk(none, WORDS("./app", "--"), "");
    expect_walk(none, WORDS("./app", "-a=1", "-urls=http://*:80", "-=1"), "");
}

TEST(odd_dashes_are_part_of_the_key) {
    expect_walk(none,
                WORDS("./app", "---a=1", "//b=2", "/c/d=3", "--=4", "=5", "e==6", "/-f=7", "g-=8"),
                "argument ---a: -a=1\n"
                "argument //b: /b=2\n"
                "argument /c/d: c/d=3\n"
                "argument --: =4\n"
                "argument : =5\n"
                "argument e: e==6\n"
                "argument /-f: -f=7\n"
                "argument g-: g-=8\n");
}

TEST(variables_come_before_arguments_and_those_in_their_order) {
    expect_walk(WORDS("URLS=0", "DOTNET_URLS=00"), WORDS("./app", "--urls=1", "x", "--urls", "2"),
                "bare URLS: URLS=0\n"
                "dotnet DOTNET_URLS: URLS=00\n"
                "argument --urls: urls=1\n"
                "argument --urls: urls=2\n");
    struct configuration_cursor cursor = configuration_begin(none, none);
    struct entry entry;
    assert_false(configuration_next(&cursor, &entry));
    assert_false(configuration_next(&cursor, &entry));
}

TEST(behind_dotnet_the_apps_arguments_begin_after_its_file) {
    static const char wanted[] = "argument --urls: urls=x\n";
    const struct {
        char *const *program;
        const char *wanted;
    } rows[] = {
        /* The file's name would be an argument, if it were taken for one. */
        {WORDS("dotnet", "a=b.dll", "--urls=x"), wanted},
        {WORDS("/usr/bin/dotnet", "a=b.dll", "--urls=x"), wanted},
        {WORDS("./dotnet", "./a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "exec", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "--fx-version", "8.0.0", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "--roll-forward", "Major", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "--roll-forward-on-no-candidate-fx", "2", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "--additionalprobingpath", "/x", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "--additional-deps", "/x", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "exec", "--depsfile", "a.json", "--runtimeconfig", "b.json", "a=b.dll",
               "--urls=x"),
         wanted},
        {WORDS("dotnet", "--some-switch", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "-d", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet", "--urls=y", "a=b.dll", "--urls=x"), wanted},
        {WORDS("dotnet"), ""},
        {WORDS("dotnet", "exec"), ""},
        {WORDS("dotnet", "--info"), ""},
        {WORDS("dotnet", "--fx-version"), ""},
        {WORDS("dotnet", "--fx-version", "--urls=x"), ""},
        {WORDS("dotnet", "app.dll"), ""},
        {WORDS("dotnet", "urls=x"), ""},
        /* The app's own name is no argument, nor is any other program dotnet. */
        {WORDS("urls=y", "--urls=x"), wanted},
        {WORDS("./dotnet.sh", "--urls=x"), wanted},
        {WORDS("/opt/dotnet/app", "--urls=x"), wanted},
        {WORDS("DOTNET", "--urls=x"), wanted},
        {WORDS("./app", "exec", "--urls=x"), wanted},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *list = walk(none, rows[i].program);
        expect(strcmp(list, rows[i].wanted) == 0, "row %zu: %s", i, list);
    }
}

TEST(a_single_dash_with_an_equals_sign_is_found) {
    const struct {
        char *const *program;
        const char *wanted;
    } rows[] = {
        {WORDS("./app", "-x=1"), "-x=1"},
        {WORDS("./app", "-=1"), "-=1"},
        {WORDS("./app", "-x="), "-x="},
        {WORDS("./app", "-x==1"), "-x==1"},
        {WORDS("./app", "--a=1", "b", "-y=2", "-z=3"), "-y=2"},
        {WORDS("./app", "--a", "b", "-y=2"), "-y=2"},
        {WORDS("dotnet", "-x=1", "app.dll"), NULL},
        {WORDS("dotnet", "app.dll", "-x=1"), "-x=1"},
        {WORDS("-x=1"), NULL},
        {WORDS("./app", "--a", "-y=2"), NULL}, /* it is the value of --a */
        {WORDS("./app", "/a", "-y=2"), NULL},
        {WORDS("./app", "-x", "--x=1", "/x=1", "x=1", "-", "--"), NULL},
        {WORDS("./app", "-x", "-y=2"), "-y=2"},
        {WORDS("./app"), NULL},
        {none, NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *found = configuration_find_unmapped(rows[i].program);
        if (rows[i].wanted == NULL) {
            expect(found == NULL, "row %zu: %s", i, found);
        } else {
            expect(found != NULL && strcmp(found, rows[i].wanted) == 0, "row %zu: %s", i,
                   found == NULL ? "none" : found);
        }
    }
}

static struct entry variable(const char *key) {
    return (struct entry){LAYER_BARE, NULL, text_of(key), text_of(""), text_of(key)};
}

static struct entry argument(const char *key) {
    return (struct entry){LAYER_ARGUMENTS, NULL, text_of(key), text_of(""), text_of(key)};
}

TEST(a_key_is_known_in_any_case_and_whole) {
    static const char *const good[] = {"urls", "URLS", "Urls", "uRLs"};
    static const char *const bad[] = {
        "",      "url",   "urlss", "xurls", "urls__", "urls__0",     "urls_", "_urls",     "__urls",
        ":urls", "urls:", "url s", "urls ", "u__rls", "url\xc5\xbf", "ur",    "http_ports"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct entry entry = variable(good[i]);
        expect(configuration_is(&entry, "urls"), "%s", good[i]);
        entry = argument(good[i]);
        expect(configuration_is(&entry, "urls"), "--%s", good[i]);
    }
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct entry entry = variable(bad[i]);
        expect(!configuration_is(&entry, "urls"), "%s", bad[i]);
        entry = argument(bad[i]);
        expect(!configuration_is(&entry, "urls"), "--%s", bad[i]);
    }
}

TEST(one_underscore_stays_one_in_a_key) {
    struct entry entry = variable("HTTP_PORTS");
    assert_true(configuration_is(&entry, "http_ports"));
    entry = variable("HTTP__PORTS");
    assert_false(configuration_is(&entry, "http_ports"));
    assert_true(configuration_is(&entry, "http:ports"));
    entry = argument("HTTP__PORTS");
    assert_false(configuration_is(&entry, "http_ports"));
    assert_false(configuration_is(&entry, "http:ports"));
    assert_true(configuration_is(&entry, "http__ports"));
}

TEST(an_endpoint_has_its_name_and_the_key_below_it) {
    static const struct {
        const char *key;
        const char *child;
        const char *rest;
    } rows[] = {
        {"Kestrel__Endpoints__A__Url", "A", "Url"},
        {"KESTREL__ENDPOINTS__A__URL", "A", "URL"},
        {"Kestrel:Endpoints:A:Url", "A", "Url"},
        {"Kestrel__Endpoints:A__Url", "A", "Url"},
        {"Kestrel__Endpoints__A", "A", ""},
        {"Kestrel__Endpoints__A__", "A", ""},
        {"Kestrel__Endpoints__Url", "Url", ""},
        {"Kestrel__Endpoints__", "", ""},
        {"Kestrel__Endpoints____Url", "", "Url"},
        {"Kestrel__Endpoints__A__Url__B", "A", "Url__B"},
        {"Kestrel__Endpoints__A____Url", "A", "__Url"},
        {"Kestrel__Endpoints__A___Url", "A", "_Url"},
        {"Kestrel__Endpoints___A__Url", "_A", "Url"},
        {"Kestrel__Endpoints__A_B__Certificate__Path", "A_B", "Certificate__Path"},
        {"Kestrel__Endpoints__\xc3\xa9__Url", "\xc3\xa9", "Url"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct entry entry = variable(rows[i].key);
        struct text child;
        struct text rest;
        expect(configuration_child(&entry, "Kestrel:Endpoints:", &child, &rest), "%s", rows[i].key);
        expect(is(child, rows[i].child), "%s: %.*s", rows[i].key, (int)child.length, child.at);
        expect(is(rest, rows[i].rest), "%s: %.*s", rows[i].key, (int)rest.length, rest.at);
    }
    struct entry entry = argument("Kestrel:Endpoints:A__B:Url");
    struct text child;
    struct text rest;
    assert_true(configuration_child(&entry, "Kestrel:Endpoints:", &child, &rest));
    assert_true(is(child, "A__B") && is(rest, "Url"));
}

TEST(what_only_looks_like_an_endpoint_is_none) {
    static const char *const keys[] = {
        "",
        "Kestrel",
        "Kestrel__Endpoints",
        "Kestrel__Endpoints_",
        "Kestrel_Endpoints__A__Url",
        "Kestrel__EndpointDefaults__Url",
        "Kestrel__Endpoint__A__Url",
        "Kestrel___Endpoints__A__Url",
        "Kestrel____Endpoints__A__Url",
        "_Kestrel__Endpoints__A__Url",
        "__Kestrel__Endpoints__A__Url",
        "XKestrel__Endpoints__A__Url",
        "Kestrels__Endpoints__A__Url",
        "MYSQLCONNSTR_Kestrel__Endpoints__A__Url",
    };
    for (size_t i = 0; i < LENGTH(keys); i++) {
        struct entry entry = variable(keys[i]);
        struct text child;
        struct text rest;
        expect(!configuration_child(&entry, "Kestrel:Endpoints:", &child, &rest), "%s", keys[i]);
    }
    struct entry entry = argument("Kestrel__Endpoints__A__Url");
    struct text child;
    struct text rest;
    assert_false(configuration_child(&entry, "Kestrel:Endpoints:", &child, &rest));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_is_in_the_layer_of_its_prefix_in_any_case),
        cmocka_unit_test(a_prefix_is_taken_off_once_and_whole),
        cmocka_unit_test(two_underscores_behind_the_prefix_make_it_none),
        cmocka_unit_test(what_is_no_variable_is_left_out),
        cmocka_unit_test(arguments_are_read_in_all_forms_that_dotnet_knows),
        cmocka_unit_test(an_argument_with_dashes_takes_the_next_word_whatever_it_is),
        cmocka_unit_test(an_argument_that_says_nothing_is_left_out),
        cmocka_unit_test(odd_dashes_are_part_of_the_key),
        cmocka_unit_test(variables_come_before_arguments_and_those_in_their_order),
        cmocka_unit_test(behind_dotnet_the_apps_arguments_begin_after_its_file),
        cmocka_unit_test(a_single_dash_with_an_equals_sign_is_found),
        cmocka_unit_test(a_key_is_known_in_any_case_and_whole),
        cmocka_unit_test(one_underscore_stays_one_in_a_key),
        cmocka_unit_test(an_endpoint_has_its_name_and_the_key_below_it),
        cmocka_unit_test(what_only_looks_like_an_endpoint_is_none),
    };
    return cmocka_run_group_tests_name("configuration", tests, NULL, NULL);
}
