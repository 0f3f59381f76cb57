/*
 * What the configuration says of the app's addresses: each key layer by layer, and the Kestrel
 * endpoints that it names (DESIGN.md, Ports). Pure.
 */
#ifndef SHIM_CHOICE_H
#define SHIM_CHOICE_H

#include "configuration.h"

/* Kestrel endpoints at most; more are refused. */
enum { ENDPOINTS_MAX = 256 };

enum key {
    KEY_URLS,
    KEY_HTTP_PORTS,
    KEY_HTTPS_PORTS,
    KEYS_LISTED, /* those above are lists of addresses */
    KEY_PREFER = KEYS_LISTED,
    KEYS_CHOSEN, /* of those below only the ASPNETCORE_ ones mean anything */
    KEY_IIS_PORT = KEYS_CHOSEN,
    KEY_IIS_PATH,
    KEY_IIS_TOKEN,
    KEYS
};

/*
 * What a value says. .NET takes one spelling of a variable at random, so that of a layer several
 * may hold at once.
 */
enum {
    SAYS_EMPTY = 1, /* not a byte */
    SAYS_NONE = 2,  /* separators alone: it is there, but lists nothing; of a switch: not true */
    SAYS_SOME = 4,  /* it lists something; of a switch: true */
};

/* What one layer says of a key. */
struct statement {
    char *const *at;    /* the first of the spellings, or the last of the arguments */
    unsigned char says; /* 0: this layer does not have the key */
    unsigned char
        readings;  /* of enum app_reading, those it counts in; readings_decide() fills it */
    bool good;     /* a spelling is as it should be, ... */
    bool readable; /* ... or at least no reason for Kestrel not to start, while unused */
};

struct choice {
    struct statement layers[LAYERS];
};

/* A child of Kestrel:Endpoints; any key below it makes one. */
struct endpoint {
    struct text name;
    struct text source; /* one of those keys */
    struct choice url;
};

struct choices {
    struct choice keys[KEYS];
    bool respelled; /* a layer has a key in more than one spelling */
    bool too_many;  /* there are more endpoints than are kept here */
    size_t endpoint_count;
    struct endpoint endpoints[ENDPOINTS_MAX];
};

/* Goes through all entries of environment and program, as configuration_begin() takes them. */
void choices_learn(char *const *environment, char *const *program, struct choices *choices);

/*
 * The statement that the entry belongs to: of *key, or, with KEYS, of the Url of *endpoint, which
 * else is NULL. Returns NULL if it is about nothing of that.
 */
struct statement *choices_statement_of(struct choices *choices, const struct entry *entry,
                                       enum key *key, struct endpoint **endpoint);

/* The entry that a statement of that layer goes back to; it has to say something. */
struct entry statement_entry(const struct statement *statement, enum layer layer);

/*
 * Whether the entry is another spelling than that which the statement has from before. One that is
 * there again under the very same name is none: of those .NET takes the first.
 */
bool statement_is_respelled(const struct statement *statement, const struct entry *entry);

/*
 * Takes the next piece of a list off *rest: split at semicolons, empty ones left out, ports
 * trimmed first. Returns false at the end.
 */
bool choice_next_piece(enum key key, struct text *rest, struct text *piece);

#endif
