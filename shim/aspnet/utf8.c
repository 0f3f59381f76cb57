#include "utf8.h"

static bool is_between(unsigned char byte, unsigned low, unsigned high) {
    return byte >= low && byte <= high;
}

/*
 * The length of the sequence that word begins with; *valid says whether it is a character. If not,
 * it goes as far as it looks like one (Unicode, table 3-7), a forbidden second byte included.
 */
static size_t take_sequence(struct text word, bool *valid) {
    const unsigned char *at = (const unsigned char *)word.at;
    size_t wanted = at[0] < 0x80                    ? 1
                    : is_between(at[0], 0xc2, 0xdf) ? 2
                    : is_between(at[0], 0xe0, 0xef) ? 3
                    : is_between(at[0], 0xf0, 0xf4) ? 4
                                                    : 0;
    /* No overlong form, no surrogate, nothing above U+10FFFF. */
    unsigned low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    size_t length = 1;
    bool forbidden = false;
    while (length < wanted && length < word.length && !forbidden &&
           is_between(at[length], 0x80, 0xbf)) {
        forbidden = length == 1 && !is_between(at[1], low, high);
        length++;
    }
    *valid = length == wanted && !forbidden;
    return length;
}

size_t utf8_length_in_dotnet(struct text bytes) {
    size_t total = 0;
    while (bytes.length > 0) {
        bool valid;
        size_t length = take_sequence(bytes, &valid);
        total += valid ? length : sizeof "\xef\xbf\xbd" - 1;
        bytes = text_skip(bytes, length);
    }
    return total;
}
