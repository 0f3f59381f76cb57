#include "base/base.h"

#include <stdlib.h>
#include <string.h>

bool environment_split(const char *entry, struct text *name, struct text *value) {
    const char *equals = strchr(entry, '=');
    if (equals == NULL) {
        return false;
    }
    *name = (struct text){entry, (size_t)(equals - entry)};
    *value = text_of(equals + 1);
    return true;
}

/* The value of an entry if it is of that name, else NULL. */
static const char *value_of(const char *entry, const char *name, size_t length) {
    return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1 : NULL;
}

const char *environment_get(char *const *list, const char *name) {
    size_t length = strlen(name);
    for (; *list != NULL; list++) {
        const char *value = value_of(*list, name, length);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

bool environment_conflicts(char *const *list, const char *name) {
    size_t length = strlen(name);
    const char *first = environment_get(list, name);
    if (first == NULL) {
        return false;
    }
    for (; *list != NULL; list++) {
        const char *value = value_of(*list, name, length);
        if (value != NULL && strcmp(value, first) != 0) {
            return true;
        }
    }
    return false;
}

char **environment_copy(char *const *list, size_t more) {
    size_t count = 0;
    while (list[count] != NULL) {
        count++;
    }
    char **copy = malloc((count + more + 1) * sizeof *copy);
    if (copy != NULL) {
        memcpy(copy, list, (count + 1) * sizeof *copy);
    }
    return copy;
}

static void put(char **copy, char *entry, bool (*same)(struct text, struct text)) {
    struct text wanted;
    struct text name;
    struct text value;
    char **kept = copy;
    if (!environment_split(entry, &wanted, &value)) {
        return;
    }
    for (char **next = copy; *next != NULL; next++) {
        if (!environment_split(*next, &name, &value) || !same(name, wanted)) {
            *kept++ = *next;
        }
    }
    *kept++ = entry;
    *kept = NULL;
}

void environment_put(char **copy, char *entry) {
    put(copy, entry, text_equal);
}

void environment_put_nocase(char **copy, char *entry) {
    put(copy, entry, text_equal_nocase);
}

void environment_drop(char **copy, const char *name) {
    size_t length = strlen(name);
    char **kept = copy;
    for (char **next = copy; *next != NULL; next++) {
        if (value_of(*next, name, length) == NULL) {
            *kept++ = *next;
        }
    }
    *kept = NULL;
}

char *environment_entry(const char *name, struct text value) {
    size_t length = strlen(name);
    char *entry = malloc(length + 1 + value.length + 1);
    if (entry != NULL) {
        memcpy(entry, name, length);
        entry[length] = '=';
        memcpy(entry + length + 1, value.at, value.length);
        entry[length + 1 + value.length] = '\0';
    }
    return entry;
}
