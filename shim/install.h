/* --install: a copy of this binary, all of it or nothing (design.md, section 2). */
#ifndef SHIM_INSTALL_H
#define SHIM_INSTALL_H

#include "report.h"

/*
 * Copies this binary to destination, a file or a folder (then destination/shim), mode 0755.
 * Returns 0, or 125 with an error in report; then destination is as it was.
 */
int install(const char *destination, struct report *report);

#endif
