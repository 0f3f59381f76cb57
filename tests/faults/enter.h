/*
 * enter: what a start is made of, and who makes it.
 */
#ifndef ENTER_H
#define ENTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RULES_MAX = 16, CAPABILITIES = 64, SPARE_FD = 100 };

struct rule {
    uint32_t call;
    int argument; /* the one that is looked at; -1: none is */
    uint32_t value;
    uint32_t error; /* 0: pretends success */
};

struct start {
    bool init, terminal, no_proc;
    const char *network;
    int log; /* -1: none */
    uint64_t bounding, held, mask;
    uid_t id;
    size_t group_count;
    gid_t group;
    int observer; /* the program's end */
    int stdin_fd; /* the terminal, or -1 */
    size_t rule_count;
    struct rule rules[RULES_MAX];
};

/*
 * Goes on as the program, words[1], in the root words[0], once there is nothing more to be read
 * from ready: its tracer is there.
 */
_Noreturn void become_program(const struct start *start, char **words, int ready);

#endif
