#include "service/peer_replies.h"

/* Bytes held back for one peer, and for all peers of a loop; what keeping them costs
 * counts, too, or empty datagrams would be free. */
#define PEER_MAX ((size_t)256 * 1024)
#define TOTAL_MAX ((size_t)16 * 1024 * 1024)

/* The queue has become longer or shorter. */
static void count(struct peer_replies *replies)
{
    replies->total->bytes += replies->queue.size - replies->counted;
    replies->counted = replies->queue.size;
}

static void deliver(struct reply_queue *queue, struct nk_slice reply)
{
    struct peer_replies *replies = nk_container_of(queue, struct peer_replies, queue);
    count(replies);
    nk_udp_endpoint_send(replies->endpoint, replies->peer, reply);
}

void peer_replies_init(struct peer_replies *replies, struct nk_udp_endpoint *endpoint,
                       struct nk_peer *peer, struct peer_replies_total *total)
{
    replies->total = total;
    replies->counted = 0;
    replies->endpoint = endpoint;
    replies->peer = peer;
    reply_queue_init(&replies->queue, nk_udp_endpoint_loop(endpoint), deliver);
}

char *peer_replies_add(struct peer_replies *replies, size_t len, uint64_t delay)
{
    if (replies->queue.size + len > PEER_MAX || replies->total->bytes + len > TOTAL_MAX)
        return NULL;
    char *room = reply_queue_add(&replies->queue, len, delay);
    count(replies);
    return room;
}

uint64_t peer_replies_clear(struct peer_replies *replies)
{
    size_t bytes;
    uint64_t dropped = reply_queue_count(&replies->queue, &bytes);
    reply_queue_clear(&replies->queue);
    count(replies);
    return dropped;
}
