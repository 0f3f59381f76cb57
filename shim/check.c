#include "check.h"

#include "init/init.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* A host as it is printed, behind a blank; any address goes without saying. */
struct host {
    char text[INET6_ADDRSTRLEN + sizeof " []"];
};

static struct host show_host(const struct address *address) {
    struct host shown = {""};
    char ip[INET6_ADDRSTRLEN] = "";
    switch (address->host) {
    case HOST_ANY:
        break;
    case HOST_LOCALHOST:
        (void)snprintf(shown.text, sizeof shown.text, " localhost");
        break;
    case HOST_IPV4:
        if (address->ipv4.s_addr != htonl(INADDR_ANY)) {
            (void)inet_ntop(AF_INET, &address->ipv4, ip, sizeof ip);
            (void)snprintf(shown.text, sizeof shown.text, " %s", ip);
        }
        break;
    case HOST_IPV6:
        if (!IN6_IS_ADDR_UNSPECIFIED(&address->ipv6)) {
            (void)inet_ntop(AF_INET6, &address->ipv6, ip, sizeof ip);
            (void)snprintf(shown.text, sizeof shown.text, " [%s]", ip);
        }
        break;
    }
    return shown;
}

static void print_user(const struct plan *plan, const struct options *options,
                       const struct identity *identity) {
    if (!identity->known) {
        (void)printf("user: ?\n");
        return;
    }
    const char *origin = identity->kept                   ? "kept"
                         : options->uid.state == ID_UNSET ? "from default"
                                                          : "from APP_UID";
    (void)printf("user: %u", (unsigned)plan->uid);
    if (identity->app.found) {
        (void)printf(" (%s)", plain(text_of(identity->app.name)).text);
    }
    (void)printf(", %s\n", origin);
}

static void print_groups(const struct plan *plan, const struct options *options,
                         const struct identity *identity) {
    bool gid_known = identity->kept || (identity->known && !options->malformed[SETTING_APP_GID]);
    if (gid_known) {
        (void)printf("group: %u\n", (unsigned)plan->gid);
    } else {
        (void)printf("group: ?\n");
    }
    if (!gid_known || (options->malformed[SETTING_APP_GROUPS] && !identity->kept)) {
        (void)printf("groups: ?\n");
        return;
    }
    (void)printf("groups: ");
    for (size_t i = 0; i < plan->groups->count; i++) {
        (void)printf("%s%u", i > 0 ? "," : "", (unsigned)plan->groups->ids[i]);
    }
    (void)printf("%s\n", plan->groups->count == 0 ? "none" : "");
}

static void print_listen(const struct listen *listen) {
    if (listen->malformed) {
        (void)printf("listen: ?\n");
        return;
    }
    for (size_t i = 0; i < listen->count; i++) {
        const struct address *address = &listen->addresses[i];
        (void)printf("listen: %u %s%s, from %s\n", (unsigned)address->port, address->scheme,
                     show_host(address).text, plain(address->source).text);
    }
    if (listen->count == 0) {
        (void)printf("listen: none\n");
    }
}

int check_print(const struct plan *plan, const struct options *options,
                const struct identity *identity, const char *path, struct messages *messages) {
    const char *name = options->program[0];
    char file[PATH_MAX];
    int code = EXIT_REFUSED;
    if (plan->lent) {
        /* Refused, and nobody is told which files there are. */
        (void)snprintf(file, sizeof file, "%s", name);
    } else {
        int error = program_find(name, path, file);
        uint64_t limit = plan->drops_bounding ? plan->bounding : UINT64_MAX;
        if (!plan->refused) {
            code = error == 0 ? program_check_capabilities(file, limit, messages)
                              : program_explain(name, path, error, messages);
        }
    }
    print_user(plan, options, identity);
    print_groups(plan, options, identity);
    (void)printf("home: %s\n", !identity->known     ? "?"
                               : plan->home == NULL ? "none"
                                                    : plain(text_of(plan->home)).text);
    print_listen(plan->listen);
    (void)printf("keep: %s\n", plan->kept != 0 ? "cap_net_bind_service" : "none");
    (void)printf("program: %s\n", plain(text_of(file)).text);
    (void)printf("verdict: %s\n", code == 0 ? "ok" : "refused");
    return output_flush_stdout(messages) ? code : EXIT_REFUSED;
}

void check_summarize(const struct plan *plan, const struct identity *identity,
                     struct messages *messages) {
    message_info(
        messages, "uid %u%s%s, gid %u, %zu supplementary groups, %s, no_new_privs: verified",
        (unsigned)plan->uid, identity->app.found ? " " : "",
        identity->app.found ? plain(text_of(identity->app.name)).text : "", (unsigned)plan->gid,
        plan->groups->count, plan->kept != 0 ? "CAP_NET_BIND_SERVICE alone" : "no capabilities");
}
