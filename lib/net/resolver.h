/* Looks up a host's addresses without stopping the loop.
 *
 * getaddrinfo blocks, so it runs on the worker pool; that way nsswitch, mDNS
 * and /etc/hosts behave as everywhere else. What needs no look-up (a numeric
 * address, or no host at all) does without the pool. The outcome is always
 * reported from the loop, never from within nk_resolver_start, and exactly
 * once, unless the look-up is cancelled. Loop thread only.
 */
#ifndef NK_NET_RESOLVER_H
#define NK_NET_RESOLVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error_text.h"
#include "os/address.h"
#include "os/sockaddr.h"
#include "reactor/event_loop.h"
#include "threads/worker_pool.h"

/* Addresses beyond this many are dropped: nobody tries that many. */
#define NK_RESOLVER_MAX 64

struct nk_resolver;

/* `result` > 0 is the number of `addresses`, different from each other, in the
 * order in which they should be tried (RFC 6724), valid until this returns.
 * Else it is one of
 *   -ENOENT    there is no such name
 *   -ENODATA   the host has no address of the family asked for
 *   -EAGAIN    the name servers did not answer; they may later
 *   -EIO       the look-up failed for good
 *   -ENOMEM and other errors of this machine.
 * The resolver is freed when this returns. */
typedef void nk_resolver_fn(void *context, int result, const struct nk_sockaddr *addresses);

/* Whether the host of `address` is a name, which takes a pool: neither a numeric address
 * nor empty, nor that of a unix socket. */
NK_PUBLIC bool nk_resolver_is_needed(const struct nk_address *address) NK_NONNULL(1);

/* Starts looking up `host`: a name, a numeric address (zone allowed) or "",
 * which is this machine's loopback. `family` is AF_UNSPEC, AF_INET or AF_INET6,
 * `socktype` SOCK_STREAM or SOCK_DGRAM; the addresses carry `port`. `pool` may
 * be NULL when `host` is known to be no name. Returns 0 and *out, or -errno (then
 * nothing is called): -EAGAIN when the pool's queue is full, -EINVAL for a name
 * longer than NK_ADDRESS_HOST_MAX or one without a pool. */
NK_PUBLIC NK_MUST_USE int nk_resolver_start(struct nk_resolver **out, struct nk_event_loop *loop,
                                            struct nk_worker_pool *pool, const char *host,
                                            uint16_t port, int family, int socktype,
                                            nk_resolver_fn *on_done, void *context)
    NK_NONNULL(1, 2, 4, 8);

/* Gives up without a report; not after on_done was called. A look-up that a
 * worker has begun goes on in the background and is dropped; its memory is freed
 * on the loop, at the latest by nk_event_loop_free. */
NK_PUBLIC void nk_resolver_cancel(struct nk_resolver *resolver) NK_NONNULL(1);

/* The same for a program that has nothing else to do yet: waits for the result and stores at
 * most `max` addresses, of any family. Any thread. */
NK_PUBLIC NK_MUST_USE int nk_resolver_look_up(const char *host, uint16_t port, int socktype,
                                              struct nk_sockaddr *addresses, int max)
    NK_NONNULL(1, 4);

/* What a failed look-up means, in words fit for the middle of a sentence: the
 * text of -ENOENT would otherwise speak of files. The result is a constant, or
 * `room`. */
NK_PUBLIC const char *nk_resolver_error_text(int error, char room[static NK_ERROR_TEXT_MAX])
    NK_NONNULL(2);

#endif
