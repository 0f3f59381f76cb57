#include "aspnet/aspnet.h"

#include "address.h"
#include "faults.h"
#include "listing.h"
#include "reading.h"

enum { VIEWS = 3 };

struct resolver {
    char *const *environment;
    struct listen *listen;
    struct faults faults;
    struct choices *choices;
    struct view views[VIEWS]; /* that of CreateBuilder first */
    bool too_many;            /* addresses: told once */
};

static void take_address(struct resolver *resolver, struct address *address, unsigned readings,
                         bool unmeant, struct text source) {
    struct listen *listen = resolver->listen;
    if (address->socket) {
        return; /* it has no port */
    }
    if (listen->count == LISTEN_MAX) {
        if (!resolver->too_many) {
            faults_refuse_more(&resolver->faults, source, "addresses to listen on", LISTEN_MAX);
        }
        resolver->too_many = true;
        return;
    }
    address->source = faults_name(&resolver->faults, source);
    address->readings = readings;
    address->unmeant = unmeant;
    listen->addresses[listen->count++] = *address;
}

/* Whether it is good. What Kestrel makes of it is taken all the same. */
static bool take_piece(struct resolver *resolver, enum address_fault fault, struct address *address,
                       unsigned readings, struct text piece, struct text source) {
    if (fault != ADDRESS_GOOD) {
        faults_add(&resolver->faults, fault, address->scheme, piece, source);
    }
    if (fault == ADDRESS_GOOD || fault == ADDRESS_PORT_TEXT || fault == ADDRESS_DYNAMIC_BELOW) {
        take_address(resolver, address, readings, fault == ADDRESS_PORT_TEXT, source);
    }
    return fault == ADDRESS_GOOD || fault == ADDRESS_DYNAMIC_BELOW;
}

static void warn_overridden(struct resolver *resolver, enum key key, const struct choice *choice,
                            const struct entry *entry) {
    struct text by =
        view_overrider(&resolver->views[0], resolver->choices, key, choice, entry->layer);
    faults_warn_overridden(&resolver->faults, key, entry, by);
}

/* A list of addresses that counts, or does not. */
static void take_list(struct resolver *resolver, enum key key, struct statement *statement,
                      const struct entry *entry) {
    struct text rest = entry->value;
    struct text piece;
    struct address address;
    bool some = false;
    bool good = true;
    if (statement->readings == 0) {
        warn_overridden(resolver, key, &resolver->choices->keys[key], entry);
        return;
    }
    /* An app of CreateBuilder does not get the port that was asked for by name. */
    if ((statement->readings & READING_WEB) == 0 &&
        faults_is_asked_for(&resolver->faults, entry->source)) {
        warn_overridden(resolver, key, &resolver->choices->keys[key], entry);
    }
    while (choice_next_piece(key, &rest, &piece)) {
        enum address_fault fault = faults_parse(key, piece, &address);
        good &= take_piece(resolver, fault, &address, statement->readings, piece, entry->source);
        some = true;
    }
    statement->good = statement->good || (some && good);
}

/*
 * The address of the IIS integration: with its three variables set it takes over, on Linux too.
 * CreateBuilder wants the name to the letter, the generic host in any case.
 */
static void take_iis(struct resolver *resolver, struct statement *statement,
                     const struct entry *entry) {
    bool exact = text_equal(entry->source, LITERAL("ASPNETCORE_PORT"));
    struct text rest = entry->value;
    struct text piece;
    struct address address;
    unsigned readings = 0;
    for (size_t i = 0; i < VIEWS; i++) {
        const struct view *view = &resolver->views[i];
        if (view->iis && (exact || view->reading == READING_HOST)) {
            readings |= view->reading;
        }
    }
    if (readings == 0 || rest.length == 0) {
        return;
    }
    /* The first piece has "http://127.0.0.1:" before it, even when it is empty. */
    bool good = false;
    if (text_next(&rest, ';', &piece)) {
        enum address_fault fault = address_parse_loopback_port(piece, &address);
        good = take_piece(resolver, fault, &address, readings, piece, entry->source);
    }
    while (choice_next_piece(KEY_URLS, &rest, &piece)) {
        enum address_fault fault = address_parse(piece, &address);
        good &= take_piece(resolver, fault, &address, readings, piece, entry->source);
    }
    statement->good = statement->good || good;
}

/*
 * Kestrel reads its endpoints even when it prefers the hosting addresses to them, and fails over
 * one that it cannot read; what only binding would show does no harm then.
 */
static bool is_fatal_unused(enum address_fault fault) {
    return fault != ADDRESS_GOOD && fault != ADDRESS_PORT_TEXT && fault != ADDRESS_PIPE &&
           fault != ADDRESS_DYNAMIC_BELOW;
}

static void take_endpoint(struct resolver *resolver, struct endpoint *endpoint,
                          struct statement *statement, const struct entry *entry) {
    struct address address;
    unsigned used = 0;
    for (size_t i = 0; i < VIEWS; i++) {
        used |= resolver->views[i].endpoints ? resolver->views[i].reading : 0;
    }
    used &= statement->readings;
    if (entry->value.length == 0) {
        return;
    }
    enum address_fault fault = address_parse(entry->value, &address);
    bool fatal = is_fatal_unused(fault);
    if (used != 0) {
        statement->good |= take_piece(resolver, fault, &address, used, entry->value, entry->source);
    } else if (statement->readings != 0 && fatal) {
        faults_add(&resolver->faults, fault, address.scheme, entry->value, entry->source);
    } else {
        warn_overridden(resolver, KEYS, &endpoint->url, entry);
    }
    statement->readable = statement->readable || !fatal;
}

