/* Replies that are held back for a while: one queue for each client, with a
 * timer for the first of them. Loop thread only.
 */
#ifndef SERVICE_REPLY_QUEUE_H
#define SERVICE_REPLY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"
#include "reactor/event_loop.h"

struct reply_queue;

/* A reply is due. The queue may be cleared from within. */
typedef void reply_queue_fn(struct reply_queue *queue, struct nk_slice reply);

struct reply_queue {
    struct nk_event_loop *loop;
    reply_queue_fn *deliver;
    size_t size; /* bytes that it holds, overhead included */
    /* private */
    struct nk_list_node replies;
    struct nk_timer timer;
};

/* An empty queue. Cannot fail. */
void reply_queue_init(struct reply_queue *queue, struct nk_event_loop *loop,
                      reply_queue_fn *deliver);

/* Drops every reply and stops the timer. Idempotent. */
void reply_queue_clear(struct reply_queue *queue);

/* Room for a reply of `len` bytes, which the caller fills in before it returns
 * to the loop; it is delivered after `delay` ns, behind those before it. NULL
 * when memory is out. */
char *reply_queue_add(struct reply_queue *queue, size_t len, uint64_t delay);

/* How many replies it holds; *bytes receives their length. */
uint64_t reply_queue_count(const struct reply_queue *queue, size_t *bytes);

static inline bool reply_queue_is_empty(const struct reply_queue *queue)
{
    return queue->size == 0;
}

#endif
