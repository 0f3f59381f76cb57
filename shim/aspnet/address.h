/*
 * One address as ASP.NET Core reads it: BindingAddress.Parse and AddressBinder.ParseAddress of
 * ASP.NET Core 10 and 11, .NET's int.TryParse and IPAddress.TryParse. Pure.
 */
#ifndef SHIM_ADDRESS_H
#define SHIM_ADDRESS_H

#include "aspnet/aspnet.h"

/* Why there is no address to listen on, or none that anybody meant. */
enum address_fault {
    ADDRESS_GOOD,
    ADDRESS_NO_SCHEME,         /* no "://" */
    ADDRESS_NO_HOST,           /* nothing between "://" and the port */
    ADDRESS_UNKNOWN_SCHEME,    /* not http or https */
    ADDRESS_PATH_BASE,         /* text after the "/" */
    ADDRESS_NO_PORT,           /* a whole address in the place of a port */
    ADDRESS_PORT_RANGE,        /* a number, but not from 0 to 65535 */
    ADDRESS_PORT_TEXT,         /* not a number: Kestrel takes port 80 or 443 without a word */
    ADDRESS_PIPE,              /* named pipes are for Windows */
    ADDRESS_SOCKET_PATH,       /* a Unix socket's path is "/" or too long */
    ADDRESS_DYNAMIC_LOCALHOST, /* port 0 of localhost: two addresses, and no one port */
    ADDRESS_DYNAMIC_BELOW,     /* port 0 of a name below localhost: good before ASP.NET Core 10 */
};

/*
 * Reads an entry of URLS, or a Kestrel endpoint's Url, into *address; readings and source are left
 * empty. With ADDRESS_PORT_TEXT and ADDRESS_DYNAMIC_BELOW the address is there all the same.
 */
enum address_fault address_parse(struct text url, struct address *address);

/* Reads an entry of HTTP_PORTS or HTTPS_PORTS: scheme "http" or "https", "*:" before the entry. */
enum address_fault address_parse_port(const char *scheme, struct text entry,
                                      struct address *address);

/* The same with 127.0.0.1 in place of "*": ASPNETCORE_PORT of the IIS integration. */
enum address_fault address_parse_loopback_port(struct text entry, struct address *address);

/* What is wrong, to be read after "ENTRY is"; scheme as in struct address. */
const char *address_explain(enum address_fault fault, const char *scheme);

/* What to do about it in piece, the entry that it is in. */
const char *address_advise(enum address_fault fault, struct text piece);

/* entry without the white space that .NET's Trim() takes off its ends (Unicode White_Space). */
struct text address_trim(struct text entry);

#endif
