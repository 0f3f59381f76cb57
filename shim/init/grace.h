/* The time that is left to what the app has left behind (SHIM_GRACE_PERIOD). */
#ifndef SHIM_GRACE_H
#define SHIM_GRACE_H

#include "init/init.h"

/*
 * The app is gone: what it has left behind is told to end, and gets its time to do so. As PID 1
 * alone: kill(-1) reaches all of this PID namespace then, and all of a machine else. What is left
 * at the end of it the kernel kills, as PID 1 ends: pid_namespaces(7).
 */
void grace_give(struct supervision *run);

#endif
