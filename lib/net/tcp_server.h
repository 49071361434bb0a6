/* A stream server: listeners, the loops of a thread pool, their connections.
 *
 * Connections are accepted on the main loop and handed to a sub-loop, the less
 * loaded of two picked at random; with reuse_port every loop has a listener of
 * its own and the kernel spreads the clients. With a pool of 0 threads the main
 * loop does everything. All functions are for the main loop's thread.
 *
 *     new -> listen (once per address) -> start -> drain -> on_drained -> free
 *                                                    \-> cut -/
 */
#ifndef NK_NET_TCP_SERVER_H
#define NK_NET_TCP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "net/connection_group.h"
#include "net/tcp_connection.h"
#include "os/sockaddr.h"
#include "threads/thread_pool.h"

struct nk_tcp_server;

struct nk_tcp_server_options {
    const struct nk_connection_handlers *handlers;
    void *const *contexts; /* the service's state for each loop of the pool, or NULL */
    int backlog;
    bool no_delay;
    bool reuse_port;
    uint64_t max_connections; /* further clients wait in the backlog; 0 = no limit */
    /* Whether `peer` may be a client; others are reset at once and counted. NULL:
     * everybody may. Called by any loop's thread, by several at the same time. */
    bool (*admit)(void *admit_context, const struct nk_sockaddr *peer);
    void *admit_context;
    /* Every connection is closed after nk_tcp_server_drain. */
    void (*on_drained)(void *context);
    void *context;
};

/* `options` is copied, what it points to is not. Returns 0 and *out, or -ENOMEM. */
NK_PUBLIC NK_MUST_USE int nk_tcp_server_new(struct nk_tcp_server **out,
                                            struct nk_event_loop *main_loop,
                                            struct nk_thread_pool *pool,
                                            const struct nk_tcp_server_options *options)
    NK_NONNULL(1, 2, 3, 4);

/* Either before start, while the pool runs; or after on_drained, when the pool
 * has been stopped and the main loop has had a turn for what it posted last.
 * NULL is fine. */
NK_PUBLIC void nk_tcp_server_free(struct nk_tcp_server *server);

/* Binds and listens on `local`; clients wait in the backlog until start.
 * `socket_options` is the text behind '?' of an address, or NULL. With `v6_only`
 * an IPv6 wildcard leaves IPv4 alone. *bound (may be NULL) receives the address
 * with its real port. Returns 0 or -errno. */
NK_PUBLIC NK_MUST_USE int nk_tcp_server_listen(struct nk_tcp_server *server,
                                               const struct nk_sockaddr *local, bool v6_only,
                                               const char *socket_options,
                                               struct nk_sockaddr *bound) NK_NONNULL(1, 2);

/* The same on a unix address for clients that keep records (SOCK_SEQPACKET). */
NK_PUBLIC NK_MUST_USE int nk_tcp_server_listen_seqpacket(struct nk_tcp_server *server,
                                                         const struct nk_sockaddr *local,
                                                         const char *socket_options,
                                                         struct nk_sockaddr *bound)
    NK_NONNULL(1, 2);

/* Begins to accept on everything that was bound. */
NK_PUBLIC void nk_tcp_server_start(struct nk_tcp_server *server) NK_NONNULL(1);

/* Stops listening, closes idle connections and asks the others to finish.
 * on_drained is called from the loop when none is left. Once. */
NK_PUBLIC void nk_tcp_server_drain(struct nk_tcp_server *server) NK_NONNULL(1);

/* While draining: closes what is left, now. */
NK_PUBLIC void nk_tcp_server_cut(struct nk_tcp_server *server) NK_NONNULL(1);

struct nk_tcp_server_counters {
    uint64_t shed;   /* clients closed unserved for want of a descriptor or of memory */
    uint64_t denied; /* clients that `admit` did not admit */
    uint64_t cut;    /* connections closed by nk_tcp_server_cut */
};
NK_PUBLIC void nk_tcp_server_counters(const struct nk_tcp_server *server,
                                      struct nk_tcp_server_counters *out) NK_NONNULL(1, 2);

/* The counters of one loop of the pool. */
NK_PUBLIC void nk_tcp_server_loop_counters(const struct nk_tcp_server *server, size_t loop,
                                           struct nk_connection_counters *out) NK_NONNULL(1, 3);

#endif
