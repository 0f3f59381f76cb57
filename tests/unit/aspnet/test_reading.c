/* What an app of each builder makes of the layers; what is right, real ones have said. */
#include "aspnet/reading.h"
#include "unit.h"

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})
#define EMPTY ((char *const[]){NULL})
#define APP WORDS("./app")

static struct choices choices;

static struct view view(enum app_reading reading, char *const *environment, char *const *program) {
    struct view made;
    memset(&choices, 0xa5, sizeof choices);
    memset(&made, 0xa5, sizeof made);
    choices_learn(environment, program, &choices);
    view_make(reading, environment, &choices, &made);
    return made;
}

/* An outcome in words: the layers that may have the say, and what they may say. */
static const char *show(struct outcome outcome) {
    static const char *const layers[LAYERS] = {"aspnetcore ", "dotnet ", "bare ", "arguments "};
    char *words = print("%s", "");
    for (size_t i = 0; i < LAYERS; i++) {
        words = print("%s%s", words, (outcome.layers >> i & 1) != 0 ? layers[i] : "");
    }
    return print("%s:%s%s%s", words, (outcome.says & SAYS_SOME) != 0 ? " some" : "",
                 (outcome.says & SAYS_NONE) != 0 ? " none" : "",
                 (outcome.says & SAYS_EMPTY) != 0 ? " empty" : "");
}

TEST(each_builder_chooses_in_its_own_way) {
    const struct {
        char *const *environment;
        char *const *program;
        const char *web;
        const char *host; /* of URLS, which fall back */
        const char *host_ports;
    } rows[] = {
        {EMPTY, APP, ": empty", ": empty", ": empty"},
        {WORDS("ASPNETCORE_%s=1"), APP, "aspnetcore : some", "aspnetcore : some",
         "aspnetcore : some"},
        {WORDS("ASPNETCORE_%s=1", "DOTNET_%s=2"), APP, "dotnet : some", "aspnetcore : some",
         "aspnetcore : some"},
        {WORDS("ASPNETCORE_%s=", "DOTNET_%s=2"), APP, "dotnet : some",
         "aspnetcore dotnet : some empty", "aspnetcore dotnet : some empty"},
        {WORDS("ASPNETCORE_%s=1", "DOTNET_%s="), APP, "dotnet : empty", "aspnetcore : some",
         "aspnetcore : some"},
        {WORDS("ASPNETCORE_%s=1", "%s=3"), APP, "bare : some", "bare : some", "bare : some"},
        {WORDS("ASPNETCORE_%s=1", "DOTNET_%s=2", "%s="), APP, "bare : empty",
         "aspnetcore bare : some", "bare : empty"},
        {WORDS("DOTNET_%s=2", "%s="), APP, "bare : empty", "dotnet bare : some", "bare : empty"},
        {WORDS("%s="), APP, "bare : empty", "bare : empty", "bare : empty"},
        {WORDS("%s=3"), WORDS("./app", "--%s=4"), "arguments : some", "arguments : some",
         "arguments : some"},
        {WORDS("ASPNETCORE_%s=1", "%s=3"), WORDS("./app", "--%s="), "arguments : empty",
         "aspnetcore arguments : some", "arguments : empty"},
        {WORDS("DOTNET_%s=2", "%s=3"), WORDS("./app", "--%s="), "arguments : empty",
         "arguments : empty", "arguments : empty"},
        {WORDS("DOTNET_%s=2", "ASPNETCORE_%s="), WORDS("./app", "--%s="), "arguments : empty",
         "aspnetcore arguments : empty", "arguments : empty"},
    };
    static const struct {
        const char *name;
        enum key key;
    } keys[] = {
        {"urls", KEY_URLS}, {"http_ports", KEY_HTTP_PORTS}, {"https_ports", KEY_HTTPS_PORTS}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        for (size_t j = 0; j < LENGTH(keys); j++) {
            char *environment[4] = {NULL};
            char *program[3] = {NULL};
            for (size_t k = 0; rows[i].environment[k] != NULL; k++) {
                const char *percent = strstr(rows[i].environment[k], "%s");
                environment[k] = print("%.*s%s%s", (int)(percent - rows[i].environment[k]),
                                       rows[i].environment[k], keys[j].name, percent + 2);
            }
            program[0] = rows[i].program[0];
            program[1] = rows[i].program[1] == NULL
                             ? NULL
                             : print("--%s%s", keys[j].name, rows[i].program[1] + 4);
            const char *web = show(view(READING_WEB, environment, program).keys[keys[j].key]);
            const char *slim = show(view(READING_SLIM, environment, program).keys[keys[j].key]);
            const char *host = show(view(READING_HOST, environment, program).keys[keys[j].key]);
            const char *wanted = keys[j].key == KEY_URLS ? rows[i].host : rows[i].host_ports;
            expect(strcmp(web, rows[i].web) == 0, "row %zu, %s: %s", i, keys[j].name, web);
            expect(strcmp(slim, rows[i].web) == 0, "row %zu, %s: %s", i, keys[j].name, slim);
            expect(strcmp(host, wanted) == 0, "row %zu, %s: %s", i, keys[j].name, host);
        }
    }
}

