/*
 * What the fuzzers share. An input is lines; a NUL byte in it stands for a line end within a
 * string. Each string is a block of the heap by itself, so that a byte too far is noticed.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The one way to fail: libFuzzer then keeps the input. */
#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STRINGS_MAX = 400 };

/* Strings, ended by NULL as execve(2) takes them. */
struct strings {
    size_t count;
    char *at[STRINGS_MAX + 1];
};

static inline char *take_string(const uint8_t *data, size_t length) {
    char *string = malloc(length + 1);
    require(string != NULL);
    for (size_t i = 0; i < length; i++) {
        string[i] = data[i] == '\0' ? '\n' : (char)data[i];
    }
    string[length] = '\0';
    return string;
}

/* Takes lines off the input: all of them, or those before a line of "--", which goes too. */
static inline struct strings take_strings(const uint8_t **data, size_t *size) {
    struct strings strings = {0, {NULL}};
    while (*size > 0 && strings.count < STRINGS_MAX) {
        const uint8_t *end = memchr(*data, '\n', *size);
        size_t length = end == NULL ? *size : (size_t)(end - *data);
        bool stop = length == 2 && memcmp(*data, "--", 2) == 0;
        if (!stop) {
            strings.at[strings.count++] = take_string(*data, length);
        }
        length += end == NULL ? 0 : 1;
        *data += length;
        *size -= length;
        if (stop) {
            break;
        }
    }
    return strings;
}

static inline void free_strings(struct strings *strings) {
    for (size_t i = 0; i < strings->count; i++) {
        free(strings->at[i]);
    }
}

/* Whether text is a part of one of the strings. */
static inline bool is_within(struct text text, const struct strings *strings) {
    for (size_t i = 0; i < strings->count; i++) {
        const char *begin = strings->at[i];
        const char *end = begin + strlen(begin);
        if (text.at >= begin && text.at <= end && text.length <= (size_t)(end - text.at)) {
            return true;
        }
    }
    return false;
}

/* An empty messages that keeps everything. */
static inline struct messages *make_report(void) {
    struct messages *messages = malloc(sizeof *messages);
    require(messages != NULL);
    messages_start(messages);
    messages->level = MESSAGE_DEBUG;
    return messages;
}

static inline void check_lines(const char *text, size_t length) {
    static const char begin[] = "shim: ";
    for (const char *line = text; line < text + length;) {
        const char *end = memchr(line, '\n', (size_t)(text + length - line));
        require(end != NULL);
        require((size_t)(end - line) > sizeof begin && memcmp(line, begin, sizeof begin - 1) == 0);
        require((size_t)(end - line) < 4 * sizeof(struct quote));
        for (; line < end; line++) {
            require(*line >= 0x20 && *line < 0x7f);
        }
        line = end + 1;
    }
}

/* Whole lines in printable ASCII, however the values look, that stay in their place. */
static inline void check_report(const struct messages *messages) {
    require(messages->length <= sizeof messages->text &&
            messages->log_length <= sizeof messages->log);
    check_lines(messages->text, messages->length);
    check_lines(messages->log, messages->log_length);
    require(messages->errors == (messages->log_length > 0));
}

/* Bytes on the heap. */
struct block {
    uint8_t *at;
    size_t size;
};

/* Takes what is before the next line of "--" off the input, and that line; else all of it. */
static inline struct block take_block(const uint8_t **data, size_t *size) {
    static const char separator[] = "\n--\n";
    const uint8_t *end = *size == 0 ? NULL : memmem(*data, *size, separator, sizeof separator - 1);
    struct block block = {NULL, end == NULL ? *size : (size_t)(end - *data)};
    const size_t taken = end == NULL ? *size : block.size + sizeof separator - 1;
    block.at = malloc(block.size == 0 ? 1 : block.size);
    require(block.at != NULL);
    if (block.size > 0) {
        memcpy(block.at, *data, block.size);
    }
    *data += taken;
    *size -= taken;
    return block;
}

/* A file of those bytes without a name; path is a way to open it. */
struct file {
    int fd;
    char path[32];
};

static inline struct file make_file(const void *data, size_t size) {
    struct file file = {memfd_create("fuzz", MFD_CLOEXEC), ""};
    require(file.fd >= 0 && write(file.fd, data, size) == (ssize_t)size);
    (void)snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    return file;
}

#endif
