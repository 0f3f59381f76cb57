/* --install: a copy of this binary, all of it or nothing (DESIGN.md, Command line). */
#ifndef SHIM_INSTALL_H
#define SHIM_INSTALL_H

#include "base/base.h"

/*
 * Copies this binary to destination, a file or a folder (then destination/shim), mode 0755. If it
 * lends, the copy's file has CAP_NET_BIND_SERVICE, permitted: --install-net-bind-service. Returns
 * 0, or 125 with an error in messages; then destination is as it was.
 */
int install(const char *destination, bool lends, struct messages *messages);

#endif