TEST(a_statement_knows_the_readings_that_it_counts_in) {
    char *const *environment = WORDS("ASPNETCORE_URLS=1", "DOTNET_URLS=2", "HTTP_PORTS=3");
    memset(&choices, 0xa5, sizeof choices);
    choices_learn(environment, APP, &choices);
    struct view views[3];
    view_make(READING_WEB, environment, &choices, &views[0]);
    view_make(READING_SLIM, environment, &choices, &views[1]);
    view_make(READING_HOST, environment, &choices, &views[2]);
    const struct choice *urls = &choices.keys[KEY_URLS];
    assert_int_equal(urls->layers[LAYER_ASPNETCORE].readings, READING_HOST);
    assert_int_equal(urls->layers[LAYER_DOTNET].readings, READING_WEB | READING_SLIM);
    /* URLS hide the ports in all of them. */
    assert_int_equal(choices.keys[KEY_HTTP_PORTS].layers[LAYER_BARE].readings, 0);
    assert_true(
        is(view_overrider(&views[0], &choices, KEY_URLS, urls, LAYER_ASPNETCORE), "DOTNET_URLS"));
    assert_true(is(view_overrider(&views[0], &choices, KEY_HTTP_PORTS,
                                  &choices.keys[KEY_HTTP_PORTS], LAYER_BARE),
                   "DOTNET_URLS"));
}

TEST(the_iis_integration_is_for_two_of_the_builders) {
#define IIS(port) port, "ASPNETCORE_APPL_PATH=/", "ASPNETCORE_TOKEN=t"
    static const struct {
        enum app_reading reading;
        bool exact, any_case, below_app;
    } rows[] = {
        {READING_WEB, true, false, false},
        {READING_SLIM, false, false, false},
        {READING_HOST, true, true, true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct view made = view(rows[i].reading, WORDS(IIS("ASPNETCORE_PORT=1")), APP);
        assert_int_equal(made.iis, rows[i].exact);
        assert_int_equal(made.unset, !rows[i].exact);
        made = view(rows[i].reading, WORDS(IIS("AspNetCore_Port=1")), APP);
        assert_int_equal(made.iis, rows[i].any_case);
        made =
            view(rows[i].reading, WORDS(IIS("ASPNETCORE_PORT="), "PORT=1", "DOTNET_PORT=1"), APP);
        assert_false(made.iis);
        /* Where it stands below the app's own variables, those are asked first. */
        made = view(rows[i].reading, WORDS(IIS("ASPNETCORE_PORT=1"), "URLS=2"), APP);
        assert_int_equal(made.iis, rows[i].exact && !rows[i].below_app);
        assert_int_equal(made.keys[KEY_URLS].layers != 0, !rows[i].exact || rows[i].below_app);
    }
}

TEST(endpoints_and_hosting_addresses_may_both_count) {
#define ENDPOINT "Kestrel__Endpoints__A__Url=http://*:1"
    const struct {
        char *const *environment;
        bool hosting, endpoints, unset;
    } rows[] = {
        {EMPTY, true, false, true},
        {WORDS("URLS=1"), true, false, false},
        {WORDS("URLS=;", "HTTP_PORTS=1"), true, false, true},
        {WORDS("URLS=1", "urls="), true, false, true},
        {WORDS("HTTPS_PORTS=1"), true, false, false},
        {WORDS(ENDPOINT), false, true, true},
        {WORDS(ENDPOINT, "URLS=1"), false, true, false},
        {WORDS(ENDPOINT, "URLS=1", "PREFERHOSTINGURLS=1"), true, false, false},
        {WORDS(ENDPOINT, "URLS=;", "PREFERHOSTINGURLS=1"), true, true, true},
        {WORDS(ENDPOINT, "URLS=1", "PREFERHOSTINGURLS=1", "preferhostingurls=0"), true, true,
         false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct view made = view(READING_WEB, rows[i].environment, APP);
        expect(made.hosting == rows[i].hosting && made.endpoints == rows[i].endpoints &&
                   made.unset == rows[i].unset,
               "row %zu: hosting %d, endpoints %d, unset %d", i, made.hosting, made.endpoints,
               made.unset);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_builder_chooses_in_its_own_way),
        cmocka_unit_test(a_statement_knows_the_readings_that_it_counts_in),
        cmocka_unit_test(the_iis_integration_is_for_two_of_the_builders),
        cmocka_unit_test(endpoints_and_hosting_addresses_may_both_count),
    };
    return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
