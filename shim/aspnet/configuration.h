/*
 * The environment and the command line as .NET's configuration sees them for an app made with
 * WebApplication.CreateBuilder(args): keys in layers, the higher one wins. Pure.
 */
#ifndef SHIM_CONFIGURATION_H
#define SHIM_CONFIGURATION_H

#include "base/base.h"

/*
 * Layers, lowest first. Arguments come on top, and each of them beats those before it: an
 * argument's rank is RANK_ARGUMENT plus its place.
 */
enum { RANK_NONE, RANK_ASPNETCORE, RANK_DOTNET, RANK_BARE, RANK_ARGUMENT };

/* One key with its value. */
struct entry {
    size_t rank;
    struct text key; /* as spelled, without its layer's prefix */
    bool variable;   /* of the environment: "__" in the key stands for ":" */
    struct text value;
    struct text source; /* the variable's whole name, or the argument up to its '=' */
};

/* Where a walk through all entries has got to; configuration_begin() sets it up. */
struct configuration_cursor {
    char *const *variable;
    char *const *argument;
    size_t arguments_read;
};

/*
 * Starts a walk: environment as execve(2) takes it, program with its arguments, both ended by
 * NULL. For `dotnet app.dll ARG...` the app's arguments begin behind the file.
 */
struct configuration_cursor configuration_begin(char *const *environment, char *const *program);

/* Takes the next entry. Returns false at the end. */
bool configuration_next(struct configuration_cursor *cursor, struct entry *entry);

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
