/*
 * Which addresses the app will bind: what ASP.NET Core would decide from the same environment
 * and arguments (design.md, section 6). Pure: no system call, no allocation, linear time.
 */
#ifndef SHIM_LISTEN_H
#define SHIM_LISTEN_H

#include "address.h"
#include "report.h"

/* Addresses at most; more are refused. */
enum { LISTEN_MAX = 256 };

struct listen {
    bool malformed; /* refused: what the app would bind is not known */
    size_t count;   /* without Unix sockets */
    struct address addresses[LISTEN_MAX];
};

/*
 * Fills *listen from the environment, and from program with its arguments, both ended by NULL.
 * An address that Kestrel refuses, or makes port 80 of without a word, is an error in report; a
 * setting that another one overrides is a warning. ports_from is the variable that
 * ASPNETCORE_HTTP_PORTS was filled from (SHIM_HTTP_PORTS_FROM), or NULL. The texts in *listen
 * point into environment and program.
 */
void listen_resolve(char *const *environment, char *const *program, const char *ports_from,
                    struct listen *listen, struct report *report);

#endif
