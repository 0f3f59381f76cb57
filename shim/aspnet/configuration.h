/*
 * The environment and the command line as .NET's configuration sees them: keys with values, in
 * layers. Which layer counts, the app's builder decides (reading.h). Pure.
 */
#ifndef SHIM_CONFIGURATION_H
#define SHIM_CONFIGURATION_H

#include "base/base.h"

/* Of variables with the prefix, of those without one, and of the app's arguments. */
enum layer { LAYER_ASPNETCORE, LAYER_DOTNET, LAYER_BARE, LAYER_ARGUMENTS, LAYERS };

/* One key with its value. */
struct entry {
    enum layer layer;
    char *const *at; /* where in the environment, or among the arguments */
    struct text key; /* as spelled, without its layer's prefix; a variable's "__" stands for ":" */
    struct text value;
    struct text source; /* the variable's whole name, or the argument up to its '=' */
};

/* Where a walk through all entries has got to; configuration_begin() sets it up. */
struct configuration_cursor {
    char *const *variable;
    char *const *argument;
};

/*
 * Starts a walk: environment as execve(2) takes it, program with its arguments, both ended by
 * NULL. For `dotnet app.dll ARG...` the app's arguments begin behind the file.
 */
struct configuration_cursor configuration_begin(char *const *environment, char *const *program);

/* Takes the next entry: variables first, then arguments. Returns false at the end. */
bool configuration_next(struct configuration_cursor *cursor, struct entry *entry);

/* The entry that is at that place of that layer: what configuration_next() took from there. */
struct entry configuration_reread(enum layer layer, char *const *at);

/*
 * The first argument such as -p=8080 among the program's, or NULL: .NET's configuration has no
 * mapping for it and throws.
 */
const char *configuration_find_unmapped(char *const *program);

/* Whether the entry's key is key, in any case. */
bool configuration_is(const struct entry *entry, const char *key);

/*
 * Whether the entry's key is prefix (which ends in ':'), something up to the next ':' (which
 * may be nothing), and a rest: the two parts, as spelled.
 */
bool configuration_child(const struct entry *entry, const char *prefix, struct text *child,
                         struct text *rest);

#endif
