/* The peers of a datagram socket: everybody who has sent something lately.
 *
 * A peer is an address. The table finds it by a keyed hash (the addresses are
 * chosen by strangers, who must not be able to choose collisions), keeps the
 * peers in the order in which they were last seen, and never holds more than a
 * number given at creation. It has no timer: its owner asks for the oldest peer
 * and removes it. One thread at a time.
 */
#ifndef NK_NET_PEER_TABLE_H
#define NK_NET_PEER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "os/sockaddr.h"
#include "os/socket_datagram.h"

/* Everything but the first part is private. */
struct nk_peer {
    struct nk_sockaddr address;
    struct nk_local_address local; /* of this machine, which the peer has asked last */
    uint64_t datagrams_received;
    uint64_t bytes_received;
    uint64_t datagrams_sent;
    uint64_t bytes_sent;
    uint64_t last_seen; /* monotonic ns */

    struct nk_peer *next; /* in its bucket */
    struct nk_list_node recency;
    uint64_t hash;
    size_t gathered;  /* datagrams for it in the outbox */
    size_t waiting;   /* bytes that the kernel did not take yet */
    uint64_t blocked; /* the last pass over the backlog in which it took nothing */
    _Alignas(max_align_t) char session[]; /* the handler's, zero at first */
};

struct nk_peer_table {
    /* private */
    struct nk_peer **buckets;
    size_t bucket_count; /* a power of two, or 0 before the first peer */
    size_t count;
    size_t max;
    size_t session_size;
    uint64_t key[2];
    struct nk_list_node recency; /* the peer seen longest ago is the first */
};

/* An empty table for at most `max` (>= 1) peers, each with `session_size` bytes
 * for its user. Allocates nothing yet; cannot fail. */
NK_PUBLIC void nk_peer_table_init(struct nk_peer_table *table, size_t max, size_t session_size)
    NK_NONNULL(1);

/* Frees every peer and the table's memory. */
NK_PUBLIC void nk_peer_table_deinit(struct nk_peer_table *table) NK_NONNULL(1);

/* The peer with that address, or NULL. */
NK_PUBLIC struct nk_peer *nk_peer_table_find(const struct nk_peer_table *table,
                                             const struct nk_sockaddr *address) NK_NONNULL(1, 2);

/* Adds a peer that is not in the table, as seen now. NULL when the table is full
 * or memory is out. */
NK_PUBLIC struct nk_peer *nk_peer_table_add(struct nk_peer_table *table,
                                            const struct nk_sockaddr *address, uint64_t now)
    NK_NONNULL(1, 2);

/* The peer was seen: it becomes the youngest. */
NK_PUBLIC void nk_peer_table_touch(struct nk_peer_table *table, struct nk_peer *peer, uint64_t now)
    NK_NONNULL(1, 2);

/* The peer seen longest ago, or NULL; and the one seen next after `peer`. */
NK_PUBLIC struct nk_peer *nk_peer_table_oldest(const struct nk_peer_table *table) NK_NONNULL(1);
NK_PUBLIC struct nk_peer *nk_peer_table_next(const struct nk_peer_table *table,
                                             const struct nk_peer *peer) NK_NONNULL(1, 2);

/* Removes the peer and frees it. */
NK_PUBLIC void nk_peer_table_remove(struct nk_peer_table *table, struct nk_peer *peer)
    NK_NONNULL(1, 2);

static inline bool nk_peer_table_is_full(const struct nk_peer_table *table)
{
    return table->count >= table->max;
}

#endif
