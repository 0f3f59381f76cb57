/*
 * limit PROGRAM [ARG]...: what no init can do without, and nothing else. Blocks the signals, starts
 * the program with its mask as it was, waits, and ends with its exit code.
 */
#include "limit.h"

int main(int argc, char **argv) {
    uint64_t before = limit_block();
    return argc > 1 ? limit_run(argv + 1, before) : 125;
}
