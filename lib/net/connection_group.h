/* The connections of one loop that share handlers: a server has one group per
 * loop, a client one in all.
 *
 * The group owns the list of its connections, the cork their callbacks write
 * into, and their counters. Loop thread only, except for the counters.
 */
#ifndef NK_NET_CONNECTION_GROUP_H
#define NK_NET_CONNECTION_GROUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "net/tcp_connection.h"
#include "reactor/event_loop.h"

struct nk_connection_group_options {
    const struct nk_connection_handlers *handlers; /* not copied */
    void *context;                                 /* the service's state for this loop */
    /* Called whenever a connection was closed; `remaining` are still open. */
    void (*on_closed)(void *owner, size_t remaining);
    void *owner;
};

/* Made before the loop runs or on its thread. Returns 0 and *out, or -ENOMEM. */
NK_PUBLIC NK_MUST_USE int nk_connection_group_new(struct nk_connection_group **out,
                                                  struct nk_event_loop *loop,
                                                  const struct nk_connection_group_options *options)
    NK_NONNULL(1, 2, 3);

/* Every connection must be closed and the turn it closed in must be over. NULL
 * is fine. */
NK_PUBLIC void nk_connection_group_free(struct nk_connection_group *group);

/* Makes a connection of the connected socket `fd`, which it takes over, also on
 * failure. It is built completely, on_connection_completed is called, what has
 * already arrived is received, and only then it is armed. Returns 0, -ENOMEM,
 * or -EMFILE when the dispatcher cannot watch a descriptor this high. */
NK_PUBLIC int nk_connection_group_add(struct nk_connection_group *group, int fd) NK_NONNULL(1);

/* The same for a socket of the type SOCK_SEQPACKET, whose records are kept apart. */
NK_PUBLIC int nk_connection_group_add_seqpacket(struct nk_connection_group *group, int fd)
    NK_NONNULL(1);

/* Closes idle connections, asks the others to finish (on_drain), and does so at
 * once with connections added later. */
NK_PUBLIC void nk_connection_group_drain(struct nk_connection_group *group) NK_NONNULL(1);
NK_PUBLIC bool nk_connection_group_is_draining(const struct nk_connection_group *group)
    NK_NONNULL(1);

/* Closes every connection now, with the reason -ECANCELED; returns how many. */
NK_PUBLIC size_t nk_connection_group_cut(struct nk_connection_group *group) NK_NONNULL(1);

/* Closes one idle connection, among the first few the one that has been idle
 * longest, to make room. Returns whether there was one; if not, the next that
 * becomes idle in a callback is closed instead, unless another ends before, or
 * `is_wanted` (NULL = always) is false by then. */
NK_PUBLIC bool nk_connection_group_shed(struct nk_connection_group *group,
                                        const atomic_bool *is_wanted) NK_NONNULL(1);

/* What the options gave as `context`, and the loop it was made for. */
NK_PUBLIC void *nk_connection_group_context(const struct nk_connection_group *group) NK_NONNULL(1);
NK_PUBLIC struct nk_event_loop *nk_connection_group_loop(const struct nk_connection_group *group)
    NK_NONNULL(1);

struct nk_connection_counters {
    uint64_t opened;
    uint64_t active;
    uint64_t evicted; /* idle ones closed by nk_connection_group_shed, at once or later */
    uint64_t bytes_received;
    uint64_t bytes_sent;
};

/* A snapshot; any thread. */
NK_PUBLIC void nk_connection_group_counters(const struct nk_connection_group *group,
                                            struct nk_connection_counters *out) NK_NONNULL(1, 2);

#endif
