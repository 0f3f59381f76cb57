/*
 * The kernel as fuzz_whole.c has it. tests/fuzz/run links every __wrap_NAME() in place of NAME().
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "../fuzz.h"

/* What stands behind the answers. */
enum part { MACHINE, PASSWD, GROUP, CAPABILITIES, LIST, MAP, PROGRAM, PARTS };

/* Characters of the machine, and what each chooses; one that is not there is '0'. */
enum place {
    REAL_UID,
    EFFECTIVE_UID,
    GID,
    GROUP_COUNT,
    FIRST_GROUP,
    SECOND_GROUP,
    SETUID,
    SETGID,
    SETPCAP,
    NET_BIND,
    LENT,
    AMBIENT,
    SECURE,
    NO_NEW_PRIVS,
    NOROOT,
    FIRST_NAMESPACE,
    DENY,
    FLOOR,
    MODE,
    OWNER,
    OWN_GROUP,
    DASHES
};

struct kernel {
    bool running; /* the shim, and not libFuzzer */
    struct block parts[PARTS];
    char said[1 << 16]; /* on stderr */
    size_t said_length;
};

extern struct kernel kernel;

/* A number below count, by a character of the machine. */
unsigned kernel_choose(enum place place, unsigned count);

/* The same for a uid or gid. */
uint32_t kernel_choose_id(enum place place);

/* Frees what the shim would keep until its end. */
void memory_free_kept(void);

#endif
