/* Receiving and sending without waiting on a socket that must stay as it is.
 *
 * A socket that is standard input or output is shared with other programs, so it
 * is never made non-blocking; these ask each call not to wait instead. As in
 * os/socket.h: EINTR is retried, SIGPIPE never raised, errors are negative
 * errno. Safe on any thread.
 */
#ifndef NK_OS_SOCKET_SHARED_H
#define NK_OS_SOCKET_SHARED_H

#include <stddef.h>
#include <sys/types.h>

#include "base/attributes.h"

/* n > 0, 0 = end of file, -EAGAIN = nothing there, -errno. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_shared_recv(int fd, void *data, size_t len) NK_NONNULL(2);

/* n > 0, perhaps fewer than `len`; -EAGAIN = no room, -errno. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_shared_send(int fd, const void *data, size_t len)
    NK_NONNULL(2);

#endif
