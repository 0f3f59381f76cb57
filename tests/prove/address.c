/*
 * Entries of up to N bytes, alone and behind a scheme.
 * With: aspnet/address.c aspnet/host.c aspnet/utf8.c base/text.c
 * With options: -eva-builtin memchr:Frama_C_memchr
 */
#include "aspnet/address.h"
#include "any.h"

enum { N = 2 };
static char url[8 + N + 1];
static struct address address;

static void parse(struct text text) {
    (void)address_parse(text, &address);
}

static void parse_port(struct text text) {
    (void)address_parse_port("http", text, &address);
}

static void parse_loopback_port(struct text text) {
    (void)address_parse_loopback_port(text, &address);
}

static void trim(struct text text) {
    (void)address_trim(text);
}

int main(void) {
    static const char *const schemes[] = {"http://", "https://"};
    /*@ loop unroll N + 1; */
    for (size_t i = 0; i <= N; i++) {
        any_behind(url, "", i);
        parse((struct text){url, i});
        parse_port((struct text){url, i});
        parse_loopback_port((struct text){url, i});
        trim((struct text){url, i});
        /*@ loop unroll 2; */
        for (size_t j = 0; j < 2; j++) {
            any_behind(url, schemes[j], i);
            parse((struct text){url, strlen(schemes[j]) + i});
        }
    }
    (void)address_explain((enum address_fault)Frama_C_interval(0, ADDRESS_DYNAMIC_BELOW), "http");
    Frama_C_show_each_end();
    return 0;
}
