/* The kernel's own header asks for more than Frama-C has. */
#ifndef CAPABILITY_H
#define CAPABILITY_H

#include <stdint.h>

#define VFS_CAP_REVISION_MASK 0xFF000000
#define VFS_CAP_FLAGS_EFFECTIVE 0x000001
#define VFS_CAP_REVISION_1 0x01000000
#define VFS_CAP_REVISION_2 0x02000000
#define VFS_CAP_REVISION_3 0x03000000
#define XATTR_CAPS_SZ_1 12
#define XATTR_CAPS_SZ_2 20
#define XATTR_CAPS_SZ_3 24

#endif
