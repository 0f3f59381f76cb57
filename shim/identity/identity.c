#include "identity/identity.h"

#include "accounts.h"
#include "ownfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static const char passwd[] = "/etc/passwd";
static const char group[] = "/etc/group";

bool identity_read_origin(struct identity *identity) {
    identity->secure = getauxval(AT_SECURE) != 0;
    return getresuid(&identity->ruid, &identity->euid, &identity->suid) == 0 &&
           getresgid(&identity->rgid, &identity->egid, &identity->sgid) == 0;
}

bool identity_is_lent(const struct identity *identity) {
    return identity->secure || identity->ruid != identity->euid ||
           identity->euid != identity->suid || identity->rgid != identity->egid ||
           identity->egid != identity->sgid;
}

static bool read_current(struct identity *identity) {
    if (!identity_read_origin(identity)) {
        return false;
    }
    int count = getgroups(0, NULL);
    if (count < 0) {
        return false;
    }
    if (count > 0) {
        identity->groups.ids = calloc((size_t)count, sizeof(gid_t));
        if (identity->groups.ids == NULL || getgroups(count, identity->groups.ids) != count) {
            return false;
        }
        identity->groups.count = (size_t)count;
    }
    groups_settle(&identity->groups);
    return true;
}

static bool read_starter(struct identity *identity) {
    return account_find(passwd, identity->euid, &identity->starter) &&
           (!identity->starter.found ||
            account_groups(group, identity->starter.name, &identity->starter_groups));
}

static bool keep_current(struct identity *identity) {
    identity->kept = true;
    identity->app_uid = identity->euid;
    identity->app_gid = identity->egid;
    identity->app = identity->starter;
    for (size_t i = 0; i < identity->groups.count; i++) {
        if (!groups_add(&identity->app_groups, identity->groups.ids[i])) {
            return false;
        }
    }
    return true;
}

static bool choose_app(const struct options *options, struct identity *identity) {
    struct group_list *groups = &identity->app_groups;
    identity->app_uid = options->uid.state == ID_SET ? options->uid.id : DEFAULT_UID;
    if (!account_find(passwd, identity->app_uid, &identity->app)) {
        return false;
    }
    if (options->gid.state == ID_SET) {
        identity->app_gid = options->gid.id;
    } else {
        identity->app_gid = identity->app.found ? identity->app.gid : identity->app_uid;
    }
    /* The primary group is in the list too, as with every runtime since CVE-2022-36109. */
    bool good = groups_add(groups, identity->app_gid) &&
                (!identity->app.found || account_groups(group, identity->app.name, groups));
    for (size_t i = 0; good && i < options->group_count; i++) {
        good = groups_add(groups, options->groups[i]);
    }
    groups_settle(groups);
    return good;
}

/* Whether id exists in our user namespace: user_namespaces(7). Without /proc: assume so. */
static bool is_mapped(const char *map, uint32_t id) {
    char line[64];
    bool mapped = false;
    FILE *file = fopen(map, "re");
    if (file == NULL) {
        return true;
    }
    /* First id inside, first id outside, count. */
    while (!mapped && fgets(line, sizeof line, file) != NULL) {
        char *next = line;
        unsigned long inside = strtoul(next, &next, 10);
        (void)strtoul(next, &next, 10);
        unsigned long count = strtoul(next, &next, 10);
        mapped = id >= inside && id - inside < count;
    }
    (void)fclose(file); /* only read from */
    return mapped;
}

static bool is_setgroups_denied(void) {
    char word[8] = "";
    FILE *file = fopen("/proc/self/setgroups", "re");
    if (file == NULL) {
        return false;
    }
    bool denied = fgets(word, sizeof word, file) != NULL && strncmp(word, "deny", 4) == 0;
    (void)fclose(file); /* only read from */
    return denied;
}

static void look_at_namespace(struct identity *identity) {
    identity->setgroups_denied = is_setgroups_denied();
    identity->uid_unmapped = !is_mapped("/proc/self/uid_map", identity->app_uid);
    for (size_t i = 0; i < identity->app_groups.count && !identity->gid_unmapped; i++) {
        identity->unmapped_gid = identity->app_groups.ids[i];
        identity->gid_unmapped = !is_mapped("/proc/self/gid_map", identity->unmapped_gid);
    }
}

bool identity_gather(const struct options *options, bool can_switch, struct identity *identity,
                     struct messages *messages) {
    memset(identity, 0, sizeof *identity);
    bool good = read_current(identity);
    /* Root that cannot switch is refused; --check shows what it would have become. */
    if (good && !can_switch && identity->euid != 0) {
        (void)read_starter(identity); /* only for its name: nothing hangs on it */
        good = keep_current(identity);
    } else if (good) {
        good = read_starter(identity) && choose_app(options, identity);
    }
    if (!good) {
        message_error(messages, "cannot find out who the app is to run as: %s", strerror(errno));
        message_hint(messages, "/etc/passwd and /etc/group must be readable to their end, and "
                               "there must be memory for their longest lines");
        return false;
    }
    if (!identity->kept) {
        look_at_namespace(identity);
        ownfile_find_writable(identity->app_uid, &identity->app_groups, identity->replaceable);
    }
    identity->known = identity->kept || !options->malformed[SETTING_APP_UID];
    return true;
}
