/* Taking the children that have ended: the app, and every orphan of its. */
#ifndef SHIM_REAP_H
#define SHIM_REAP_H

#include "init/init.h"

/* What the children have been up to. CHILDREN_MORE: some may have ended that were not looked at. */
enum children { CHILDREN_LEFT, CHILDREN_MORE, CHILDREN_NONE, CHILDREN_UNKNOWN };

/*
 * Takes every child that has ended, stopped or gone on: one SIGCHLD may stand for many. After a
 * hundred in a row it is CHILDREN_MORE: orphans may end faster than they can be reaped, and must
 * not keep us from everything else. *stopped is whether the app has stopped meanwhile. A
 * waitpid(2) that never tells of a child that has ended only pretends to look; one that has ended
 * just now it tells of the next time. CHILDREN_UNKNOWN comes with errno.
 */
enum children reap(struct supervision *run, bool *stopped);

/* Once the app has ended: takes what has ended with it, before its end is acted on. */
void reap_rest(struct supervision *run);

#endif
