#include "listen.h"

#include "configuration.h"
#include "environment.h"

#include <string.h>

static const char endpoints_prefix[] = "Kestrel:Endpoints:";

enum key { KEY_URLS, KEY_HTTP_PORTS, KEY_HTTPS_PORTS, KEY_PREFER, KEYS };

static const char *const key_names[KEYS] = {"urls", "http_ports", "https_ports",
                                            "preferHostingUrls"};

/* What the highest layer that has a key says of it; several spellings may say several things. */
struct choice {
    size_t rank;        /* RANK_NONE: nobody has the key */
    struct text source; /* one of the spellings */
    bool empty;         /* one says: nothing here */
    bool filled;        /* one says something */
};

/* A child of Kestrel:Endpoints. */
struct endpoint {
    struct text name;
    struct text source; /* one of the keys below it */
    struct choice url;
};

/* Faults told in full; of more than these only the count is. */
enum { FAULTS_TOLD = 8 };

struct resolver {
    char *const *environment;
    char *const *program;
    const char *ports_from;
    struct listen *listen;
    struct report *report;
    struct choice keys[KEYS];
    bool prefer_off; /* preferHostingUrls may be anything but true */
    bool prefer_on;
    size_t endpoint_count;
    struct endpoint endpoints[LISTEN_MAX];
    size_t sockets;
    size_t faults;
    bool too_many;
};

static void refuse_more(struct resolver *resolver, const char *what) {
    resolver->listen->malformed = true;
    if (!resolver->too_many) {
        report_error(resolver->report, "more than %d %s", LISTEN_MAX, what);
        report_hint(resolver->report, "the shim follows %d of them at most", LISTEN_MAX);
    }
    resolver->too_many = true;
}

/* The shim filled ASPNETCORE_HTTP_PORTS from another variable: that is the one to name. */
static struct text name_source(const struct resolver *resolver, struct text source) {
    static const struct text filled = {"ASPNETCORE_HTTP_PORTS", 21};
    bool ours = resolver->ports_from != NULL && text_equal(source, filled);
    return ours ? text_of(resolver->ports_from) : source;
}

static const char *explain(enum address_fault fault, const char *scheme) {
    switch (fault) {
    case ADDRESS_NO_SCHEME:
        return "not an address: there is no http:// or https:// in it";
    case ADDRESS_NO_HOST:
        return "not an address: there is no host in it";
    case ADDRESS_UNKNOWN_SCHEME:
        return "of an unknown scheme: Kestrel takes http:// and https:// only";
    case ADDRESS_PATH_BASE:
        return "an address with text after it: Kestrel takes no path there";
    case ADDRESS_PORT_RANGE:
        return "not a port from 0 to 65535";
    case ADDRESS_PORT_TEXT:
        return strcmp(scheme, "https") == 0
                   ? "not a port number: ASP.NET Core would listen on port 443 without a word"
                   : "not a port number: ASP.NET Core would listen on port 80 without a word";
    case ADDRESS_PIPE:
        return "a named pipe: there are none on Linux";
    case ADDRESS_SOCKET_PATH:
        return "a Unix socket whose path is a folder or has more than 107 bytes";
    case ADDRESS_DYNAMIC_LOCALHOST:
        return "port 0 of localhost: Kestrel cannot pick one port for both its addresses";
    case ADDRESS_GOOD:
        break;
    }
    return "good";
}

static const char *advise(enum address_fault fault, struct text piece) {
    if (fault == ADDRESS_PIPE || fault == ADDRESS_SOCKET_PATH) {
        return "a Unix socket is http://unix:/run/app.sock";
    }
    if (fault == ADDRESS_DYNAMIC_LOCALHOST) {
        return "name the port, or the address: http://127.0.0.1:0";
    }
    if (text_find(piece, ',') < piece.length) {
        return "several go with a semicolon between two: 8080;8081";
    }
    return "ports are plain numbers (ASPNETCORE_HTTP_PORTS=8080), addresses look like "
           "http://*:8080";
}

static void tell_fault(struct resolver *resolver, enum address_fault fault, const char *scheme,
                       struct text piece, struct text source) {
    resolver->listen->malformed = true;
    if (++resolver->faults > FAULTS_TOLD) {
        return;
    }
    report_error(resolver->report, "%s: %s is %s",
                 plain(name_source(resolver, source)).text, quote(piece).text,
                 explain(fault, scheme));
    report_hint(resolver->report, "%s", advise(fault, piece));
}

