/* The command line and the settings (DESIGN.md, Command line, Settings). Touches nothing but
 * memory. */
#ifndef SHIM_SETTINGS_H
#define SHIM_SETTINGS_H

#include "base/base.h"

#include <sys/types.h>

enum verb {
    VERB_RUN,
    VERB_CHECK,
    VERB_INSTALL,
    VERB_INSTALL_NET_BIND_SERVICE,
    VERB_VERSION,
    VERB_HELP
};

/* The settings, in the order in which they are read and told. */
enum setting_name {
    SETTING_LOG,
    SETTING_APP_UID,
    SETTING_APP_GID,
    SETTING_APP_GROUPS,
    SETTING_BOUNDING_SET,
    SETTING_UNPRIVILEGED_PORT_START,
    SETTING_HTTP_PORTS_FROM,
    SETTING_SIGNAL_GROUP,
    SETTING_SIGNAL_REWRITE,
    SETTING_EXIT_CODES,
    SETTING_GRACE_PERIOD,
    SETTING_SUPERVISE,
    SETTINGS
};

/* Groups that APP_GROUPS may list at most. */
enum { APP_GROUPS_MAX = 256 };

/* A uid or gid setting: whether there is a well formed one, and its number. */
struct id_setting {
    enum { ID_UNSET, ID_SET } state;
    uint32_t id;
};

struct options {
    enum verb verb;
    char *const *program;    /* PROGRAM and its arguments, ended by NULL */
    const char *destination; /* of the verbs that install */

    bool malformed[SETTINGS]; /* given, but nobody knows as what: its default stands in for it */
    struct id_setting uid;
    struct id_setting gid;
    size_t group_count; /* APP_GROUPS, as listed */
    gid_t groups[APP_GROUPS_MAX];
    bool keeps_bounding_set; /* SHIM_BOUNDING_SET is keep */
    uint32_t unprivileged_port_start;
    const char *ports_from;       /* SHIM_HTTP_PORTS_FROM, when that variable has a port; or NULL */
    const char *ports_from_value; /* and that port, in digits */
    bool signal_group;
    uint8_t rewrite[SIGNAL_MAX + 1]; /* what each signal is handed on as; 0: not at all */
    uint8_t exit_codes[256];         /* what each exit code becomes */
    uint32_t grace_seconds;
    bool supervise;
    enum message_kind level; /* SHIM_LOG */
    bool tunes_supervision;  /* one of the settings for it is there */
};

/*
 * Reads the command line into *options. Returns false for a usage error, which is in messages.
 * argc may be 0, as execve(2) allows before Linux 5.18.
 */
bool options_parse(int argc, char *const *argv, struct options *options, struct messages *messages);

/*
 * Reads the settings from environment into *options and sets the level of messages. Every
 * malformed one becomes an error in messages, and its default stands in for it.
 */
void options_read_settings(char *const *environment, struct options *options,
                           struct messages *messages);

/* The usage, as --help prints it. */
extern const char options_usage[];

#endif
