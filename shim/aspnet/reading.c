#include "reading.h"

static unsigned bit(enum layer layer) {
    return 1U << layer;
}

/* WebApplication: the highest layer that has the key, be it empty. */
static struct outcome choose(const struct choice *choice) {
    for (unsigned layer = LAYERS; layer-- > 0;) {
        if (choice->layers[layer].says != 0) {
            return (struct outcome){bit(layer), choice->layers[layer].says};
        }
    }
    return (struct outcome){0, SAYS_EMPTY};
}

/*
 * Below arguments and bare variables the generic host has its own configuration, ASPNETCORE_ before
 * DOTNET_. An empty value of the first hides the second on .NET 11 and does not on 10.
 */
static void choose_of_host(const struct choice *choice, struct outcome *outcome) {
    const struct statement *upper = &choice->layers[LAYER_ASPNETCORE];
    const struct statement *lower = &choice->layers[LAYER_DOTNET];
    if (upper->says != 0) {
        outcome->layers |= bit(LAYER_ASPNETCORE);
        outcome->says |= upper->says;
    }
    if (upper->says != 0 && (upper->says & SAYS_EMPTY) == 0) {
        return;
    }
    if (lower->says != 0) {
        outcome->layers |= bit(LAYER_DOTNET);
        outcome->says |= lower->says;
    } else {
        outcome->says |= SAYS_EMPTY;
    }
}

/* Whether arguments or bare variables have the key: then the host's own are asked at most later. */
static bool is_of_app(const struct choice *choice) {
    return choice->layers[LAYER_ARGUMENTS].says != 0 || choice->layers[LAYER_BARE].says != 0;
}

/*
 * The generic host. Where it falls back, an empty value of the app's sends it to the host's own,
 * which has the arguments too: between the prefixes.
 */
static struct outcome choose_generic(const struct choice *choice, bool falls_back) {
    struct outcome outcome = {0, 0};
    if (!is_of_app(choice)) {
        choose_of_host(choice, &outcome);
        return outcome;
    }
    outcome = choose(choice);
    if (!falls_back || (outcome.says & SAYS_EMPTY) == 0) {
        return outcome;
    }
    if (outcome.layers == bit(LAYER_BARE)) {
        outcome.says &= ~(unsigned)SAYS_EMPTY;
        choose_of_host(choice, &outcome);
    } else if (choice->layers[LAYER_ASPNETCORE].says != 0) {
        /* Empty ones among its spellings leave it to the argument, which is empty. */
        unsigned says = choice->layers[LAYER_ASPNETCORE].says;
        outcome.layers |= bit(LAYER_ASPNETCORE);
        outcome.says = (outcome.says & ~(unsigned)SAYS_EMPTY) | says;
    }
    return outcome;
}

static struct outcome choose_in(enum app_reading reading, const struct choice *choice,
                                bool falls_back) {
    return reading == READING_HOST ? choose_generic(choice, falls_back) : choose(choice);
}

/* What may come of the three variables of the IIS integration: SAYS_SOME, it takes over. */
static unsigned ask_iis(enum app_reading reading, char *const *environment,
                        const struct choices *choices) {
    static const char *const names[] = {"ASPNETCORE_PORT", "ASPNETCORE_APPL_PATH",
                                        "ASPNETCORE_TOKEN"};
    unsigned all = SAYS_SOME;
    unsigned any = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsigned says = choices->keys[KEY_IIS_PORT + i].layers[LAYER_ASPNETCORE].says;
        if (reading == READING_WEB) {
            /* By these very names. */
            const char *value = environment_get(environment, names[i]);
            says = value != NULL && *value != '\0' ? SAYS_SOME : SAYS_EMPTY;
        }
        all &= says;
        any |= says == 0 ? SAYS_EMPTY : says & SAYS_EMPTY;
    }
    return reading == READING_SLIM ? SAYS_EMPTY : all == 0 ? SAYS_EMPTY : all | any;
}

/*
 * It puts its address above all others, and prefers it to endpoints; in the generic host it puts
 * both in place of the ASPNETCORE_ variables, below what is of the app.
 */
static void apply_iis(unsigned iis, const struct choices *choices, struct view *view) {
    static const enum key keys[] = {KEY_URLS, KEY_PREFER};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct outcome *outcome = &view->keys[keys[i]];
        if ((iis & SAYS_SOME) == 0 ||
            (view->reading == READING_HOST && is_of_app(&choices->keys[keys[i]]))) {
            continue;
        }
        if ((iis & SAYS_EMPTY) == 0) {
            *outcome = (struct outcome){0, 0};
        }
        outcome->says |= SAYS_SOME;
        view->iis = view->iis || keys[i] == KEY_URLS;
    }
}

static void mark(struct choice *choice, struct outcome outcome, enum app_reading reading) {
    for (enum layer layer = 0; layer < LAYERS; layer++) {
        if ((outcome.layers & bit(layer)) != 0) {
            choice->layers[layer].readings |= (unsigned char)reading;
        }
    }
}

