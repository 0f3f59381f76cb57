/* Hosts as .NET's IPAddress.TryParse and Kestrel read them. Pure. */
#ifndef SHIM_HOST_H
#define SHIM_HOST_H

#include "base/base.h"

#include <netinet/in.h>

/*
 * Whether host is an address of that family, which then is in *ip: IPv4 in the forms of
 * inet_aton(3), IPv6 with or without brackets and a scope (which is left out of *ip).
 */
bool host_read_ipv4(struct text host, struct in_addr *ip);
bool host_read_ipv6(struct text host, struct in6_addr *ip);

/* Whether host is localhost, or below it: loopback from ASP.NET Core 10 on. */
bool host_is_localhost(struct text host);

/* The same of a host that ends in host, and of which more comes before it. */
bool host_is_below_localhost(struct text host);

#endif
