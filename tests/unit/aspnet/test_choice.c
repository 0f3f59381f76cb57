/* What each layer says of each key, and which Kestrel endpoints there are. */
#include "aspnet/choice.h"
#include "unit.h"

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})

static char *const none[] = {NULL};

static struct choices learn(char *const *environment, char *const *program) {
    struct choices choices;
    memset(&choices, 0xa5, sizeof choices);
    choices_learn(environment, program, &choices);
    return choices;
}

/* What a layer says, in words, and of which variable or argument first: "URLS: some, empty". */
static const char *show(const struct choice *choice, enum layer layer) {
    const struct statement *statement = &choice->layers[layer];
    if (statement->says == 0) {
        return "nothing";
    }
    struct text source = statement_entry(statement, layer).source;
    return print("%.*s:%s%s%s", (int)source.length, source.at,
                 (statement->says & SAYS_SOME) != 0 ? " some" : "",
                 (statement->says & SAYS_NONE) != 0 ? " none" : "",
                 (statement->says & SAYS_EMPTY) != 0 ? " empty" : "");
}

static const char *show_key(const struct choices *choices, enum key key, enum layer layer) {
    return show(&choices->keys[key], layer);
}

TEST(nobody_has_a_key_that_is_not_there) {
    struct choices choices = learn(WORDS("PATH=/bin", "HTTP_PORT=80"), WORDS("./app", "--url=x"));
    for (enum key key = 0; key < KEYS; key++) {
        for (enum layer layer = 0; layer < LAYERS; layer++) {
            assert_string_equal(show_key(&choices, key, layer), "nothing");
            assert_int_equal(choices.keys[key].layers[layer].readings, 0);
            assert_false(choices.keys[key].layers[layer].good);
        }
    }
    assert_int_equal(choices.endpoint_count, 0);
    assert_false(choices.too_many);
    assert_false(choices.respelled);
}

TEST(each_layer_has_its_own_say_wherever_it_stands) {
    struct choices choices = learn(WORDS("ASPNETCORE_URLS=a", "HTTP_PORTS=1", "DOTNET_URLS=b",
                                         "aspnetcore_http_ports=2", "ASPNETCORE_HTTPS_PORTS=4"),
                                   WORDS("./app", "--https_ports=3"));
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_ASPNETCORE), "ASPNETCORE_URLS: some");
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_DOTNET), "DOTNET_URLS: some");
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_BARE), "nothing");
    assert_string_equal(show_key(&choices, KEY_HTTP_PORTS, LAYER_ASPNETCORE),
                        "aspnetcore_http_ports: some");
    assert_string_equal(show_key(&choices, KEY_HTTP_PORTS, LAYER_BARE), "HTTP_PORTS: some");
    assert_string_equal(show_key(&choices, KEY_HTTPS_PORTS, LAYER_ARGUMENTS),
                        "--https_ports: some");
    assert_false(choices.respelled);
}

TEST(each_argument_beats_those_before_it) {
    struct choices choices = learn(none, WORDS("./app", "--urls=", "/urls", "b"));
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_ARGUMENTS), "/urls: some");
    choices = learn(none, WORDS("./app", "--urls=b", "urls="));
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_ARGUMENTS), "urls: empty");
    assert_false(choices.respelled);
}

TEST(a_value_is_empty_or_lists_nothing_or_something) {
    static const struct {
        const char *entry;
        enum key key;
        const char *wanted;
    } rows[] = {
        {"URLS=", KEY_URLS, "URLS: empty"},
        {"URLS=;;", KEY_URLS, "URLS: none"},
        {"URLS= ", KEY_URLS, "URLS: some"},
        {"HTTP_PORTS=", KEY_HTTP_PORTS, "HTTP_PORTS: empty"},
        {"HTTP_PORTS= ; \t;", KEY_HTTP_PORTS, "HTTP_PORTS: none"},
        {"HTTPS_PORTS= ", KEY_HTTPS_PORTS, "HTTPS_PORTS: none"},
        {"HTTPS_PORTS=x", KEY_HTTPS_PORTS, "HTTPS_PORTS: some"},
        {"PORT=", KEY_IIS_PORT, "PORT: empty"},
        {"APPL_PATH= ", KEY_IIS_PATH, "APPL_PATH: some"},
        {"TOKEN=;", KEY_IIS_TOKEN, "TOKEN: some"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct choices choices = learn(WORDS((char *)rows[i].entry), none);
        assert_string_equal(show_key(&choices, rows[i].key, LAYER_BARE), rows[i].wanted);
    }
}

TEST(two_spellings_are_two_answers) {
    struct choices choices = learn(WORDS("URLS=a", "urls=", "Urls=;"), none);
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_BARE), "URLS: some none empty");
    assert_true(choices.respelled);
    choices = learn(WORDS("ASPNETCORE_URLS=", "aspnetcore_urls=b"), none);
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_ASPNETCORE),
                        "ASPNETCORE_URLS: some empty");
    assert_true(choices.respelled);
}

