/*
 * What the configuration says of the app's addresses: for each key the layer that wins, and the
 * Kestrel endpoints that it names (DESIGN.md, Ports). Pure.
 */
#ifndef SHIM_CHOICE_H
#define SHIM_CHOICE_H

#include "configuration.h"

/* Kestrel endpoints at most; more are refused. */
enum { ENDPOINTS_MAX = 256 };

enum key { KEY_URLS, KEY_HTTP_PORTS, KEY_HTTPS_PORTS, KEY_PREFER, KEYS };

/* Their names in the configuration. */
extern const char *const key_names[KEYS];

/*
 * What the highest layer that has a key says of it. Two spellings of one variable are two
 * answers, of which .NET takes one at random: both may be true.
 */
struct choice {
    size_t rank;        /* RANK_NONE: nobody has the key */
    struct text source; /* the first of the spellings */
    struct text value;  /* and what it says */
    bool empty;         /* one answer is: nothing here */
    bool hollow;        /* one answer is set, and hides what is below, but lists nothing: ";" */
    bool filled;        /* one answer lists something */
};

/* A child of Kestrel:Endpoints; any key below it makes one. */
struct endpoint {
    struct text name;
    struct text source; /* one of those keys */
    struct choice url;
};

struct choices {
    struct choice keys[KEYS];
    bool prefer_on;  /* preferHostingUrls may be true */
    bool prefer_off; /* and it may not be */
    bool too_many;   /* there are more endpoints than are kept here */
    size_t endpoint_count;
    struct endpoint endpoints[ENDPOINTS_MAX];
};

/* Goes through all entries of environment and program, as configuration_begin() takes them. */
void choices_learn(char *const *environment, char *const *program, struct choices *choices);

/*
 * Whether the entry is a variable that is there again, under the very name that the choice has
 * from before: of those .NET takes the first.
 */
bool choice_is_repeated(const struct choice *choice, const struct entry *entry);

/* The endpoint whose Url the entry sets, or NULL. */
const struct endpoint *choices_endpoint_of(const struct choices *choices,
                                           const struct entry *entry);

/*
 * Takes the next piece of a list off *rest: split at semicolons, empty ones left out, ports
 * trimmed first. Returns false at the end.
 */
bool choice_next_piece(enum key key, struct text *rest, struct text *piece);

#endif
