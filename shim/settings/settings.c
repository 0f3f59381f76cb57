#include "settings/settings.h"

#include "misspelt.h"

#include <signal.h>
#include <string.h>

/* A setting: its name, how its value is read, and where that goes. */
struct setting {
    const char *name;
    bool (*read)(struct text value, const struct setting *setting, struct options *options);
    size_t field; /* its offset in struct options */
    uint32_t least;
    uint32_t most;
    const char *words[2]; /* of a switch: off and on */
    bool (*left)(struct text word, uint32_t *number);
    bool (*right)(struct text word, uint32_t *number); /* of pairs: LEFT:RIGHT */
    bool tunes_supervision;
    const char *rule; /* what it may be, in words */
};

static void *field_of(const struct setting *setting, struct options *options) {
    return (char *)options + setting->field;
}

static bool read_number(struct text value, const struct setting *setting, struct options *options) {
    uint32_t number;
    bool good = text_number(value, setting->most, &number) && number >= setting->least;
    if (good) {
        *(uint32_t *)field_of(setting, options) = number;
    }
    return good;
}

static bool read_id(struct text value, const struct setting *setting, struct options *options) {
    uint32_t id;
    bool good = text_number(value, setting->most, &id) && id >= setting->least;
    if (good) {
        *(struct id_setting *)field_of(setting, options) = (struct id_setting){ID_SET, id};
    }
    return good;
}

static bool read_groups(struct text value, const struct setting *setting, struct options *options) {
    size_t count = 0;
    struct text entry;
    while (text_next(&value, ',', &entry)) {
        uint32_t gid;
        if (!text_number(entry, setting->most, &gid) || gid < setting->least ||
            count == APP_GROUPS_MAX) {
            return false;
        }
        options->groups[count++] = gid;
    }
    options->group_count = count;
    return true;
}

static bool read_switch(struct text value, const struct setting *setting, struct options *options) {
    bool on = text_equal(value, text_of(setting->words[1]));
    if (!on && !text_equal(value, text_of(setting->words[0]))) {
        return false;
    }
    *(bool *)field_of(setting, options) = on;
    return true;
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

static bool read_name(struct text value, const struct setting *setting, struct options *options) {
    if (!is_variable_name(value)) {
        return false;
    }
    *(const char **)field_of(setting, options) = value.at;
    return true;
}

/* Pairs, each left side once, into a table with an entry for every number up to the most. */
static bool read_pairs(struct text value, const struct setting *setting, struct options *options) {
    const size_t size = (size_t)setting->most + 1;
    uint8_t *table = field_of(setting, options);
    uint8_t copy[UINT8_MAX + 1];
    bool seen[UINT8_MAX + 1] = {false};
    struct text pair;
    memcpy(copy, table, size);
    while (text_next(&value, ',', &pair)) {
        uint32_t from;
        uint32_t to;
        size_t colon = text_find(pair, ':');
        if (colon == pair.length || !setting->left((struct text){pair.at, colon}, &from) ||
            !setting->right(text_skip(pair, colon + 1), &to) || seen[from]) {
            return false;
        }
        seen[from] = true;
        copy[from] = (uint8_t)to;
    }
    memcpy(table, copy, size);
    return true;
}

static bool parse_rewritable(struct text word, uint32_t *number) {
    return signal_parse(word, number) && *number != 0 && *number != SIGKILL && *number != SIGSTOP &&
           *number != SIGCHLD;
}

static bool parse_exit_code(struct text word, uint32_t *code) {
    return text_number(word, UINT8_MAX, code);
}

static bool read_level(struct text value, const struct setting *setting, struct options *options) {
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (text_equal(value, text_of(levels[i]))) {
            *(enum message_kind *)field_of(setting, options) = (enum message_kind)i;
            return true;
        }
    }
    return false;
}

#define FIELD(name) .field = offsetof(struct options, name)

