/*
 * The decision: the environment, "--", the program, "--", and characters for who and what we are:
 * a bit, or a choice, each. What is not refused must be safe, by rules that are written here once
 * more, from DESIGN.md.
 */
#include "base/base.h"
#include "fuzz.h"
#include "identity/accounts.h"
#include "plan/plan.h"
#include "settings/settings.h"

struct bytes {
    const uint8_t *at;
    size_t left;
};

static uint8_t take_byte(struct bytes *bytes) {
    if (bytes->left == 0) {
        return '0';
    }
    bytes->left--;
    return *bytes->at++;
}

static bool take_bit(struct bytes *bytes) {
    return (take_byte(bytes) & 1) != 0;
}

static uint32_t take_id(struct bytes *bytes) {
    static const uint32_t ids[] = {0, 1000, 1654, 2000, ID_MAX, UINT32_MAX};
    return ids[take_byte(bytes) % (sizeof ids / sizeof ids[0])];
}

static void take_groups(struct bytes *bytes, struct group_list *groups) {
    for (unsigned count = take_byte(bytes) % 4; count > 0; count--) {
        require(groups_add(groups, take_id(bytes)));
    }
    groups_settle(groups);
}

static void take_account(struct bytes *bytes, struct account *account) {
    static char *const homes[] = {"/home/app", "/root", "", "relative", "/"};
    account->found = take_bit(bytes);
    account->name = "name";
    account->home = homes[take_byte(bytes) % (sizeof homes / sizeof homes[0])];
}

static void take_held(struct bytes *bytes, struct held *held) {
    static const uint32_t floors[] = {0, 80, 1024, 1025, 65534, 65535};
    static const uint64_t lent[] = {0, CAPABILITY_BIT(10), CAPABILITY_BIT(7), UINT64_MAX};
    held->known = true;
    held->chown = true; /* nothing hangs on it here */
    held->setuid = take_bit(bytes);
    held->setgid = take_bit(bytes);
    held->setpcap = take_bit(bytes);
    held->net_bind = take_bit(bytes);
    held->unexplained = lent[take_byte(bytes) % (sizeof lent / sizeof lent[0])];
    held->bounds_net_bind = take_bit(bytes);
    held->has_ambient = take_bit(bytes);
    held->noroot = take_byte(bytes) % 8 == 1;
    held->init = take_bit(bytes);
    held->floor_known = take_bit(bytes);
    held->kernel_floor =
        held->floor_known ? floors[take_byte(bytes) % (sizeof floors / sizeof floors[0])] : 1024;
}

/* What identity_gather() may find: see there for what goes with what. */
static void take_identity(struct bytes *bytes, const struct options *options,
                          const struct held *held, struct identity *now) {
    const bool odd = take_byte(bytes) % 8 == 1;
    now->euid = take_id(bytes);
    now->egid = take_id(bytes);
    now->ruid = odd ? take_id(bytes) : now->euid;
    now->suid = odd ? take_id(bytes) : now->euid;
    now->rgid = odd ? take_id(bytes) : now->egid;
    now->sgid = odd ? take_id(bytes) : now->egid;
    now->secure = odd && take_bit(bytes);
    take_groups(bytes, &now->groups);
    take_account(bytes, &now->starter);
    take_account(bytes, &now->app);
    now->stays = !(held->setuid && held->setgid) && now->euid != 0;
    now->known = now->stays || !options->malformed[SETTING_APP_UID];
    if (now->stays) {
        now->app_uid = now->euid;
        now->app_gid = now->egid;
        for (size_t i = 0; i < now->groups.count; i++) {
            require(groups_add(&now->app_groups, now->groups.ids[i]));
        }
        return;
    }
    now->app_uid = options->uid.state == ID_SET ? options->uid.id : DEFAULT_UID;
    now->app_gid = options->gid.state == ID_SET ? options->gid.id : take_id(bytes);
    take_groups(bytes, &now->app_groups);
    now->uid_unmapped = take_byte(bytes) % 8 == 1;
    now->gid_unmapped = take_byte(bytes) % 8 == 1;
    now->setgroups_denied = take_byte(bytes) % 8 == 1;
    (void)strcpy(now->replaceable, take_byte(bytes) % 8 == 1 ? "/tools/shim" : "");
}

