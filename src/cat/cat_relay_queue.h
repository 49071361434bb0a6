/* Messages that wait for a descriptor to take them, each whole: datagrams, records,
 * or pieces of a stream. Pure data; one thread at a time.
 */
#ifndef CAT_CAT_RELAY_QUEUE_H
#define CAT_CAT_RELAY_QUEUE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/slice.h"

struct cat_relay_queue {
    /* private */
    struct nk_buffer buffer; /* a length in front of each message */
    size_t done;             /* bytes of the first message that were taken */
};

/* An empty queue for at most `cap` bytes, a few of overhead for each message
 * included. Cannot fail. */
void cat_relay_queue_init(struct cat_relay_queue *queue, size_t cap);

/* Frees the memory; the queue is empty then. Harmless on a zero-filled one. */
void cat_relay_queue_deinit(struct cat_relay_queue *queue);

bool cat_relay_queue_is_empty(const struct cat_relay_queue *queue);

/* Appends a copy of the message, which may be empty. Returns 0; -ENOBUFS when it is
 * full, or -ENOMEM. */
NK_MUST_USE int cat_relay_queue_put(struct cat_relay_queue *queue, struct nk_slice message);

/* What is left of the first message; the queue is not empty. Valid until it is
 * changed. */
struct nk_slice cat_relay_queue_first(const struct cat_relay_queue *queue);

/* So many bytes of the first message were taken; with the last one the message is
 * gone, and an empty one is with none. */
void cat_relay_queue_take(struct cat_relay_queue *queue, size_t len);

#endif
