#include "address.h"

#include "host.h"
#include "utf8.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

static bool is_space(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The length of the white space character that word begins with in UTF-8, or 0. */
static size_t space_length(struct text word) {
    static const char *const wide[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    if (word.length > 0 && is_space(word.at[0])) {
        return 1;
    }
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        size_t length = strlen(wide[i]);
        if (word.length >= length && memcmp(word.at, wide[i], length) == 0) {
            return length;
        }
    }
    return 0;
}

static size_t space_length_at_end(struct text word) {
    for (size_t length = 1; length <= 3 && length <= word.length; length++) {
        if (space_length(text_skip(word, word.length - length)) == length) {
            return length;
        }
    }
    return 0;
}

struct text address_trim(struct text entry) {
    size_t length;
    while ((length = space_length(entry)) > 0) {
        entry = text_skip(entry, length);
    }
    while ((length = space_length_at_end(entry)) > 0) {
        entry.length -= length;
    }
    return entry;
}

/*
 * int.TryParse(NumberStyles.Integer, invariant): blanks around, one sign, digits, 32 bits.
 * Leaves *value alone when it is none.
 */
static bool read_int(struct text word, int64_t *value) {
    int64_t number = 0;
    bool minus = false;
    while (word.length > 0 && is_space(word.at[0])) {
        word = text_skip(word, 1);
    }
    while (word.length > 0 && is_space(word.at[word.length - 1])) {
        word.length--;
    }
    if (word.length > 0 && (word.at[0] == '+' || word.at[0] == '-')) {
        minus = word.at[0] == '-';
        word = text_skip(word, 1);
    }
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] < '0' || word.at[i] > '9') {
            return false;
        }
        number = number * 10 + (word.at[i] - '0');
        if (number > (int64_t)INT32_MAX + (minus ? 1 : 0)) {
            return false;
        }
    }
    if (word.length > 0) {
        *value = minus ? -number : number;
    }
    return word.length > 0;
}

static void read_host(struct text host, struct address *address) {
    if (host_read_ipv4(host, &address->ipv4)) {
        address->host = HOST_IPV4;
    } else if (host_read_ipv6(host, &address->ipv6)) {
        address->host = HOST_IPV6; /* be it in a zone that is called .localhost */
    } else if (host_is_localhost(host)) {
        address->host = HOST_LOCALHOST;
    } else {
        address->host = HOST_ANY; /* "*", "+", a name, and whatever else it may be */
    }
}

/* below: the host is a name below localhost. */
static enum address_fault check(int64_t port, bool below, struct address *address) {
    if (port < 0 || port > 65535) {
        return ADDRESS_PORT_RANGE;
    }
    address->port = (uint32_t)port;
    if (port == 0 && address->host == HOST_LOCALHOST) {
        return below ? ADDRESS_DYNAMIC_BELOW : ADDRESS_DYNAMIC_LOCALHOST;
    }
    return ADDRESS_GOOD;
}

/* What follows "://unix:" or "://pipe:": a path up to the next ':', then a path base. */
static enum address_fault read_path(struct text rest, bool pipe, struct address *address) {
    static const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
    size_t end = text_find(rest, ':');
    struct text base = end == rest.length ? LITERAL("") : text_skip(rest, end + 1);
    address->socket = true;
    if (base.length > 0 && !text_equal(base, LITERAL("/"))) {
        return ADDRESS_PATH_BASE;
    }
    bool folder = end == rest.length && rest.at[end - 1] == '/';
    if (folder || utf8_length_in_dotnet((struct text){rest.at, end}) > most) {
        return ADDRESS_SOCKET_PATH;
    }
    return pipe ? ADDRESS_PIPE : ADDRESS_GOOD;
}

/* The host and port of an authority, host:port. */
static enum address_fault read_authority(struct text authority, struct address *address) {
    int64_t port = strcmp(address->scheme, "https") == 0 ? 443 : 80;
    size_t colon = text_find_last(authority, ':');
    if (authority.length == 0) {
        return ADDRESS_NO_HOST;
    }
    if (colon == authority.length) {
        read_host(authority, address);
    } else if (read_int(text_skip(authority, colon + 1), &port)) {
        authority.length = colon;
        read_host(authority, address);
        if (colon == 0) {
            return ADDRESS_NO_HOST;
        }
    } else {
        /* An IPv6 address has colons of its own; else the port is no number. */
        read_host(authority, address);
        size_t bracket = text_find_last(authority, ']');
        if (address->host != HOST_IPV6 || bracket < colon) {
            address->port = (uint32_t)port;
            return ADDRESS_PORT_TEXT;
        }
    }
    return check(port, host_is_below_localhost(authority), address);
}

