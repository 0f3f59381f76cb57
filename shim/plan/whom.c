#include "whom.h"

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
    if (identity->stays || (held->setuid && held->setgid)) {
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
    if (identity->stays) {
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
                           "and take the write permission of others away (chmod go-w)");
}

/* "/etc/passwd", or both. */
static const char *name_written(const struct identity *identity) {
    return identity->passwd.in == TRUST_ALL  ? "/etc/group"
           : identity->group.in == TRUST_ALL ? "/etc/passwd"
                                             : "/etc/passwd and /etc/group";
}

/* Lists the groups that are not taken, those of size that fit. Returns whether there are any. */
static bool list_lost_groups(const struct identity *identity, char *list, size_t size) {
    static const char others[] = " and others";
    size_t length = 0;
    list[0] = '\0';
    if (identity->gid_stands_in) {
        length = (size_t)snprintf(list, size, "%u", (unsigned)identity->app.gid);
    }
    for (size_t i = 0; i < identity->lost.count; i++) {
        gid_t gid = identity->lost.ids[i];
        if (groups_have(&identity->app_groups, gid) ||
            (identity->gid_stands_in && gid == identity->app.gid)) {
            continue;
        }
        if (length + sizeof ", 4294967295" + sizeof others > size) {
            (void)snprintf(list + length, size - length, "%s", others);
            return true;
        }
        length += (size_t)snprintf(list + length, size - length, "%s%u", length > 0 ? ", " : "",
                                   (unsigned)gid);
    }
    return length > 0;
}

/* An account file that the app may write to is not taken at its word about groups. */
static void warn_of_lost_groups(const struct identity *identity, struct messages *messages) {
    char list[256];
    if (!list_lost_groups(identity, list, sizeof list)) {
        return;
    }
    if (identity->group_covered) {
        message_warn(messages,
                     "something is mounted over /etc/group, and hides which groups the image "
                     "gives to root: not taken: %s",
                     list);
        message_hint(messages,
                     "APP_GROUPS always counts: set it to those that the app is to be in");
    }
    if (identity->passwd.in == TRUST_ALL && identity->group.in == TRUST_ALL) {
        return;
    }
    message_warn(messages,
                 "uid %u may write to %s, which could put it into any group: "
                 "not taken: %s",
                 (unsigned)identity->app_uid, name_written(identity), list);
    message_hint(messages, "APP_GID and APP_GROUPS always count: set them, or make root the owner "
                           "of the file and take the write permission of others away (chmod go-w)");
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

static void warn_of_effective_file(const struct identity *identity, struct messages *messages) {
    const struct file_capabilities *file = &identity->own_file;
    if (file->state == FILECAPS_HONOURED && file->effective) {
        message_warn(messages, "the shim's file has effective capabilities: where the container "
                               "lacks one of them the kernel refuses to start it");
        message_hint(messages, "give it permitted ones only: --install-net-bind-service, or "
                               "setcap cap_net_bind_service=p");
    }
}

void whom_check(const struct options *options, const struct identity *identity,
                const struct held *held, struct messages *messages) {
    check_switch(identity, held, messages);
    check_namespace(identity, messages);
    check_own_file(identity, messages);
    if (identity->stays) {
        warn_of_effective_file(identity, messages);
        tell_of_kept_identity(options, identity, messages);
    } else {
        warn_of_lost_groups(identity, messages);
    }
}
