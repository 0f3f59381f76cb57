/*
 * How much work a large environment makes: four times as much of it may make four times the work,
 * and no more. Counted in basic blocks, which the compiler has each of them call us for, so that
 * the answer is the same on every machine at any load. libc's loops over strings are made anew
 * below, to be counted too.
 */
#include "aspnet/aspnet.h"
#include "base/base.h"
#include "fuzz.h"
#include "identity/accounts.h"
#include "settings/settings.h"

/* Four, with room for what happens once; and what a slow machine does within a second. */
#define RATIO_MAX 4.4
#define BLOCKS_MAX 500000000

static uint64_t blocks;

/* Called by every basic block: clang's SanitizerCoverage. */
void __sanitizer_cov_trace_pc_guard(uint32_t *guard);
void __sanitizer_cov_trace_pc_guard_init(uint32_t *begin, uint32_t *end);

__attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_pc_guard(uint32_t *guard) {
    (void)guard;
    blocks++;
}

__attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_pc_guard_init(uint32_t *begin,
                                                                                  uint32_t *end) {
    (void)begin;
    (void)end;
}

size_t strlen(const char *string) {
    size_t length = 0;
    while (string[length] != '\0') {
        length++;
    }
    return length;
}

int strncmp(const char *a, const char *b, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i] || a[i] == '\0') {
            return (unsigned char)a[i] - (unsigned char)b[i];
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b) {
    return strncmp(a, b, SIZE_MAX);
}

int memcmp(const void *a, const void *b, size_t length) {
    const unsigned char *left = a;
    const unsigned char *right = b;
    for (size_t i = 0; i < length; i++) {
        if (left[i] != right[i]) {
            return left[i] - right[i];
        }
    }
    return 0;
}

void *memchr(const void *bytes, int byte, size_t length) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++) {
        if (at[i] == (unsigned char)byte) {
            return (void *)(uintptr_t)(at + i);
        }
    }
    return NULL;
}

char *strchr(const char *string, int byte) {
    return memchr(string, byte, strlen(string) + 1);
}

char *strrchr(const char *string, int byte) {
    char *found = NULL;
    for (char *at = strchr(string, byte); at != NULL; at = strchr(at + 1, byte)) {
        found = at;
        if (*at == '\0') {
            break;
        }
    }
    return found;
}

/* A list of strings, as execve(2) takes it, with head as the first of them if there is one. */
static char **make_list(size_t count, const char *head, const char *format, size_t names) {
    char **list = calloc(count + 1, sizeof *list);
    require(list != NULL);
    if (head != NULL) {
        list[0] = strdup(head);
        require(list[0] != NULL);
    }
    for (size_t i = head == NULL ? 0 : 1; i < count; i++) {
        require(asprintf(&list[i], format, i % names) >= 0);
    }
    return list;
}

static void free_list(char **list) {
    for (size_t i = 0; list[i] != NULL; i++) {
        free(list[i]);
    }
    free(list);
}

/* One string: head, and then so often piece. */
static char *make_long(const char *head, const char *piece, size_t count) {
    size_t step = strlen(piece);
    size_t length = strlen(head);
    char *string = malloc(length + count * step + 1);
    require(string != NULL);
    memcpy(string, head, length);
    for (size_t i = 0; i < count; i++) {
        memcpy(string + length + i * step, piece, step);
    }
    string[length + count * step] = '\0';
    return string;
}

/* Everything that is read from an environment and arguments. Returns whether it is refused. */
static bool read_all(char **environment, char **program) {
    struct options options;
    static struct listen listen;
    static char entry[] = "ASPNETCORE_HTTP_PORTS=8080";
    struct messages *messages = make_report();
    memset(&options, 0, sizeof options);
    options_read_settings(environment, &options, messages);
    messages->level = MESSAGE_DEBUG;
    char **copy = environment_copy(environment, 1);
    require(copy != NULL);
    environment_put_nocase(copy, entry);
    listen_resolve(environment, program, NULL, &listen, messages);
    bool refused = messages->errors;
    require(listen.count <= LISTEN_MAX);
    free(copy);
    free(messages);
    return refused;
}

