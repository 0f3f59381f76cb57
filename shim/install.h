/* --install: a copy of this binary, all of it or nothing (design.md, section 2). */
#ifndef SHIM_INSTALL_H
#define SHIM_INSTALL_H

#include "base/base.h"

/*
 * Copies this binary to destination, a file or a folder (then destination/shim), mode 0755.
 * Returns 0, or 125 with an error in messages; then destination is as it was.
 */
int install(const char *destination, struct messages *messages);

#endif
