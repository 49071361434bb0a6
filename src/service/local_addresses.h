/* Where a server listens: the addresses of this machine that one word stands for, and
 * binding all of them. Any thread; a name is looked up, which blocks, so only before
 * anything is served.
 */
#ifndef SERVICE_LOCAL_ADDRESSES_H
#define SERVICE_LOCAL_ADDRESSES_H

#include <stdbool.h>

#include "base/attributes.h"
#include "os/address.h"
#include "os/sockaddr.h"
#include "service/exit_status.h"

/* A name may stand for more; those are dropped. */
#define LOCAL_ADDRESSES_MAX 16

struct local_addresses {
    struct nk_sockaddr list[LOCAL_ADDRESSES_MAX];
    int count;
};

/* Finds them; a missing port counts as 0. Returns EXIT_STATUS_OK, or the exit status with
 * *error, a negative errno, and *action, which completes "cannot ...": "resolve" (then the
 * error is one of net/resolver.h) or "listen on". */
NK_MUST_USE enum exit_status local_addresses_find(struct local_addresses *addresses,
                                                  const struct nk_address *address,
                                                  const char **action, int *error)
    NK_NONNULL(1, 2, 3, 4);

/* Binds one of them. `v6_only` is false for an IPv6 wildcard, which takes IPv4, too, and
 * true for every other address. Returns 0 and *bound, with the real port, or -errno. */
typedef int local_addresses_fn(void *context, const struct nk_sockaddr *local, bool v6_only,
                               struct nk_sockaddr *bound);

/* Binds all of them: a port of 0 becomes the same port for each. A machine without IPv6
 * is served on what it has. Returns 0, or -errno with *failed, the address that it
 * concerns; those that were bound before it stay so. */
NK_MUST_USE int local_addresses_bind(const struct local_addresses *addresses,
                                     local_addresses_fn *bind_to, void *context,
                                     struct nk_sockaddr *failed) NK_NONNULL(1, 2, 4);

#endif
