/*
 * The capability sets and securebits as the kernel has them: capget(2), prctl(2). Never from a
 * library's memory, nor from /proc, which may be missing or lie.
 */
#ifndef SHIM_SETS_H
#define SHIM_SETS_H

#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stdint.h>

/* Capabilities that the kernel has room for: linux/capability.h. It ends its list with EINVAL. */
enum { CAPABILITIES = 64 };

/* uid 0 is nothing special, and a change of uid moves no capability: capabilities(7). */
enum {
    SECUREBITS_LOCKED = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                        SECBIT_NO_SETUID_FIXUP_LOCKED
};

/* The three that capget(2) tells; bit n stands for capability n. */
struct sets {
    uint64_t permitted, effective, inheritable;
};

/* Each returns false, with errno, if the kernel does not say. */
bool sets_read(struct sets *sets);
bool sets_read_bounding(uint64_t *bounding);

/*
 * The ambient set; *absent is whether the kernel does not have one, or says nothing about it, in
 * which case the set is empty as far as permitted and inheritable are: it is never more than both.
 */
bool sets_read_ambient(uint64_t *ambient, bool *absent);

/* The securebits; none where the kernel has no such thing, or does not say. */
unsigned sets_read_securebits(void);

#endif
