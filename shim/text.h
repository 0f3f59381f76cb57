/* Slices of strings and strict numbers. Pure: no system call, no allocation. */
#ifndef SHIM_TEXT_H
#define SHIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of a string that somebody else owns; not terminated. at is NULL for "absent". */
struct text {
    const char *at;
    size_t length;
};

/* The text of a string literal. */
#define LITERAL(string) ((struct text){(string), sizeof(string) - 1})

/* The whole of a terminated string. */
struct text text_of(const char *string);

/* Whether a and b hold the same bytes; the second form takes A to Z for a to z. */
bool text_equal(struct text a, struct text b);
bool text_equal_nocase(struct text a, struct text b);

/* Whether whole begins with prefix, A to Z taken for a to z. */
bool text_starts_nocase(struct text whole, struct text prefix);

/* whole without its first count bytes; count is at most its length. */
struct text text_skip(struct text whole, size_t count);

/* Where byte first (or last) occurs in whole: its index, or whole.length when it does not. */
size_t text_find(struct text whole, char byte);
size_t text_find_last(struct text whole, char byte);

/*
 * Takes the next piece off *rest, up to separator or the end, into *piece. Returns false, and
 * leaves *piece alone, once nothing is left: "a,,b" and "a," give an empty piece, "" gives one.
 */
bool text_next(struct text *rest, char separator, struct text *piece);

/*
 * Reads a plain decimal number from 0 to max: digits only, no sign, space, prefix or leading
 * zero ("0" itself aside). Returns false, and leaves *value alone, for anything else, whatever
 * its length: the shim's one rule for the numbers of settings and of /etc/passwd (design.md,
 * section 3), because every laxer reading has once let somebody in as root.
 */
bool text_number(struct text digits, uint32_t max, uint32_t *value);

#endif
