/* What many readers are sent, kept once: a queue that everyone reads at a pace of
 * his own. A piece is freed when the slowest has read it, so one bound for the
 * queue bounds the memory for all of them.
 *
 *     first                                  last
 *     [piece] -> [piece] -> [piece] -> [the place of the next]
 *        ^ slow                ^ faster         ^ has read everything
 *
 * Pure data; one thread at a time.
 */
#ifndef CAT_CAT_HUB_QUEUE_H
#define CAT_CAT_HUB_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct cat_hub_piece;

struct cat_hub_queue {
    /* private */
    struct cat_hub_piece *first;
    struct cat_hub_piece *last; /* without bytes yet */
    size_t size;                /* bytes of all pieces, and what keeping them costs */
};

struct cat_hub_reader {
    /* private */
    struct cat_hub_piece *at; /* NULL = closed */
    size_t offset;
};

/* An empty queue. Returns 0 or -ENOMEM. */
int cat_hub_queue_init(struct cat_hub_queue *queue);

/* Every reader must be closed. Harmless on a zero-filled one. */
void cat_hub_queue_deinit(struct cat_hub_queue *queue);

/* Appends a copy of `bytes` for all readers that are open now, but for the one
 * that they come from (may be NULL). Returns 0 or -ENOMEM. */
int cat_hub_queue_put(struct cat_hub_queue *queue, struct nk_slice bytes,
                      struct cat_hub_reader *origin);

/* Memory in use. The owner stops putting when it is enough. */
static inline size_t cat_hub_queue_size(const struct cat_hub_queue *queue)
{
    return queue->size;
}

/* A reader of all that is put from now on. It may not be moved afterwards. */
void cat_hub_reader_open(struct cat_hub_reader *reader, struct cat_hub_queue *queue);

/* Drops what it has not read. Idempotent. */
void cat_hub_reader_close(struct cat_hub_reader *reader, struct cat_hub_queue *queue);

/* The next bytes for it, empty when it has read everything or is closed. Valid
 * until it consumes or is closed. */
struct nk_slice cat_hub_reader_next(const struct cat_hub_reader *reader);

/* Goes on by `len` bytes of what cat_hub_reader_next gave. */
void cat_hub_reader_consume(struct cat_hub_reader *reader, struct cat_hub_queue *queue, size_t len);

#endif
