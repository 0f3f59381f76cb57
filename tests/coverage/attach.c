/*
 * Part of the shim that tests/coverage/run builds, and of no other: counts in a System V segment
 * that outlives each process. That needs no path, no descriptor and no second step at the end, so
 * it works in a chroot, without /proc, as any user, and in a process that is killed; a launcher
 * hands it on by doing nothing. Before it is attached, and where it cannot be, the counts go
 * nowhere.
 */
#include <stdint.h>
#include <sys/shm.h>

/* What the compiler adds to the address of each counter: -runtime-counter-relocation. */
extern intptr_t __llvm_profile_counter_bias __attribute__((visibility("hidden")));
extern uint64_t __start___llvm_prf_cnts __attribute__((visibility("hidden")));

/* Asked for by the objects, and nothing else of that runtime is. */
extern int __llvm_profile_runtime;
int __llvm_profile_runtime;

__attribute__((constructor)) static void attach(void) {
    const intptr_t counters = (intptr_t)shmat(SEGMENT, 0, 0);
    /* A test may have had the call fail, or lied about it. */
    if (counters > 65536) {
        __llvm_profile_counter_bias = counters - (intptr_t)&__start___llvm_prf_cnts;
    }
}
