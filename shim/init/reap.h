/* Taking the children that have ended: the app, and every orphan of its. */
#ifndef SHIM_REAP_H
#define SHIM_REAP_H

#include "init/init.h"

/* What the children have been up to. */
enum children { CHILDREN_LEFT, CHILDREN_NONE, CHILDREN_UNKNOWN };

/*
 * Takes every child that has ended, stopped or gone on: one SIGCHLD may stand for many. Only
 * then is the app's own end acted on. *stopped is whether the app has stopped meanwhile. A
 * waitpid(2) that never tells of a child that has ended only pretends to look; one that has ended
 * just now it tells of the next time. CHILDREN_UNKNOWN comes with errno.
 */
enum children reap(struct supervision *run, bool *stopped);

#endif
