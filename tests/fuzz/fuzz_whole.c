/*
 * The whole program up to its decision, which it then tells as --check does: the environment, "--",
 * the arguments, "--", and blocks with a line of "--" between them: characters for who we are and
 * what we hold, /etc/passwd, /etc/group, the attributes of files (capabilities, access control
 * list), the map of ids, PROGRAM. What the kernel would say of these is said in whole/.
 */
#include "fuzz.h"
#include "settings/settings.h"
#include "whole/kernel.h"

/* main(), by another name: tests/fuzz/run. */
int shim_main(int argc, char **argv, char **environment);

/* What the command line has come to, before it was changed to what does nothing. */
static bool parsed;
static enum verb verb;

bool __real_options_parse(int argc, char *const *argv, struct options *options,
                          struct messages *messages);
bool __wrap_options_parse(int argc, char *const *argv, struct options *options,
                          struct messages *messages);

/* Nothing is started here, and nothing installed. */
bool __wrap_options_parse(int argc, char *const *argv, struct options *options,
                          struct messages *messages) {
    parsed = __real_options_parse(argc, argv, options, messages);
    verb = options->verb;
    if (options->verb == VERB_RUN) {
        options->verb = VERB_CHECK;
    } else if (options->verb == VERB_INSTALL || options->verb == VERB_INSTALL_NET_BIND_SERVICE) {
        options->verb = VERB_HELP;
    }
    return parsed;
}

struct plan;
void privilege_seal(void);
bool privilege_drop(const struct plan *plan, bool *locked, struct messages *messages);
bool privilege_rehearse(const struct plan *plan, struct messages *messages);
bool privilege_release(const struct plan *plan, struct messages *messages);

/* What acts is not reached. */
void privilege_seal(void) {
    abort();
}

bool privilege_drop(const struct plan *plan, bool *locked, struct messages *messages) {
    (void)plan;
    (void)locked;
    (void)messages;
    abort();
}

bool privilege_rehearse(const struct plan *plan, struct messages *messages) {
    (void)plan;
    (void)messages;
    abort();
}

bool privilege_release(const struct plan *plan, struct messages *messages) {
    (void)plan;
    (void)messages;
    abort();
}

const char build_version[] = "a version\n";

/* Whether a line says so of itself: a value in another may be anything. */
static bool has_error(void) {
    static const char error[] = "shim: error: ";
    const size_t length = sizeof error - 1;
    for (size_t i = 0; i + length <= kernel.said_length; i++) {
        if ((i == 0 || kernel.said[i - 1] == '\n') && memcmp(kernel.said + i, error, length) == 0) {
            return true;
        }
    }
    return false;
}

/* The usage, behind what is wrong with the command line. */
static void check_usage(int code, const char *output) {
    const size_t usage = strlen(options_usage);
    require(code == EXIT_REFUSED && output[0] == '\0' && kernel.said_length > usage);
    const size_t told = kernel.said_length - usage;
    require(memcmp(kernel.said + told, options_usage, usage) == 0);
    check_lines(kernel.said, told);
}

/* Takes the next line, "key: value"; listen may come again. Returns the value. */
static char *take_value(char **output, const char *key) {
    char *line = strsep(output, "\n");
    const size_t length = strlen(key);
    require(line != NULL && *output != NULL);
    require(strncmp(line, key, length) == 0 && strncmp(line + length, ": ", 2) == 0);
    for (const char *at = line; *at != '\0'; at++) {
        require(*at >= 0x20 && *at < 0x7f);
    }
    return line + length + 2;
}

static bool can_switch(void) {
    return kernel_choose(SETUID, 2) == 0 && kernel_choose(SETGID, 2) == 0;
}

/* What is not refused, by the table of DESIGN.md, Identity. */
static void check_user(const char *user, char *const *environment) {
    const char *wish = environment_get(environment, "APP_UID");
    const bool wished = wish != NULL && wish[0] != '\0';
    const unsigned long uid = strtoul(user, NULL, 10);
    require(uid > 0 && uid <= ID_MAX);
    if (can_switch()) {
        require(uid == (wished ? strtoul(wish, NULL, 10) : 1654));
        require(strstr(user, wished ? ", from APP_UID" : ", from default") != NULL);
    } else {
        require(uid == kernel_choose_id(EFFECTIVE_UID));
        require(strstr(user, ", kept") != NULL);
    }
}

static void check_told(int code, char *output, char *const *environment) {
    const char *user = take_value(&output, "user");
    (void)take_value(&output, "group");
    (void)take_value(&output, "groups");
    (void)take_value(&output, "home");
    do {
        (void)take_value(&output, "listen");
    } while (strncmp(output, "listen", strlen("listen")) == 0);
    const char *keep = take_value(&output, "keep");
    (void)take_value(&output, "program");
    const bool good = strcmp(take_value(&output, "verdict"), "ok") == 0;
    require(output[0] == '\0' && good == (code == 0) && good == !has_error());
    require(code == 0 || (code >= EXIT_REFUSED && code <= EXIT_NOT_FOUND));
    if (good) {
        check_user(user, environment);
        require(strcmp(keep, "none") == 0 || kernel_choose(NET_BIND, 2) == 0);
    }
}

static void check(int code, char *output, char *const *environment) {
    if (!parsed) {
        check_usage(code, output);
        return;
    }
    check_lines(kernel.said, kernel.said_length);
    switch (verb) {
    case VERB_RUN:
    case VERB_CHECK:
        check_told(code, output, environment);
        break;
    case VERB_VERSION:
        require(code == 0 && kernel.said_length == 0 && strcmp(output, build_version) == 0);
        break;
    default:
        require(code == 0 && kernel.said_length == 0 && strcmp(output, options_usage) == 0);
    }
}

static void run(const struct strings *environment, const struct strings *words) {
    char *output = NULL;
    size_t length = 0;
    FILE *own = stdout;
    char name[] = "shim";
    char dashes[] = "--";
    char *argv[STRINGS_MAX + 3] = {name};
    int argc = 1;
    if (kernel_choose(DASHES, 4) == 3) {
        argv[argc++] = dashes;
    }
    for (size_t i = 0; i < words->count; i++) {
        argv[argc++] = words->at[i];
    }
    FILE *memory = open_memstream(&output, &length);
    require(memory != NULL);
    kernel.said_length = 0;
    stdout = memory;
    kernel.running = true;
    int code = shim_main(argc, argv, (char **)environment->at);
    kernel.running = false;
    stdout = own;
    memory_free_kept();
    require(fclose(memory) == 0);
    check(code, output, environment->at);
    free(output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct strings environment = take_strings(&data, &size);
    struct strings words = take_strings(&data, &size);
    for (size_t i = 0; i < PARTS; i++) {
        kernel.parts[i] = take_block(&data, &size);
    }
    run(&environment, &words);
    for (size_t i = 0; i < PARTS; i++) {
        free(kernel.parts[i].at);
    }
    free_strings(&environment);
    free_strings(&words);
    return 0;
}
