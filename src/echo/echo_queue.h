/* Replies that are held back for a while: one queue for each client, with a
 * timer for the first of them. Loop thread only.
 */
#ifndef ECHO_ECHO_QUEUE_H
#define ECHO_ECHO_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"
#include "reactor/event_loop.h"

struct echo_queue;

/* A reply is due. The queue may be cleared from within. */
typedef void echo_queue_fn(struct echo_queue *queue, struct nk_slice reply);

struct echo_queue {
    struct nk_event_loop *loop;
    echo_queue_fn *deliver;
    size_t size; /* bytes that it holds, overhead included */
    /* private */
    struct nk_list_node replies;
    struct nk_timer timer;
};

/* An empty queue. Cannot fail. */
void echo_queue_init(struct echo_queue *queue, struct nk_event_loop *loop, echo_queue_fn *deliver);

/* Drops every reply and stops the timer. Idempotent. */
void echo_queue_clear(struct echo_queue *queue);

/* Room for a reply of `len` bytes, which the caller fills in before it returns
 * to the loop; it is delivered after `delay` ns, behind those before it. NULL
 * when memory is out. */
char *echo_queue_add(struct echo_queue *queue, size_t len, uint64_t delay);

/* How many replies it holds; *bytes receives their length. */
uint64_t echo_queue_count(const struct echo_queue *queue, size_t *bytes);

static inline bool echo_queue_is_empty(const struct echo_queue *queue)
{
    return queue->size == 0;
}

#endif
