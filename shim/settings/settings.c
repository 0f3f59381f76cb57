#include "settings/settings.h"

#include <signal.h>
#include <string.h>

static bool read_id(struct text value, bool zero_allowed, struct id_setting *setting) {
    bool good = text_number(value, ID_MAX, &setting->id) && (zero_allowed || setting->id != 0);
    setting->state = good ? ID_SET : ID_MALFORMED;
    return good;
}

static bool read_uid(struct text value, struct options *options) {
    return read_id(value, false, &options->uid);
}

static bool read_gid(struct text value, struct options *options) {
    return read_id(value, true, &options->gid);
}

static bool read_groups(struct text value, struct options *options) {
    struct text entry;
    options->groups_malformed = true;
    while (text_next(&value, ',', &entry)) {
        uint32_t gid;
        if (!text_number(entry, ID_MAX, &gid) || gid == 0 ||
            options->group_count == APP_GROUPS_MAX) {
            options->group_count = 0;
            return false;
        }
        options->groups[options->group_count++] = gid;
    }
    options->groups_malformed = false;
    return true;
}

static bool read_port_start(struct text value, struct options *options) {
    return text_number(value, 65535, &options->unprivileged_port_start);
}

static bool is_variable_name(struct text name) {
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.at[i];
        bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
        if (!letter && (i == 0 || byte < '0' || byte > '9')) {
            return false;
        }
    }
    return name.length > 0;
}

static bool read_ports_from(struct text value, struct options *options) {
    if (!is_variable_name(value)) {
        return false;
    }
    options->ports_from = value.at;
    return true;
}

static bool read_switch(struct text value, bool *on) {
    uint32_t number;
    if (!text_number(value, 1, &number)) {
        return false;
    }
    *on = number == 1;
    return true;
}

static bool read_signal_group(struct text value, struct options *options) {
    return read_switch(value, &options->signal_group);
}

static bool read_supervise(struct text value, struct options *options) {
    return read_switch(value, &options->supervise);
}

/*
 * A list of pairs LEFT:RIGHT, each LEFT once, into a table of size entries (256 at most). A
 * malformed list leaves the table as it is.
 */
static bool read_pairs(struct text list, bool (*left)(struct text, uint32_t *),
                       bool (*right)(struct text, uint32_t *), uint8_t *table, size_t size) {
    bool seen[256] = {false};
    uint8_t copy[256];
    struct text pair;
    memcpy(copy, table, size);
    while (text_next(&list, ',', &pair)) {
        uint32_t from;
        uint32_t to;
        size_t colon = text_find(pair, ':');
        if (colon == pair.length || !left((struct text){pair.at, colon}, &from) ||
            !right(text_skip(pair, colon + 1), &to) || seen[from]) {
            return false;
        }
        seen[from] = true;
        copy[from] = (uint8_t)to;
    }
    memcpy(table, copy, size);
    return true;
}

static bool read_rewritable(struct text word, uint32_t *number) {
    return signal_parse(word, number) && *number != 0 && *number != SIGKILL && *number != SIGSTOP &&
           *number != SIGCHLD;
}

static bool read_rewrite(struct text value, struct options *options) {
    return read_pairs(value, read_rewritable, signal_parse, options->rewrite,
                      sizeof options->rewrite);
}

static bool read_exit_code(struct text word, uint32_t *code) {
    return text_number(word, 255, code);
}

static bool read_exit_codes(struct text value, struct options *options) {
    return read_pairs(value, read_exit_code, read_exit_code, options->exit_codes,
                      sizeof options->exit_codes);
}

static bool read_grace_period(struct text value, struct options *options) {
    return text_number(value, 86400, &options->grace_seconds);
}

static const char *const levels[] = {"error", "warn", "info", "debug"};

static bool find_level(struct text word, enum message_kind *level) {
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (text_equal(word, text_of(levels[i]))) {
            *level = (enum message_kind)i;
            return true;
        }
    }
    return false;
}

/* Checked here like every setting; options_read_settings() has acted on it before. */
static bool read_log(struct text value, struct options *options) {
    enum message_kind level;
    (void)options;
    return find_level(value, &level);
}

