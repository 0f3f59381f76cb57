#include "misspelt.h"

#include <string.h>

static const struct text prefix = LITERAL("SHIM_");

static bool contains(struct text whole, struct text part) {
    return memmem(whole.at, whole.length, part.at, part.length) != NULL;
}

static bool starts_with(struct text whole, struct text part) {
    return whole.length >= part.length && memcmp(whole.at, part.at, part.length) == 0;
}

static bool ends_with(struct text whole, struct text part) {
    return whole.length >= part.length &&
           text_equal(text_skip(whole, whole.length - part.length), part);
}

/* Whether there is a port in the name: SHIM_WEB_PORT_80_TCP. */
static bool has_port_number(struct text name) {
    static const struct text port = LITERAL("_PORT_");
    const char *at = memmem(name.at, name.length, port.at, port.length);
    return at != NULL && at[port.length] >= '0' && at[port.length] <= '9';
}

/*
 * Every container in a namespace gets variables for each of its services: for one that is called
 * shim SHIM_SERVICE_HOST, SHIM_PORT=tcp://10.0.0.1:80, SHIM_PORT_80_TCP and more, and the same
 * with SHIM_WEB for shim-web.
 */
static bool is_of_kubernetes(struct text name, struct text value) {
    return contains(name, LITERAL("_SERVICE_")) || text_equal(name, LITERAL("SHIM_PORT")) ||
           starts_with(name, LITERAL("SHIM_PORT_")) || has_port_number(name) ||
           (ends_with(name, LITERAL("_PORT")) && contains(value, LITERAL("://")));
}

/* How many bytes two names have in common, from the first on. */
static size_t count_common(struct text name, const char *other) {
    size_t count = 0;
    while (count < name.length && other[count] == name.at[count]) {
        count++;
    }
    return count;
}

static bool is_one_of(struct text name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (text_equal(name, text_of(names[i]))) {
            return true;
        }
    }
    return false;
}

/* The one that begins most like name, if it is more than they all begin with; else NULL. */
static const char *find_nearest(struct text name, const char *const *names, size_t count) {
    const char *nearest = NULL;
    size_t most = prefix.length;
    for (size_t i = 0; i < count; i++) {
        size_t common = count_common(name, names[i]);
        if (common > most) {
            most = common;
            nearest = names[i];
        }
    }
    return nearest;
}

void misspelt_warn(char *const *environment, const char *const *names, size_t count,
                   struct messages *messages) {
    for (; *environment != NULL; environment++) {
        struct text name;
        struct text value;
        if (!environment_split(*environment, &name, &value) || !starts_with(name, prefix) ||
            value.length == 0 || is_one_of(name, names, count) || is_of_kubernetes(name, value)) {
            continue;
        }
        const char *nearest = find_nearest(name, names, count);
        message_warn(messages, "%s is not a setting of the shim, and is ignored", plain(name).text);
        if (nearest != NULL) {
            message_hint(messages, "did you mean %s? shim --help lists the settings", nearest);
        } else {
            message_hint(messages, "shim --help lists the settings");
        }
    }
}