static void take_address(struct resolver *resolver, enum address_fault fault,
                         struct address *address, struct text piece, struct text source) {
    if (fault != ADDRESS_GOOD) {
        tell_fault(resolver, fault, address->scheme, piece, source);
    } else if (address->socket) {
        resolver->sockets++;
    } else if (resolver->listen->count == LISTEN_MAX) {
        refuse_more(resolver, "addresses to listen on");
    } else {
        address->source = name_source(resolver, source);
        resolver->listen->addresses[resolver->listen->count++] = *address;
    }
}

/* The next piece of a list that is not empty; ports are trimmed first. */
static bool next_piece(struct text *rest, bool trim, struct text *piece) {
    while (text_next(rest, ';', piece)) {
        if (trim) {
            *piece = address_trim(*piece);
        }
        if (piece->length > 0) {
            return true;
        }
    }
    return false;
}

static enum address_fault parse_piece(enum key key, struct text piece, struct address *address) {
    return key == KEY_URLS ? address_parse(piece, address)
                           : address_parse_port(key == KEY_HTTP_PORTS ? "http" : "https", piece,
                                                address);
}

static void take_list(struct resolver *resolver, enum key key, const struct entry *entry) {
    struct text rest = entry->value;
    struct text piece;
    struct address address;
    while (next_piece(&rest, key != KEY_URLS, &piece)) {
        enum address_fault fault = parse_piece(key, piece, &address);
        take_address(resolver, fault, &address, piece, entry->source);
    }
}

/* The first piece of a list that Kestrel would not take as it is meant, if there is one. */
static bool find_fault(enum key key, struct text list, struct text *piece) {
    struct address address;
    while (next_piece(&list, key != KEY_URLS, piece)) {
        if (parse_piece(key, *piece, &address) != ADDRESS_GOOD) {
            return true;
        }
    }
    return false;
}

static void warn_overridden(struct resolver *resolver, const struct entry *entry, enum key key,
                            struct text by) {
    struct text piece;
    if (find_fault(key, entry->value, &piece)) {
        report_warn(resolver->report, "%s is malformed (%s), but overridden by %s",
                    plain(entry->source).text, quote(piece).text,
                    plain(name_source(resolver, by)).text);
    } else if (entry->value.length > 0) {
        report_warn(resolver->report, "%s is overridden by %s", plain(entry->source).text,
                    plain(name_source(resolver, by)).text);
    }
}

/* Keeps of a choice what the highest rank says. */
static void choose(struct choice *choice, const struct entry *entry, bool filled) {
    if (entry->rank > choice->rank) {
        *choice = (struct choice){entry->rank, entry->source, false, false};
    }
    if (entry->rank == choice->rank) {
        choice->empty = choice->empty || !filled;
        choice->filled = choice->filled || filled;
    }
}

static struct endpoint *find_endpoint(struct resolver *resolver, struct text name) {
    for (size_t i = 0; i < resolver->endpoint_count; i++) {
        if (text_equal_nocase(resolver->endpoints[i].name, name)) {
            return &resolver->endpoints[i];
        }
    }
    return NULL;
}

static bool is_url_of_endpoint(const struct entry *entry, struct text *name) {
    struct text rest;
    return configuration_child(entry, endpoints_prefix, name, &rest) &&
           text_equal_nocase(rest, (struct text){"url", 3});
}

/* Every key below Kestrel:Endpoints:NAME makes an endpoint of that name. */
static void learn_endpoint(struct resolver *resolver, const struct entry *entry) {
    struct text name;
    struct text rest;
    if (!configuration_child(entry, endpoints_prefix, &name, &rest)) {
        return;
    }
    struct endpoint *endpoint = find_endpoint(resolver, name);
    if (endpoint == NULL) {
        if (resolver->endpoint_count == LISTEN_MAX) {
            refuse_more(resolver, "Kestrel endpoints");
            return;
        }
        endpoint = &resolver->endpoints[resolver->endpoint_count++];
        *endpoint = (struct endpoint){name, entry->source, {0, {NULL, 0}, false, false}};
    }
    if (is_url_of_endpoint(entry, &name)) {
        choose(&endpoint->url, entry, entry->value.length > 0);
    }
}