/* The level first: it holds for what is said of the others. */
static const struct setting settings[SETTINGS] = {
    [SETTING_LOG] = {"SHIM_LOG", read_level, FIELD(level),
                     .rule = "SHIM_LOG is error, warn, info or debug"},
    [SETTING_APP_UID] = {"APP_UID", read_id, FIELD(uid), .least = 1, .most = ID_MAX,
                         .rule = "APP_UID is the number of an ordinary user, 1 to 2147483647, in "
                                 "plain digits without leading zeros; the .NET images set "
                                 "APP_UID=1654"},
    [SETTING_APP_GID] = {"APP_GID", read_id, FIELD(gid), .most = ID_MAX,
                         .rule = "APP_GID is the number of a group, 0 to 2147483647, in plain "
                                 "digits without leading zeros; leave it out to get the user's own "
                                 "group"},
    [SETTING_APP_GROUPS] = {"APP_GROUPS", read_groups, .least = 1, .most = ID_MAX,
                            .rule = "APP_GROUPS lists up to 256 group numbers, 1 to 2147483647, "
                                    "with a comma between two: APP_GROUPS=2000,3000; group 0 only "
                                    "through APP_GID=0"},
    [SETTING_BOUNDING_SET] = {"SHIM_BOUNDING_SET", read_switch, FIELD(keeps_bounding_set),
                              .words = {"none", "keep"},
                              .rule = "SHIM_BOUNDING_SET is none (the app's bounding set is "
                                      "emptied) or keep (it stays as it is, so that programs with "
                                      "file capabilities can be started)"},
    [SETTING_UNPRIVILEGED_PORT_START] = {"SHIM_UNPRIVILEGED_PORT_START", read_number,
                                         FIELD(unprivileged_port_start), .most = 65535,
                                         .rule = "SHIM_UNPRIVILEGED_PORT_START is a number from 0 "
                                                 "to 65535; 0 leaves it to the kernel"},
    [SETTING_HTTP_PORTS_FROM] = {"SHIM_HTTP_PORTS_FROM", read_name, FIELD(ports_from),
                                 .rule = "SHIM_HTTP_PORTS_FROM is the name of a variable, such as "
                                         "PORT: letters, digits and underscores, not beginning "
                                         "with a digit"},
    [SETTING_SIGNAL_GROUP] = {"SHIM_SIGNAL_GROUP", read_switch, FIELD(signal_group),
                              .words = {"0", "1"}, .tunes_supervision = true,
                              .rule = "SHIM_SIGNAL_GROUP is 1 (signals go to the app's process "
                                      "group) or 0 (to the app alone)"},
    [SETTING_SIGNAL_REWRITE] = {"SHIM_SIGNAL_REWRITE", read_pairs, FIELD(rewrite),
                                .most = SIGNAL_MAX, .left = parse_rewritable, .right = signal_parse,
                                .tunes_supervision = true,
                                .rule = "SHIM_SIGNAL_REWRITE lists pairs such as "
                                        "SIGTERM:SIGINT,HUP:0 (0 for none), signals by name or as "
                                        "1 to 64, each once on the left; KILL, STOP and CHLD "
                                        "cannot be rewritten"},
    [SETTING_EXIT_CODES] = {"SHIM_EXIT_CODES", read_pairs, FIELD(exit_codes), .most = UINT8_MAX,
                            .left = parse_exit_code, .right = parse_exit_code,
                            .tunes_supervision = true,
                            .rule = "SHIM_EXIT_CODES lists pairs of exit codes from 0 to 255, such "
                                    "as 143:0,137:1, each once on the left"},
    [SETTING_GRACE_PERIOD] = {"SHIM_GRACE_PERIOD", read_number, FIELD(grace_seconds), .most = 86400,
                              .tunes_supervision = true,
                              .rule = "SHIM_GRACE_PERIOD is a whole number of seconds, 0 to 86400"},
    [SETTING_SUPERVISE] = {"SHIM_SUPERVISE", read_switch, FIELD(supervise), .words = {"0", "1"},
                           .rule = "SHIM_SUPERVISE is 1 (the app runs under the shim) or 0 (the "
                                   "shim becomes the app)"},
};

