/*
 * The decision, exhaustively: plan_make() through all that it may be given, at the boundaries of
 * ids, ports and floors, and what comes out judged by rules of its own (DESIGN.md, Identity;
 * DESIGN.md, Ports), not by the code's. Prints how many combinations there were; ends with 1 at the
 * first that breaks a rule, and shows it.
 */
#include "plan/plan.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t net_bind = CAPABILITY_BIT(CAP_NET_BIND_SERVICE);

/* What stands in the way beside rights and ports, one at a time. */
enum obstacle {
    NO_OBSTACLE,
    UID_UNMAPPED,
    GID_UNMAPPED,
    SETGROUPS_DENIED,         /* and the groups are right already */
    SETGROUPS_DENIED_AND_NEW, /* and they would change */
    REPLACEABLE,
    ERROR_BEFORE, /* a malformed setting */
    OBSTACLES,
};

enum origin { ONE_USER, TWO_UIDS, TWO_GIDS, ORIGINS };

/* One combination, by index into the tables below. */
struct given {
    bool setuid, setgid, setpcap, net_bind, bounds, has_ambient, noroot, secure, keeps_bounding;
    uint64_t unexplained;
    bool floor_known;
    uint32_t kernel_floor, setting, port;
    unsigned readings;
    uid_t uid;
    enum origin origin;
    enum obstacle obstacle;
};

static const uint64_t lent[] = {0, CAPABILITY_BIT(CAP_NET_BIND_SERVICE),
                                CAPABILITY_BIT(CAP_NET_BIND_SERVICE) | CAPABILITY_BIT(CAP_SETUID)};
static const struct {
    bool known;
    uint32_t floor;
} kernels[] = {{false, 1024}, {true, 0}, {true, 80}, {true, 1024}, {true, 2000}};
static const uint32_t settings[] = {0, 80, 1024, 2000};
static const struct {
    uint32_t port;
    unsigned readings;
} ports[] = {{0, READINGS_ALL},    {79, READINGS_ALL},   {80, READINGS_ALL},
             {1023, READINGS_ALL}, {1024, READINGS_ALL}, {1999, READINGS_ALL},
             {2000, READINGS_ALL}, {80, READING_HOST},   {1999, READING_SLIM}};
static const uid_t uids[] = {0, 1000, 1654};
enum { FLAGS = 9 };

static gid_t groups_of_app[] = {1654};
static gid_t groups_now[] = {1654, 2000};
static char name_root[] = "root", home_root[] = "/root", name_app[] = "app",
            home_app[] = "/home/app";

/* What it becomes for plan_make(). */
struct start {
    struct options options;
    struct identity identity;
    struct held held;
    struct listen listen;
    struct messages messages;
    struct plan plan;
};

static bool can_switch(const struct given *given) {
    return given->setuid && given->setgid;
}

static void prepare_identity(const struct given *given, struct identity *now) {
    now->ruid = now->euid = now->suid = given->uid;
    now->rgid = now->egid = now->sgid = given->uid;
    if (given->origin == TWO_UIDS) {
        now->ruid = 4000;
    } else if (given->origin == TWO_GIDS) {
        now->sgid = 4000;
    }
    now->secure = given->secure;
    now->known = true;
    now->starter = (struct account){true, given->uid, name_root, home_root};
    now->app = (struct account){true, 1654, name_app, home_app};
    now->stays = given->uid != 0 && !can_switch(given);
    now->app_uid = now->stays ? given->uid : 1654;
    now->app_gid = now->stays ? given->uid : 1654;
    now->app_groups = (struct group_list){groups_of_app, 1};
    now->groups = (struct group_list){groups_of_app, 1};
    if (given->obstacle == SETGROUPS_DENIED_AND_NEW) {
        now->groups = (struct group_list){groups_now, 2};
    }
    if (now->stays) {
        now->app_groups = now->groups;
        return; /* nothing else is looked at */
    }
    now->uid_unmapped = given->obstacle == UID_UNMAPPED;
    now->gid_unmapped = given->obstacle == GID_UNMAPPED;
    now->unmapped_gid = 1654;
    now->setgroups_denied =
        given->obstacle == SETGROUPS_DENIED || given->obstacle == SETGROUPS_DENIED_AND_NEW;
    if (given->obstacle == REPLACEABLE) {
        (void)strcpy(now->replaceable, "/tools/shim");
    }
}

