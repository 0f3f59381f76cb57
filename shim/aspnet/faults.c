#include "faults.h"

void faults_begin(struct faults *faults, const char *ports_from, struct messages *messages) {
    faults->ports_from = ports_from;
    faults->messages = messages;
    faults->refused = false;
    faults->count = 0;
}

bool faults_is_asked_for(const struct faults *faults, struct text source) {
    return faults->ports_from != NULL && text_equal(source, LITERAL("ASPNETCORE_HTTP_PORTS"));
}

struct text faults_name(const struct faults *faults, struct text source) {
    return faults_is_asked_for(faults, source) ? text_of(faults->ports_from) : source;
}

enum address_fault faults_parse(enum key key, struct text piece, struct address *address) {
    return key == KEY_HTTP_PORTS    ? address_parse_port("http", piece, address)
           : key == KEY_HTTPS_PORTS ? address_parse_port("https", piece, address)
                                    : address_parse(piece, address);
}

static void tell(const struct faults *faults, enum message_kind kind, const struct fault *fault) {
    struct quote source = plain(faults_name(faults, fault->source));
    struct quote piece = quote(fault->piece);
    message_add(faults->messages, kind, "%s: %s is %s", source.text, piece.text,
                address_explain(fault->what, fault->scheme));
    message_hint(faults->messages, "%s", address_advise(fault->what, fault->piece));
}

void faults_add(struct faults *faults, enum address_fault what, const char *scheme,
                struct text piece, struct text source) {
    const struct fault fault = {what, scheme, piece, source};
    if (what == ADDRESS_DYNAMIC_BELOW) {
        tell(faults, MESSAGE_WARN, &fault);
        return;
    }
    if (faults->count < FAULTS_TOLD) {
        faults->told[faults->count] = fault;
    }
    faults->count++;
}

void faults_refuse_more(struct faults *faults, struct text source, const char *what, int most) {
    faults->refused = true;
    message_error(faults->messages, "%s: more than %d %s", plain(faults_name(faults, source)).text,
                  most, what);
    message_hint(faults->messages, "the shim follows %d of them at most: leave the others out",
                 most);
}

/* The first piece of a value that Kestrel would not take as it is meant, if there is one. */
static bool find_fault(enum key key, struct text value, struct text *piece) {
    struct address address;
    bool list = key < KEYS;
    *piece = value;
    while (!list || choice_next_piece(key, &value, piece)) {
        enum address_fault fault = faults_parse(key, *piece, &address);
        if (fault != ADDRESS_GOOD && fault != ADDRESS_DYNAMIC_BELOW) {
            return true;
        }
        if (!list) {
            break;
        }
    }
    return false;
}

void faults_warn_overridden(struct faults *faults, enum key key, const struct entry *entry,
                            struct text by) {
    struct text source = faults_name(faults, entry->source);
    struct text piece;
    /* What SHIM_HTTP_PORTS_FROM names may be what ASP.NET Core reads anyway: HTTP_PORTS. */
    if (entry->value.length == 0 || text_equal(source, by)) {
        return;
    }
    if (find_fault(key, entry->value, &piece)) {
        message_warn(faults->messages, "%s is malformed (%s), but overridden by %s",
                     plain(source).text, quote(piece).text, plain(faults_name(faults, by)).text);
        return;
    }
    /* Ordinary in an image that has a variable of its own; but not if it was asked for by name. */
    bool asked_for = faults_is_asked_for(faults, entry->source);
    message_add(faults->messages, asked_for ? MESSAGE_WARN : MESSAGE_INFO, "%s is overridden by %s",
                plain(source).text, plain(faults_name(faults, by)).text);
}

void faults_warn_of_dash(struct faults *faults, char *const *program) {
    const char *word = configuration_find_unmapped(program);
    if (word != NULL) {
        message_info(faults->messages,
                     "argument %s: an app that hands its arguments to "
                     "WebApplication.CreateBuilder fails over a single dash with =",
                     quote(text_of(word)).text);
    }
}

bool faults_tell(struct faults *faults, bool accepted) {
    enum message_kind kind = accepted ? MESSAGE_WARN : MESSAGE_ERROR;
    for (size_t i = 0; i < faults->count && i < FAULTS_TOLD; i++) {
        tell(faults, kind, &faults->told[i]);
    }
    if (faults->count > FAULTS_TOLD) {
        message_add(faults->messages, kind, "and %zu more like these", faults->count - FAULTS_TOLD);
    }
    return faults->refused || !accepted;
}
