/*
 * Two words of N bytes, and each flag with one.
 * With: settings/options.c settings/settings.c settings/misspelt.c base/environment.c
 * base/signals.c base/text.c
 */
#include "any.h"
#include "settings/settings.h"

enum { N = 3, FLAGS = 6 };
static char name[] = "shim";
static char one[N + 1];
static char two[N + 1];
static struct options options;
static struct messages messages;

static void parse(int argc, char *first, char *second) {
    char *words[] = {name, first, second, NULL};
    words[argc] = NULL;
    (void)options_parse(argc, words, &options, &messages);
}

int main(void) {
    static char flags[FLAGS][32] = {"--check",   "--install", "--install-net-bind-service",
                                    "--version", "--help",    "--"};
    any_behind(one, "", N);
    any_behind(two, "", N);
    parse(1, one, two);
    parse(2, one, two);
    parse(3, one, two);
    /*@ loop unroll FLAGS; */
    for (size_t i = 0; i < FLAGS; i++) {
        parse(2, flags[i], one);
        parse(3, flags[i], one);
    }
    Frama_C_show_each_end();
    return 0;
}
