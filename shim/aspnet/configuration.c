#include "configuration.h"

#include <string.h>

/* Options of the `dotnet` host that take a value, before the app's file. */
static const char *const host_options[] = {
    "--fx-version",
    "--roll-forward",
    "--roll-forward-on-no-candidate-fx",
    "--additionalprobingpath",
    "--depsfile",
    "--runtimeconfig",
    "--additional-deps",
};

static bool takes_value(const char *option) {
    for (size_t i = 0; i < sizeof host_options / sizeof host_options[0]; i++) {
        if (strcmp(option, host_options[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The app's own arguments. */
static char *const *find_arguments(char *const *program) {
    if (program[0] == NULL) {
        return program;
    }
    const char *slash = strrchr(program[0], '/');
    const char *name = slash == NULL ? program[0] : slash + 1;
    program++;
    if (strcmp(name, "dotnet") != 0) {
        return program;
    }
    if (program[0] != NULL && strcmp(program[0], "exec") == 0) {
        program++;
    }
    while (program[0] != NULL && program[0][0] == '-') {
        program += takes_value(program[0]) && program[1] != NULL ? 2 : 1;
    }
    return program[0] == NULL ? program : program + 1;
}

struct configuration_cursor configuration_begin(char *const *environment, char *const *program) {
    return (struct configuration_cursor){environment, find_arguments(program)};
}

/*
 * One argument as .NET's CommandLineConfigurationProvider reads it: --key=value, --key value,
 * /key=value, /key value, key=value. Steps over it, and over a value that it takes along.
 * Returns false when nothing comes of it. *unmapped: it is -key=value.
 */
static bool read_argument(char *const **next, struct entry *entry, bool *unmapped) {
    entry->at = *next;
    const char *word = *(*next)++;
    bool switches = strncmp(word, "--", 2) == 0 || word[0] == '/';
    size_t dashes = word[0] == '/' || word[0] == '-' ? 1 : 0;
    if (switches && word[0] == '-') {
        dashes = 2;
    }
    struct text rest = text_of(word + dashes);
    size_t equals = text_find(rest, '=');

    *unmapped = word[0] == '-' && !switches && equals < rest.length;
    entry->layer = LAYER_ARGUMENTS;
    entry->source = (struct text){word, dashes + equals};
    entry->key = (struct text){rest.at, equals};
    if (equals < rest.length) {
        entry->value = text_skip(rest, equals + 1);
        return !*unmapped;
    }
    if (!switches || **next == NULL) {
        return false;
    }
    entry->value = text_of(*(*next)++);
    return true;
}

static bool read_variable(char *const *at, struct entry *entry) {
    static const struct {
        enum layer layer;
        struct text prefix;
    } layers[] = {{LAYER_ASPNETCORE, LITERAL("ASPNETCORE_")}, {LAYER_DOTNET, LITERAL("DOTNET_")}};
    if (!environment_split(*at, &entry->source, &entry->value) || entry->source.length == 0) {
        return false;
    }
    entry->at = at;
    entry->layer = LAYER_BARE;
    entry->key = entry->source;
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        size_t length = layers[i].prefix.length;
        /* "__" becomes ":" before the prefix is looked for, and then it is none. */
        if (text_starts_nocase(entry->source, layers[i].prefix) &&
            !(entry->source.length > length && entry->source.at[length] == '_')) {
            entry->layer = layers[i].layer;
            entry->key = text_skip(entry->source, length);
        }
    }
    return true;
}

bool configuration_next(struct configuration_cursor *cursor, struct entry *entry) {
    bool unmapped;
    while (*cursor->variable != NULL) {
        if (read_variable(cursor->variable++, entry)) {
            return true;
        }
    }
    while (*cursor->argument != NULL) {
        if (read_argument(&cursor->argument, entry, &unmapped)) {
            return true;
        }
    }
    return false;
}

struct entry configuration_reread(enum layer layer, char *const *at) {
    struct entry entry;
    bool unmapped;
    memset(&entry, 0, sizeof entry);
    /* It is there: only what was an entry has a place. */
    (void)(layer == LAYER_ARGUMENTS ? read_argument(&at, &entry, &unmapped)
                                    : read_variable(at, &entry));
    return entry;
}

const char *configuration_find_unmapped(char *const *program) {
    char *const *next = find_arguments(program);
    struct entry entry;
    while (*next != NULL) {
        const char *word = *next;
        bool unmapped;
        (void)read_argument(&next, &entry, &unmapped);
        if (unmapped) {
            return word;
        }
    }
    return NULL;
}

/* The next character of a key, "__" read as ':' in a variable's; false at its end. */
static bool next_character(struct text *rest, bool variable, char *character) {
    if (rest->length == 0) {
        return false;
    }
    bool pair = variable && rest->length >= 2 && rest->at[0] == '_' && rest->at[1] == '_';
    *character = pair ? ':' : rest->at[0];
    *rest = text_skip(*rest, pair ? 2 : 1);
    return true;
}

/* Takes expected off *rest, in any case. Returns false when it does not begin with it. */
static bool take(struct text *rest, bool variable, const char *expected) {
    char character;
    for (; *expected != '\0'; expected++) {
        if (!next_character(rest, variable, &character) ||
            !text_equal_nocase((struct text){&character, 1}, (struct text){expected, 1})) {
            return false;
        }
    }
    return true;
}

static bool is_variable(const struct entry *entry) {
    return entry->layer != LAYER_ARGUMENTS;
}

bool configuration_is(const struct entry *entry, const char *key) {
    struct text rest = entry->key;
    return take(&rest, is_variable(entry), key) && rest.length == 0;
}

bool configuration_child(const struct entry *entry, const char *prefix, struct text *child,
                         struct text *rest) {
    char character;
    *rest = entry->key;
    if (!take(rest, is_variable(entry), prefix)) {
        return false;
    }
    child->at = rest->at;
    child->length = rest->length;
    for (struct text before = *rest; next_character(rest, is_variable(entry), &character);
         before = *rest) {
        if (character == ':') {
            child->length -= before.length;
            return true;
        }
    }
    return true;
}
