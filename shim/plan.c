#include "plan.h"

#include <stdio.h>
#include <string.h>

bool plan_check_origin(const struct identity *now, struct messages *messages) {
    if (!identity_is_lent(now)) {
        return true;
    }
    if (now->ruid != now->euid || now->euid != now->suid) {
        message_error(messages, "started with different user ids: real %u, effective %u, saved %u",
                      (unsigned)now->ruid, (unsigned)now->euid, (unsigned)now->suid);
    } else if (now->rgid != now->egid || now->egid != now->sgid) {
        message_error(messages, "started with different group ids: real %u, effective %u, saved %u",
                      (unsigned)now->rgid, (unsigned)now->egid, (unsigned)now->sgid);
    } else {
        message_error(messages, "started with lent rights (AT_SECURE): the shim's file is setuid, "
                                "setgid or has capabilities, or a security policy says so");
    }
    message_hint(messages, "if the file is setuid or setgid or has capabilities, take that off "
                           "(chmod 0755, setcap -r): it would lend its rights to anyone in the "
                           "container; else start the shim as one user and one group");
    return false;
}

static void check_switch(const struct identity *identity, const struct held *held,
                         struct messages *messages) {
    if (identity->kept || (held->setuid && held->setgid)) {
        return;
    }
    const char *missing = held->setuid   ? "CAP_SETGID"
                          : held->setgid ? "CAP_SETUID"
                                         : "CAP_SETUID and CAP_SETGID";
    message_error(messages, "started as root, but without %s: cannot become uid %u", missing,
                  (unsigned)identity->app_uid);
    message_hint(messages, "add them: --cap-add SETUID --cap-add SETGID, or in a pod "
                           "capabilities: {add: [SETUID, SETGID]}");
    message_hint(messages,
                 "or start as that user: USER %u in the Dockerfile, runAsUser: %u in a pod",
                 (unsigned)identity->app_uid, (unsigned)identity->app_uid);
}

static void check_namespace(const struct identity *identity, struct messages *messages) {
    if (identity->kept) {
        return;
    }
    if (identity->uid_unmapped) {
        message_error(messages, "uid %u is not mapped in this user namespace",
                      (unsigned)identity->app_uid);
        message_hint(messages, "map it (--uidmap, /etc/subuid), or set APP_UID to a uid that "
                               "/proc/self/uid_map covers");
    }
    if (identity->gid_unmapped) {
        message_error(messages, "gid %u is not mapped in this user namespace",
                      (unsigned)identity->unmapped_gid);
        message_hint(messages, "map it (--gidmap, /etc/subgid), or set APP_GID and APP_GROUPS to "
                               "gids that /proc/self/gid_map covers");
    }
    if (identity->setgroups_denied && !groups_equal(&identity->groups, &identity->app_groups)) {
        message_error(messages, "this user namespace denies setgroups, and the groups would have "
                                "to change");
        message_hint(messages, "map the gids with privilege (newgidmap, /etc/subgid), so that "
                               "/proc/self/setgroups says allow");
    }
}

static void check_own_file(const struct identity *identity, struct messages *messages) {
    if (identity->replaceable[0] == '\0') {
        return;
    }
    message_error(messages,
                  "uid %u may write to %s: the app could replace the shim and be root at "
                  "the next start",
                  (unsigned)identity->app_uid, quote(text_of(identity->replaceable)).text);
    message_hint(messages, "mount it read-only for the app, or make root its owner "
                           "and take the write permission of others away");
}

/* Our primary group may be the platform's wish too: runAsGroup, `--user 0:2000`. */
static bool is_lost(const struct identity *identity, gid_t gid) {
    gid_t own = identity->starter.found ? identity->starter.gid : identity->euid;
    return gid != 0 && gid != own && !groups_have(&identity->app_groups, gid) &&
           !groups_have(&identity->starter_groups, gid);
}

/* Groups of ours that go, and that nothing in the image explains, were the platform's wish. */
static void warn_of_lost_groups(const struct options *options, const struct identity *identity,
                                struct messages *messages) {
    char wish[512] = "";
    size_t length = 0;
    size_t lost = 0;
    for (size_t i = 0; i < options->group_count && length < sizeof wish; i++) {
        length += (size_t)snprintf(wish + length, sizeof wish - length, "%s%u",
                                   length > 0 ? "," : "", (unsigned)options->groups[i]);
    }
    for (size_t i = 0; i < identity->groups.count; i++) {
        gid_t gid = identity->groups.ids[i];
        if (!is_lost(identity, gid)) {
            continue;
        }
        lost++;
        message_warn(messages, "group %u, which the container was started with, is dropped",
                     (unsigned)gid);
        if (length < sizeof wish) {
            length += (size_t)snprintf(wish + length, sizeof wish - length, "%s%u",
                                       length > 0 ? "," : "", (unsigned)gid);
        }
    }
    if (lost > 0 && length < sizeof wish) {
        message_hint(messages,
                     "if the app needs what the platform adds (fsGroup, --group-add, runAsGroup): "
                     "APP_GROUPS=%s",
                     wish);
    }
}

