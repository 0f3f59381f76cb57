#ifndef XATTR_H
#define XATTR_H

#include <sys/types.h>

ssize_t getxattr(const char *path, const char *name, void *value, size_t size);

#endif
