/* Timers in a binary heap. The timer lives inside the object that it is for.
 *
 * Starting, moving and cancelling cost O(log n) and a pointer in the heap per
 * running timer. Loop thread only.
 */
#ifndef NK_REACTOR_TIMER_QUEUE_H
#define NK_REACTOR_TIMER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct nk_timer;
typedef void nk_timer_fn(struct nk_timer *timer);

struct nk_timer {
    /* private */
    uint64_t deadline; /* monotonic ns */
    nk_timer_fn *on_expired;
    size_t position; /* 1 + index in the heap; 0 = not running */
};

struct nk_timer_queue {
    /* private */
    struct nk_timer **heap;
    size_t count;
    size_t size;
    uint64_t not_before; /* while timers expire: the earliest deadline that may be set */
};

/* An empty queue; allocates nothing until the first timer. */
NK_PUBLIC void nk_timer_queue_init(struct nk_timer_queue *queue) NK_NONNULL(1);

/* Frees the heap; timers that still run are forgotten, not called. */
NK_PUBLIC void nk_timer_queue_deinit(struct nk_timer_queue *queue) NK_NONNULL(1);

/* A timer that is not running; call before anything else. Cannot fail. */
static inline void nk_timer_init(struct nk_timer *timer, nk_timer_fn *on_expired)
{
    timer->deadline = 0;
    timer->on_expired = on_expired;
    timer->position = 0;
}

static inline bool nk_timer_is_running(const struct nk_timer *timer)
{
    return timer->position != 0;
}

/* Starts the timer or moves a running one. Returns 0, or -ENOMEM when it was
 * not running and the heap cannot grow. */
NK_PUBLIC NK_MUST_USE int nk_timer_queue_set(struct nk_timer_queue *queue, struct nk_timer *timer,
                                             uint64_t deadline) NK_NONNULL(1, 2);

/* Stops it; harmless when it is not running. */
NK_PUBLIC void nk_timer_queue_cancel(struct nk_timer_queue *queue, struct nk_timer *timer)
    NK_NONNULL(1, 2);

/* The earliest deadline, or NK_NEVER. */
NK_PUBLIC uint64_t nk_timer_queue_next(const struct nk_timer_queue *queue) NK_NONNULL(1);

/* Calls every timer whose deadline was at or before `now` when this was called,
 * earliest first. A timer that a callback starts anew waits for the next call
 * even when its deadline has passed, so that a zero timer cannot starve the
 * loop. Returns how many expired. */
NK_PUBLIC size_t nk_timer_queue_expire(struct nk_timer_queue *queue, uint64_t now) NK_NONNULL(1);

#endif
