#include "aspnet/aspnet.h"

#include "address.h"
#include "choice.h"
#include "otherhost.h"

/* Faults told in full; of more than these only the count is. */
enum { FAULTS_TOLD = 8 };

struct resolver {
    char *const *environment;
    char *const *program;
    const char *ports_from;
    struct listen *listen;
    struct messages *messages;
    struct choices *choices;
    size_t faults;
    bool too_many; /* addresses: told once */
};

/* Whether the shim has filled ASPNETCORE_HTTP_PORTS from another variable. */
static bool is_filled(const struct resolver *resolver, struct text source) {
    return resolver->ports_from != NULL && text_equal(source, LITERAL("ASPNETCORE_HTTP_PORTS"));
}

/* That other variable is the one to name. */
static struct text name_source(const struct resolver *resolver, struct text source) {
    return is_filled(resolver, source) ? text_of(resolver->ports_from) : source;
}

/* source is where the first one comes from that is too many, or one of them. */
static void refuse_more(struct resolver *resolver, struct text source, const char *what, int most) {
    resolver->listen->malformed = true;
    message_error(resolver->messages, "%s: more than %d %s",
                  plain(name_source(resolver, source)).text, most, what);
    message_hint(resolver->messages, "the shim follows %d of them at most: leave the others out",
                 most);
}

static void tell_fault(struct resolver *resolver, enum address_fault fault, const char *scheme,
                       struct text piece, struct text source) {
    resolver->listen->malformed = true;
    if (++resolver->faults > FAULTS_TOLD) {
        return;
    }
    message_error(resolver->messages, "%s: %s is %s", plain(name_source(resolver, source)).text,
                  quote(piece).text, address_explain(fault, scheme));
    message_hint(resolver->messages, "%s", address_advise(fault, piece));
}

static void take_address(struct resolver *resolver, enum address_fault fault,
                         struct address *address, struct text piece, struct text source) {
    if (fault != ADDRESS_GOOD) {
        tell_fault(resolver, fault, address->scheme, piece, source);
    } else if (address->socket) {
        return; /* it has no port */
    } else if (resolver->listen->count == LISTEN_MAX) {
        if (!resolver->too_many) {
            refuse_more(resolver, source, "addresses to listen on", LISTEN_MAX);
        }
        resolver->too_many = true;
    } else {
        address->source = name_source(resolver, source);
        resolver->listen->addresses[resolver->listen->count++] = *address;
    }
}

static enum address_fault parse_piece(enum key key, struct text piece, struct address *address) {
    return key == KEY_URLS
               ? address_parse(piece, address)
               : address_parse_port(key == KEY_HTTP_PORTS ? "http" : "https", piece, address);
}

static void take_list(struct resolver *resolver, enum key key, const struct entry *entry) {
    struct text rest = entry->value;
    struct text piece;
    struct address address;
    while (choice_next_piece(key, &rest, &piece)) {
        enum address_fault fault = parse_piece(key, piece, &address);
        take_address(resolver, fault, &address, piece, entry->source);
    }
}

/* The first piece of a list that Kestrel would not take as it is meant, if there is one. */
static bool find_fault(enum key key, struct text list, struct text *piece) {
    struct address address;
    while (choice_next_piece(key, &list, piece)) {
        if (parse_piece(key, *piece, &address) != ADDRESS_GOOD) {
            return true;
        }
    }
    return false;
}

/* Overriding is what the layers are for; what is malformed, or was asked for, should not be lost.
 */
static void tell_overridden(struct resolver *resolver, const struct entry *entry, enum key key,
                            struct text by) {
    struct quote name = plain(name_source(resolver, entry->source));
    struct quote other = plain(name_source(resolver, by));
    struct text piece;
    if (find_fault(key, entry->value, &piece)) {
        message_warn(resolver->messages, "%s is malformed (%s), but overridden by %s", name.text,
                     quote(piece).text, other.text);
    } else if (entry->value.length > 0) {
        message_add(resolver->messages,
                    is_filled(resolver, entry->source) ? MESSAGE_WARN : MESSAGE_INFO,
                    "%s is overridden by %s", name.text, other.text);
    }
}

/* Adds the addresses of one key, or, if by is the source that overrides it, warns of it. */
static void take_key(struct resolver *resolver, enum key key, const struct text *by) {
    struct entry entry;
    struct configuration_cursor cursor =
        configuration_begin(resolver->environment, resolver->program);
    const struct choice *choice = &resolver->choices->keys[key];
    while (configuration_next(&cursor, &entry)) {
        if (!configuration_is(&entry, key_names[key])) {
            continue;
        }
        if (by != NULL) {
            tell_overridden(resolver, &entry, key, *by);
        } else if (choice_is_repeated(choice, &entry)) {
            continue;
        } else if (entry.rank == choice->rank) {
            take_list(resolver, key, &entry);
        } else {
            tell_overridden(resolver, &entry, key, choice->source);
        }
    }
}

/*
 * Kestrel reads its endpoints even when it prefers the hosting addresses to them, and fails over
 * one that it cannot read; what only binding would show does no harm then.
 */
static bool is_fatal_unused(enum address_fault fault) {
    return fault != ADDRESS_GOOD && fault != ADDRESS_PORT_TEXT && fault != ADDRESS_PIPE;
}