static char *no_words[] = {NULL};

struct load {
    const char *name;
    bool refused; /* at a bound that is in listen.h or options.h, or as malformed */
    size_t count;
    /* What each of the strings is: a variable, an argument, or a piece of one variable. */
    enum { VARIABLES, ARGUMENTS, PIECES } kind;
    const char *text;
    const char *head; /* what comes before them; may be NULL for whole strings */
    size_t names;     /* so many different ones, where text has a %zu */
};

static const struct load loads[] = {
    {"strangers", false, 25000, VARIABLES, "STRANGER_%zu=http://*:8080", NULL, SIZE_MAX},
    {"strangers behind a setting", false, 25000, VARIABLES, "STRANGER_%zu=", "APP_UID=1654",
     SIZE_MAX},
    {"variables of one name", false, 25000, VARIABLES, "urls=http://*:%zu", NULL, 9},
    {"other spellings", true, 25000, VARIABLES, "urls=http://*:%zu", "URLS=", 9},
    {"values of one setting", true, 25000, VARIABLES, "APP_UID=%zu", NULL, SIZE_MAX},
    {"endpoints", true, 2000, VARIABLES, "Kestrel__Endpoints__%030zu__Url=http://*:80", NULL,
     SIZE_MAX},
    {"settings of 256 endpoints", false, 2000, VARIABLES,
     "Kestrel__Endpoints__%030zu__Url=http://*:80", NULL, 256},
    {"arguments", false, 25000, ARGUMENTS, "--urls=http://*:%zu", NULL, 9},
    {"addresses", true, 25000, PIECES, "http://*:80;", "ASPNETCORE_URLS=", 0},
    {"ports", true, 25000, PIECES, "8080;", "ASPNETCORE_HTTP_PORTS=", 0},
    {"malformed ports", true, 25000, PIECES, "x;", "HTTP_PORTS=", 0},
    {"semicolons", false, 100000, PIECES, ";", "HTTPS_PORTS=", 0},
    {"colons", true, 100000, PIECES, ":", "URLS=http://", 0},
    {"blanks", false, 100000, PIECES, "\xe2\x80\x80", "HTTP_PORTS=", 0},
    {"digits", false, 100000, PIECES, "0", "HTTP_PORTS=", 0},
    {"underscores", false, 100000, PIECES, "_", "Kestrel", 0},
    {"groups", true, 25000, PIECES, "7,", "APP_GROUPS=", 0},
    {"pairs", true, 25000, PIECES, "1:2,", "SHIM_EXIT_CODES=", 0},
};

/* The blocks that a load of that size takes. */
static uint64_t measure(const struct load *load, size_t count) {
    char *one[] = {NULL, NULL};
    char **list = NULL;
    if (load->kind == PIECES) {
        one[0] = make_long(load->head, load->text, count);
    } else {
        list = make_list(count, load->head, load->text, load->names);
    }
    uint64_t before = blocks;
    bool refused = load->kind == PIECES      ? read_all(one, no_words)
                   : load->kind == VARIABLES ? read_all(list, no_words)
                                             : read_all(no_words, list);
    uint64_t spent = blocks - before;
    if (refused != load->refused) {
        printf("  FAIL  %zu %s: %s\n", count, load->name, refused ? "refused" : "not refused");
        exit(1);
    }
    free(one[0]);
    if (list != NULL) {
        free_list(list);
    }
    return spent;
}

int main(void) {
    int worst = 0;
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
        const struct load *load = &loads[i];
        const uint64_t once = measure(load, load->count);
        const uint64_t fourfold = measure(load, 4 * load->count);
        const double ratio = (double)fourfold / (double)once;
        const bool good = ratio < RATIO_MAX && fourfold < BLOCKS_MAX;
        printf("  %s  work of %zu %s: %.1f million blocks, %.2f times that of a fourth\n",
               good ? "ok  " : "FAIL", 4 * load->count, load->name, (double)fourfold / 1e6, ratio);
        worst = good ? worst : 1;
    }
    return worst;
}
