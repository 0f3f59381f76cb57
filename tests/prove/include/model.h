/* What Frama-C's libc lacks of ours; the first thing that every file includes. */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>

#define ST_RDONLY 1
#define ST_NOSUID 2

void *memmem(const void *whole, size_t length, const void *part, size_t size);

#endif
