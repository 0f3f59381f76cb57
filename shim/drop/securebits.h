/* The securebits that the drop sets and the proof expects. */
#ifndef SHIM_SECUREBITS_H
#define SHIM_SECUREBITS_H

#include <linux/securebits.h>

/* uid 0 is nothing special, and a change of uid moves no capability: capabilities(7). */
enum {
    SECUREBITS_LOCKED = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                        SECBIT_NO_SETUID_FIXUP_LOCKED
};

#endif