/* The platform chose the user: what was asked for beyond that cannot be had. */
static void tell_of_kept_identity(const struct options *options, const struct identity *identity,
                                  struct messages *messages) {
    uint32_t wanted = options->uid.state == ID_SET ? options->uid.id : DEFAULT_UID;
    if (wanted != identity->app_uid) {
        message_info(messages,
                     "stays uid %u, as the platform started it; APP_UID %u needs CAP_SETUID "
                     "and CAP_SETGID",
                     (unsigned)identity->app_uid, (unsigned)wanted);
    }
    if (options->gid.state == ID_SET && options->gid.id != identity->app_gid) {
        message_warn(messages,
                     "APP_GID is %u, but the gid stays %u: changing it needs CAP_SETUID "
                     "and CAP_SETGID",
                     (unsigned)options->gid.id, (unsigned)identity->app_gid);
    }
    for (size_t i = 0; i < options->group_count; i++) {
        gid_t gid = options->groups[i];
        if (gid != identity->app_gid && !groups_have(&identity->app_groups, gid)) {
            message_warn(messages,
                         "APP_GROUPS lists %u, which cannot be added: that needs CAP_SETUID "
                         "and CAP_SETGID",
                         (unsigned)gid);
        }
    }
}

static const char *choose_home(const struct identity *identity, const char *home) {
    const struct account *starter = &identity->starter;
    bool left_over = home == NULL || home[0] == '\0' || strcmp(home, "/root") == 0 ||
                     (starter->found && strcmp(home, starter->home) == 0);
    if (identity->kept || identity->app_uid == identity->euid || !left_over) {
        return home;
    }
    return identity->app.found && identity->app.home[0] == '/' ? identity->app.home : "/";
}

bool plan_is_privileged(const struct plan *plan, const struct address *address) {
    return address->port != 0 && address->port < plan->floor;
}

static void refuse_port(const struct address *address, const struct identity *identity,
                        const struct held *held, uint32_t floor, struct messages *messages) {
    message_error(messages,
                  "port %u, from %s, is privileged (below %u) and CAP_NET_BIND_SERVICE is "
                  "missing%s",
                  (unsigned)address->port, plain(address->source).text, (unsigned)floor,
                  address->port < held->kernel_floor ? ": the app could not open it" : "");
    bool unset = text_equal(address->source, LITERAL("default"));
    message_hint(messages, "%s %s a port from %u up%s", unset ? "set" : "give",
                 unset ? "ASPNETCORE_HTTP_PORTS to" : plain(address->source).text, (unsigned)floor,
                 floor <= 8080 ? ", 8080 by custom" : "");
    if (identity->kept) {
        message_hint(messages, "or start the container as root with that capability: the shim "
                               "becomes the app's user itself, and hands it on");
    } else {
        message_hint(messages, "or add the capability: --cap-add NET_BIND_SERVICE, or in a pod "
                               "capabilities: {add: [NET_BIND_SERVICE]}");
    }
    if (address->port >= held->kernel_floor) {
        message_hint(messages,
                     "or SHIM_UNPRIVILEGED_PORT_START=0: here the kernel itself lets "
                     "every user open ports from %u up",
                     (unsigned)held->kernel_floor);
    }
}

static void decide_ports(const struct options *options, const struct identity *identity,
                         const struct listen *listen, const struct held *held, struct plan *plan,
                         struct messages *messages) {
    plan->floor = held->kernel_floor > options->unprivileged_port_start
                      ? held->kernel_floor
                      : options->unprivileged_port_start;
    for (size_t i = 0; i < listen->count; i++) {
        const struct address *address = &listen->addresses[i];
        if (!plan_is_privileged(plan, address)) {
            continue;
        }
        if (!held->net_bind) {
            refuse_port(address, identity, held, plan->floor, messages);
        } else if (address->port < held->kernel_floor) {
            plan->keeps_net_bind = true;
        }
    }
}

static void warn_of_idle_settings(const struct options *options, const struct held *held,
                                  struct messages *messages) {
    if (!options->supervise && options->tunes_supervision) {
        message_warn(messages, "SHIM_SIGNAL_GROUP, SHIM_SIGNAL_REWRITE, SHIM_EXIT_CODES and "
                               "SHIM_GRACE_PERIOD are ignored: SHIM_SUPERVISE is 0");
    } else if (options->grace_seconds > 0 && !held->init) {
        message_warn(messages, "SHIM_GRACE_PERIOD is ignored: it works as PID 1 only");
    }
}

void plan_make(const struct options *options, const struct identity *identity,
               const struct listen *listen, const struct held *held, const char *home,
               struct plan *plan, struct messages *messages) {
    memset(plan, 0, sizeof *plan);
    plan->uid = identity->app_uid;
    plan->gid = identity->app_gid;
    plan->groups = &identity->app_groups;
    plan->switches = !identity->kept;
    plan->uid_changes = identity->app_uid != identity->euid;
    plan->gives_stdio = held->chown;
    plan->sets_groups = !identity->kept && !identity->setgroups_denied;
    plan->drops_bounding = held->setpcap;
    plan->home = choose_home(identity, home);
    plan->listen = listen;

    (void)plan_check_origin(identity, messages); /* it is in messages */
    if (identity->known) {
        check_switch(identity, held, messages);
        check_namespace(identity, messages);
        check_own_file(identity, messages);
    }
    if (identity->kept) {
        tell_of_kept_identity(options, identity, messages);
    } else {
        warn_of_lost_groups(options, identity, messages);
    }
    decide_ports(options, identity, listen, held, plan, messages);
    if (!held->setpcap) {
        message_warn(messages,
                     "without CAP_SETPCAP the bounding set and the securebits stay as they "
                     "are; no_new_privs makes both harmless");
    }
    warn_of_idle_settings(options, held, messages);
    plan->refused = messages->errors;
}
