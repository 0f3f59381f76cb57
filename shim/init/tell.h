/* What becomes of signals and of the app, in words. */
#ifndef SHIM_TELL_H
#define SHIM_TELL_H

#include "init/init.h"

/* Once the app has started: what it is, at debug. */
void tell_start(struct supervision *run);

/* At debug: a signal, and what it is handed on as; 0: not at all. */
void tell_signal(struct supervision *run, int number, int handed);

/* At info: how the app has ended, and what the shim makes of it. */
void tell_end(struct supervision *run);

#endif
