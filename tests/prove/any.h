/*
 * What a driver hands to the rooms: any bytes, any number. main() merges what it knows at each of
 * its statements, and nothing else does, so that a call in main() is for all cases at once, and in
 * it each way through the code is followed by itself.
 */
#ifndef ANY_H
#define ANY_H

#include "base/base.h"

#include <__fc_builtin.h>
#include <string.h>

/* One number from least to most, and each of them is followed by itself. */
static inline long any_of(long least, long most) {
    long number = least;
    while (number < most && Frama_C_interval(0, 1) != 0) {
        number++;
    }
    return number;
}

/* Puts any bytes, so many, behind head, and ends the string. */
static inline void any_behind(char *string, const char *head, size_t count) {
    const size_t length = strlen(head);
    memcpy(string, head, length);
    Frama_C_make_unknown(string + length, count);
    string[length + count] = '\0';
}

/* The last thing that main() does: tests/prove/run wants to see that it got there. */
void Frama_C_show_each_end(void);

#endif
