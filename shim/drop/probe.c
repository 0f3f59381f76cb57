#include "drop/drop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What bind(2) says; whatever is neither a want of privilege nor of the family counts as yes. */
enum answer { ANSWER_YES, ANSWER_DENIED, ANSWER_NO_FAMILY };

static enum answer read_answer(int error) {
    switch (error) {
    case EACCES:
    case EPERM:
        return ANSWER_DENIED;
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
        return ANSWER_NO_FAMILY;
    default:
        return ANSWER_YES;
    }
}

static enum answer ask(const struct sockaddr *address, socklen_t length, int type, bool only_v6) {
    const int on = 1;
    const int v6 = only_v6 ? 1 : 0;
    int fd = socket(address->sa_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return read_answer(errno);
    }
    /* As Kestrel does; where an option is not to be had, bind() still gives the answer. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->sa_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6, sizeof v6);
    }
    enum answer answer = bind(fd, address, length) == 0 ? ANSWER_YES : read_answer(errno);
    (void)close(fd); /* it never listened: there is nothing to lose */
    return answer;
}

static enum answer ask_v4(struct in_addr ip, uint32_t port, int type) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = ip};
    address.sin_port = htons((uint16_t)port);
    return ask((const struct sockaddr *)&address, sizeof address, type, false);
}

static enum answer ask_v6(const struct in6_addr *ip, uint32_t port, int type, bool only_v6) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = *ip};
    address.sin6_port = htons((uint16_t)port);
    return ask((const struct sockaddr *)&address, sizeof address, type, only_v6);
}

/* Denied is what no family allows and one denies. */
static bool is_denied(enum answer first, enum answer second) {
    return first != ANSWER_YES && second != ANSWER_YES &&
           (first == ANSWER_DENIED || second == ANSWER_DENIED);
}

/* The families that Kestrel tries, with a socket of that type. */
static bool may_listen(const struct address *address, int type) {
    const struct in_addr any = {htonl(INADDR_ANY)};
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    uint32_t port = address->port;
    switch (address->host) {
    case HOST_IPV4:
        return ask_v4(address->ipv4, port, type) != ANSWER_DENIED;
    case HOST_IPV6:
        return ask_v6(&address->ipv6, port, type, !IN6_IS_ADDR_UNSPECIFIED(&address->ipv6)) !=
               ANSWER_DENIED;
    case HOST_LOCALHOST:
        return !is_denied(ask_v4(loopback, port, type),
                          ask_v6(&in6addr_loopback, port, type, true));
    case HOST_ANY:
        break;
    }
    return !is_denied(ask_v6(&in6addr_any, port, type, false), ask_v4(any, port, type));
}

static void refuse(const struct plan *plan, const struct address *address,
                   struct messages *messages) {
    message_error(messages, "port %u, from %s, cannot be opened as uid %u: %s",
                  (unsigned)address->port, plain(address->source).text, (unsigned)plan->uid,
                  strerror(EACCES));
    bool unset = text_equal(address->source, LITERAL("default"));
    message_hint(messages, "%s: %s %s a port from %u up%s",
                 plan->kept != 0 ? "CAP_NET_BIND_SERVICE does not count here (host network with a "
                                   "user namespace, a sandbox)"
                                 : "this kernel wants CAP_NET_BIND_SERVICE for it",
                 unset ? "set" : "give",
                 unset ? "ASPNETCORE_HTTP_PORTS to" : plain(address->source).text,
                 (unsigned)plan->probe_floor, listen_name_custom(address, plan->probe_floor));
}

/*
 * What only another reading opens, or only an endpoint with HTTP/3 on: nobody can tell whether the
 * app does. Where nothing is kept, the plan has warned.
 */
static void warn(const struct plan *plan, const struct address *address, const char *what,
                 struct messages *messages) {
    if (plan->kept != 0) {
        message_warn(messages, "port %u%s, from %s, cannot be opened as uid %u: %s",
                     (unsigned)address->port, what, plain(address->source).text,
                     (unsigned)plan->uid, strerror(EACCES));
    }
}

static bool probe(const struct plan *plan, const struct address *address,
                  struct messages *messages) {
    if (!may_listen(address, SOCK_STREAM)) {
        if ((address->readings & READING_WEB) != 0) {
            refuse(plan, address, messages);
            return false;
        }
        warn(plan, address, "", messages);
    } else if (strcmp(address->scheme, "https") == 0 && !may_listen(address, SOCK_DGRAM)) {
        warn(plan, address, " by UDP, which HTTP/3 needs", messages);
    }
    return true;
}

bool probe_ports(const struct plan *plan, struct messages *messages) {
    bool good = true;
    size_t tried = 0;
    for (size_t i = 0; i < plan->listen->count; i++) {
        const struct address *address = &plan->listen->addresses[i];
        if (address->port != 0 && address->port < plan->probe_floor) {
            good = probe(plan, address, messages) && good;
            tried++;
        }
    }
    message_debug(messages, "probed: ports below %u, tried as uid %u: %zu",
                  (unsigned)plan->probe_floor, (unsigned)plan->uid, tried);
    return good;
}
