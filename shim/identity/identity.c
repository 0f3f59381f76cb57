#include "identity/identity.h"

#include "accounts.h"
#include "mounts.h"
#include "namespace.h"
#include "ownfile.h"
#include "trust.h"

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

static bool add_all(struct group_list *groups, const gid_t *more, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!groups_add(groups, more[i])) {
            return false;
        }
    }
    return true;
}

static bool keep_current(struct identity *identity) {
    identity->stays = true;
    identity->app_uid = identity->euid;
    identity->app_gid = identity->egid;
    identity->app = identity->starter;
    return add_all(&identity->app_groups, identity->groups.ids, identity->groups.count);
}

/* Every group that somebody gives the app. */
struct offers {
    struct group_list files;    /* /etc/group, for its name */
    struct group_list platform; /* ours, which nothing in the image explains */
    struct group_list all;      /* both, its primary one, and APP_GROUPS; settled */
};

/*
 * What the platform gives the container (fsGroup, supplementalGroups, --group-add, runAsGroup): our
 * groups, but not what the image gives to us (listed, and our own), nor root's group, nor what has
 * no number here.
 */
static bool collect_platform(const struct identity *identity, const struct group_list *listed,
                             struct group_list *platform) {
    const struct account *starter = &identity->starter;
    const struct account *strict = &identity->starter_strictly;
    gid_t own = starter->found ? starter->gid : identity->euid;
    gid_t other = strict->found ? strict->gid : own;
    bool good = true;
    for (size_t i = 0; good && i <= identity->groups.count; i++) {
        gid_t gid = i == 0 ? identity->egid : identity->groups.ids[i - 1];
        if (gid != 0 && gid != own && gid != other && !groups_have(listed, gid)) {
            good = groups_add(platform, gid);
        }
    }
    if (good && platform->count > 0) {
        groups_drop(platform, namespace_overflow_gid());
    }
    return good;
}

static bool collect(const struct options *options, const struct identity *identity, gid_t gid,
                    struct offers *offers) {
    struct group_list listed = {NULL, 0};
    struct group_list *all = &offers->all;
    const struct groups_wish wishes[] = {
        {identity->app.name, READ_STRICT, &offers->files},
        {identity->starter.name, READ_LAX, &listed},
        {identity->starter_strictly.name, READ_LAX, &listed},
    };
    bool good = accounts_groups(group, wishes, 3);
    groups_settle(&listed);
    good = good && collect_platform(identity, &listed, &offers->platform) && groups_add(all, gid) &&
           add_all(all, options->groups, options->group_count) &&
           add_all(all, offers->files.ids, offers->files.count) &&
           add_all(all, offers->platform.ids, offers->platform.count);
    groups_settle(all);
    free(listed.ids);
    return good;
}

/*
 * Takes a group of a list into the app's or the lost ones, as the files are to be trusted. A name
 * in /etc/passwd that the app may write to could be another's in /etc/group.
 */
static bool take(struct identity *identity, gid_t gid, bool given) {
    return groups_add(given ? &identity->app_groups : &identity->lost, gid);
}

/*
 * The app's groups. The primary one is in the list too, as with every runtime since CVE-2022-36109.
 * What the platform gives is taken only where no file that the app may write to can have had a say
 * in it: the runtime has read the same files. Nor where something is mounted over the image's
 * /etc/group, which most runtimes have read for root: what that gives to root cannot be told.
 */
static bool choose_groups(const struct options *options, struct identity *identity,
                          const struct offers *offers) {
    struct trust in_passwd = identity->passwd;
    struct trust in_group = identity->group;
    bool written = in_passwd.in != TRUST_ALL || in_group.in != TRUST_ALL;
    identity->group_covered = offers->platform.count > 0 && mounts_cover(group);
    bool good = groups_add(&identity->app_groups, identity->app_gid) &&
                add_all(&identity->app_groups, options->groups, options->group_count);
    for (size_t i = 0; good && i < offers->files.count; i++) {
        gid_t gid = offers->files.ids[i];
        good = take(identity, gid, trust_gives(in_passwd, gid) && trust_gives(in_group, gid));
    }
    for (size_t i = 0; good && i < offers->platform.count; i++) {
        good = take(identity, offers->platform.ids[i], !written && !identity->group_covered);
    }
    groups_settle(&identity->app_groups);
    groups_settle(&identity->lost);
    return good;
}

static bool choose_app(const struct options *options, struct identity *identity) {
    struct offers offers = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    gid_t gid = options->gid.state == ID_SET ? options->gid.id
                : identity->app.found        ? identity->app.gid
                                             : identity->app_uid;
    bool good = collect(options, identity, gid, &offers);
    if (good) {
        identity->passwd = trust_look(passwd, identity->app_uid, &offers.all);
        identity->group = trust_look(group, identity->app_uid, &offers.all);
        identity->gid_stands_in = options->gid.state != ID_SET && gid != identity->app_uid &&
                                  !trust_gives(identity->passwd, gid);
        identity->app_gid = identity->gid_stands_in ? identity->app_uid : gid;
        good = choose_groups(options, identity, &offers);
    }
    free(offers.files.ids);
    free(offers.platform.ids);
    free(offers.all.ids);
    return good;
}

/* Our own by the laxest reading: what we are given by a line of the image is the image's gift. */
static bool find_starter_and_app(struct identity *identity) {
    const struct account_wish wishes[] = {
        {identity->euid, READ_LAX, &identity->starter},
        {identity->euid, READ_STRICT, &identity->starter_strictly},
        {identity->app_uid, READ_STRICT, &identity->app},
    };
    return accounts_find(passwd, wishes, 3);
}

static bool explain(struct messages *messages) {
    message_error(messages, "cannot work out the app's user: %s",
                  errno == E2BIG ? "more than 65536 groups" : strerror(errno));
    message_hint(messages, "%s",
                 errno == E2BIG ? "the kernel takes no more: take some out of /etc/group"
                                : "/etc/passwd and /etc/group must be readable to their end, and "
                                  "there must be memory for their longest lines");
    return false;
}

bool identity_gather(const struct options *options, bool can_switch, struct identity *identity,
                     struct messages *messages) {
    memset(identity, 0, offsetof(struct identity, replaceable));
    identity->replaceable[0] = '\0';
    bool good = read_current(identity);
    /* Root that cannot switch is refused; --check shows what it would have become. */
    if (good && !can_switch && identity->euid != 0) {
        ownfile_read_capabilities(&identity->own_file);
        identity->app_uid = identity->euid;
        (void)find_starter_and_app(identity); /* only for its name: nothing hangs on it */
        good = keep_current(identity);
    } else if (good) {
        identity->app_uid = options->uid.state == ID_SET ? options->uid.id : DEFAULT_UID;
        good = find_starter_and_app(identity) && choose_app(options, identity);
    }
    if (!good) {
        return explain(messages);
    }
    if (!identity->stays) {
        namespace_look(identity);
        ownfile_find_writable(identity->app_uid, &identity->app_groups, identity->replaceable);
    }
    identity->known = identity->stays || !options->malformed[SETTING_APP_UID];
    return true;
}
