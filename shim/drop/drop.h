/*
 * From root to the app's user, and the proof (DESIGN.md, One run in order): what the new user is
 * given, the drop, the probe of privileged ports, and reading all of it back.
 */
#ifndef SHIM_DROP_H
#define SHIM_DROP_H

#include "plan/plan.h"

/* Held: what this process holds as it starts. */

/* Fills *held. Returns false, with an error in messages, if the kernel does not say. */
bool held_read(struct held *held, struct messages *messages);

/* Handover: what the app's new user is given before root is gone. */

/*
 * Opens a closed descriptor 0, 1 or 2 on /dev/null, so that no file that is opened later becomes
 * the app's stderr. Returns false, with an error in messages, when there is no /dev/null.
 */
bool handover_fill_stdio(struct messages *messages);

/*
 * If the uid changes: gives the descriptors 0, 1 and 2 to the app's user, as runc does for USER:
 * anonymous pipes, sockets, and a terminal that is ours to give. Where that is not allowed, they
 * stay as they are; where it matters, for want of CAP_CHOWN, it is told in messages. A warning if
 * the app gets the terminal of a shell of root's, and the kernel lets it type there.
 */
void handover_stdio(const struct plan *plan, struct messages *messages);

/*
 * If the uid changes: puts the plan's HOME into the app's environment, a copy with room for it.
 * Returns false, with an error in messages, when there is no memory.
 */
bool handover_home(const struct plan *plan, char **environment, struct messages *messages);

/* Privilege: the only user of libcap-ng. */

/*
 * Makes this process what the plan says: bounding set, securebits, groups, gid, uid, the other
 * capability sets, no_new_privs. Returns false, with an error in messages, at the first step that
 * fails; the process is then of no use but to end. *root_is_locked is whether the securebits could
 * be set.
 */
bool privilege_drop(const struct plan *plan, bool *root_is_locked, struct messages *messages);

/*
 * Closes this process to others of its uid, the app above all: it is not dumpable, so nobody may
 * trace it, or read what ptrace(2) guards. A change of uid may undo it: privilege_drop() does it
 * again, and privilege_rehearse() says whether it holds.
 */
void privilege_seal(void);

/*
 * Before the app is started: whether this process is sealed, and whether privilege_release() can
 * do its work; nothing changes. Returns false, with an error in messages, if not.
 */
bool privilege_rehearse(const struct plan *plan, struct messages *messages);

/*
 * Gives up the one capability that the app may have kept, in this process, and checks that
 * nothing is left. Returns false, with an error in messages, if that fails.
 */
bool privilege_release(const struct plan *plan, struct messages *messages);

/* Verify: reading back from the kernel what the drop has left. */

/*
 * Compares the ids, groups, capability sets, securebits (if they were set), no_new_privs and the
 * signal mask of this process with the plan, and tries the way back to uid 0. Returns false, with
 * an error in messages, at any difference.
 */
bool verify(const struct plan *plan, bool root_is_locked, struct messages *messages);

/* Whether permitted, effective, inheritable and ambient are empty; if not, an error in messages. */
bool verify_nothing_held(struct messages *messages);

/* Probe: trying a privileged port as the app would open it. */

/*
 * Binds every privileged port that the plan accepts, as this process is now, and lets it go; it
 * never listens. Returns false, with an error in messages, when a port is not to be had for want
 * of privilege. A port that is in use, or an address that is not there, is the app's business.
 */
bool probe_ports(const struct plan *plan, struct messages *messages);

#endif
