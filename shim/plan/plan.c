#include "plan/plan.h"

#include "ports.h"
#include "whom.h"

#include <linux/capability.h>
#include <string.h>

static void warn_of_no_home(const struct identity *identity, const struct plan *plan,
                            const char *before, struct messages *messages) {
    /* It is /, then; whose home that is by /etc/passwd would have it under USER too. */
    if (plan->home == before || plan->home == identity->app.home) {
        return;
    }
    message_warn(messages,
                 "HOME becomes /: /etc/passwd has no home for uid %u, or none that begins with /",
                 (unsigned)identity->app_uid);
    message_hint(messages, "apps of a single file and DataProtection want one that they may write "
                           "to: set HOME, or give the user one in /etc/passwd");
}

static const char *choose_home(const struct identity *identity, const char *home) {
    const struct account *starter = &identity->starter;
    const struct account *strict = &identity->starter_strictly;
    bool left_over = home == NULL || home[0] == '\0' || strcmp(home, "/root") == 0 ||
                     (starter->found && strcmp(home, starter->home) == 0) ||
                     (strict->found && strcmp(home, strict->home) == 0);
    if (identity->stays || identity->app_uid == identity->euid || !left_over) {
        return home;
    }
    if (identity->app.found && identity->app.home[0] == '/') {
        return identity->app.home;
    }
    return "/";
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
    if (options->supervise || !held->init || identity->stays) {
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
    plan->switches = !identity->stays;
    plan->uid_changes = identity->app_uid != identity->euid;
    plan->gives_stdio = held->chown;
    plan->sets_groups = !identity->stays && !identity->setgroups_denied;
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
        whom_check(options, identity, held, messages);
    }
    ports_decide(options, identity, listen, held, plan, messages);
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
