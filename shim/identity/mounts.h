/* What is mounted where, as statx(2) tells it: Linux from 5.8 on. */
#ifndef SHIM_MOUNTS_H
#define SHIM_MOUNTS_H

#include <stdbool.h>

/* Whether something is mounted at path itself, be it a symbolic link. Where nobody tells: no. */
bool mounts_have(const char *path);

/*
 * Whether what path leads to is not on the root folder's mount: something is mounted over it, or
 * over a folder on the way. Where nobody tells: no.
 */
bool mounts_cover(const char *path);

#endif
