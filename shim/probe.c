#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether this process may bind address; everything but a want of privilege counts as yes. */
static bool may_bind(const struct sockaddr *address, socklen_t length, bool only_v6) {
    const int on = 1;
    const int v6 = only_v6 ? 1 : 0;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno != EACCES && errno != EPERM;
    }
    /* As Kestrel does; where an option is not to be had, bind() still gives the answer. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->sa_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6, sizeof v6);
    }
    bool allowed = bind(fd, address, length) == 0 || (errno != EACCES && errno != EPERM);
    (void)close(fd); /* it never listened: there is nothing to lose */
    return allowed;
}

static bool may_bind_v4(struct in_addr ip, uint32_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = ip};
    address.sin_port = htons((uint16_t)port);
    return may_bind((const struct sockaddr *)&address, sizeof address, false);
}

static bool may_bind_v6(const struct in6_addr *ip, uint32_t port, bool only_v6) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = *ip};
    address.sin6_port = htons((uint16_t)port);
    return may_bind((const struct sockaddr *)&address, sizeof address, only_v6);
}

/* The families in Kestrel's order; one that works is enough. */
static bool may_listen(const struct address *address) {
    const struct in_addr any = {htonl(INADDR_ANY)};
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    switch (address->host) {
    case HOST_IPV4:
        return may_bind_v4(address->ipv4, address->port);
    case HOST_IPV6:
        return may_bind_v6(&address->ipv6, address->port, !IN6_IS_ADDR_UNSPECIFIED(&address->ipv6));
    case HOST_LOCALHOST:
        return may_bind_v4(loopback, address->port) ||
               may_bind_v6(&in6addr_loopback, address->port, true);
    case HOST_ANY:
        break;
    }
    return may_bind_v6(&in6addr_any, address->port, false) || may_bind_v4(any, address->port);
}

bool probe_ports(const struct plan *plan, struct report *report) {
    bool good = true;
    for (size_t i = 0; i < plan->listen->count; i++) {
        const struct address *address = &plan->listen->addresses[i];
        if (address->port == 0 || address->port >= plan->floor || may_listen(address)) {
            continue;
        }
        good = false;
        report_error(report, "port %u, from %s, cannot be opened as uid %u: %s",
                     (unsigned)address->port, plain(address->source).text, (unsigned)plan->uid,
                     strerror(EACCES));
        report_hint(report, "CAP_NET_BIND_SERVICE does not count here (host network with a user "
                            "namespace, a sandbox): use a port from 1024 up, "
                            "ASPNETCORE_HTTP_PORTS=8080");
    }
    return good;
}
