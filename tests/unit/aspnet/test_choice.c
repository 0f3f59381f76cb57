/* Which layer has the say on each key, and which Kestrel endpoints there are. */
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

static void expect_choice(const struct choice *choice, size_t rank, const char *source, bool empty,
                          bool hollow, bool filled) {
    assert_int_equal(choice->rank, rank);
    if (source != NULL) {
        assert_true(is(choice->source, source));
    }
    assert_int_equal(choice->empty, empty);
    assert_int_equal(choice->hollow, hollow);
    assert_int_equal(choice->filled, filled);
}

TEST(nobody_has_a_key_that_is_not_there) {
    struct choices choices =
        learn(WORDS("PATH=/bin", "PORT=80", "ASPNETCORE_PORT=80"), WORDS("./app", "--url=x"));
    for (enum key key = 0; key < KEYS; key++) {
        expect_choice(&choices.keys[key], RANK_NONE, NULL, false, false, false);
    }
    assert_int_equal(choices.endpoint_count, 0);
    assert_false(choices.too_many);
    assert_false(choices.prefer_on);
    assert_true(choices.prefer_off);
}

TEST(the_highest_layer_has_the_say_wherever_it_stands) {
    struct choices choices =
        learn(WORDS("ASPNETCORE_URLS=a", "HTTP_PORTS=1", "DOTNET_URLS=b", "ASPNETCORE_HTTP_PORTS=2",
                    "DOTNET_HTTPS_PORTS=3", "ASPNETCORE_HTTPS_PORTS=4"),
              none);
    expect_choice(&choices.keys[KEY_URLS], RANK_DOTNET, "DOTNET_URLS", false, false, true);
    expect_choice(&choices.keys[KEY_HTTP_PORTS], RANK_BARE, "HTTP_PORTS", false, false, true);
    expect_choice(&choices.keys[KEY_HTTPS_PORTS], RANK_DOTNET, "DOTNET_HTTPS_PORTS", false, false,
                  true);
    choices = learn(WORDS("URLS=a"), WORDS("./app", "--urls=b", "--urls", "c"));
    expect_choice(&choices.keys[KEY_URLS], RANK_ARGUMENT + 1, "--urls", false, false, true);
}

TEST(an_empty_value_hides_those_below) {
    struct choices choices = learn(WORDS("ASPNETCORE_URLS=a", "URLS="), none);
    expect_choice(&choices.keys[KEY_URLS], RANK_BARE, "URLS", true, false, false);
    choices = learn(WORDS("ASPNETCORE_HTTP_PORTS=1", "HTTP_PORTS= ; \t;"), none);
    expect_choice(&choices.keys[KEY_HTTP_PORTS], RANK_BARE, "HTTP_PORTS", true, false, false);
    choices = learn(WORDS("URLS=;;"), none);
    expect_choice(&choices.keys[KEY_URLS], RANK_BARE, "URLS", false, true, false);
    choices = learn(WORDS("URLS= "), none);
    expect_choice(&choices.keys[KEY_URLS], RANK_BARE, "URLS", false, false, true);
}

TEST(two_spellings_are_two_answers) {
    struct choices choices = learn(WORDS("URLS=a", "urls=", "Urls=;"), none);
    expect_choice(&choices.keys[KEY_URLS], RANK_BARE, "URLS", true, true, true);
    choices = learn(WORDS("urls=a", "ASPNETCORE_URLS=", "aspnetcore_urls=b"), none);
    expect_choice(&choices.keys[KEY_URLS], RANK_BARE, "urls", false, false, true);
}

TEST(of_one_name_that_is_there_twice_the_first_counts) {
    struct choices choices = learn(WORDS("URLS=", "URLS=a"), none);
    expect_choice(&choices.keys[KEY_URLS], RANK_BARE, "URLS", true, false, false);
    choices = learn(WORDS("URLS=a", "URLS="), none);
    expect_choice(&choices.keys[KEY_URLS], RANK_BARE, "URLS", false, false, true);
    choices = learn(WORDS("PREFERHOSTINGURLS=1", "PREFERHOSTINGURLS=0"), none);
    assert_true(choices.prefer_on && !choices.prefer_off);
}

