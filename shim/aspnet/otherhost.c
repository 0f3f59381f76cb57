#include "otherhost.h"

void otherhost_warn_of_dash(char *const *program, struct messages *messages) {
    const char *word = configuration_find_unmapped(program);
    if (word != NULL) {
        message_warn(messages,
                     "argument %s: an app that hands its arguments to "
                     "WebApplication.CreateBuilder fails over a single dash with =",
                     quote(text_of(word)).text);
    }
}

static void compare(const struct choice *choice, const struct entry *entry,
                    struct messages *messages) {
    if (entry->rank == RANK_ASPNETCORE && choice->rank == RANK_DOTNET &&
        !text_equal(entry->value, choice->value)) {
        message_warn(messages,
                     "%s and %s differ: WebApplication takes the first, the older generic host "
                     "(ConfigureWebHostDefaults) the second",
                     plain(choice->source).text, plain(entry->source).text);
        message_hint(messages, "set only one of them");
    }
}

void otherhost_warn_of_order(char *const *environment, char *const *program,
                             const struct choices *choices, struct messages *messages) {
    struct entry entry;
    struct configuration_cursor cursor = configuration_begin(environment, program);
    while (configuration_next(&cursor, &entry)) {
        for (enum key key = 0; key < KEYS; key++) {
            if (configuration_is(&entry, key_names[key])) {
                compare(&choices->keys[key], &entry, messages);
            }
        }
        const struct endpoint *endpoint = choices_endpoint_of(choices, &entry);
        if (endpoint != NULL) {
            compare(&endpoint->url, &entry, messages);
        }
    }
}
