/* Closing what was inherited (design.md, section 4, step 10). */
#ifndef SHIM_DESCRIPTORS_H
#define SHIM_DESCRIPTORS_H

#include <stdbool.h>

/*
 * Closes every descriptor from first up: an init that keeps them keeps sockets and pipes open
 * that the app has closed. Returns false when that cannot be done for sure. Allocates nothing.
 */
bool descriptors_close_from(unsigned first);

#endif
