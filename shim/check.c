#include "check.h"

#include "init/init.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A host as it is printed, after a space; any address goes without saying. */
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
    const char *origin = identity->stays                  ? "kept"
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
    bool gid_known = identity->stays || (identity->known && !options->malformed[SETTING_APP_GID]);
    if (gid_known) {
        (void)printf("group: %u\n", (unsigned)plan->gid);
    } else {
        (void)printf("group: ?\n");
    }
    if (!gid_known || (options->malformed[SETTING_APP_GROUPS] && !identity->stays)) {
        (void)printf("groups: ?\n");
        return;
    }
    (void)printf("groups: ");
    for (size_t i = 0; i < plan->groups->count; i++) {
        (void)printf("%s%u", i > 0 ? "," : "", (unsigned)plan->groups->ids[i]);
    }
    (void)printf("%s\n", plan->groups->count == 0 ? "none" : "");
}

static void print_listen(const struct listen *listen, const struct options *options) {
    if (listen->malformed || options->malformed[SETTING_HTTP_PORTS_FROM]) {
        (void)printf("listen: ?\n");
        return;
    }
    for (size_t i = 0; i < listen->count; i++) {
        const struct address *address = &listen->addresses[i];
        const char *readings = listen_name_readings(address);
        (void)printf("listen: %u %s%s, from %s%s%s%s\n", (unsigned)address->port, address->scheme,
                     show_host(address).text, plain(address->source).text,
                     readings != NULL ? " (" : "", readings != NULL ? readings : "",
                     readings != NULL ? ")" : "");
    }
    if (listen->count == 0) {
        (void)printf("listen: none\n");
    }
}

int check_program(const struct plan *plan, const char *program, const char *path,
                  char file[PATH_MAX], struct messages *messages) {
    if (plan->lent) {
        (void)snprintf(file, PATH_MAX, "%s", program);
        return EXIT_REFUSED;
    }
    int error = program_find(program, path, file);
    uint64_t limit = plan->drops_bounding ? plan->bounding : UINT64_MAX;
    int code = error == 0 ? program_check_capabilities(file, limit, messages)
                          : program_explain(program, path, error, messages);
    return plan->refused ? EXIT_REFUSED : code;
}

int check_print(const struct plan *plan, const struct options *options,
                const struct identity *identity, const char *file, int code,
                struct messages *messages) {
    print_user(plan, options, identity);
    print_groups(plan, options, identity);
    (void)printf("home: %s\n", !identity->known     ? "?"
                               : plan->home == NULL ? "none"
                                                    : plain(text_of(plan->home)).text);
    print_listen(plan->listen, options);
    (void)printf("keep: %s\n", plan->kept != 0 ? "cap_net_bind_service" : "none");
    (void)printf("program: %s\n", plain(text_of(file)).text);
    (void)printf("verdict: %s\n", code == 0 ? "ok" : "refused");
    return output_flush_stdout(messages) ? code : EXIT_REFUSED;
}

/* A list of numbers that ends in "and N more" where it would get too long. */
struct list {
    char text[160];
    size_t length;
    size_t more;
};

__attribute__((format(printf, 2, 3))) static void list_add(struct list *list, const char *format,
                                                           ...) {
    char item[64];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(item, sizeof item, format, values);
    va_end(values);
    size_t needed = (size_t)length + sizeof ", " + sizeof " and 65536 more";
    if (list->more > 0 || list->length + needed > sizeof list->text) {
        list->more++;
        return;
    }
    list->length += (size_t)snprintf(list->text + list->length, sizeof list->text - list->length,
                                     "%s%s", list->length > 0 ? ", " : "", item);
}

static const char *list_end(struct list *list) {
    if (list->length == 0) {
        return "none";
    }
    if (list->more > 0) {
        (void)snprintf(list->text + list->length, sizeof list->text - list->length, " and %zu more",
                       list->more);
    }
    return list->text;
}

void check_summarize(const struct plan *plan, const struct identity *identity, const char *program,
                     struct messages *messages) {
    struct list groups = {"", 0, 0};
    struct list ports = {"", 0, 0};
    for (size_t i = 0; i < plan->groups->count; i++) {
        list_add(&groups, "%u", (unsigned)plan->groups->ids[i]);
    }
    for (size_t i = 0; i < plan->listen->count; i++) {
        const struct address *address = &plan->listen->addresses[i];
        list_add(&ports, "%u %s", (unsigned)address->port, address->scheme);
    }
    bool named = identity->app.found;
    message_info(messages,
                 "shim " SHIM_VERSION " starts %s as uid %u%s%s%s, gid %u, groups %s; ports: %s; "
                 "keeps %s",
                 quote(text_of(program)).text, (unsigned)plan->uid, named ? " (" : "",
                 named ? plain(text_of(identity->app.name)).text : "", named ? ")" : "",
                 (unsigned)plan->gid, list_end(&groups), list_end(&ports),
                 plan->kept != 0 ? "CAP_NET_BIND_SERVICE" : "no capability");
}

const char *check_advise_on_abort(const struct plan *plan, const struct held *held) {
    return held->net_bind && plan->kept == 0 && held->kernel_floor > 1
               ? "if it wants a port below 1024 that only its code or appsettings.json names: name "
                 "it in ASPNETCORE_HTTP_PORTS too, and the shim keeps CAP_NET_BIND_SERVICE for it"
               : NULL;
}
