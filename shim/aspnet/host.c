#include "host.h"

#include <arpa/inet.h>
#include <string.h>

/* One part of an IPv4 address: decimal, 0x hexadecimal or 0 octal, up to max. */
static bool read_part(struct text part, uint32_t max, uint32_t *value) {
    uint64_t number = 0;
    unsigned base = 10;
    if (text_starts_nocase(part, LITERAL("0x"))) {
        base = 16;
        part = text_skip(part, 2);
    } else if (part.length > 1 && part.at[0] == '0') {
        base = 8;
    }
    for (size_t i = 0; i < part.length; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = memchr(digits, part.at[i], sizeof digits - 1);
        if (digit == NULL) {
            return false;
        }
        unsigned place = (unsigned)(digit - digits);
        place = place >= 16 ? place - 6 : place;
        if (place >= base) {
            return false;
        }
        number = number * base + place;
        if (number > max) {
            return false;
        }
    }
    *value = (uint32_t)number;
    return part.length > 0;
}

/* IPv4 as inet_aton(3) reads it: one to four parts, the last of which fills what is left. */
bool host_read_ipv4(struct text host, struct in_addr *ip) {
    uint32_t number = 0;
    uint32_t value;
    struct text part;
    for (unsigned bits = 32; text_next(&host, '.', &part); bits -= 8) {
        bool last = host.at == NULL;
        if (bits == 0 || !read_part(part, last ? UINT32_MAX >> (32 - bits) : 255, &value)) {
            return false;
        }
        number |= last ? value : value << (bits - 8);
    }
    ip->s_addr = htonl(number);
    return true;
}

/* What .NET allows, and ignores, behind the bracket: ":" and decimal or 0x hexadecimal digits. */
static bool is_ignored(struct text tail) {
    if (tail.length == 0 || tail.at[0] != ':') {
        return tail.length == 0;
    }
    tail = text_skip(tail, 1);
    bool hexadecimal = tail.length >= 2 && memcmp(tail.at, "0x", 2) == 0;
    tail = text_skip(tail, hexadecimal ? 2 : 0);
    for (size_t i = 0; i < tail.length; i++) {
        if (memchr("0123456789abcdefABCDEF", tail.at[i], hexadecimal ? 22 : 10) == NULL) {
            return false;
        }
    }
    return true;
}

bool host_read_ipv6(struct text host, struct in6_addr *ip) {
    char copy[INET6_ADDRSTRLEN];
    bool opened = host.length > 0 && host.at[0] == '[';
    size_t closed = text_find(host, ']');
    if (opened != (closed < host.length)) {
        return false;
    }
    if (opened) {
        if (!is_ignored(text_skip(host, closed + 1))) {
            return false;
        }
        host = (struct text){host.at + 1, closed - 1};
    }
    host.length = text_find(host, '%');
    if (host.length >= sizeof copy) {
        return false;
    }
    memcpy(copy, host.at, host.length);
    copy[host.length] = '\0';
    return inet_pton(AF_INET6, copy, ip) == 1;
}

bool host_is_below_localhost(struct text host) {
    static const size_t length = sizeof ".localhost" - 1;
    return host.length >= length &&
           text_equal_nocase(text_skip(host, host.length - length), LITERAL(".localhost"));
}

bool host_is_localhost(struct text host) {
    return text_equal_nocase(host, LITERAL("localhost")) ||
           (host.length > sizeof ".localhost" - 1 && host_is_below_localhost(host));
}
