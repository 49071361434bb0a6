/* What the kernel knows of the way to a TCP peer (TCP_INFO). Safe on any thread. */
#ifndef NK_OS_SOCKET_PATH_H
#define NK_OS_SOCKET_PATH_H

#include <stdint.h>

#include "base/attributes.h"

struct nk_socket_path {
    uint64_t round_trip;  /* ns, smoothed */
    uint64_t retransmits; /* segments sent again since the connection was made */
};

/* Returns 0, or -errno, -EOPNOTSUPP for what is no TCP socket. */
NK_PUBLIC NK_MUST_USE int nk_socket_path(int fd, struct nk_socket_path *path) NK_NONNULL(2);

#endif
