/*
 * Hosts of up to N bytes. A byte stands behind them, as one does behind every text: the end of its
 * string. Nothing is copied from there, but Frama-C wants it to be.
 * With: aspnet/host.c base/text.c
 * With options: -eva-builtin memchr:Frama_C_memchr
 */
#include "aspnet/host.h"
#include "any.h"

enum { N = 4 };
static char word[N + 1];

static void read_host(struct text host) {
    struct in_addr four;
    struct in6_addr six;
    (void)host_read_ipv4(host, &four);
    (void)host_read_ipv6(host, &six);
    (void)host_is_localhost(host);
    (void)host_is_below_localhost(host);
}

int main(void) {
    /*@ loop unroll N + 1; */
    for (size_t i = 0; i <= N; i++) {
        Frama_C_make_unknown(word, N);
        read_host((struct text){word + (N - i), i});
    }
    Frama_C_show_each_end();
    return 0;
}
