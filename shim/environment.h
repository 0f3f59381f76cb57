/*
 * The environment: looking things up in the one we were given, and making the app's from it.
 * A list is a NULL-terminated array of "NAME=value" strings, as execve(2) takes it.
 */
#ifndef SHIM_ENVIRONMENT_H
#define SHIM_ENVIRONMENT_H

#include "text.h"

/* Splits an entry at its first '='. Returns false for an entry without one. */
bool environment_split(const char *entry, struct text *name, struct text *value);

/* The value of name, the first one if there are several, as getenv(3) does; NULL if absent. */
const char *environment_get(char *const *list, const char *name);

/* Whether name occurs more than once, with values that differ. */
bool environment_conflicts(char *const *list, const char *name);

/*
 * A copy of list with room for environment_put() to add `more` names. The strings stay shared.
 * Returns NULL, with errno, when there is no memory. The caller frees it, or becomes the app.
 */
char **environment_copy(char *const *list, size_t more);

/* Puts entry ("NAME=value") into a copy in place of every entry of that name. */
void environment_put(char **copy, char *entry);

/* The same, in place of every spelling of the name: ASP.NET Core takes a for A. */
void environment_put_nocase(char **copy, char *entry);

/* Takes every entry of that name out of a copy. */
void environment_drop(char **copy, const char *name);

/* Makes "NAME=value" on the heap. Returns NULL, with errno, when there is no memory. */
char *environment_entry(const char *name, struct text value);

#endif