TEST(of_one_name_that_is_there_twice_the_first_counts) {
    struct choices choices = learn(WORDS("URLS=", "URLS=a"), none);
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_BARE), "URLS: empty");
    choices = learn(WORDS("URLS=a", "URLS="), none);
    assert_string_equal(show_key(&choices, KEY_URLS, LAYER_BARE), "URLS: some");
    choices = learn(WORDS("PREFERHOSTINGURLS=1", "PREFERHOSTINGURLS=0"), none);
    assert_string_equal(show_key(&choices, KEY_PREFER, LAYER_BARE), "PREFERHOSTINGURLS: some");
    assert_false(choices.respelled);
}

TEST(hosting_urls_are_preferred_for_true_and_1) {
    static const char *const on[] = {"true", "TRUE", "True", "tRuE", "1"};
    static const char *const off[] = {"0",     "false", "yes", "on",     "01", "2",   " true",
                                      "true ", "1 ",    "t",   "true;1", "11", "tru", "+1"};
    for (size_t i = 0; i < LENGTH(on); i++) {
        struct choices choices = learn(WORDS(print("PREFERHOSTINGURLS=%s", on[i])), none);
        expect(choices.keys[KEY_PREFER].layers[LAYER_BARE].says == SAYS_SOME, "%s", on[i]);
    }
    for (size_t i = 0; i < LENGTH(off); i++) {
        struct choices choices = learn(WORDS(print("PREFERHOSTINGURLS=%s", off[i])), none);
        expect(choices.keys[KEY_PREFER].layers[LAYER_BARE].says == SAYS_NONE, "%s", off[i]);
    }
    struct choices choices = learn(WORDS("PREFERHOSTINGURLS="), none);
    assert_int_equal(choices.keys[KEY_PREFER].layers[LAYER_BARE].says, SAYS_EMPTY);
}

TEST(any_key_below_it_makes_an_endpoint) {
    struct choices choices =
        learn(WORDS("Kestrel__Endpoints__A__Url=a", "ASPNETCORE_Kestrel__Endpoints__a__Protocols=x",
                    "Kestrel__Endpoints__B__Protocols=", "DOTNET_Kestrel__Endpoints__B__URL=b",
                    "Kestrel__Endpoints__C="),
              WORDS("./app", "--kestrel:endpoints:D:url="));
    assert_int_equal(choices.endpoint_count, 4);
    assert_true(is(choices.endpoints[0].name, "A"));
    assert_string_equal(show(&choices.endpoints[0].url, LAYER_BARE),
                        "Kestrel__Endpoints__A__Url: some");
    assert_string_equal(show(&choices.endpoints[0].url, LAYER_ASPNETCORE), "nothing");
    assert_true(is(choices.endpoints[1].name, "B"));
    assert_true(is(choices.endpoints[1].source, "Kestrel__Endpoints__B__Protocols"));
    assert_string_equal(show(&choices.endpoints[1].url, LAYER_DOTNET),
                        "DOTNET_Kestrel__Endpoints__B__URL: some");
    assert_true(is(choices.endpoints[2].name, "C"));
    for (enum layer layer = 0; layer < LAYERS; layer++) {
        assert_string_equal(show(&choices.endpoints[2].url, layer), "nothing");
    }
    assert_true(is(choices.endpoints[3].name, "D"));
    assert_string_equal(show(&choices.endpoints[3].url, LAYER_ARGUMENTS),
                        "--kestrel:endpoints:D:url: empty");
}

