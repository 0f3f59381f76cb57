/* The small readers: numbers, signals, quotes, white space, hosts. The input is one word. */
#include "aspnet/address.h"
#include "aspnet/host.h"
#include "base/base.h"
#include "fuzz.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <signal.h>

static void check_number(struct text word, const char *string) {
    static const uint32_t limits[] = {0, 1, 255, 65535, INT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char again[32];
        uint32_t value = 0xa5a5a5a5;
        bool good = text_number(word, limits[i], &value);
        (void)snprintf(again, sizeof again, "%u", value);
        require(good ? value <= limits[i] && strcmp(again, string) == 0 : value == 0xa5a5a5a5);
        unsigned long long number = strtoull(string, NULL, 10);
        (void)snprintf(again, sizeof again, "%llu", number);
        require(good == (strcmp(again, string) == 0 && number <= limits[i]));
    }
}

/* libc's own names. */
static bool is_name_of(const char *word, int number) {
    const char *name = sigabbrev_np(number);
    word += strncasecmp(word, "SIG", 3) == 0 ? 3 : 0;
    return name != NULL && strcasecmp(word, name) == 0;
}

static void check_signal(struct text word, const char *string) {
    uint32_t number = 0xa5a5a5a5;
    bool good = signal_parse(word, &number);
    require(good ? number <= SIGNAL_MAX : number == 0xa5a5a5a5);
    for (int i = 1; i <= 31; i++) {
        require(!is_name_of(string, i) || (good && number == (uint32_t)i));
    }
}

/* Takes the escapes back out. */
static size_t unquote(const char *shown, char *bytes) {
    size_t count = 0;
    for (; *shown != '\0'; count++) {
        unsigned value = (unsigned char)*shown++;
        if (value == '\\' && *shown == 'x') {
            require(sscanf(shown, "x%2x", &value) == 1);
            shown += 3;
        } else if (value == '\\') {
            value = (unsigned char)*shown++;
        }
        bytes[count] = (char)value;
    }
    return count;
}

static void check_shown(const char *shown) {
    require(strlen(shown) < sizeof(struct quote));
    for (; *shown != '\0'; shown++) {
        require(*shown >= 0x20 && *shown < 0x7f);
    }
}

static void check_quotes(struct text word) {
    struct quote quoted = quote(word);
    struct quote bare = plain(word);
    char bytes[sizeof quoted];
    check_shown(quoted.text);
    check_shown(bare.text);
    size_t length = unquote(quoted.text, bytes);
    size_t kept = word.length < QUOTE_MAX ? word.length : QUOTE_MAX;
    require(length == kept + 2 + (kept < word.length ? 3 : 0));
    require(bytes[0] == '"' && bytes[length - 1] == '"');
    require(memcmp(bytes + 1, word.at, kept) == 0);
}

static void check_pieces(struct text word) {
    size_t length = 0;
    size_t count = 0;
    struct text rest = word;
    for (struct text piece; text_next(&rest, ';', &piece); count++) {
        require(piece.at == word.at + length + count);
        require(text_find(piece, ';') == piece.length);
        length += piece.length;
    }
    require(length + count == word.length + 1);
}

static void check_trim(struct text word) {
    struct text trimmed = address_trim(word);
    struct text again = address_trim(trimmed);
    require(trimmed.length <= word.length);
    require(trimmed.at >= word.at && trimmed.at + trimmed.length <= word.at + word.length);
    require(again.at == trimmed.at && again.length == trimmed.length);
    require(trimmed.length == 0 || !isspace((unsigned char)trimmed.at[0]));
}

static void check_hosts(struct text word, const char *string) {
    struct in_addr ours = {0};
    struct in_addr theirs = {0};
    struct in6_addr ours6;
    struct in6_addr theirs6;
    /* inet_aton(3) takes white space and what is behind it, and "0x" for 0: not .NET. */
    bool plain_digits = strspn(string, "0123456789abcdefABCDEFxX.") == word.length;
    bool hollow = strcasestr(string, "0x.") != NULL ||
                  (word.length >= 2 && strcasecmp(string + word.length - 2, "0x") == 0);
    bool good = host_read_ipv4(word, &ours);
    if (plain_digits && !hollow) {
        require(good == (inet_aton(string, &theirs) != 0));
        require(!good || ours.s_addr == theirs.s_addr);
    }
    memset(&ours6, 0, sizeof ours6);
    good = host_read_ipv6(word, &ours6);
    if (strpbrk(string, "[]%") == NULL && word.length < INET6_ADDRSTRLEN) {
        require(good == (inet_pton(AF_INET6, string, &theirs6) == 1));
        require(!good || memcmp(&ours6, &theirs6, sizeof ours6) == 0);
    }
    (void)host_is_localhost(word);
}

static void check_address(enum address_fault fault, const struct address *address,
                          struct text word) {
    const bool there =
        fault == ADDRESS_GOOD || fault == ADDRESS_PORT_TEXT || fault == ADDRESS_DYNAMIC_BELOW;
    require(fault <= ADDRESS_DYNAMIC_BELOW);
    require(!there || address->socket || address->port <= 65535);
    require(fault != ADDRESS_DYNAMIC_BELOW || address->port == 0);
    check_shown(address_explain(fault, address->scheme == NULL ? "http" : address->scheme));
    check_shown(address_advise(fault, word));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct address address;
    char *string = take_string(data, size);
    struct text word = {string, size};
    check_number(word, string);
    check_signal(word, string);
    check_quotes(word);
    check_pieces(word);
    check_trim(word);
    check_hosts(word, string);
    memset(&address, 0xa5, sizeof address);
    check_address(address_parse(word, &address), &address, word);
    memset(&address, 0xa5, sizeof address);
    check_address(address_parse_port("https", word, &address), &address, word);
    memset(&address, 0xa5, sizeof address);
    check_address(address_parse_loopback_port(word, &address), &address, word);
    free(string);
    return 0;
}
