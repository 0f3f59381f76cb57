/* Texts of up to N bytes, and nothing behind them. With: base/text.c */
#include "any.h"

enum { N = 4 };
static char one[N];
static char two[N];

static void look(struct text text) {
    uint32_t value;
    (void)text_number(text, ID_MAX, &value);
    (void)text_number(text, UINT32_MAX, &value);
    (void)text_find(text, ';');
    (void)text_find_last(text, ';');
}

static void look_at_both(struct text text, struct text other) {
    (void)text_equal(text, other);
    (void)text_equal_nocase(text, other);
    (void)text_starts_nocase(text, other);
}

static void take_pieces(struct text text) {
    struct text piece;
    while (text_next(&text, ';', &piece)) {
        (void)text_find(piece, ';');
    }
}

int main(void) {
    /*@ loop unroll N + 1; */
    for (size_t i = 0; i <= N; i++) {
        Frama_C_make_unknown(one, N);
        const struct text text = {one + (N - i), i};
        look(text);
        take_pieces(text);
        /*@ loop unroll N + 1; */
        for (size_t j = 0; j <= N; j++) {
            Frama_C_make_unknown(two, N);
            look_at_both(text, (struct text){two + (N - j), j});
            if (j <= i) {
                look(text_skip(text, j));
            }
        }
    }
    Frama_C_show_each_end();
    return 0;
}