static bool has_conflict(char *const *environment, const char *name, struct messages *messages) {
    if (!environment_conflicts(environment, name)) {
        return false;
    }
    message_error(messages, "%s is in the environment more than once, with different values",
                  plain(text_of(name)).text);
    message_hint(messages, "set it once: the shim and the app might read different ones");
    return true;
}

/* SHIM_HTTP_PORTS_FROM names a variable, whose value is the port. Returns whether that is good. */
static bool follow_ports_from(char *const *environment, struct options *options,
                              struct messages *messages) {
    uint32_t port;
    const char *name = options->ports_from;
    const char *value = environment_get(environment, name);
    options->ports_from = NULL;
    if (has_conflict(environment, name, messages)) {
        return false;
    }
    if (value == NULL || value[0] == '\0') {
        message_warn(messages,
                     "SHIM_HTTP_PORTS_FROM names %s, which is not set: the app's ports "
                     "stay as they are",
                     plain(text_of(name)).text);
        message_hint(messages, "set that variable to a port, or take SHIM_HTTP_PORTS_FROM out");
        return true;
    }
    if (!text_number(text_of(value), 65535, &port) || port == 0) {
        message_error(messages, "%s is %s, which is not a port", plain(text_of(name)).text,
                      quote(text_of(value)).text);
        message_hint(messages, "SHIM_HTTP_PORTS_FROM makes it the app's port: it must be a number "
                               "from 1 to 65535, in plain digits without leading zeros");
        return false;
    }
    options->ports_from = name;
    options->ports_from_value = value;
    return true;
}

/* What expects to hear from its main process hears nothing from our child. */
static void warn_of_notification(char *const *environment, struct messages *messages) {
    static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_PID"};
    const char *name = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && name == NULL; i++) {
        const char *value = environment_get(environment, names[i]);
        name = value != NULL && value[0] != '\0' ? names[i] : NULL;
    }
    if (name != NULL) {
        message_warn(messages,
                     "%s is set, but UseSystemd() of .NET tells it nothing: it speaks as "
                     "PID 1 only, and the app is another process",
                     name);
        message_hint(messages, "start the container as the app's user without the shim (USER); or, "
                               "where the shim is PID 1, SHIM_SUPERVISE=0: the app is PID 1 then, "
                               "has no init, and is what an exec as root joins");
    }
}

static void set_defaults(struct options *options) {
    options->level = MESSAGE_WARN;
    options->unprivileged_port_start = 1024;
    options->supervise = true;
    for (size_t i = 0; i < sizeof options->rewrite; i++) {
        options->rewrite[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof options->exit_codes; i++) {
        options->exit_codes[i] = (uint8_t)i;
    }
}

/* Returns whether the setting is malformed: of two values nobody knows which one holds. */
static bool read_setting(const struct setting *setting, char *const *environment,
                         struct options *options, struct messages *messages) {
    const char *value = environment_get(environment, setting->name);
    if (has_conflict(environment, setting->name, messages)) {
        return true;
    }
    if (value == NULL || value[0] == '\0') {
        return false;
    }
    options->tunes_supervision = options->tunes_supervision || setting->tunes_supervision;
    if (setting->read(text_of(value), setting, options)) {
        return false;
    }
    message_error(messages, "%s is %s, which is not valid", setting->name,
                  quote(text_of(value)).text);
    message_hint(messages, "%s", setting->rule);
    return true;
}

void options_read_settings(char *const *environment, struct options *options,
                           struct messages *messages) {
    const char *names[SETTINGS];
    set_defaults(options);
    for (size_t i = 0; i < SETTINGS; i++) {
        names[i] = settings[i].name;
        options->malformed[i] = read_setting(&settings[i], environment, options, messages);
        messages->level = options->level;
    }
    misspelt_warn(environment, names, SETTINGS, messages);
    if (options->supervise) {
        warn_of_notification(environment, messages);
    }
    if (options->ports_from != NULL) {
        options->malformed[SETTING_HTTP_PORTS_FROM] =
            !follow_ports_from(environment, options, messages);
    }
}
