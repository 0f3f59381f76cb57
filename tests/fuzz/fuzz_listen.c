/* listen_resolve(): a line for SHIM_HTTP_PORTS_FROM, the environment, "--", the program. */
#include "aspnet/aspnet.h"
#include "fuzz.h"

static void check_address(const struct address *address, const struct strings *environment,
                          const struct strings *program, const char *ports_from) {
    static const char *const ours[] = {"default", "ASPNETCORE_PORT"};
    bool known = is_within(address->source, environment) || is_within(address->source, program) ||
                 (ports_from != NULL && address->source.at == ports_from);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        known = known || text_equal(address->source, text_of(ours[i]));
    }
    require(known);
    require(!address->socket);
    require(address->port <= 65535);
    require(address->readings != 0 && address->readings <= READINGS_ALL);
    require((listen_name_readings(address) == NULL) == ((address->readings & READING_WEB) != 0));
    require(address->host <= HOST_IPV6);
    require(strcmp(address->scheme, "http") == 0 || strcmp(address->scheme, "https") == 0);
}

static bool same_address(const struct address *a, const struct address *b) {
    return a->port == b->port && a->host == b->host && strcmp(a->scheme, b->scheme) == 0 &&
           a->ipv4.s_addr == b->ipv4.s_addr && memcmp(&a->ipv6, &b->ipv6, sizeof a->ipv6) == 0 &&
           a->readings == b->readings && text_equal(a->source, b->source);
}

/* Those of CreateBuilder first, and none of them again for another. */
static void check_order(const struct listen *listen) {
    size_t ours = 0;
    while (ours < listen->count && (listen->addresses[ours].readings & READING_WEB) != 0) {
        ours++;
    }
    for (size_t i = ours; i < listen->count; i++) {
        require((listen->addresses[i].readings & READING_WEB) == 0);
    }
}

/* A variable that nobody has heard of changes nothing. */
static void check_stranger(struct strings *environment, const struct strings *program,
                           const char *ports_from, const struct listen *before) {
    static char stranger[] = "NOBODY_HAS_HEARD_OF_IT=http://*:1";
    struct listen after;
    struct messages *messages = make_report();
    environment->at[environment->count] = stranger;
    listen_resolve(environment->at, program->at, ports_from, &after, messages);
    environment->at[environment->count] = NULL;
    free(messages);
    require(after.malformed == before->malformed && after.count == before->count);
    for (size_t i = 0; i < after.count; i++) {
        require(same_address(&after.addresses[i], &before->addresses[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct listen listen;
    struct messages *messages = make_report();
    struct strings environment = take_strings(&data, &size);
    struct strings program = take_strings(&data, &size);
    const char *ports_from =
        environment.count > 0 && environment.at[0][0] != '\0' ? environment.at[0] : NULL;

    /* One place is left for the stranger. */
    if (environment.count < STRINGS_MAX) {
        memset(&listen, 0xa5, sizeof listen);
        listen_resolve(environment.at, program.at, ports_from, &listen, messages);
        check_report(messages);
        require(listen.malformed == messages->errors);
        require(listen.count <= LISTEN_MAX);
        check_order(&listen);
        for (size_t i = 0; i < listen.count; i++) {
            check_address(&listen.addresses[i], &environment, &program, ports_from);
        }
        check_stranger(&environment, &program, ports_from, &listen);
    }
    free_strings(&environment);
    free_strings(&program);
    free(messages);
    return 0;
}
