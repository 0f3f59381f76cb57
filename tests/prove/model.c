/* What is not looked at: messages. And what Frama-C has no body of. */
#include "base/base.h"

#include <string.h>

void *memmem(const void *whole, size_t length, const void *part, size_t size) {
    const char *at = whole;
    for (size_t i = 0; size <= length && i <= length - size; i++) {
        if (memcmp(at + i, part, size) == 0) {
            return (void *)(at + i);
        }
    }
    return NULL;
}

void message_add(struct messages *messages, enum message_kind kind, const char *format, ...) {
    (void)format;
    messages->errors = messages->errors || kind == MESSAGE_ERROR;
}

/* All of the value must be there to be read. */
static struct quote show(struct text value) {
    static struct quote shown;
    for (size_t i = 0; i < value.length; i++) {
        shown.text[0] = value.at[i];
    }
    shown.text[0] = '\0';
    return shown;
}

struct quote quote(struct text value) {
    return show(value);
}

struct quote plain(struct text value) {
    return show(value);
}