static void take_endpoint_urls(struct resolver *resolver, const struct text *by) {
    struct entry entry;
    struct address address;
    struct configuration_cursor cursor =
        configuration_begin(resolver->environment, resolver->program);
    while (configuration_next(&cursor, &entry)) {
        const struct endpoint *endpoint = choices_endpoint_of(resolver->choices, &entry);
        if (endpoint == NULL || entry.value.length == 0 ||
            choice_is_repeated(&endpoint->url, &entry)) {
            continue;
        }
        bool lower = entry.rank < endpoint->url.rank;
        const struct text *over = lower ? &endpoint->url.source : by;
        enum address_fault fault = address_parse(entry.value, &address);
        if (over == NULL || (!lower && is_fatal_unused(fault))) {
            take_address(resolver, fault, &address, entry.value, entry.source);
        } else {
            message_info(resolver->messages, "%s is overridden by %s", plain(entry.source).text,
                         plain(*over).text);
        }
    }
}

static void check_endpoints(struct resolver *resolver) {
    const struct choices *choices = resolver->choices;
    if (choices->too_many) {
        refuse_more(resolver, choices->endpoints[0].source, "Kestrel endpoints", ENDPOINTS_MAX);
    }
    for (size_t i = 0; i < choices->endpoint_count; i++) {
        const struct endpoint *endpoint = &choices->endpoints[i];
        if (endpoint->url.rank != RANK_NONE && !endpoint->url.empty) {
            continue;
        }
        resolver->listen->malformed = true;
        if (++resolver->faults <= FAULTS_TOLD) {
            message_error(resolver->messages, "%s: the Kestrel endpoint %s has no Url",
                          plain(endpoint->source).text, quote(endpoint->name).text);
            message_hint(resolver->messages, "set Kestrel__Endpoints__NAME__Url, or take the "
                                             "endpoint's other settings out");
        }
    }
}

/*
 * The IIS integration is no matter of IIS alone: with these three set it takes over, whatever
 * else there is. The names are taken to the letter.
 */
static bool take_iis(struct resolver *resolver) {
    static const struct text source = LITERAL("ASPNETCORE_PORT");
    const char *port = environment_get(resolver->environment, "ASPNETCORE_PORT");
    const char *path = environment_get(resolver->environment, "ASPNETCORE_APPL_PATH");
    const char *token = environment_get(resolver->environment, "ASPNETCORE_TOKEN");
    if (port == NULL || *port == '\0' || path == NULL || *path == '\0' || token == NULL ||
        *token == '\0') {
        return false;
    }
    struct text rest = text_of(port);
    struct text piece;
    struct address address;
    /* The first piece has "http://127.0.0.1:" before it, even when it is empty. */
    if (text_next(&rest, ';', &piece)) {
        enum address_fault fault = address_parse_loopback_port(piece, &address);
        take_address(resolver, fault, &address, piece, source);
    }
    while (choice_next_piece(KEY_URLS, &rest, &piece)) {
        enum address_fault fault = address_parse(piece, &address);
        take_address(resolver, fault, &address, piece, source);
    }
    for (enum key key = 0; key < KEY_PREFER; key++) {
        take_key(resolver, key, &source);
    }
    take_endpoint_urls(resolver, &source);
    return true;
}

/* URLS, or else the ports. Returns whether they may come to nothing. */
static bool take_hosting(struct resolver *resolver, const struct text *by) {
    const struct choice *urls = &resolver->choices->keys[KEY_URLS];
    bool urls_may_be_unset = urls->rank == RANK_NONE || urls->empty;
    const struct text *over_ports = urls_may_be_unset ? by : &urls->source;
    bool may_be_empty = urls->hollow;
    take_key(resolver, KEY_URLS, by);
    take_key(resolver, KEY_HTTP_PORTS, over_ports);
    take_key(resolver, KEY_HTTPS_PORTS, over_ports);
    if (urls_may_be_unset) {
        const struct choice *http = &resolver->choices->keys[KEY_HTTP_PORTS];
        const struct choice *https = &resolver->choices->keys[KEY_HTTPS_PORTS];
        may_be_empty = may_be_empty || ((http->rank == RANK_NONE || http->empty) &&
                                        (https->rank == RANK_NONE || https->empty));
    }
    return may_be_empty;
}

static void take_default(struct resolver *resolver) {
    static const struct text source = LITERAL("default");
    struct address address = {.scheme = "http", .port = 5000, .host = HOST_LOCALHOST};
    take_address(resolver, ADDRESS_GOOD, &address, source, source);
}

void listen_resolve(char *const *environment, char *const *program, const char *ports_from,
                    struct listen *listen, struct messages *messages) {
    struct resolver resolver = {.environment = environment,
                                .program = program,
                                .ports_from = ports_from,
                                .listen = listen,
                                .choices = &listen->choices,
                                .messages = messages};
    listen->malformed = false;
    listen->count = 0;

    const struct choices *choices = resolver.choices;
    choices_learn(environment, program, resolver.choices);
    check_endpoints(&resolver);
    otherhost_warn_of_dash(program, messages);
    if (!take_iis(&resolver)) {
        bool some_endpoints = choices->endpoint_count > 0;
        bool hosting_counts = !some_endpoints || choices->prefer_on;
        const struct text *over_hosting = hosting_counts ? NULL : &choices->endpoints[0].source;
        bool may_be_empty = take_hosting(&resolver, over_hosting);
        if (some_endpoints) {
            bool endpoints_count = choices->prefer_off || may_be_empty;
            take_endpoint_urls(&resolver,
                               endpoints_count ? NULL : &choices->keys[KEY_PREFER].source);
        } else if (may_be_empty) {
            take_default(&resolver);
        }
        otherhost_warn_of_order(environment, program, choices, messages);
    }
    if (resolver.faults > FAULTS_TOLD) {
        message_error(messages, "and %zu more like these", resolver.faults - FAULTS_TOLD);
    }
}