static void prepare(const struct given *given, struct start *start) {
    struct address *address = &start->listen.addresses[0];
    messages_start(&start->messages);
    memset(&start->options, 0, sizeof start->options);
    memset(&start->identity, 0, sizeof start->identity);
    memset(address, 0, sizeof *address);
    start->options.supervise = true;
    start->options.unprivileged_port_start = given->setting;
    start->options.keeps_bounding_set = given->keeps_bounding;
    start->held = (struct held){
        .known = true,
        .setuid = given->setuid,
        .setgid = given->setgid,
        .setpcap = given->setpcap,
        .net_bind = given->net_bind,
        .unexplained = given->unexplained,
        .bounds_net_bind = given->bounds,
        .has_ambient = given->has_ambient,
        .noroot = given->noroot,
        .floor_known = given->floor_known,
        .kernel_floor = given->kernel_floor,
    };
    start->listen.count = 1;
    address->scheme = "http";
    address->port = given->port;
    address->source = LITERAL("URLS");
    address->readings = given->readings;
    prepare_identity(given, &start->identity);
    if (given->obstacle == ERROR_BEFORE) {
        message_error(&start->messages, "a malformed setting");
    }
}

/* The rules. Each returns whether the start must be refused for this reason; word is its name. */

static bool lends_too_much(const struct given *given) {
    bool is_root = given->origin != TWO_UIDS && given->uid == 0;
    bool by_a_file = is_root ? given->noroot : given->secure;
    return by_a_file && (given->unexplained & ~net_bind) != 0;
}

static bool lacks_port(const struct given *given) {
    uint32_t floor = given->setting;
    if (given->floor_known && given->kernel_floor > floor) {
        floor = given->kernel_floor;
    }
    /* What only an app of another builder would open is no reason. */
    bool counts = (given->readings & READING_WEB) != 0;
    return counts && given->port != 0 && given->port < floor && !given->net_bind;
}

static bool is_kept(const struct given *given) {
    return given->uid != 0 && !can_switch(given);
}

struct reason {
    bool holds;
    const char *words;
};

enum { REASONS = 9 };

static void find_reasons(const struct given *given, struct reason reasons[REASONS]) {
    bool kept = is_kept(given);
    const struct reason all[REASONS] = {
        {given->origin == TWO_UIDS, "different user ids"},
        {given->origin == TWO_GIDS, "different group ids"},
        {given->origin == ONE_USER && lends_too_much(given), "file lends: cap_setuid"},
        {given->uid == 0 && !can_switch(given), "cannot become uid 1654"},
        {!kept && given->obstacle == UID_UNMAPPED, "uid 1654 is not mapped"},
        {!kept && given->obstacle == GID_UNMAPPED, "gid 1654 is not mapped"},
        {!kept && given->obstacle == SETGROUPS_DENIED_AND_NEW, "denies setgroups"},
        {!kept && given->obstacle == REPLACEABLE, "/tools/shim"},
        {lacks_port(given), "is privileged"},
    };
    memcpy(reasons, all, sizeof all);
}

static bool says(const struct messages *messages, const char *words) {
    return memmem(messages->text, messages->length, words, strlen(words)) != NULL;
}

