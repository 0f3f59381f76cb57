/*
 * Signals by name and number. libc's view of them has holes: musl keeps 32 to 34 for itself and
 * counts SIGRTMIN from 35, where glibc, .NET and Docker count from 34. Pure.
 */
#ifndef SHIM_SIGNALS_H
#define SHIM_SIGNALS_H

#include "text.h"

enum { SIGNAL_MAX = 64, SIGNAL_RTMIN = 34 };

/*
 * Reads a signal: TERM, SIGTERM, term, 15, RTMIN+3, RTMAX-1, and 0 for none. Returns false, and
 * leaves *number alone, for anything else. Real-time signals count from 34 and 64 (design.md,
 * section 3).
 */
bool signal_parse(struct text word, uint32_t *number);

#endif