TEST(the_statement_of_an_entry_is_found_again) {
    char *const *environment =
        WORDS("Kestrel__Endpoints__A__Url=a", "Kestrel__Endpoints__B__X=b",
              "kestrel__endpoints__b__url=c", "Urls=d", "NOBODY=e", "urls=f", "Urls=g");
    struct choices choices = learn(environment, none);
    struct configuration_cursor cursor = configuration_begin(environment, none);
    const struct {
        enum key key;
        struct endpoint *endpoint;
        struct statement *statement;
        bool respelled;
    } wanted[] = {
        {KEYS, &choices.endpoints[0], &choices.endpoints[0].url.layers[LAYER_BARE], false},
        {KEYS, NULL, NULL, false},
        {KEYS, &choices.endpoints[1], &choices.endpoints[1].url.layers[LAYER_BARE], false},
        {KEY_URLS, NULL, &choices.keys[KEY_URLS].layers[LAYER_BARE], false},
        {KEYS, NULL, NULL, false},
        {KEY_URLS, NULL, &choices.keys[KEY_URLS].layers[LAYER_BARE], true},
        {KEY_URLS, NULL, &choices.keys[KEY_URLS].layers[LAYER_BARE], false},
    };
    for (size_t i = 0; i < LENGTH(wanted); i++) {
        struct entry entry;
        enum key key;
        struct endpoint *endpoint;
        assert_true(configuration_next(&cursor, &entry));
        struct statement *statement = choices_statement_of(&choices, &entry, &key, &endpoint);
        expect(statement == wanted[i].statement, "entry %zu", i);
        expect(key == wanted[i].key && endpoint == wanted[i].endpoint, "entry %zu", i);
        expect(statement == NULL ||
                   statement_is_respelled(statement, &entry) == wanted[i].respelled,
               "entry %zu", i);
    }
}

TEST(there_are_256_endpoints_at_most) {
    char *environment[ENDPOINTS_MAX + 2] = {NULL};
    for (size_t i = 0; i < ENDPOINTS_MAX; i++) {
        environment[i] = print("Kestrel__Endpoints__%zu__Url=x", i);
    }
    struct choices choices = learn(environment, none);
    assert_int_equal(choices.endpoint_count, 256);
    assert_false(choices.too_many);
    environment[ENDPOINTS_MAX] = print("Kestrel__Endpoints__255__Url=y");
    assert_false(learn(environment, none).too_many);
    environment[ENDPOINTS_MAX] = print("Kestrel__Endpoints__256__Url=x");
    choices = learn(environment, none);
    assert_int_equal(choices.endpoint_count, 256);
    assert_true(choices.too_many);
}

TEST(a_list_comes_apart_at_semicolons_without_empty_pieces) {
    static const struct {
        enum key key;
        const char *list;
        const char *pieces[4];
    } rows[] = {
        {KEY_HTTP_PORTS, "80;81", {"80", "81"}},
        {KEY_HTTPS_PORTS, " 80 ;; 81 ;", {"80", "81"}},
        {KEY_HTTP_PORTS, ";80", {"80"}},
        {KEY_HTTP_PORTS, "; \t ; \xe2\x80\x83", {NULL}},
        {KEY_HTTP_PORTS, "", {NULL}},
        {KEY_HTTP_PORTS, "80,81", {"80,81"}},
        {KEY_URLS, "a;b", {"a", "b"}},
        {KEY_URLS, ";;a;;b;", {"a", "b"}},
        {KEY_URLS, "; ; a", {" ", " a"}},
        {KEY_URLS, "", {NULL}},
        {KEY_URLS, ";", {NULL}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct text rest = text_of(rows[i].list);
        struct text piece;
        for (size_t j = 0; rows[i].pieces[j] != NULL; j++) {
            expect(choice_next_piece(rows[i].key, &rest, &piece), "%s", rows[i].list);
            expect(is(piece, rows[i].pieces[j]), "%s, piece %zu", rows[i].list, j);
        }
        expect(!choice_next_piece(rows[i].key, &rest, &piece), "%s", rows[i].list);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_has_a_key_that_is_not_there),
        cmocka_unit_test(each_layer_has_its_own_say_wherever_it_stands),
        cmocka_unit_test(each_argument_beats_those_before_it),
        cmocka_unit_test(a_value_is_empty_or_lists_nothing_or_something),
        cmocka_unit_test(two_spellings_are_two_answers),
        cmocka_unit_test(of_one_name_that_is_there_twice_the_first_counts),
        cmocka_unit_test(hosting_urls_are_preferred_for_true_and_1),
        cmocka_unit_test(any_key_below_it_makes_an_endpoint),
        cmocka_unit_test(the_statement_of_an_entry_is_found_again),
        cmocka_unit_test(there_are_256_endpoints_at_most),
        cmocka_unit_test(a_list_comes_apart_at_semicolons_without_empty_pieces),
    };
    return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