static const struct setting {
    const char *name;
    bool (*read)(struct text value, struct options *options);
    bool tunes_supervision;
    const char *hint;
} settings[] = {
    {"APP_UID", read_uid, false,
     "APP_UID is the number of an ordinary user, 1 to 2147483647, in plain digits "
     "without leading zeros; the .NET images set APP_UID=1654"},
    {"APP_GID", read_gid, false,
     "APP_GID is the number of a group, 0 to 2147483647, in plain digits "
     "without leading zeros; leave it out to get the user's own group"},
    {"APP_GROUPS", read_groups, false,
     "APP_GROUPS lists up to 256 group numbers, 1 to 2147483647, with a comma between two: "
     "APP_GROUPS=2000,3000; group 0 is to be had through APP_GID=0 only"},
    {"SHIM_UNPRIVILEGED_PORT_START", read_port_start, false,
     "SHIM_UNPRIVILEGED_PORT_START is a number from 0 to 65535; 0 leaves it to the kernel"},
    {"SHIM_HTTP_PORTS_FROM", read_ports_from, false,
     "SHIM_HTTP_PORTS_FROM is the name of a variable, such as PORT: letters, digits and "
     "underscores, not beginning with a digit"},
    {"SHIM_SIGNAL_GROUP", read_signal_group, true,
     "SHIM_SIGNAL_GROUP is 1 (signals go to the app's process group) or 0 (to the app alone)"},
    {"SHIM_SIGNAL_REWRITE", read_rewrite, true,
     "SHIM_SIGNAL_REWRITE lists pairs such as SIGTERM:SIGINT,HUP:0, each signal once on the "
     "left; KILL, STOP and CHLD cannot be rewritten"},
    {"SHIM_EXIT_CODES", read_exit_codes, true,
     "SHIM_EXIT_CODES lists pairs of exit codes from 0 to 255, such as 143:0,137:1, each once "
     "on the left"},
    {"SHIM_GRACE_PERIOD", read_grace_period, true,
     "SHIM_GRACE_PERIOD is a whole number of seconds, 0 to 86400"},
    {"SHIM_SUPERVISE", read_supervise, false,
     "SHIM_SUPERVISE is 1 (the app runs under the shim) or 0 (the shim becomes the app)"},
    {"SHIM_LOG", read_log, false, "SHIM_LOG is error, warn, info or debug"},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static bool has_conflict(char *const *environment, const char *name, struct messages *messages) {
    if (!environment_conflicts(environment, name)) {
        return false;
    }
    message_error(messages, "%s is in the environment more than once, with different values",
                  plain(text_of(name)).text);
    message_hint(messages, "set it once: the shim and the app might read different ones");
    return true;
}

/* SHIM_HTTP_PORTS_FROM names a variable; the port is that one's value. */
static void follow_ports_from(char *const *environment, struct options *options,
                              struct messages *messages) {
    uint32_t port;
    const char *name = options->ports_from;
    const char *value = environment_get(environment, name);
    options->ports_from = NULL;
    if (has_conflict(environment, name, messages) || value == NULL || value[0] == '\0') {
        return;
    }
    if (!text_number(text_of(value), 65535, &port) || port == 0) {
        message_error(messages, "%s is %s, which is not a port", plain(text_of(name)).text,
                      quote(text_of(value)).text);
        message_hint(messages, "SHIM_HTTP_PORTS_FROM makes it the app's port: it must be a number "
                               "from 1 to 65535, in plain digits without leading zeros");
        return;
    }
    options->ports_from = name;
    options->ports_from_value = value;
}

static void set_defaults(struct options *options) {
    options->unprivileged_port_start = 1024;
    options->supervise = true;
    for (size_t i = 0; i < sizeof options->rewrite; i++) {
        options->rewrite[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof options->exit_codes; i++) {
        options->exit_codes[i] = (uint8_t)i;
    }
}

static void read_setting(const struct setting *setting, char *const *environment,
                         struct options *options, struct messages *messages) {
    const char *value = environment_get(environment, setting->name);
    if (has_conflict(environment, setting->name, messages)) {
        /* Nobody knows which of the two holds: it is as good as malformed. */
        (void)setting->read(LITERAL("?"), options);
        return;
    }
    if (value == NULL || value[0] == '\0') {
        return;
    }
    if (!setting->read(text_of(value), options)) {
        message_error(messages, "%s is %s, which it cannot be", setting->name,
                      quote(text_of(value)).text);
        message_hint(messages, "%s", setting->hint);
    }
    options->tunes_supervision = options->tunes_supervision || setting->tunes_supervision;
}

void options_read_settings(char *const *environment, struct options *options,
                           struct messages *messages) {
    const char *level = environment_get(environment, "SHIM_LOG");
    if (level != NULL) {
        (void)find_level(text_of(level), &messages->level); /* else it is malformed: see below */
    }
    set_defaults(options);
    for (size_t i = 0; i < SETTINGS; i++) {
        read_setting(&settings[i], environment, options, messages);
    }
    if (options->ports_from != NULL) {
        follow_ports_from(environment, options, messages);
    }
}
