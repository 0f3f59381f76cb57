/*
 * fault: a system call that fails, that lies about what it has done or found, or that does
 * otherwise than it was told.
 *
 *   s:CALL:COUNT:STEP[,STEP]...   the shim's COUNT-th system call of that number
 *   c:CALL:COUNT:STEP[,STEP]...   that of the app's process, until it is the app
 *
 *     skip       it is not made
 *     =RESULT    it says so, whatever came of it; negative: an error's number
 *     aI=VALUE   its argument I is another
 *     iI+N=HEX   at argument I, N bytes further on, the kernel finds these bytes; the program's own
 *                are there again afterwards
 *     oI+N=HEX   that is where the program then finds these bytes
 *     mFROM>TO   before it the file FROM takes TO's place: paths as enter has them
 *
 * Counting begins with the program's first instruction.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEPS_MAX = 8, BYTES_MAX = 64, ARGUMENTS_MAX = 6, FILE_MAX = 256 };
enum who { SHIM, CHILD, NOBODY };

struct step {
    char what; /* 'a', 'i', 'o', 'm' */
    unsigned argument, offset;
    uint64_t value;
    size_t length;
    unsigned char bytes[BYTES_MAX];
    unsigned char saved[BYTES_MAX];
    char from[FILE_MAX], to[FILE_MAX];
};

struct fault {
    enum who who;
    unsigned call, count;
    bool skips, has_result, happened;
    long result;
    size_t step_count;
    struct step steps[STEPS_MAX];
};

/* Adds a fault; what is none ends the program. */
void fault_add(const char *text);

/* The one of that call, or NULL. */
struct fault *fault_find(enum who who, unsigned call, unsigned count);

bool fault_all_happened(void);

#endif