/* The index of "://", or url.length. */
static size_t find_scheme_end(struct text url) {
    for (size_t i = 0; i + 3 <= url.length; i++) {
        if (memcmp(url.at + i, "://", 3) == 0) {
            return i;
        }
    }
    return url.length;
}

static bool has_path_base(struct text rest) {
    size_t slash = text_find(rest, '/');
    return slash < rest.length && slash + 1 != rest.length;
}

enum address_fault address_parse(struct text url, struct address *address) {
    memset(address, 0, sizeof *address);
    size_t end = find_scheme_end(url);
    if (end == url.length) {
        return ADDRESS_NO_SCHEME;
    }
    struct text scheme = {url.at, end};
    struct text rest = text_skip(url, end + 3);
    bool https = text_equal_nocase(scheme, LITERAL("https"));
    address->scheme = https ? "https" : "http";
    if (!https && !text_equal_nocase(scheme, LITERAL("http"))) {
        return ADDRESS_UNKNOWN_SCHEME;
    }
    bool pipe = rest.length >= 6 && memcmp(rest.at, "pipe:/", 6) == 0;
    if (pipe || (rest.length >= 6 && memcmp(rest.at, "unix:/", 6) == 0)) {
        return read_path(text_skip(rest, 5), pipe, address);
    }
    if (has_path_base(rest)) {
        return ADDRESS_PATH_BASE;
    }
    return read_authority((struct text){rest.at, text_find(rest, '/')}, address);
}

/*
 * An entry behind "host:". A colon of its own makes all before it a host, which nobody knows, or
 * which ends in .localhost; and so is an entry a host that is no number.
 */
static enum address_fault read_entry(const char *scheme, struct text entry,
                                     struct address *address) {
    int64_t port = strcmp(scheme, "https") == 0 ? 443 : 80;
    memset(&address->ipv6, 0, sizeof address->ipv6);
    address->socket = false;
    address->scheme = scheme;
    if (has_path_base(entry)) {
        size_t colon = text_find(entry, ':');
        return text_starts_nocase(text_skip(entry, colon), LITERAL("://")) ? ADDRESS_NO_PORT
                                                                           : ADDRESS_PATH_BASE;
    }
    struct text authority = {entry.at, text_find(entry, '/')};
    size_t colon = text_find_last(authority, ':');
    bool colons = colon < authority.length;
    bool number = read_int(colons ? text_skip(authority, colon + 1) : authority, &port);
    struct text host = {authority.at, number ? colon : authority.length};
    bool below = (colons || !number) && host_is_below_localhost(host);
    if (colons || !number) {
        address->host = below ? HOST_LOCALHOST : HOST_ANY;
    }
    enum address_fault fault = check(port, below, address);
    return number ? fault : ADDRESS_PORT_TEXT;
}

enum address_fault address_parse_port(const char *scheme, struct text entry,
                                      struct address *address) {
    address->host = HOST_ANY;
    address->ipv4.s_addr = 0;
    return read_entry(scheme, entry, address);
}

enum address_fault address_parse_loopback_port(struct text entry, struct address *address) {
    address->host = HOST_IPV4;
    address->ipv4.s_addr = htonl(INADDR_LOOPBACK);
    return read_entry("http", entry, address);
}

const char *address_explain(enum address_fault fault, const char *scheme) {
    switch (fault) {
    case ADDRESS_NO_SCHEME:
        return "not an address: there is no http:// or https:// in it";
    case ADDRESS_NO_HOST:
        return "not an address: there is no host in it";
    case ADDRESS_UNKNOWN_SCHEME:
        return "of an unknown scheme: Kestrel takes http:// and https:// only";
    case ADDRESS_PATH_BASE:
        return "an address with text after it: Kestrel takes no path there";
    case ADDRESS_NO_PORT:
        return "an address, and only a port is taken there";
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
    case ADDRESS_DYNAMIC_BELOW:
        return "port 0 of a name below localhost: from ASP.NET Core 10 on, Kestrel refuses it";
    case ADDRESS_GOOD:
        break;
    }
    return "good";
}

const char *address_advise(enum address_fault fault, struct text piece) {
    if (fault == ADDRESS_PIPE || fault == ADDRESS_SOCKET_PATH) {
        return "a Unix socket is http://unix:/run/app.sock";
    }
    if (fault == ADDRESS_DYNAMIC_LOCALHOST || fault == ADDRESS_DYNAMIC_BELOW) {
        return "name the port, or the address: http://127.0.0.1:0";
    }
    if (text_find(piece, ',') < piece.length) {
        return "several go with a semicolon between two: 8080;8081 for ports, "
               "http://*:8080;http://*:8081 for addresses";
    }
    return "ports are plain numbers (ASPNETCORE_HTTP_PORTS=8080), addresses look like "
           "http://*:8080";
}
