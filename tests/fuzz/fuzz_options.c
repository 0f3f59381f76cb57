/* The command line and the settings: the environment, "--", the arguments. */
#include "base/base.h"
#include "fuzz.h"
#include "settings/settings.h"

#include <signal.h>

/* The strict rule for numbers, by other means: a number is what is printed as it was written. */
static bool is_number(const char *value, unsigned long long least, unsigned long long most) {
    char again[32];
    unsigned long long number = strtoull(value, NULL, 10);
    (void)snprintf(again, sizeof again, "%llu", number);
    return strcmp(value, again) == 0 && number >= least && number <= most;
}

/* The setting's value, or NULL when it is not set or empty. */
static const char *get(char *const *environment, const char *name) {
    const char *value = environment_get(environment, name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* Two values are as bad as a malformed one: nobody knows which of them holds. */
static void check_id(const struct id_setting *setting, bool malformed, char *const *environment,
                     const char *name, unsigned least) {
    const char *value = get(environment, name);
    bool twice = environment_conflicts(environment, name);
    bool good = !twice && value != NULL && is_number(value, least, ID_MAX);
    require((setting->state == ID_SET) == good);
    require(malformed == (twice || (value != NULL && !good)));
    require(setting->state != ID_SET || setting->id == strtoul(value, NULL, 10));
}

static void check_lists(const struct options *options) {
    static const int untouchable[] = {SIGKILL, SIGSTOP, SIGCHLD};
    require(options->group_count <= APP_GROUPS_MAX);
    for (size_t i = 0; i < options->group_count; i++) {
        require(options->groups[i] > 0 && options->groups[i] <= ID_MAX);
    }
    for (size_t i = 0; i < sizeof untouchable / sizeof untouchable[0]; i++) {
        require(options->rewrite[untouchable[i]] == untouchable[i]);
    }
    for (size_t i = 0; i <= SIGNAL_MAX; i++) {
        require(options->rewrite[i] <= SIGNAL_MAX);
    }
    require(options->rewrite[0] == 0);
}

static void check_ports_from(const struct options *options, const struct strings *environment) {
    if (options->ports_from != NULL) {
        require(is_within(text_of(options->ports_from), environment));
        require(is_within(text_of(options->ports_from_value), environment));
        require(is_number(options->ports_from_value, 1, 65535));
    }
}

static void check_settings(const struct options *options, const struct strings *environment,
                           const struct messages *messages) {
    static const struct {
        const char *name;
        unsigned least, most;
    } numbers[] = {
        {"APP_UID", 1, ID_MAX},          {"APP_GID", 0, ID_MAX},
        {"SHIM_SIGNAL_GROUP", 0, 1},     {"SHIM_SUPERVISE", 0, 1},
        {"SHIM_GRACE_PERIOD", 0, 86400}, {"APP_GROUPS", 1, ID_MAX},
        {"SHIM_EXIT_CODES", 0, 0}, /* a list of pairs: a number alone is none */
        {"SHIM_SIGNAL_REWRITE", 0, 0},   {"SHIM_UNPRIVILEGED_PORT_START", 0, 65535},
    };
    check_id(&options->uid, options->malformed[SETTING_APP_UID], environment->at, "APP_UID", 1);
    check_id(&options->gid, options->malformed[SETTING_APP_GID], environment->at, "APP_GID", 0);
    check_lists(options);
    check_ports_from(options, environment);
    require(options->unprivileged_port_start <= 65535 && options->grace_seconds <= 86400);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *value = get(environment->at, numbers[i].name);
        bool is_list = value != NULL && strpbrk(value, ",:") != NULL;
        bool good = value == NULL || is_number(value, numbers[i].least, numbers[i].most);
        bool conflict = environment_conflicts(environment->at, numbers[i].name);
        require((good && !conflict) || (is_list && !conflict) || messages->errors);
    }
}

static void try_arguments(struct strings *arguments) {
    struct options options;
    struct messages *messages = make_report();
    bool good = options_parse((int)arguments->count, arguments->at, &options, messages);
    check_report(messages);
    require(good == !messages->errors);
    if (good && (options.verb == VERB_RUN || options.verb == VERB_CHECK)) {
        require(options.program[0] != NULL);
        require(is_within(text_of(options.program[0]), arguments));
    }
    if (good && options.verb == VERB_INSTALL) {
        require(is_within(text_of(options.destination), arguments));
    }
    free(messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct options options;
    struct messages *messages = make_report();
    struct strings environment = take_strings(&data, &size);
    struct strings arguments = take_strings(&data, &size);
    memset(&options, 0, sizeof options);
    options_read_settings(environment.at, &options, messages);
    check_settings(&options, &environment, messages);
    /* The level may be such that nothing is kept but errors: all else is left out. */
    messages->level = MESSAGE_DEBUG;
    check_report(messages);
    try_arguments(&arguments);
    free_strings(&environment);
    free_strings(&arguments);
    free(messages);
    return 0;
}