/* Whether a list has a piece at all: of ports, white space is none. */
static bool is_filled(enum key key, struct text value) {
    struct text piece;
    return key == KEY_URLS ? value.length > 0 : next_piece(&value, true, &piece);
}

static void learn(struct resolver *resolver) {
    struct entry entry;
    struct configuration_cursor cursor =
        configuration_begin(resolver->environment, resolver->program);
    while (configuration_next(&cursor, &entry)) {
        for (enum key key = 0; key < KEYS; key++) {
            if (configuration_is(&entry, key_names[key])) {
                choose(&resolver->keys[key], &entry, is_filled(key, entry.value));
            }
        }
        learn_endpoint(resolver, &entry);
    }
}

static bool is_true(struct text value) {
    return text_equal_nocase(value, (struct text){"true", 4}) ||
           text_equal(value, (struct text){"1", 1});
}

static void learn_preference(struct resolver *resolver) {
    struct entry entry;
    struct configuration_cursor cursor =
        configuration_begin(resolver->environment, resolver->program);
    const struct choice *choice = &resolver->keys[KEY_PREFER];
    while (configuration_next(&cursor, &entry)) {
        if (entry.rank == choice->rank && configuration_is(&entry, key_names[KEY_PREFER])) {
            resolver->prefer_on = resolver->prefer_on || is_true(entry.value);
            resolver->prefer_off = resolver->prefer_off || !is_true(entry.value);
        }
    }
    resolver->prefer_off = resolver->prefer_off || choice->rank == RANK_NONE;
}

/* Adds the addresses of one key, or, if by is the source that overrides it, warns of it. */
static void take_key(struct resolver *resolver, enum key key, const struct text *by) {
    struct entry entry;
    struct configuration_cursor cursor =
        configuration_begin(resolver->environment, resolver->program);
    const struct choice *choice = &resolver->keys[key];
    while (configuration_next(&cursor, &entry)) {
        if (!configuration_is(&entry, key_names[key])) {
            continue;
        }
        if (by != NULL) {
            warn_overridden(resolver, &entry, key, *by);
        } else if (entry.rank == choice->rank) {
            take_list(resolver, key, &entry);
        } else {
            warn_overridden(resolver, &entry, key, choice->source);
        }
    }
}

static void take_endpoint_urls(struct resolver *resolver, const struct text *by) {
    struct entry entry;
    struct text name;
    struct address address;
    struct configuration_cursor cursor =
        configuration_begin(resolver->environment, resolver->program);
    while (configuration_next(&cursor, &entry)) {
        struct endpoint *endpoint =
            is_url_of_endpoint(&entry, &name) ? find_endpoint(resolver, name) : NULL;
        if (endpoint == NULL || entry.value.length == 0) {
            continue;
        }
        if (entry.rank < endpoint->url.rank) {
            report_warn(resolver->report, "%s is overridden by %s", plain(entry.source).text,
                        plain(endpoint->url.source).text);
            continue;
        }
        /* Kestrel reads the endpoints even when it prefers the hosting addresses to them. */
        enum address_fault fault = address_parse(entry.value, &address);
        if (fault != ADDRESS_GOOD || by == NULL) {
            take_address(resolver, fault, &address, entry.value, entry.source);
        } else {
            report_warn(resolver->report, "%s is overridden by %s", plain(entry.source).text,
                        plain(*by).text);
        }
    }
}

static void check_endpoints(struct resolver *resolver) {
    for (size_t i = 0; i < resolver->endpoint_count; i++) {
        const struct endpoint *endpoint = &resolver->endpoints[i];
        if (endpoint->url.rank != RANK_NONE && !endpoint->url.empty) {
            continue;
        }
        resolver->listen->malformed = true;
        if (++resolver->faults <= FAULTS_TOLD) {
            report_error(resolver->report, "%s: the Kestrel endpoint %s has no Url",
                         plain(endpoint->source).text, quote(endpoint->name).text);
            report_hint(resolver->report, "set Kestrel__Endpoints__NAME__Url, or take the "
                                          "endpoint's other settings out");
        }
    }
}