static bool may_list_nothing(struct outcome outcome) {
    return (outcome.says & (SAYS_EMPTY | SAYS_NONE)) != 0;
}

void view_make(enum app_reading reading, char *const *environment, struct choices *choices,
               struct view *view) {
    *view = (struct view){.reading = reading};
    for (enum key key = 0; key < KEYS_CHOSEN; key++) {
        bool falls_back = key == KEY_URLS || key == KEY_PREFER;
        view->keys[key] = choose_in(reading, &choices->keys[key], falls_back);
    }
    apply_iis(ask_iis(reading, environment, choices), choices, view);

    /* URLS that are there, even without an address in them, hide the ports. */
    const struct outcome *keys = view->keys;
    bool some = choices->endpoint_count > 0;
    bool ports = (keys[KEY_URLS].says & SAYS_EMPTY) != 0;
    view->unset = (keys[KEY_URLS].says & SAYS_NONE) != 0 ||
                  (ports && may_list_nothing(keys[KEY_HTTP_PORTS]) &&
                   may_list_nothing(keys[KEY_HTTPS_PORTS]));
    view->hosting = !some || (keys[KEY_PREFER].says & SAYS_SOME) != 0;
    view->endpoints = some && (may_list_nothing(keys[KEY_PREFER]) || view->unset);
    for (enum key key = 0; view->hosting && key < KEYS_LISTED; key++) {
        if (key == KEY_URLS || ports) {
            mark(&choices->keys[key], keys[key], reading);
        }
    }
    for (size_t i = 0; i < choices->endpoint_count; i++) {
        struct endpoint *endpoint = &choices->endpoints[i];
        mark(&endpoint->url, view_endpoint(view, endpoint), reading);
    }
}

struct outcome view_endpoint(const struct view *view, const struct endpoint *endpoint) {
    return choose_in(view->reading, &endpoint->url, false);
}

/* Whether one of the statements that may have the say is good, or, if unused, can be read. */
static bool may_be_good(const struct choice *choice, struct outcome outcome, bool unused) {
    for (enum layer layer = 0; layer < LAYERS; layer++) {
        const struct statement *statement = &choice->layers[layer];
        if ((outcome.layers & bit(layer)) != 0 &&
            (statement->good || (unused && statement->readable))) {
            return true;
        }
    }
    return false;
}

static bool may_endpoints_be_good(const struct view *view, const struct choices *choices,
                                  bool unused) {
    for (size_t i = 0; i < choices->endpoint_count; i++) {
        const struct endpoint *endpoint = &choices->endpoints[i];
        struct outcome outcome = view_endpoint(view, endpoint);
        bool unseen = (outcome.says & SAYS_EMPTY) != 0;
        if (!unseen && !may_be_good(&endpoint->url, outcome, unused)) {
            return false;
        }
    }
    return true;
}

/* Whether the hosting addresses may be there, and all of them good. */
static bool may_hosting_be_good(const struct view *view, const struct choices *choices) {
    const struct outcome *keys = view->keys;
    bool http = may_be_good(&choices->keys[KEY_HTTP_PORTS], keys[KEY_HTTP_PORTS], false);
    bool https = may_be_good(&choices->keys[KEY_HTTPS_PORTS], keys[KEY_HTTPS_PORTS], false);
    bool ports = (http || https) && (http || may_list_nothing(keys[KEY_HTTP_PORTS])) &&
                 (https || may_list_nothing(keys[KEY_HTTPS_PORTS]));
    return (view->iis && choices->keys[KEY_IIS_PORT].layers[LAYER_ASPNETCORE].good) ||
           may_be_good(&choices->keys[KEY_URLS], keys[KEY_URLS], false) ||
           ((keys[KEY_URLS].says & SAYS_EMPTY) != 0 && ports);
}

bool view_accepts(const struct view *view, const struct choices *choices) {
    bool hosting = may_hosting_be_good(view, choices);
    if (choices->endpoint_count == 0) {
        return hosting || view->unset;
    }
    bool preferred = (view->keys[KEY_PREFER].says & SAYS_SOME) != 0;
    return (view->endpoints && may_endpoints_be_good(view, choices, false)) ||
           (preferred && hosting && may_endpoints_be_good(view, choices, true));
}

/* Where the highest layer above that one has the key from; absent if none has. */
static struct text find_above(const struct choice *choice, unsigned layer) {
    for (unsigned above = LAYERS; above-- > layer;) {
        if (choice->layers[above].says != 0) {
            return statement_entry(&choice->layers[above], above).source;
        }
    }
    return (struct text){NULL, 0};
}

struct text view_overrider(const struct view *view, const struct choices *choices, enum key key,
                           const struct choice *choice, enum layer layer) {
    struct text above = find_above(choice, layer + 1);
    if (above.at != NULL) {
        return above;
    }
    if (view->iis) {
        return LITERAL("ASPNETCORE_PORT");
    }
    if (key < KEYS && !view->hosting) {
        return choices->endpoints[0].source;
    }
    return find_above(&choices->keys[key < KEYS ? KEY_URLS : KEY_PREFER], 0);
}
