/*
 * The decision: identity, ports and what we hold, turned into what will be done, or into a
 * refusal (DESIGN.md, Identity; DESIGN.md, Ports). Pure.
 */
#ifndef SHIM_PLAN_H
#define SHIM_PLAN_H

#include "aspnet/aspnet.h"
#include "identity/identity.h"

/* What this process holds as it starts; privilege_read() fills it. */
struct held {
    bool chown, setuid, setgid, setpcap, net_bind; /* effective capabilities */
    bool init;                                     /* we are PID 1 */
    uint32_t kernel_floor; /* net.ipv4.ip_unprivileged_port_start: first port open to everybody */
};

struct plan {
    bool refused;
    bool switches;       /* ids and groups are set */
    bool uid_changes;    /* stdio and HOME are handed over too */
    bool gives_stdio;    /* with CAP_CHOWN; without it the app is to know */
    bool sets_groups;    /* false where the list is right and setgroups is denied */
    bool drops_bounding; /* with it the securebits: both need CAP_SETPCAP */
    bool keeps_net_bind; /* CAP_NET_BIND_SERVICE survives, in the app alone */
    uint32_t floor;      /* ports below it are privileged; listed ones below it are probed */
    uid_t uid;
    gid_t gid;
    const struct group_list *groups;
    const char *home; /* the app's HOME; NULL: the environment has none, and that stays so */
    const struct listen *listen;
};

/* Whether an address needs a privilege under the plan. Port 0 does not: the kernel picks one. */
bool plan_is_privileged(const struct plan *plan, const struct address *address);

/*
 * Whether the rights we were started with are our caller's own. If not, an error in messages: no
 * verb may act on lent ones.
 */
bool plan_check_origin(const struct identity *now, struct messages *messages);

/*
 * Makes the plan. home is HOME as we were given it, or NULL. What is refused, and what is worth
 * knowing, goes into messages; errors that are in messages already refuse too.
 */
void plan_make(const struct options *options, const struct identity *identity,
               const struct listen *listen, const struct held *held, const char *home,
               struct plan *plan, struct messages *messages);

#endif
