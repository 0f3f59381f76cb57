/*
 * floor PROGRAM [ARG]...: the limit, and the calls of the shim's drop and of its proof: what is
 * left of a start as uid 1654 when nothing is read, decided or said. Any surprise: 125.
 */
#include "floor.h"

int main(int argc, char **argv) {
    uint64_t before = limit_block();
    return argc > 1 && drop() && prove() ? limit_run(argv + 1, before) : 125;
}
