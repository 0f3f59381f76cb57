/* Words of up to N bytes, and any number. With: base/signals.c base/text.c */
#include "any.h"

enum { N = 4 };
static char word[N];

int main(void) {
    uint32_t number;
    /*@ loop unroll N + 1; */
    for (size_t i = 0; i <= N; i++) {
        Frama_C_make_unknown(word, N);
        (void)signal_parse((struct text){word + (N - i), i}, &number);
    }
    (void)signal_show(Frama_C_interval(INT32_MIN, INT32_MAX));
    Frama_C_show_each_end();
    return 0;
}
