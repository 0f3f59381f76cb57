#include "choice.h"

#include "address.h"

#include <string.h>

static const char endpoints_prefix[] = "Kestrel:Endpoints:";

const char *const key_names[KEYS] = {"urls", "http_ports", "https_ports", "preferHostingUrls"};

bool choice_next_piece(enum key key, struct text *rest, struct text *piece) {
    while (text_next(rest, ';', piece)) {
        if (key != KEY_URLS) {
            *piece = address_trim(*piece);
        }
        if (piece->length > 0) {
            return true;
        }
    }
    return false;
}

enum answer { ANSWER_EMPTY, ANSWER_HOLLOW, ANSWER_FILLED };

/* What a value says: of ports, white space says nothing. */
static enum answer read_answer(enum key key, struct text value) {
    struct text piece;
    if (key == KEY_URLS && value.length == 0) {
        return ANSWER_EMPTY;
    }
    if (choice_next_piece(key, &value, &piece)) {
        return ANSWER_FILLED;
    }
    return key == KEY_URLS ? ANSWER_HOLLOW : ANSWER_EMPTY;
}

bool choice_is_repeated(const struct choice *choice, const struct entry *entry) {
    return entry->variable && entry->source.at != choice->source.at &&
           text_equal(entry->source, choice->source);
}

/* Keeps of a choice what the highest rank says. */
static void choose(struct choice *choice, const struct entry *entry, enum answer answer) {
    if (entry->rank > choice->rank) {
        *choice = (struct choice){entry->rank, entry->source, entry->value, false, false, false};
    }
    if (entry->rank == choice->rank && !choice_is_repeated(choice, entry)) {
        choice->empty = choice->empty || answer == ANSWER_EMPTY;
        choice->hollow = choice->hollow || answer == ANSWER_HOLLOW;
        choice->filled = choice->filled || answer == ANSWER_FILLED;
    }
}

/* The place of an endpoint in the table, or its count. */
static size_t find_endpoint(const struct choices *choices, struct text name) {
    size_t i = 0;
    while (i < choices->endpoint_count && !text_equal_nocase(choices->endpoints[i].name, name)) {
        i++;
    }
    return i;
}

static void learn_endpoint(struct choices *choices, const struct entry *entry) {
    struct text name;
    struct text rest;
    /* With too many the start is refused: no need to know the rest. */
    if (choices->too_many || !configuration_child(entry, endpoints_prefix, &name, &rest)) {
        return;
    }
    size_t place = find_endpoint(choices, name);
    if (place == ENDPOINTS_MAX) {
        choices->too_many = true;
        return;
    }
    struct endpoint *endpoint = &choices->endpoints[place];
    if (place == choices->endpoint_count) {
        choices->endpoint_count++;
        *endpoint = (struct endpoint){.name = name, .source = entry->source};
    }
    if (text_equal_nocase(rest, LITERAL("url"))) {
        choose(&endpoint->url, entry, entry->value.length > 0 ? ANSWER_FILLED : ANSWER_EMPTY);
    }
}

const struct endpoint *choices_endpoint_of(const struct choices *choices,
                                           const struct entry *entry) {
    struct text name;
    struct text rest;
    if (!configuration_child(entry, endpoints_prefix, &name, &rest) ||
        !text_equal_nocase(rest, LITERAL("url"))) {
        return NULL;
    }
    size_t place = find_endpoint(choices, name);
    return place < choices->endpoint_count ? &choices->endpoints[place] : NULL;
}

/* WebHostUtilities.ParseBool. */
static bool is_true(struct text value) {
    return text_equal_nocase(value, LITERAL("true")) || text_equal(value, LITERAL("1"));
}

static void learn_key(struct choices *choices, enum key key, const struct entry *entry) {
    struct choice *choice = &choices->keys[key];
    if (!configuration_is(entry, key_names[key])) {
        return;
    }
    if (key != KEY_PREFER) {
        choose(choice, entry, read_answer(key, entry->value));
        return;
    }
    choose(choice, entry, is_true(entry->value) ? ANSWER_FILLED : ANSWER_EMPTY);
    choices->prefer_on = choice->filled;
    choices->prefer_off = choice->empty;
}

void choices_learn(char *const *environment, char *const *program, struct choices *choices) {
    struct entry entry;
    struct configuration_cursor cursor = configuration_begin(environment, program);
    memset(choices, 0, offsetof(struct choices, endpoints));
    choices->prefer_off = true;
    while (configuration_next(&cursor, &entry)) {
        for (enum key key = 0; key < KEYS; key++) {
            learn_key(choices, key, &entry);
        }
        learn_endpoint(choices, &entry);
    }
}
