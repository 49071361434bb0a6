/* A listening socket on a loop: TCP, unix stream or unix seqpacket.
 *
 * It accepts in batches, survives every error that accept can report, and does
 * not spin when descriptors run out: it sheds one client with a descriptor kept
 * in reserve, stops listening for a moment and tries again. Loop thread only.
 */
#ifndef NK_NET_ACCEPTOR_H
#define NK_NET_ACCEPTOR_H

#include <stdbool.h>

#include "base/attributes.h"
#include "os/sockaddr.h"
#include "reactor/event_loop.h"

struct nk_acceptor;

struct nk_acceptor_options {
    int type; /* SOCK_STREAM (also 0) or SOCK_SEQPACKET */
    int backlog;
    bool reuse_port;            /* several listeners share the port (SO_REUSEPORT) */
    bool no_delay;              /* TCP_NODELAY for what is accepted */
    bool v6_only;               /* an IPv6 wildcard does not also take IPv4 */
    const char *socket_options; /* "key=value&..." of the address, or NULL */

    /* Whether `peer` may be a client; others are reset at once. NULL: everybody
     * may. A loop's own thread calls it, and with a listener on each of several
     * loops they call it at the same time. */
    bool (*admit)(void *admit_context, const struct nk_sockaddr *peer);
    void *admit_context;

    /* Takes over the connected descriptor `fd`. */
    void (*on_accepted)(void *context, int fd);
    /* After each batch of accepted connections; may be NULL. */
    void (*on_batch_end)(void *context);
    void *context;
};

/* Binds and listens; nothing is accepted before nk_acceptor_resume. Returns 0
 * and *out, or -errno, e.g. -EADDRINUSE or -EACCES. */
NK_PUBLIC NK_MUST_USE int nk_acceptor_new(struct nk_acceptor **out, struct nk_event_loop *loop,
                                          const struct nk_sockaddr *local,
                                          const struct nk_acceptor_options *options)
    NK_NONNULL(1, 2, 3, 4);

/* Closes the socket, and removes the file of a unix one. May be called from
 * within its callbacks. NULL is fine. */
NK_PUBLIC void nk_acceptor_free(struct nk_acceptor *acceptor);

/* Clients wait in the backlog until it is resumed. Idempotent both. */
NK_PUBLIC void nk_acceptor_pause(struct nk_acceptor *acceptor) NK_NONNULL(1);
NK_PUBLIC void nk_acceptor_resume(struct nk_acceptor *acceptor) NK_NONNULL(1);

/* The address it is bound to, with the real port. */
NK_PUBLIC const struct nk_sockaddr *nk_acceptor_address(const struct nk_acceptor *acceptor)
    NK_NONNULL(1);

/* Clients that were shed because no descriptor was left. */
NK_PUBLIC uint64_t nk_acceptor_shed_count(const struct nk_acceptor *acceptor) NK_NONNULL(1);

#endif