/* What an app that is started must be able to rely on. */
static void check_safety(const struct plan *plan, const struct identity *now,
                         const struct held *held) {
    bool owns = now->ruid == 0 && !held->noroot;
    bool lent = (held->unexplained & ~CAPABILITY_BIT(10)) != 0;
    require(owns || !lent || (now->ruid != 0 && !now->secure));
    require(!plan->lent && now->ruid == now->euid && now->euid == now->suid);
    require(now->rgid == now->egid && now->egid == now->sgid);
    require(plan->uid != 0);
    require(plan->uid == now->app_uid && plan->gid == now->app_gid);
    require(plan->groups == &now->app_groups);
    if (now->stays) {
        require(!plan->switches && !plan->sets_groups && !plan->uid_changes);
    } else {
        require(plan->switches && held->setuid && held->setgid);
        require(!now->uid_unmapped && !now->gid_unmapped && now->replaceable[0] == '\0');
        require(plan->sets_groups || groups_equal(&now->groups, &now->app_groups));
    }
    require(plan->drops_bounding == held->setpcap);
}

static void check_ports(const struct plan *plan, const struct options *options,
                        const struct held *held) {
    bool kernel_objects = false;
    require(!plan->listen->malformed);
    require(plan->floor >= options->unprivileged_port_start);
    require(!held->floor_known || plan->floor >= held->kernel_floor);
    require(plan->probe_floor >= plan->floor && plan->probe_floor >= held->kernel_floor);
    for (size_t i = 0; i < plan->listen->count; i++) {
        uint32_t port = plan->listen->addresses[i].port;
        bool ours = (plan->listen->addresses[i].readings & READING_WEB) != 0;
        require(port == 0 || port >= plan->floor || held->net_bind || !ours);
        kernel_objects = kernel_objects || (port > 0 && port < held->kernel_floor);
    }
    bool keeps = kernel_objects && held->net_bind && held->has_ambient;
    require(plan->kept == (keeps ? CAPABILITY_BIT(10) : 0));
    require(plan->bounding == (held->bounds_net_bind ? plan->kept : 0));
}

static void check_home(const struct plan *plan, const char *before) {
    if (!plan->uid_changes) {
        require(plan->home == before);
    } else if (plan->home != before) {
        require(plan->home[0] == '/');
    } else {
        require(before != NULL && before[0] != '\0' && strcmp(before, "/root") != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct listen listen;
    struct options options;
    struct identity identity;
    struct held held;
    struct plan plan;
    struct messages *messages = make_report();
    struct strings environment = take_strings(&data, &size);
    struct strings program = take_strings(&data, &size);
    struct bytes bytes = {data, size};
    memset(&options, 0, sizeof options);
    memset(&identity, 0, sizeof identity);

    options_read_settings(environment.at, &options, messages);
    messages->level = MESSAGE_DEBUG;
    take_held(&bytes, &held);
    take_identity(&bytes, &options, &held, &identity);
    listen_resolve(environment.at, program.at, NULL, &listen, messages);
    const char *home = environment_get(environment.at, "HOME");
    plan_make(&options, &identity, &listen, &held, home, &plan, messages);
    check_report(messages);
    require(plan.refused == messages->errors);
    if (!plan.refused) {
        check_safety(&plan, &identity, &held);
        check_ports(&plan, &options, &held);
        check_home(&plan, home);
    }
    free(identity.groups.ids);
    free(identity.app_groups.ids);
    free_strings(&environment);
    free_strings(&program);
    free(messages);
    return 0;
}
