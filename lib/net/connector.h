/* Connects one stream socket to one address, with a deadline.
 *
 * The outcome is always reported from the loop, never from within
 * nk_connector_start, and exactly once, unless the attempt is cancelled.
 * Loop thread only.
 */
#ifndef NK_NET_CONNECTOR_H
#define NK_NET_CONNECTOR_H

#include "base/attributes.h"
#include "os/sockaddr.h"
#include "reactor/event_loop.h"

struct nk_connector;

/* `fd` >= 0 is the connected descriptor, now the callee's; else it is -errno:
 * -ECONNREFUSED, -ETIMEDOUT (also the deadline), -ENETUNREACH, -ENOENT (no such
 * unix socket) ... The connector is freed when this returns. */
typedef void nk_connector_fn(void *context, int fd);

/* Starts connecting to `remote` until the monotonic time `deadline` (NK_NEVER =
 * as long as the kernel tries). Returns 0 and *out, or -errno when not even a
 * socket could be made (then nothing is called). */
NK_PUBLIC NK_MUST_USE int nk_connector_start(struct nk_connector **out, struct nk_event_loop *loop,
                                             const struct nk_sockaddr *remote, uint64_t deadline,
                                             nk_connector_fn *on_done, void *context)
    NK_NONNULL(1, 2, 3, 5);

/* Gives up without a report and frees it; not after on_done was called. */
NK_PUBLIC void nk_connector_cancel(struct nk_connector *connector) NK_NONNULL(1);

#endif
