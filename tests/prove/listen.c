/*
 * All that ASP.NET Core would read of one variable with any byte in it.
 * With: aspnet/address.c aspnet/choice.c aspnet/configuration.c aspnet/faults.c aspnet/host.c
 * aspnet/listen.c aspnet/listing.c aspnet/reading.c aspnet/utf8.c base/environment.c base/text.c
 */
#include "any.h"
#include "aspnet/aspnet.h"

enum { N = 1, HEADS = 2 };
static char entry[40 + N + 1];
static char app[] = "/app";
static char *list[] = {entry, NULL};
static char *program[] = {app, NULL};
static struct listen found;
static struct messages messages;

static void resolve(void) {
    listen_resolve(list, program, NULL, &found, &messages);
}

int main(void) {
    static const char *const heads[HEADS] = {"DOTNET_URLS=", "HTTP_PORTS="};
    /*@ loop unroll HEADS; */
    for (size_t i = 0; i < HEADS; i++) {
        any_behind(entry, heads[i], N);
        resolve();
    }
    Frama_C_show_each_end();
    return 0;
}
