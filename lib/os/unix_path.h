/* The file of a listening unix socket: who may create, replace and remove it.
 *
 * A live server's socket is never taken over; a dead one's file is replaced;
 * one's own is removed at the end, unless somebody has replaced it meanwhile.
 * Safe on any thread; binding may block for the moment in which another netkit
 * binds in the same directory.
 */
#ifndef NK_OS_UNIX_PATH_H
#define NK_OS_UNIX_PATH_H

#include <sys/types.h>

#include "base/attributes.h"
#include "os/sockaddr.h"

/* Identifies the file that a bind created. Zero-filled: none. */
struct nk_unix_path {
    dev_t device;
    ino_t inode;
};

/* Binds `fd` to the unix address `local`; unless it is of the type SOCK_DGRAM it
 * listens at once, because others take a socket that does not for a dead one. For
 * a path whose file is a socket that nobody listens on, the file is removed
 * first. An abstract name is just bound. Returns 0 and *path, or -errno:
 * -EADDRINUSE when a server lives there or the file is no socket. */
NK_PUBLIC NK_MUST_USE int nk_unix_path_bind(int fd, const struct nk_sockaddr *local, int type,
                                            int backlog, struct nk_unix_path *path)
    NK_NONNULL(2, 5);

/* Removes the file if it is still the one that the bind created. */
NK_PUBLIC void nk_unix_path_remove(const struct nk_sockaddr *local, const struct nk_unix_path *path)
    NK_NONNULL(1, 2);

#endif
