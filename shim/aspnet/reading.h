/*
 * The readings: how an app of each of the builders chooses among the layers. What is unknown in
 * one of them (which spelling .NET picks, which version of it runs) may turn out either way. Pure.
 */
#ifndef SHIM_READING_H
#define SHIM_READING_H

#include "aspnet/aspnet.h"
#include "choice.h"

/* What comes of a key: every layer that may have the say, and all that may be said. */
struct outcome {
    unsigned layers; /* 1 << enum layer, several at once */
    unsigned says;   /* SAYS_..., several at once; SAYS_EMPTY for a key that nobody has, too */
};

/* One reading of everything. */
struct view {
    enum app_reading reading;
    struct outcome keys[KEYS_CHOSEN];
    bool iis;       /* the IIS integration may set the address */
    bool hosting;   /* URLS and the ports may be what counts */
    bool endpoints; /* Kestrel's endpoints may be */
    bool unset;     /* there may be no hosting address */
};

/*
 * Makes a view, and tells each statement that counts in it so. The environment is looked at for
 * the IIS integration, which asks for its variables by name.
 */
void view_make(enum app_reading reading, char *const *environment, struct choices *choices,
               struct view *view);

/* What comes of an endpoint's Url. */
struct outcome view_endpoint(const struct view *view, const struct endpoint *endpoint);

/*
 * Whether an app may start in this view and bind what is meant, now that the statements know
 * whether they are good.
 */
bool view_accepts(const struct view *view, const struct choices *choices);

/*
 * What overrides the statement of that layer in this view: of a key, or, as KEYS, of the Url of
 * the endpoint whose choice it is.
 */
struct text view_overrider(const struct view *view, const struct choices *choices, enum key key,
                           const struct choice *choice, enum layer layer);

#endif
