#include "settings/settings.h"

#include <string.h>

const char options_usage[] =
    "Usage: shim [--] PROGRAM [ARG]...            drop privileges and run PROGRAM under "
    "supervision\n"
    "       shim --check [--] PROGRAM [ARG]...    say what would happen, and do nothing\n"
    "       shim --install DEST                   copy this binary to DEST, a file or a folder\n"
    "       shim --install-net-bind-service DEST  the same, and the copy may lend an ordinary\n"
    "                                             user CAP_NET_BIND_SERVICE, for ports below 1024\n"
    "       shim --version | --help\n"
    "\n"
    "Settings are environment variables; empty counts as unset:\n"
    "  APP_UID                       user to run as: 1 to 2147483647 (default 1654)\n"
    "  APP_GID                       primary group: 0 to 2147483647 (default: the user's group, else\n"
    "                                the uid's number)\n"
    "  APP_GROUPS                    more supplementary groups, up to 256: 2000,3000\n"
    "  SHIM_BOUNDING_SET             keep: leave the bounding set as it is, for programs with file\n"
    "                                capabilities (default none: empty it)\n"
    "  SHIM_UNPRIVILEGED_PORT_START  first port that needs no privilege: 0 to 65535; 0: leave it to\n"
    "                                the kernel (default 1024)\n"
    "  SHIM_HTTP_PORTS_FROM          variable that holds the app's port, such as PORT\n"
    "  SHIM_SIGNAL_GROUP             1: signals go to the app's process group (default 0)\n"
    "  SHIM_SIGNAL_REWRITE           hand on other signals: SIGTERM:SIGINT,HUP:0\n"
    "  SHIM_EXIT_CODES               end with other exit codes, 0 to 255: 143:0,137:1\n"
    "  SHIM_GRACE_PERIOD             seconds for left-over processes once the app has ended: 0 to\n"
    "                                86400 (default 0)\n"
    "  SHIM_SUPERVISE                0: become the app instead of supervising it (default 1)\n"
    "  SHIM_LOG                      error, warn, info or debug (default warn)\n"
    "The ports come from ASPNETCORE_HTTP_PORTS and whatever else ASP.NET Core reads for them.\n"
    "\n"
    "Exit codes: the app's own; 128+n when signal n killed it; 125 when the shim refused or\n"
    "failed; 126 when PROGRAM cannot be executed; 127 when it was not found.\n";

static const struct {
    const char *flag;
    enum verb verb;
} flags[] = {
    {"--check", VERB_CHECK},
    {"--install", VERB_INSTALL},
    {"--install-net-bind-service", VERB_INSTALL_NET_BIND_SERVICE},
    {"--version", VERB_VERSION},
    {"--help", VERB_HELP},
};
enum { FLAGS = sizeof flags / sizeof flags[0] };

static bool find_flag(const char *word, enum verb *verb) {
    for (size_t i = 0; i < FLAGS; i++) {
        if (strcmp(word, flags[i].flag) == 0) {
            *verb = flags[i].verb;
            return true;
        }
    }
    return false;
}

/* What may follow the verb. */
static bool parse_operands(char *const *words, struct options *options, struct messages *messages) {
    switch (options->verb) {
    case VERB_INSTALL:
    case VERB_INSTALL_NET_BIND_SERVICE:
        if (words[0] == NULL || words[0][0] == '\0' || words[1] != NULL) {
            message_error(messages, "%s takes one word: where to copy this binary to",
                          options->verb == VERB_INSTALL ? "--install"
                                                        : "--install-net-bind-service");
            return false;
        }
        options->destination = words[0];
        return true;
    case VERB_VERSION:
    case VERB_HELP:
        if (words[0] != NULL) {
            message_error(messages, "%s does not go with --version or --help",
                          quote(text_of(words[0])).text);
            return false;
        }
        return true;
    case VERB_RUN:
    case VERB_CHECK:
        break;
    }
    if (words[0] == NULL) {
        message_error(messages, "no PROGRAM to run");
        message_hint(messages, "name it after the shim: ENTRYPOINT [\"/shim\", \"./aspnetapp\"]");
        return false;
    }
    options->program = words;
    return true;
}

bool options_parse(int argc, char *const *argv, struct options *options,
                   struct messages *messages) {
    static char *const none[] = {NULL};
    char *const *word = argc > 0 ? argv + 1 : none;
    memset(options, 0, sizeof *options);

    for (; *word != NULL && (*word)[0] == '-'; word++) {
        enum verb verb;
        if (strcmp(*word, "--") == 0) {
            word++;
            break;
        }
        if (!find_flag(*word, &verb)) {
            message_error(messages, "unknown flag %s", quote(text_of(*word)).text);
            message_hint(messages, "the program comes before its own arguments: [\"/shim\", "
                                   "\"./aspnetapp\", \"--urls\", \"http://*:8080\"]; shim --help "
                                   "lists the shim's flags");
            return false;
        }
        if (options->verb != VERB_RUN) {
            message_error(messages, "%s does not go with the flag before it",
                          quote(text_of(*word)).text);
            return false;
        }
        options->verb = verb;
    }
    return parse_operands(word, options, messages);
}
