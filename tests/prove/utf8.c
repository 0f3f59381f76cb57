/* Texts of up to N bytes. With: aspnet/utf8.c base/text.c */
#include "aspnet/utf8.h"
#include "any.h"

enum { N = 3 };
static char word[N];

int main(void) {
    /*@ loop unroll N + 1; */
    for (size_t i = 0; i <= N; i++) {
        Frama_C_make_unknown(word, N);
        (void)utf8_length_in_dotnet((struct text){word + (N - i), i});
    }
    Frama_C_show_each_end();
    return 0;
}
