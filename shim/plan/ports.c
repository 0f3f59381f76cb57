#include "ports.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

static const uint64_t net_bind = CAPABILITY_BIT(CAP_NET_BIND_SERVICE);

/* Why the shim's file has not lent an ordinary user the capability, and what to do about it. */
static void advise_lending(const struct identity *identity, const struct held *held,
                           struct messages *messages) {
    static const char has[] = "the shim's file has cap_net_bind_service";
    const struct file_capabilities *file = &identity->own_file;
    if (file->state == FILECAPS_FOREIGN) {
        message_hint(messages, "the shim's file has capabilities of another user namespace: give "
                               "them in the one that the image is built in");
    } else if ((file->permitted & net_bind) == 0) {
        message_hint(messages, "or let the shim's file lend it, in the Dockerfile before USER: RUN "
                               "[\"/shim\", \"--install-net-bind-service\", \"/shim\"] (a copy of "
                               "the file may lose it)");
    } else if (file->state == FILECAPS_NOSUID) {
        message_hint(messages,
                     "%s, but is on a nosuid mount, where no file lends anything: put it "
                     "into the image",
                     has);
    } else if (held->no_new_privs) {
        message_hint(messages,
                     "%s, but no_new_privs keeps it away: leave out "
                     "allowPrivilegeEscalation: false, --security-opt no-new-privileges",
                     has);
    } else if (!held->bounds_net_bind) {
        message_hint(messages,
                     "%s, but the container does not: --cap-add NET_BIND_SERVICE, or in "
                     "a pod capabilities: {add: [NET_BIND_SERVICE]}",
                     has);
    } else {
        message_hint(messages, "%s, but this kernel or sandbox does not lend it", has);
    }
}

static void refuse_port(const struct address *address, const struct identity *identity,
                        const struct held *held, uint32_t floor, struct messages *messages) {
    message_error(messages,
                  "port %u, from %s, is privileged (below %u) and CAP_NET_BIND_SERVICE is "
                  "missing%s",
                  (unsigned)address->port, plain(address->source).text, (unsigned)floor,
                  held->floor_known && address->port < held->kernel_floor
                      ? ": the app could not open it"
                      : "");
    bool unset = text_equal(address->source, LITERAL("default"));
    message_hint(messages, "%s %s a port from %u up%s", unset ? "set" : "give",
                 unset ? "ASPNETCORE_HTTP_PORTS to" : plain(address->source).text, (unsigned)floor,
                 listen_name_custom(address, floor));
    if (identity->stays) {
        advise_lending(identity, held, messages);
        message_hint(messages, "or start the container as root with that capability: the shim "
                               "becomes the app's user itself, and hands it on");
    } else {
        message_hint(messages, "or add the capability: --cap-add NET_BIND_SERVICE, or in a pod "
                               "capabilities: {add: [NET_BIND_SERVICE]}");
    }
    if (!held->floor_known) {
        message_hint(messages, "or SHIM_UNPRIVILEGED_PORT_START=0: then the port is tried as the "
                               "app's user before the app starts, and this kernel decides");
    } else if (held->kernel_floor <= 1) {
        message_hint(messages, "or SHIM_UNPRIVILEGED_PORT_START=0: here the kernel itself lets "
                               "every user open any port");
    } else if (address->port >= held->kernel_floor) {
        message_hint(messages,
                     "or SHIM_UNPRIVILEGED_PORT_START=0: here the kernel itself lets "
                     "every user open ports from %u up",
                     (unsigned)held->kernel_floor);
    }
}

/* Whether there is such an app nobody can tell; and most that could be misled are not. */
static void warn_of_port(const struct address *address, uint32_t floor, struct messages *messages) {
    message_warn(messages,
                 "port %u, from %s, is below %u and CAP_NET_BIND_SERVICE is "
                 "missing: an app of the %s could not open it",
                 (unsigned)address->port, plain(address->source).text, (unsigned)floor,
                 listen_name_readings(address));
    message_hint(messages,
                 "if it is one, give %s a port from %u up, or the container the capability: "
                 "--cap-add NET_BIND_SERVICE",
                 plain(address->source).text, (unsigned)floor);
}

/* A port that a list names twice is told once. */
static bool is_repeated(const struct listen *listen, size_t index) {
    const struct address *address = &listen->addresses[index];
    for (size_t i = 0; i < index; i++) {
        const struct address *before = &listen->addresses[i];
        if (before->port == address->port && before->readings == address->readings &&
            text_equal(before->source, address->source)) {
            return true;
        }
    }
    return false;
}

/*
 * What is kept is what an ordinary user could not do without. Where the kernel's floor is unknown,
 * or there is no ambient set to keep it in, the probe has the last word. Port 0 is no privilege:
 * the kernel picks one.
 */
void ports_decide(const struct options *options, const struct identity *identity,
                  const struct listen *listen, const struct held *held, struct plan *plan,
                  struct messages *messages) {
    bool counts = held->floor_known && held->kernel_floor > options->unprivileged_port_start;
    plan->floor = counts ? held->kernel_floor : options->unprivileged_port_start;
    plan->probe_floor = held->kernel_floor > plan->floor ? held->kernel_floor : plan->floor;
    for (size_t i = 0; i < listen->count; i++) {
        const struct address *address = &listen->addresses[i];
        if (address->port == 0 || address->port >= plan->probe_floor) {
            continue;
        }
        if (address->port < plan->floor && !held->net_bind) {
            if (is_repeated(listen, i)) {
                continue;
            }
            if ((address->readings & READING_WEB) != 0) {
                refuse_port(address, identity, held, plan->floor, messages);
            } else {
                warn_of_port(address, plan->floor, messages);
            }
        } else if (address->port < held->kernel_floor && held->net_bind && held->has_ambient) {
            plan->kept = net_bind;
        }
    }
}
