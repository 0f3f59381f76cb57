#include "listing.h"

#include <string.h>

static bool is_same(const struct address *a, const struct address *b) {
    return a->port == b->port && a->host == b->host && strcmp(a->scheme, b->scheme) == 0 &&
           (a->host != HOST_IPV4 || a->ipv4.s_addr == b->ipv4.s_addr) &&
           (a->host != HOST_IPV6 || IN6_ARE_ADDR_EQUAL(&a->ipv6, &b->ipv6));
}

/* What an app of CreateBuilder opens anyway is not told twice, and comes first. */
static void merge_readings(struct listen *listen) {
    size_t ours = 0;
    size_t kept;
    for (size_t i = 0; i < listen->count; i++) {
        const struct address address = listen->addresses[i];
        if ((address.readings & READING_WEB) != 0) {
            memmove(&listen->addresses[ours + 1], &listen->addresses[ours],
                    (i - ours) * sizeof address);
            listen->addresses[ours++] = address;
        }
    }
    kept = ours;
    for (size_t i = ours; i < listen->count; i++) {
        size_t same = 0;
        while (same < ours && !is_same(&listen->addresses[same], &listen->addresses[i])) {
            same++;
        }
        if (same < ours) {
            listen->addresses[same].readings |= listen->addresses[i].readings;
        } else {
            listen->addresses[kept++] = listen->addresses[i];
        }
    }
    listen->count = kept;
}

/* What nobody meant does not count beside the error that tells of it. */
static void drop_unmeant(struct listen *listen) {
    size_t kept = 0;
    for (size_t i = 0; i < listen->count; i++) {
        if (!listen->addresses[i].unmeant) {
            listen->addresses[kept++] = listen->addresses[i];
        }
    }
    listen->count = kept;
}

static void tell_readings(const struct listen *listen, struct messages *messages) {
    for (size_t i = 0; i < listen->count; i++) {
        const struct address *address = &listen->addresses[i];
        const char *readings = listen_name_readings(address);
        if (readings != NULL) {
            message_info(messages, "port %u, from %s: only an app of the %s opens it",
                         (unsigned)address->port, plain(address->source).text, readings);
        }
    }
}

const char *listen_name_readings(const struct address *address) {
    switch (address->readings) {
    case READING_SLIM:
        return "slim builder";
    case READING_HOST:
        return "generic host";
    case READING_SLIM | READING_HOST:
        return "slim builder, generic host";
    default:
        return NULL;
    }
}

const char *listen_name_custom(const struct address *address, uint32_t floor) {
    bool https = strcmp(address->scheme, "https") == 0;
    return floor > (https ? 8443 : 8080) ? "" : https ? ", 8443 by custom" : ", 8080 by custom";
}

void listing_finish(struct listen *listen, struct messages *messages) {
    if (listen->malformed) {
        drop_unmeant(listen);
    }
    merge_readings(listen);
    tell_readings(listen, messages);
}
