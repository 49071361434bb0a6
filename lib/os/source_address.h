/* Where a client connects from, as people write it behind an address:
 * `source=HOST[:PORT]`, `source=/path` and `source-port=N`.
 *
 * Nothing here touches the network. Safe on any thread.
 */
#ifndef NK_OS_SOURCE_ADDRESS_H
#define NK_OS_SOURCE_ADDRESS_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "os/sockaddr.h"

/* Zero-filled: the kernel chooses. */
struct nk_source_address {
    struct nk_sockaddr address; /* len == 0: any */
    uint16_t port;              /* counts more than that of `address`; 0 = any */
};

/* Reads a numeric host, which may have a port, or the path or abstract name of a
 * unix socket. Returns 0, -EINVAL when it is nothing of these, -ENODEV when its
 * zone names no interface; *out is untouched then. */
NK_PUBLIC NK_MUST_USE int nk_source_address_parse(struct nk_sockaddr *out, struct nk_slice text)
    NK_NONNULL(1);

/* What to bind a socket of `family` to. Returns 1 and *local, 0 when nothing is
 * to be bound, or -EAFNOSUPPORT when the source is of another family. */
NK_PUBLIC NK_MUST_USE int nk_source_address_for(const struct nk_source_address *source, int family,
                                                struct nk_sockaddr *local) NK_NONNULL(1, 3);

#endif
