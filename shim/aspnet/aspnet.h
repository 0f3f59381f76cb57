/*
 * Which addresses the app will bind: what ASP.NET Core would decide from the same environment and
 * arguments (DESIGN.md, Ports). Pure: no system call, no allocation, linear time.
 */
#ifndef SHIM_ASPNET_H
#define SHIM_ASPNET_H

#include "base/base.h"
#include "choice.h"

#include <netinet/in.h>

enum address_host { HOST_ANY, HOST_LOCALHOST, HOST_IPV4, HOST_IPV6 };

struct address {
    bool socket;        /* a Unix socket: it has no port, and the rest means nothing */
    const char *scheme; /* "http" or "https" */
    uint32_t port;      /* 0: the kernel picks one */
    enum address_host host;
    struct in_addr ipv4;
    struct in6_addr ipv6;
    struct text source; /* the variable or argument it came from, as it is spelled */
};

/* Addresses at most; more are refused. */
enum { LISTEN_MAX = 256 };

struct listen {
    bool malformed;         /* refused: what the app would bind is not known */
    size_t count;           /* without Unix sockets */
    struct choices choices; /* what they come from */
    struct address addresses[LISTEN_MAX];
};

/*
 * Fills *listen from the environment, and from program with its arguments, both ended by NULL.
 * An address that Kestrel refuses, or makes port 80 of without a word, is an error in messages; a
 * setting that another one overrides is told at info, or, malformed, is a warning. ports_from is
 * the variable that ASPNETCORE_HTTP_PORTS was filled from (SHIM_HTTP_PORTS_FROM), or NULL. The
 * texts in *listen point into environment and program.
 */
void listen_resolve(char *const *environment, char *const *program, const char *ports_from,
                    struct listen *listen, struct messages *messages);

#endif
