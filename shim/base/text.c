#include "base/base.h"

#include <string.h>

struct text text_of(const char *string) {
    return (struct text){string, strlen(string)};
}

bool text_equal(struct text a, struct text b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* Not tolower(): what counts as a letter must not hang on a locale. */
static char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool text_starts_nocase(struct text whole, struct text prefix) {
    if (whole.length < prefix.length) {
        return false;
    }
    for (size_t i = 0; i < prefix.length; i++) {
        if (lower(whole.at[i]) != lower(prefix.at[i])) {
            return false;
        }
    }
    return true;
}

bool text_equal_nocase(struct text a, struct text b) {
    return a.length == b.length && text_starts_nocase(a, b);
}

struct text text_skip(struct text whole, size_t count) {
    return (struct text){whole.at + count, whole.length - count};
}

size_t text_find(struct text whole, char byte) {
    size_t i = 0;
    while (i < whole.length && whole.at[i] != byte) {
        i++;
    }
    return i;
}

size_t text_find_last(struct text whole, char byte) {
    for (size_t i = whole.length; i > 0; i--) {
        if (whole.at[i - 1] == byte) {
            return i - 1;
        }
    }
    return whole.length;
}

bool text_next(struct text *rest, char separator, struct text *piece) {
    if (rest->at == NULL) {
        return false;
    }
    size_t end = text_find(*rest, separator);
    *piece = (struct text){rest->at, end};
    *rest = end == rest->length ? (struct text){NULL, 0} : text_skip(*rest, end + 1);
    return true;
}

bool text_number(struct text digits, uint32_t max, uint32_t *value) {
    uint64_t number = 0;
    if (digits.length == 0 || (digits.at[0] == '0' && digits.length > 1)) {
        return false;
    }
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(digits.at[i] - '0');
        if (number > max) {
            return false;
        }
    }
    *value = (uint32_t)number;
    return true;
}
