/* Opening a name below a directory without ever leaving it.
 *
 * Any thread. The kernel walks the name in one call (openat2(2)), so no change
 * of the tree during the walk leads out either. Links such as /proc/self/root,
 * which are not made of a name, are never followed: -ELOOP.
 */
#ifndef SERVICE_OPEN_BENEATH_H
#define SERVICE_OPEN_BENEATH_H

#include "base/attributes.h"

/* What becomes of symbolic links and of "..". */
enum open_links {
    OPEN_LINKS_INSIDE,  /* those that lead out, or are absolute, are -EXDEV */
    OPEN_LINKS_AS_ROOT, /* the directory is their "/", and above it there is nothing */
    OPEN_LINKS_ANY,     /* they may lead out */
};

/* Opens `name` (relative, without empty names and dot segments; "" is the
 * directory itself) below the directory descriptor `root`, with the flags of
 * open(2), to which O_CLOEXEC is added. Where the kernel has no openat2 (before
 * Linux 5.6, or refused by a sandbox) every symbolic link is -ELOOP or -ENOTDIR.
 * Returns a descriptor or -errno. */
NK_MUST_USE int open_beneath(int root, const char *name, int flags, enum open_links links)
    NK_NONNULL(2);

#endif
