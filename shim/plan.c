#include "plan.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

static const uint64_t net_bind = CAPABILITY_BIT(CAP_NET_BIND_SERVICE);

static bool ids_differ(const struct identity *now) {
    return now->ruid != now->euid || now->euid != now->suid || now->rgid != now->egid ||
           now->egid != now->sgid;
}

/*
 * The capabilities that a file has given us: execve(2) clears the ambient set for such a file,
 * gives nobody but root more than that without one, and then sets AT_SECURE for all but real root.
 * Sandboxes that start ordinary users with capabilities of their own (gVisor) do not set it.
 */
static uint64_t find_lent(const struct identity *now, const struct held *held) {
    bool may_be_lent = now->ruid == 0 ? held->noroot : now->secure;
    return may_be_lent ? held->unexplained : 0;
}

bool plan_check_origin(const struct identity *now, const struct held *held,
                       struct messages *messages) {
    uint64_t lent = find_lent(now, held) & ~net_bind;
    if (!ids_differ(now) && lent == 0) {
        return true;
    }
    if (now->ruid != now->euid || now->euid != now->suid) {
        message_error(messages, "started with different user ids: real %u, effective %u, saved %u",
                      (unsigned)now->ruid, (unsigned)now->euid, (unsigned)now->suid);
    } else if (ids_differ(now)) {
        message_error(messages, "started with different group ids: real %u, effective %u, saved %u",
                      (unsigned)now->rgid, (unsigned)now->egid, (unsigned)now->sgid);
    } else {
        message_error(messages,
                      "started by uid %u with capabilities that the shim's file lends: %s",
                      (unsigned)now->ruid, capability_names(lent).text);
    }
    message_hint(messages, "if the shim's file is setuid or setgid or has capabilities, take that "
                           "off (chmod 0755, setcap -r): it would lend its rights to anyone in the "
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

/* "/etc/passwd", or both. */
static const char *name_written(const struct identity *identity) {
    return identity->passwd.in == TRUST_ALL  ? "/etc/group"
           : identity->group.in == TRUST_ALL ? "/etc/passwd"
                                             : "/etc/passwd and /etc/group";
}

/* An account file that the app may write to is not taken at its word about groups. */
static void warn_of_lost_groups(const struct identity *identity, struct messages *messages) {
    char list[256] = "";
    size_t length = 0;
    size_t more = 0;
    if (identity->gid_stands_in) {
        length = (size_t)snprintf(list, sizeof list, "%u", (unsigned)identity->app.gid);
    }
    for (size_t i = 0; i < identity->lost.count; i++) {
        gid_t gid = identity->lost.ids[i];
        if (groups_have(&identity->app_groups, gid) ||
            (identity->gid_stands_in && gid == identity->app.gid)) {
            continue;
        }
        if (length + 16 < sizeof list) {
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%u",
                                       length > 0 ? ", " : "", (unsigned)gid);
        } else {
            more++;
        }
    }
    if (length == 0) {
        return;
    }
    message_warn(
        messages, "uid %u may write to %s, which could put it into any group: not taken: %s%s",
        (unsigned)identity->app_uid, name_written(identity), list, more > 0 ? " and others" : "");
    message_hint(messages, "APP_GID and APP_GROUPS always count: set them, or make root the owner "
                           "of the file and take the write permission of others away");
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

static void warn_of_no_home(const struct identity *identity, const struct plan *plan,
                            const char *before, struct messages *messages) {
    if (plan->home == before || strcmp(plan->home, "/") != 0) {
        return;
    }
    message_warn(messages, "HOME becomes /: /etc/passwd has no home for uid %u",
                 (unsigned)identity->app_uid);
    message_hint(messages, "apps of a single file and DataProtection want one that they may write "
                           "to: set HOME, or give the user a line in /etc/passwd");
}

static void warn_of_effective_file(const struct identity *identity, struct messages *messages) {
    const struct file_capabilities *file = &identity->own_file;
    if (file->state == FILECAPS_HONOURED && file->effective) {
        message_warn(messages, "the shim's file has effective capabilities: where the container "
                               "lacks one of them the kernel refuses to start it");
        message_hint(messages, "give it permitted ones only: --install-net-bind-service, or "
                               "setcap cap_net_bind_service=p");
    }
}

static void check_identity(const struct options *options, const struct identity *identity,
                           const struct held *held, struct messages *messages) {
    check_switch(identity, held, messages);
    check_namespace(identity, messages);
    check_own_file(identity, messages);
    if (identity->kept) {
        warn_of_effective_file(identity, messages);
        tell_of_kept_identity(options, identity, messages);
    } else {
        warn_of_lost_groups(identity, messages);
    }
}

static const char *choose_home(const struct identity *identity, const char *home) {
    const struct account *starter = &identity->starter;
    bool left_over = home == NULL || home[0] == '\0' || strcmp(home, "/root") == 0 ||
                     (starter->found && strcmp(home, starter->home) == 0);
    if (identity->kept || identity->app_uid == identity->euid || !left_over) {
        return home;
    }
    if (identity->app.found && identity->app.home[0] == '/') {
        return identity->app.home;
    }
    return "/";
}

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
                 floor <= 8080 ? ", 8080 by custom" : "");
    if (identity->kept) {
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
static void decide_ports(const struct options *options, const struct identity *identity,
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

static void warn_of_idle_settings(const struct options *options, const struct held *held,
                                  struct messages *messages) {
    if (!options->supervise && options->tunes_supervision) {
        message_warn(messages, "SHIM_SIGNAL_GROUP, SHIM_SIGNAL_REWRITE, SHIM_EXIT_CODES and "
                               "SHIM_GRACE_PERIOD are ignored: SHIM_SUPERVISE is 0");
    } else if (options->grace_seconds > 0 && !held->init) {
        message_warn(messages, "SHIM_GRACE_PERIOD is ignored: it works as PID 1 only");
    }
}

/*
 * As PID 1 the app itself is what `exec` joins, and that is root where the container starts as
 * root: user_namespaces(7).
 */
static void warn_of_open_exec(const struct options *options, const struct identity *identity,
                              const struct held *held, struct messages *messages) {
    if (options->supervise || !held->init || identity->kept) {
        return;
    }
    message_warn(messages, "with SHIM_SUPERVISE=0 as PID 1 an exec into the container joins the "
                           "app itself, as root: the app could be root with it");
    message_hint(messages,
                 "leave it out, or give the container an init (--init), or start it as the app's "
                 "user: USER %u",
                 (unsigned)identity->app_uid);
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
    plan->locks_root = held->setpcap;
    plan->drops_bounding = held->setpcap && !options->keeps_bounding_set;
    plan->home = choose_home(identity, home);
    plan->listen = listen;
    plan->refused = true;
    if (!held->known) {
        return; /* which is an error already */
    }

    plan->lent = !plan_check_origin(identity, held, messages);
    if (identity->known) {
        check_identity(options, identity, held, messages);
    }
    decide_ports(options, identity, listen, held, plan, messages);
    plan->bounding = held->bounds_net_bind ? plan->kept : 0;
    if (!held->setpcap) {
        message_info(messages,
                     "without CAP_SETPCAP the bounding set and the securebits stay as they "
                     "are; no_new_privs makes both harmless");
    }
    warn_of_idle_settings(options, held, messages);
    warn_of_open_exec(options, identity, held, messages);
    plan->refused = messages->errors;
    if (!plan->refused) {
        warn_of_no_home(identity, plan, home, messages);
    }
}
