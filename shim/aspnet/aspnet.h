/*
 * Which addresses the app will bind: what ASP.NET Core would decide from the same environment and
 * arguments (DESIGN.md, Ports). Pure: no system call, no allocation, linear time.
 */
#ifndef SHIM_ASPNET_H
#define SHIM_ASPNET_H

#include "base/base.h"
#include "choice.h"

#include <netinet/in.h>

/*
 * What an app may be made with. Each reads the same words in its own way, and nobody can tell from
 * outside which one it was.
 */
enum app_reading {
    READING_WEB = 1,  /* WebApplication.CreateBuilder */
    READING_SLIM = 2, /* WebApplication.CreateSlimBuilder */
    READING_HOST = 4, /* Host.CreateDefaultBuilder with ConfigureWebHostDefaults */
    READINGS_ALL = READING_WEB | READING_SLIM | READING_HOST,
};

enum address_host { HOST_ANY, HOST_LOCALHOST, HOST_IPV4, HOST_IPV6 };

struct address {
    bool socket;        /* a Unix socket: it has no port, and the rest means nothing */
    const char *scheme; /* "http" or "https" */
    uint32_t port;      /* 0: the kernel picks one */
    bool unmeant;       /* it was no number: Kestrel takes 80 or 443 without a word */
    enum address_host host;
    struct in_addr ipv4;
    struct in6_addr ipv6;
    unsigned readings;  /* of enum app_reading: those in which the app opens it */
    struct text source; /* the variable or argument it came from, as it is spelled */
};

/* Addresses at most, those of all readings together; more are refused. */
enum { LISTEN_MAX = 256 };

struct listen {
    bool malformed; /* refused: there is no reading in which the app would bind what is meant */
    size_t count;   /* without Unix sockets */
    struct choices choices; /* what they come from: here, as it is too much for a stack */
    struct address addresses[LISTEN_MAX];
};

/*
 * Fills *listen from the environment, and from program with its arguments, both ended by NULL.
 * An address that Kestrel refuses, or makes port 80 of without a word, is an error in messages, or
 * a warning where another reading does without it; a malformed setting that another one overrides
 * is a warning. ports_from is the variable that ASPNETCORE_HTTP_PORTS was filled from
 * (SHIM_HTTP_PORTS_FROM), or NULL. The texts in *listen point into environment and program.
 */
void listen_resolve(char *const *environment, char *const *program, const char *ports_from,
                    struct listen *listen, struct messages *messages);

/*
 * The readings that an address belongs to, where READING_WEB is not among them: "slim builder",
 * "generic host", or both with a comma. NULL where it is: that goes without saying.
 */
const char *listen_name_readings(const struct address *address);

/* What is usual in its place, as the end of an advice: ", 8080 by custom"; empty below floor. */
const char *listen_name_custom(const struct address *address, uint32_t floor);

#endif
