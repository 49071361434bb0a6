/* Datagrams that are held back for a while: a queue for each peer of an endpoint,
 * and one limit for all of them.
 *
 * The socket is shared: pausing it would stop everybody, so what is too much is
 * dropped. Loop thread only.
 */
#ifndef SERVICE_PEER_REPLIES_H
#define SERVICE_PEER_REPLIES_H

#include "net/udp_endpoint.h"
#include "service/reply_queue.h"

/* What all peers of one loop have in common; zero at first. */
struct peer_replies_total {
    size_t bytes; /* held back for all of them, overhead included */
};

/* A part of peer->session. */
struct peer_replies {
    struct reply_queue queue;
    struct peer_replies_total *total;
    size_t counted; /* bytes of the queue that the total has */
    struct nk_udp_endpoint *endpoint;
    struct nk_peer *peer;
};

/* Nothing is held back yet. Cannot fail. */
void peer_replies_init(struct peer_replies *replies, struct nk_udp_endpoint *endpoint,
                       struct nk_peer *peer, struct peer_replies_total *total)
    NK_NONNULL(1, 2, 3, 4);

/* Room for a reply of `len` bytes, to be filled in before the callback returns and
 * sent after `delay` ns. NULL when too much is held back already. */
char *peer_replies_add(struct peer_replies *replies, size_t len, uint64_t delay) NK_NONNULL(1);

/* The peer goes: drops what is held back, and returns how many replies that was. */
uint64_t peer_replies_clear(struct peer_replies *replies) NK_NONNULL(1);

#endif