TEST(hosting_urls_are_preferred_for_true_and_1) {
    static const char *const on[] = {"true", "TRUE", "True", "tRuE", "1"};
    static const char *const off[] = {"",      "0",  "false", "yes",    "on", "01",  "2", " true",
                                      "true ", "1 ", "t",     "true;1", "11", "tru", "+1"};
    for (size_t i = 0; i < LENGTH(on); i++) {
        struct choices choices = learn(WORDS(print("PREFERHOSTINGURLS=%s", on[i])), none);
        expect(choices.prefer_on && !choices.prefer_off, "%s", on[i]);
    }
    for (size_t i = 0; i < LENGTH(off); i++) {
        struct choices choices = learn(WORDS(print("PREFERHOSTINGURLS=%s", off[i])), none);
        expect(!choices.prefer_on && choices.prefer_off, "%s", off[i]);
    }
    struct choices choices = learn(WORDS("ASPNETCORE_PREFERHOSTINGURLS=1"), none);
    assert_true(choices.prefer_on && !choices.prefer_off);
    choices = learn(WORDS("ASPNETCORE_PREFERHOSTINGURLS=1", "PREFERHOSTINGURLS="), none);
    assert_true(!choices.prefer_on && choices.prefer_off);
    choices = learn(WORDS("preferhostingurls=1", "PREFERHOSTINGURLS=0"), none);
    assert_true(choices.prefer_on && choices.prefer_off);
    choices = learn(WORDS("PREFERHOSTINGURLS=0"), WORDS("./app", "--preferHostingUrls", "true"));
    assert_true(choices.prefer_on && !choices.prefer_off);
}

TEST(any_key_below_it_makes_an_endpoint) {
    struct choices choices =
        learn(WORDS("Kestrel__Endpoints__A__Url=a", "ASPNETCORE_Kestrel__Endpoints__a__Protocols=x",
                    "Kestrel__Endpoints__B__Protocols=", "DOTNET_Kestrel__Endpoints__B__URL=b",
                    "Kestrel__Endpoints__C="),
              WORDS("./app", "--kestrel:endpoints:D:url="));
    assert_int_equal(choices.endpoint_count, 4);
    assert_true(is(choices.endpoints[0].name, "A"));
    expect_choice(&choices.endpoints[0].url, RANK_BARE, "Kestrel__Endpoints__A__Url", false, false,
                  true);
    assert_true(is(choices.endpoints[1].name, "B"));
    assert_true(is(choices.endpoints[1].source, "Kestrel__Endpoints__B__Protocols"));
    expect_choice(&choices.endpoints[1].url, RANK_DOTNET, "DOTNET_Kestrel__Endpoints__B__URL",
                  false, false, true);
    assert_true(is(choices.endpoints[2].name, "C"));
    expect_choice(&choices.endpoints[2].url, RANK_NONE, NULL, false, false, false);
    assert_true(is(choices.endpoints[3].name, "D"));
    expect_choice(&choices.endpoints[3].url, RANK_ARGUMENT, "--kestrel:endpoints:D:url", true,
                  false, false);
}

TEST(the_endpoint_of_a_url_is_found_again) {
    char *const *environment = WORDS("Kestrel__Endpoints__A__Url=a", "Kestrel__Endpoints__B__X=b",
                                     "kestrel__endpoints__b__url=c", "URLS=d");
    struct choices choices = learn(environment, none);
    struct configuration_cursor cursor = configuration_begin(environment, none);
    struct entry entry;
    assert_true(configuration_next(&cursor, &entry));
    assert_ptr_equal(choices_endpoint_of(&choices, &entry), &choices.endpoints[0]);
    assert_true(configuration_next(&cursor, &entry));
    assert_null(choices_endpoint_of(&choices, &entry));
    assert_true(configuration_next(&cursor, &entry));
    assert_ptr_equal(choices_endpoint_of(&choices, &entry), &choices.endpoints[1]);
    assert_true(configuration_next(&cursor, &entry));
    assert_null(choices_endpoint_of(&choices, &entry));
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
        cmocka_unit_test(the_highest_layer_has_the_say_wherever_it_stands),
        cmocka_unit_test(an_empty_value_hides_those_below),
        cmocka_unit_test(two_spellings_are_two_answers),
        cmocka_unit_test(of_one_name_that_is_there_twice_the_first_counts),
        cmocka_unit_test(hosting_urls_are_preferred_for_true_and_1),
        cmocka_unit_test(any_key_below_it_makes_an_endpoint),
        cmocka_unit_test(the_endpoint_of_a_url_is_found_again),
        cmocka_unit_test(there_are_256_endpoints_at_most),
        cmocka_unit_test(a_list_comes_apart_at_semicolons_without_empty_pieces),
    };
    return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
