/* Two entries of N bytes, in a list and in its copy. With: base/environment.c base/text.c */
#include "any.h"

enum { N = 3 };
static char one[N + 1];
static char two[N + 1];
static char *list[] = {one, two, NULL};
static char *copy[4];

static void look(void) {
    struct text name;
    struct text value;
    (void)environment_split(one, &name, &value);
    (void)environment_get(list, "AB");
    (void)environment_conflicts(list, "A");
}

static void change(void) {
    char **other = environment_copy(list, 1);
    memcpy(copy, list, sizeof list);
    environment_put(copy, one);
    memcpy(copy, list, sizeof list);
    environment_put_nocase(copy, one);
    environment_drop(copy, "A");
    if (other != NULL) {
        environment_put(other, "A=1");
    }
    (void)environment_entry("AB", (struct text){one, N});
}

int main(void) {
    any_behind(one, "", N);
    any_behind(two, "", N);
    look();
    change();
    Frama_C_show_each_end();
    return 0;
}