/* The first rule that is broken, or NULL. */
static const char *judge(const struct given *given, const struct start *start) {
    const struct plan *plan = &start->plan;
    struct reason reasons[REASONS];
    bool refused = given->obstacle == ERROR_BEFORE;
    find_reasons(given, reasons);
    for (size_t i = 0; i < REASONS; i++) {
        refused = refused || reasons[i].holds;
        if (reasons[i].holds != says(&start->messages, reasons[i].words)) {
            return reasons[i].holds ? "a reason is not named" : "a reason is named that is none";
        }
    }
    if (plan->refused != refused) {
        return refused ? "it is not refused" : "it is refused";
    }
    if (refused) {
        return NULL;
    }
    if (plan->uid == 0 || plan->uid != (is_kept(given) ? given->uid : 1654)) {
        return "the uid is not the one that was asked for, or there";
    }
    if (plan->switches == is_kept(given) || (plan->switches && !can_switch(given))) {
        return "it switches, or does not, against its rights";
    }
    bool needed = given->port != 0 && given->port < given->kernel_floor;
    uint64_t kept = needed && given->net_bind && given->has_ambient ? net_bind : 0;
    if (plan->kept != kept) {
        return "it keeps what no port needs, or not what one does";
    }
    if (plan->bounding != (given->bounds ? kept : 0)) {
        return "the bounding set is to be another";
    }
    if (plan->drops_bounding != (given->setpcap && !given->keeps_bounding) ||
        plan->locks_root != given->setpcap) {
        return "the bounding set or the securebits are left, or tried, without reason";
    }
    if (given->port != 0 && given->port < given->kernel_floor && given->port >= plan->probe_floor) {
        return "a port that may be privileged is not probed";
    }
    return NULL;
}

static void show(const struct given *given, const struct start *start, const char *broken) {
    printf("%s: uid %u, origin %d, obstacle %d, setuid %d, setgid %d, setpcap %d, net_bind %d, "
           "bounds %d, ambient %d, noroot %d, secure %d, keep %d, unexplained %llx, floor %s%u, "
           "setting %u, port %u of %u\n%.*s",
           broken, given->uid, given->origin, given->obstacle, given->setuid, given->setgid,
           given->setpcap, given->net_bind, given->bounds, given->has_ambient, given->noroot,
           given->secure, given->keeps_bounding, (unsigned long long)given->unexplained,
           given->floor_known ? "" : "unknown, ", given->kernel_floor, given->setting, given->port,
           given->readings, (int)start->messages.length, start->messages.text);
}

static bool try(const struct given *given, struct start *start) {
    prepare(given, start);
    plan_make(&start->options, &start->identity, &start->listen, &start->held, "/root",
              &start->plan, &start->messages);
    const char *broken = judge(given, start);
    if (broken != NULL) {
        show(given, start, broken);
    }
    return broken == NULL;
}

/* All combinations are numbered, and a number says which it is. */
static void decode(unsigned long number, struct given *given) {
    bool flag[FLAGS];
    for (int i = 0; i < FLAGS; i++, number /= 2) {
        flag[i] = number % 2 == 1;
    }
    *given = (struct given){flag[0], flag[1], flag[2], flag[3], flag[4], flag[5],
                            flag[6], flag[7], flag[8], 0,       false,   0,
                            0,       0,       0,       0,       0,       0};
    given->unexplained = lent[number % LENGTH(lent)];
    number /= LENGTH(lent);
    given->floor_known = kernels[number % LENGTH(kernels)].known;
    given->kernel_floor = kernels[number % LENGTH(kernels)].floor;
    number /= LENGTH(kernels);
    given->setting = settings[number % LENGTH(settings)];
    number /= LENGTH(settings);
    given->port = ports[number % LENGTH(ports)].port;
    given->readings = ports[number % LENGTH(ports)].readings;
    number /= LENGTH(ports);
    given->uid = uids[number % LENGTH(uids)];
    number /= LENGTH(uids);
    given->origin = (enum origin)(number % ORIGINS);
    number /= ORIGINS;
    given->obstacle = (enum obstacle)number;
}

int main(void) {
    static struct start start;
    const unsigned long count = (1UL << FLAGS) * LENGTH(lent) * LENGTH(kernels) * LENGTH(settings) *
                                LENGTH(ports) * LENGTH(uids) * ORIGINS * OBSTACLES;
    for (unsigned long number = 0; number < count; number++) {
        struct given given;
        decode(number, &given);
        if (!try(&given, &start)) {
            return 1;
        }
    }
    printf("%lu decisions\n", count);
    return 0;
}