static void take_entry(struct resolver *resolver, enum key key, struct endpoint *endpoint,
                       struct statement *statement, const struct entry *entry) {
    if (endpoint != NULL) {
        take_endpoint(resolver, endpoint, statement, entry);
    } else if (key < KEYS_LISTED) {
        take_list(resolver, key, statement, entry);
    } else if (key == KEY_IIS_PORT && entry->layer == LAYER_ASPNETCORE) {
        take_iis(resolver, statement, entry);
    }
}

/* What the layers say of a key, or of an endpoint: the first spelling of each. */
static void take_choice(struct resolver *resolver, enum key key, struct endpoint *endpoint,
                        struct choice *choice) {
    for (enum layer layer = 0; layer < LAYERS; layer++) {
        struct statement *statement = &choice->layers[layer];
        if (statement->says != 0) {
            const struct entry entry = statement_entry(statement, layer);
            take_entry(resolver, key, endpoint, statement, &entry);
        }
    }
}

/* What is spelled otherwise: .NET takes one of the spellings at random, so all count. */
static void take_other_spellings(struct resolver *resolver, char *const *program) {
    struct configuration_cursor cursor = configuration_begin(resolver->environment, program);
    struct entry entry;
    while (configuration_next(&cursor, &entry)) {
        enum key key;
        struct endpoint *endpoint;
        struct statement *statement =
            choices_statement_of(resolver->choices, &entry, &key, &endpoint);
        if (statement != NULL && statement_is_respelled(statement, &entry)) {
            take_entry(resolver, key, endpoint, statement, &entry);
        }
    }
}

/*
 * An endpoint without a Url, in some reading: an ordinary thing where appsettings.json has it, and
 * a variable only its certificate's password. If nobody has one, Kestrel itself refuses to start.
 */
static void tell_of_unseen_urls(struct resolver *resolver) {
    for (size_t i = 0; i < resolver->choices->endpoint_count; i++) {
        const struct endpoint *endpoint = &resolver->choices->endpoints[i];
        unsigned says = 0;
        for (size_t j = 0; j < VIEWS; j++) {
            says |= view_endpoint(&resolver->views[j], endpoint).says;
        }
        if ((says & SAYS_EMPTY) != 0) {
            message_info(resolver->faults.messages,
                         "%s: the Url of the Kestrel endpoint %s is not to be seen from here; "
                         "appsettings.json or code must have it",
                         plain(faults_name(&resolver->faults, endpoint->source)).text,
                         quote(endpoint->name).text);
        }
    }
}

static void take_default(struct resolver *resolver) {
    static const struct text source = LITERAL("default");
    struct address address = {.scheme = "http", .port = 5000, .host = HOST_LOCALHOST};
    unsigned readings = 0;
    for (size_t i = 0; i < VIEWS; i++) {
        const struct view *view = &resolver->views[i];
        readings |= view->unset && resolver->choices->endpoint_count == 0 ? view->reading : 0;
    }
    if (readings != 0) {
        take_address(resolver, &address, readings, false, source);
    }
}

static void take_all(struct resolver *resolver, char *const *program) {
    struct choices *choices = resolver->choices;
    tell_of_unseen_urls(resolver);
    take_choice(resolver, KEY_IIS_PORT, NULL, &choices->keys[KEY_IIS_PORT]);
    for (enum key key = 0; key < KEYS_LISTED; key++) {
        take_choice(resolver, key, NULL, &choices->keys[key]);
    }
    for (size_t i = 0; i < choices->endpoint_count; i++) {
        take_choice(resolver, KEYS, &choices->endpoints[i], &choices->endpoints[i].url);
    }
    take_default(resolver);
    if (choices->respelled) {
        take_other_spellings(resolver, program);
    }
}

void listen_resolve(char *const *environment, char *const *program, const char *ports_from,
                    struct listen *listen, struct messages *messages) {
    static const enum app_reading readings[VIEWS] = {READING_WEB, READING_SLIM, READING_HOST};
    struct resolver resolver;
    bool accepted = false;
    listen->count = 0;
    resolver.environment = environment;
    resolver.listen = listen;
    resolver.choices = &listen->choices;
    resolver.too_many = false;
    faults_begin(&resolver.faults, ports_from, messages);

    choices_learn(environment, program, &listen->choices);
    if (listen->choices.too_many) {
        faults_refuse_more(&resolver.faults, listen->choices.endpoints[0].source,
                           "Kestrel endpoints", ENDPOINTS_MAX);
    }
    for (size_t i = 0; i < VIEWS; i++) {
        view_make(readings[i], environment, &listen->choices, &resolver.views[i]);
    }
    faults_warn_of_dash(&resolver.faults, program);
    take_all(&resolver, program);
    for (size_t i = 0; i < VIEWS; i++) {
        accepted = accepted || view_accepts(&resolver.views[i], &listen->choices);
    }
    listen->malformed = faults_tell(&resolver.faults, accepted);
    listing_finish(listen, messages);
}
