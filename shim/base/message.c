#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void messages_start(struct messages *messages) {
    memset(messages, 0, offsetof(struct messages, text));
    messages->level = MESSAGE_WARN;
    messages->log_fd = -1;
}

/* Adds a whole line to the length bytes in buffer. Returns false, adding nothing, without room. */
static bool append(char *buffer, size_t size, size_t *length, const char *line) {
    size_t more = strlen(line);
    if (*length > size || more > size - *length) {
        return false;
    }
    memcpy(buffer + *length, line, more);
    *length += more;
    return true;
}

/* Errors have a part of the room to themselves: no number of warnings crowds them out. */
static bool append_line(struct messages *messages, const char *line) {
    size_t size = sizeof messages->text;
    if (messages->last == MESSAGE_ERROR) {
        (void)append(messages->log, sizeof messages->log, &messages->log_length, line);
    } else if (messages->full) {
        return false;
    } else {
        size -= sizeof messages->log;
    }
    return append(messages->text, size, &messages->length, line);
}

__attribute__((format(printf, 3, 0))) static void
add_line(struct messages *messages, enum message_kind kind, const char *format, va_list values) {
    static const char *const labels[] = {"error", "warning", "info", "debug", "hint"};
    /* Room for three quoted values; what is longer is cut, and still ends its line. */
    char line[4 * sizeof(struct quote)];
    int head = snprintf(line, sizeof line, "shim: %s: ", labels[kind]);
    int body = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, values);
    if (body < 0) {
        return;
    }
    memcpy(line + strlen(line), "\n", sizeof "\n");
    messages->full = !append_line(messages, line) || messages->full;
}

void message_add(struct messages *messages, enum message_kind kind, const char *format, ...) {
    va_list values;
    if (kind != MESSAGE_HINT) {
        messages->last = kind;
        messages->errors = messages->errors || kind == MESSAGE_ERROR;
    }
    if (messages->last > messages->level) {
        return;
    }
    va_start(values, format);
    add_line(messages, kind, format, values);
    va_end(values);
}

/* How one byte is shown; returns how many characters that takes, at most 4. */
static size_t escape(char byte, char *out, bool quoted) {
    static const char digits[] = "0123456789abcdef";
    unsigned char value = (unsigned char)byte;
    if (quoted && (byte == '"' || byte == '\\')) {
        out[0] = '\\';
        out[1] = byte;
        return 2;
    }
    if (value >= 0x20 && value < 0x7f) {
        out[0] = byte;
        return 1;
    }
    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[value >> 4];
    out[3] = digits[value & 15];
    return 4;
}

static struct quote show(struct text value, bool quoted) {
    struct quote shown;
    size_t used = 0;
    size_t count = value.length < QUOTE_MAX ? value.length : QUOTE_MAX;
    if (quoted) {
        shown.text[used++] = '"';
    }
    for (size_t i = 0; i < count; i++) {
        used += escape(value.at[i], shown.text + used, quoted);
    }
    if (count < value.length) {
        memcpy(shown.text + used, "...", 3);
        used += 3;
    }
    if (quoted) {
        shown.text[used++] = '"';
    }
    shown.text[used] = '\0';
    return shown;
}

struct quote quote(struct text value) {
    return show(value, true);
}

struct quote plain(struct text value) {
    return show(value, false);
}
