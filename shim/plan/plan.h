/*
 * The decision: identity, ports and what we hold, turned into what will be done, or into a
 * refusal (DESIGN.md, Identity; DESIGN.md, Ports). Pure.
 */
#ifndef SHIM_PLAN_H
#define SHIM_PLAN_H

#include "aspnet/aspnet.h"
#include "identity/identity.h"

/* What this process holds as it starts; held_read() fills it. */
struct held {
    bool known;                          /* false: the kernel did not say, and all else is open */
    bool chown, setuid, setgid, setpcap; /* effective capabilities */
    bool net_bind;                       /* permitted: lent, it is not effective */
    uint64_t unexplained;                /* permitted, but not ambient */
    bool bounds_net_bind;                /* the bounding set has that capability */
    bool no_new_privs;                   /* so no file lends us anything */
    bool has_ambient;                    /* the kernel has such a set */
    bool noroot;                         /* SECBIT_NOROOT: uid 0 is nothing special */
    bool init;                           /* we are PID 1 */
    bool floor_known;
    uint32_t kernel_floor; /* net.ipv4.ip_unprivileged_port_start, else the kernel's default */
};

struct plan {
    bool refused;
    bool lent;            /* our rights are not our caller's: what only they show is not told */
    bool switches;        /* ids and groups are set */
    bool uid_changes;     /* stdio and HOME are handed over too */
    bool gives_stdio;     /* with CAP_CHOWN; without it the app has to be told */
    bool sets_groups;     /* false where the list is right and setgroups is denied */
    bool locks_root;      /* by the securebits, which need CAP_SETPCAP */
    bool drops_bounding;  /* which needs it too */
    uint64_t bounding;    /* what stays in the bounding set then */
    uint64_t kept;        /* what survives, in the app alone: nothing, or CAP_NET_BIND_SERVICE */
    uint32_t floor;       /* ports below it are privileged */
    uint32_t probe_floor; /* ports below it may be, and are tried */
    uid_t uid;
    gid_t gid;
    const struct group_list *groups;
    const char *home; /* the app's HOME; NULL: the environment has none, and that stays so */
    const struct listen *listen;
};

/*
 * Whether the rights we were started with are our caller's own, or the one capability that the
 * shim's file may lend. If not, an error in messages: no verb may act on lent ones. The rule is the
 * kernel's: security/commoncap.c; AT_SECURE alone proves nothing (DESIGN.md, Identity).
 */
bool plan_check_origin(const struct identity *now, const struct held *held,
                       struct messages *messages);

/*
 * Makes the plan. home is HOME as we were given it, or NULL. What is refused, and what is worth
 * knowing, goes into messages; errors that are in messages already refuse too.
 */
void plan_make(const struct options *options, const struct identity *identity,
               const struct listen *listen, const struct held *held, const char *home,
               struct plan *plan, struct messages *messages);

#endif
