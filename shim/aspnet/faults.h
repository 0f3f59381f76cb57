/*
 * What is wrong with the addresses, and how it is told: an error where no reading does without it,
 * else a warning. Pure.
 */
#ifndef SHIM_FAULTS_H
#define SHIM_FAULTS_H

#include "address.h"
#include "choice.h"

/* Faults told in full; of more than these only the count is. */
enum { FAULTS_TOLD = 8 };

struct fault {
    enum address_fault what;
    const char *scheme;
    struct text piece;  /* the entry that it is in, or the endpoint's name */
    struct text source; /* the variable or argument */
};

struct faults {
    const char *ports_from; /* as listen_resolve() takes it */
    struct messages *messages;
    bool refused; /* there is too much of something */
    size_t count;
    struct fault told[FAULTS_TOLD];
};

void faults_begin(struct faults *faults, const char *ports_from, struct messages *messages);

/* Whether that is the variable that the shim has filled, as SHIM_HTTP_PORTS_FROM asks for. */
bool faults_is_asked_for(const struct faults *faults, struct text source);

/* The source to name: the shim may have filled ASPNETCORE_HTTP_PORTS from another variable. */
struct text faults_name(const struct faults *faults, struct text source);

/* Parses a piece of a key's list; as KEYS, an endpoint's Url. */
enum address_fault faults_parse(enum key key, struct text piece, struct address *address);

/* Keeps a fault until it is known whether it matters; ADDRESS_DYNAMIC_BELOW is told at once. */
void faults_add(struct faults *faults, enum address_fault what, const char *scheme,
                struct text piece, struct text source);

/* Refuses; source is where the first one comes from that is too many, or one of them. */
void faults_refuse_more(struct faults *faults, struct text source, const char *what, int most);

/* Tells that an entry is overridden: a warning only where that hides something. */
void faults_warn_overridden(struct faults *faults, enum key key, const struct entry *entry,
                            struct text by);

/* An argument over which CreateBuilder(args) fails, and an app that keeps args to itself not. */
void faults_warn_of_dash(struct faults *faults, char *const *program);

/* Tells all faults, as warnings if some reading was accepted. Returns whether it is refused. */
bool faults_tell(struct faults *faults, bool accepted);

#endif