/*
 * The IIS integration is no matter of IIS alone: with these three set it takes over, whatever
 * else there is. The names are taken to the letter.
 */
static bool take_iis(struct resolver *resolver) {
    static const struct text source = {"ASPNETCORE_PORT", 15};
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
    while (next_piece(&rest, false, &piece)) {
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
    const struct choice *urls = &resolver->keys[KEY_URLS];
    bool urls_may_be_unset = urls->rank == RANK_NONE || urls->empty;
    const struct text *over_ports = urls_may_be_unset ? by : &urls->source;
    size_t before = resolver->listen->count + resolver->sockets + resolver->faults;
    take_key(resolver, KEY_URLS, by);
    /* URLS=; is set, and so hides the ports, but has no address in it. */
    bool may_be_empty =
        urls->filled && resolver->listen->count + resolver->sockets + resolver->faults == before;
    take_key(resolver, KEY_HTTP_PORTS, over_ports);
    take_key(resolver, KEY_HTTPS_PORTS, over_ports);
    if (urls_may_be_unset) {
        const struct choice *http = &resolver->keys[KEY_HTTP_PORTS];
        const struct choice *https = &resolver->keys[KEY_HTTPS_PORTS];
        may_be_empty = may_be_empty || ((http->rank == RANK_NONE || http->empty) &&
                                        (https->rank == RANK_NONE || https->empty));
    }
    return may_be_empty;
}

/* WebApplication takes DOTNET_ before ASPNETCORE_, the older generic host the other way round. */
static void warn_of_generic_host(struct resolver *resolver, enum key key) {
    struct text values[RANK_BARE] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct entry entry;
    struct configuration_cursor cursor =
        configuration_begin(resolver->environment, resolver->program);
    if (resolver->keys[key].rank != RANK_DOTNET) {
        return;
    }
    while (configuration_next(&cursor, &entry)) {
        if (entry.rank < RANK_BARE && configuration_is(&entry, key_names[key])) {
            values[entry.rank] = entry.value;
        }
    }
    if (values[RANK_ASPNETCORE].at != NULL &&
        !text_equal(values[RANK_ASPNETCORE], values[RANK_DOTNET])) {
        report_warn(resolver->report, "DOTNET_ and ASPNETCORE_ variables for %s differ: "
                                      "WebApplication takes the first, the older generic host "
                                      "(ConfigureWebHostDefaults) the second",
                    key_names[key]);
        report_hint(resolver->report, "set only one of them");
    }
}

static void take_default(struct resolver *resolver) {
    static const struct text source = {"default", 7};
    struct address address;
    memset(&address, 0, sizeof address);
    address.scheme = "http";
    address.port = 5000;
    address.host = HOST_LOCALHOST;
    take_address(resolver, ADDRESS_GOOD, &address, source, source);
}

void listen_resolve(char *const *environment, char *const *program, const char *ports_from,
                    struct listen *listen, struct report *report) {
    struct resolver resolver;
    memset(&resolver, 0, sizeof resolver);
    resolver.environment = environment;
    resolver.program = program;
    resolver.ports_from = ports_from;
    resolver.listen = listen;
    resolver.report = report;
    listen->malformed = false;
    listen->count = 0;

    learn(&resolver);
    learn_preference(&resolver);
    check_endpoints(&resolver);
    if (!take_iis(&resolver)) {
        bool some_endpoints = resolver.endpoint_count > 0;
        bool hosting_counts = !some_endpoints || resolver.prefer_on;
        const struct text *over_hosting = hosting_counts ? NULL : &resolver.endpoints[0].source;
        bool may_be_empty = take_hosting(&resolver, over_hosting);
        if (some_endpoints) {
            bool endpoints_count = resolver.prefer_off || may_be_empty;
            take_endpoint_urls(&resolver,
                               endpoints_count ? NULL : &resolver.keys[KEY_PREFER].source);
        } else if (may_be_empty) {
            take_default(&resolver);
        }
        for (enum key key = 0; key < KEYS; key++) {
            warn_of_generic_host(&resolver, key);
        }
    }
    if (resolver.faults > FAULTS_TOLD) {
        report_error(report, "and %zu more like these", resolver.faults - FAULTS_TOLD);
    }
}
