/*
 * Each setting with N bytes, and names of N bytes behind SHIM_.
 * With: settings/settings.c settings/misspelt.c base/environment.c base/signals.c base/text.c
 */
#include "settings/settings.h"
#include "any.h"

enum { N = 2, HEADS = 14 };
static char entry[40 + N + 1];
static char *list[] = {entry, NULL};
static struct options options;
static struct messages messages;

static void read_settings(void) {
    options_read_settings(list, &options, &messages);
}

int main(void) {
    static const char *const heads[HEADS] = {
        "APP_UID=",
        "APP_GID=",
        "APP_GROUPS=",
        "SHIM_BOUNDING_SET=",
        "SHIM_UNPRIVILEGED_PORT_START=",
        "SHIM_HTTP_PORTS_FROM=",
        "SHIM_SIGNAL_GROUP=",
        "SHIM_SIGNAL_REWRITE=",
        "SHIM_EXIT_CODES=",
        "SHIM_GRACE_PERIOD=",
        "SHIM_SUPERVISE=",
        "SHIM_LOG=",
        "SHIM_",
        "NOTIFY_SOCKET=",
    };
    /*@ loop unroll HEADS; */
    for (size_t i = 0; i < HEADS; i++) {
        any_behind(entry, heads[i], N);
        read_settings();
    }
    Frama_C_show_each_end();
    return 0;
}
