#include "choice.h"

#include "address.h"

#include <string.h>

static const char endpoints_prefix[] = "Kestrel:Endpoints:";

/* An endpoint's Url is no key of its own; KEYS stands for it. */
static const enum key endpoint_url = KEYS;

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

/* WebHostUtilities.ParseBool. */
static bool is_true(struct text value) {
    return text_equal_nocase(value, LITERAL("true")) || text_equal(value, LITERAL("1"));
}

static unsigned char read_value(enum key key, struct text value) {
    struct text rest = value;
    struct text piece;
    bool some = true;
    if (value.length == 0) {
        return SAYS_EMPTY;
    }
    if (key == KEY_PREFER) {
        some = is_true(value);
    } else if (key < KEYS_LISTED) {
        some = choice_next_piece(key, &rest, &piece);
    }
    return some ? SAYS_SOME : SAYS_NONE;
}

struct entry statement_entry(const struct statement *statement, enum layer layer) {
    return configuration_reread(layer, statement->at);
}

bool statement_is_respelled(const struct statement *statement, const struct entry *entry) {
    return entry->layer != LAYER_ARGUMENTS && entry->at != statement->at &&
           !text_equal(statement_entry(statement, entry->layer).source, entry->source);
}

/* Each argument beats those before it; of variables all spellings count. */
static void learn(struct choices *choices, struct statement *statement, enum key key,
                  const struct entry *entry) {
    if (statement->says == 0 || entry->layer == LAYER_ARGUMENTS) {
        statement->at = entry->at;
        statement->says = read_value(key, entry->value);
    } else if (statement_is_respelled(statement, entry)) {
        statement->says |= read_value(key, entry->value);
        choices->respelled = true;
    }
}

/* The key that the entry sets, or KEYS. */
static enum key find_key(const struct entry *entry) {
    static const char *const names[KEYS] = {
        [KEY_URLS] = "urls",
        [KEY_HTTP_PORTS] = "http_ports",
        [KEY_HTTPS_PORTS] = "https_ports",
        [KEY_PREFER] = "preferHostingUrls",
        [KEY_IIS_PORT] = "port",
        [KEY_IIS_PATH] = "appl_path",
        [KEY_IIS_TOKEN] = "token",
    };
    enum key key = 0;
    while (key < KEYS && !configuration_is(entry, names[key])) {
        key++;
    }
    return key;
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
        memset(endpoint, 0, sizeof *endpoint);
        endpoint->name = name;
        endpoint->source = entry->source;
    }
    if (text_equal_nocase(rest, LITERAL("url"))) {
        learn(choices, &endpoint->url.layers[entry->layer], endpoint_url, entry);
    }
}

void choices_learn(char *const *environment, char *const *program, struct choices *choices) {
    struct entry entry;
    struct configuration_cursor cursor = configuration_begin(environment, program);
    /* Endpoints are many, and each is cleared as it comes. */
    memset(choices->keys, 0, sizeof choices->keys);
    choices->respelled = false;
    choices->too_many = false;
    choices->endpoint_count = 0;
    while (configuration_next(&cursor, &entry)) {
        enum key key = find_key(&entry);
        if (key < KEYS) {
            learn(choices, &choices->keys[key].layers[entry.layer], key, &entry);
        } else {
            learn_endpoint(choices, &entry);
        }
    }
}

struct statement *choices_statement_of(struct choices *choices, const struct entry *entry,
                                       enum key *key, struct endpoint **endpoint) {
    struct text name;
    struct text rest;
    *endpoint = NULL;
    *key = find_key(entry);
    if (*key < KEYS) {
        return &choices->keys[*key].layers[entry->layer];
    }
    if (!configuration_child(entry, endpoints_prefix, &name, &rest) ||
        !text_equal_nocase(rest, LITERAL("url"))) {
        return NULL;
    }
    size_t place = find_endpoint(choices, name);
    if (place == choices->endpoint_count) {
        return NULL;
    }
    *endpoint = &choices->endpoints[place];
    return &(*endpoint)->url.layers[entry->layer];
}
