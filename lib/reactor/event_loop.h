/* The reactor: one loop, one thread.
 *
 * A turn of the loop, in this order:
 *
 *     now      read the clock once; nk_event_loop_now is this value all turn long
 *     apply    tell the dispatcher about changed interest
 *     wait     until a descriptor is ready, a timer is due or a task is posted
 *     ready    call the channels
 *     tasks    run what other threads posted (swapped out under the lock)
 *     timers   call the expired ones
 *     free     release what was closed during the turn
 *
 * Everything but nk_event_loop_post and nk_event_loop_stop belongs to the
 * thread that runs the loop (before the loop runs: to the thread that made it).
 */
#ifndef NK_REACTOR_EVENT_LOOP_H
#define NK_REACTOR_EVENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "reactor/channel.h"
#include "reactor/timer_queue.h"

struct nk_event_loop;

/* Something to be run once on a loop's thread. It lives inside the object it
 * is about; it may be posted again once it has begun to run. */
struct nk_task;
typedef void nk_task_fn(struct nk_task *task);
struct nk_task {
    /* private */
    struct nk_task *next;
    nk_task_fn *run;
};

struct nk_event_loop_options {
    const char *dispatcher;       /* see nk_event_dispatcher_by_name */
    const struct nk_clock *clock; /* NULL = the system's */
    const char *name;             /* for logs; at most 15 bytes are kept */
    uint64_t busy_poll;           /* ns to go on asking before sleeping; 0 = sleep at once */
};

/* Bytes of the loop's receive buffer and of its cork. 64 KiB: large enough that
 * bulk data is bound by copying, small enough to stay in the L2 cache. */
#define NK_EVENT_LOOP_BUFFER_SIZE 65536

/* A new loop; `options` may be NULL. Returns 0 and *out, or -errno; -EINVAL for
 * a dispatcher that does not exist. */
NK_PUBLIC NK_MUST_USE int nk_event_loop_new(struct nk_event_loop **out,
                                            const struct nk_event_loop_options *options)
    NK_NONNULL(1);

/* Runs the tasks that are still posted, then frees the loop. Every channel must
 * be closed and no thread may post any more. NULL is fine. */
NK_PUBLIC void nk_event_loop_free(struct nk_event_loop *loop);

/* Makes the calling thread the loop's, as running it would: for a loop that was
 * made by another thread, which may not touch it any more. */
NK_PUBLIC void nk_event_loop_adopt(struct nk_event_loop *loop) NK_NONNULL(1);

/* Turns until nk_event_loop_stop. The calling thread becomes the loop's thread.
 * Returns 0, or -errno when the dispatcher itself failed. */
NK_PUBLIC NK_MUST_USE int nk_event_loop_run(struct nk_event_loop *loop) NK_NONNULL(1);

/* One turn that waits at most `timeout` ns; for tests and foreign loops. */
NK_PUBLIC int nk_event_loop_turn(struct nk_event_loop *loop, uint64_t timeout) NK_NONNULL(1);

/* Makes run return at the end of the current turn. Any thread. A loop that was
 * stopped before it runs returns after one turn. */
NK_PUBLIC void nk_event_loop_stop(struct nk_event_loop *loop) NK_NONNULL(1);

/* The one door between threads: runs `task` on the loop's thread, in the order
 * of posting. Any thread; never blocks, never allocates, never fails. The task
 * may not be posted again before it has begun to run. Several posts before the
 * loop wakes cost one wake-up; a loop that is awake costs none. */
NK_PUBLIC void nk_event_loop_post(struct nk_event_loop *loop, struct nk_task *task, nk_task_fn *run)
    NK_NONNULL(1, 2, 3);

/* Runs `task` at the end of this turn, after every callback: the place to free
 * what an event of this turn may still name. Loop thread. */
NK_PUBLIC void nk_event_loop_at_turn_end(struct nk_event_loop *loop, struct nk_task *task,
                                         nk_task_fn *run) NK_NONNULL(1, 2, 3);

/* Whether the caller is the thread that runs the loop. Any thread, once it runs. */
NK_PUBLIC bool nk_event_loop_is_own_thread(const struct nk_event_loop *loop) NK_NONNULL(1);

/* Monotonic ns at the start of this turn's callbacks. */
NK_PUBLIC uint64_t nk_event_loop_now(const struct nk_event_loop *loop) NK_NONNULL(1);

/* Wall-clock seconds since 1970; read from the clock at most once a second. */
NK_PUBLIC uint64_t nk_event_loop_wall_seconds(struct nk_event_loop *loop) NK_NONNULL(1);

/* Starts or moves a timer to `deadline` (monotonic ns). 0 or -ENOMEM. */
NK_PUBLIC NK_MUST_USE int nk_event_loop_set_timer(struct nk_event_loop *loop,
                                                  struct nk_timer *timer, uint64_t deadline)
    NK_NONNULL(1, 2);
NK_PUBLIC void nk_event_loop_cancel_timer(struct nk_event_loop *loop, struct nk_timer *timer)
    NK_NONNULL(1, 2);

/* Lends the loop's receive buffer, NK_EVENT_LOOP_BUFFER_SIZE bytes that all its
 * connections share. Returns NULL while somebody up the call stack has it, who
 * would find other bytes in it: receive later. Give it back before the callback
 * returns. */
NK_PUBLIC char *nk_event_loop_borrow_buffer(struct nk_event_loop *loop) NK_NONNULL(1);
NK_PUBLIC void nk_event_loop_return_buffer(struct nk_event_loop *loop) NK_NONNULL(1);

/* Counters since the loop was made. */
struct nk_event_loop_statistics {
    uint64_t turns;
    uint64_t events;
    uint64_t tasks;
    uint64_t timers;
    uint64_t wake_ups; /* writes to the wake-up eventfd that reached this loop */
};
NK_PUBLIC void nk_event_loop_statistics(const struct nk_event_loop *loop,
                                        struct nk_event_loop_statistics *out) NK_NONNULL(1, 2);

/* As given in the options; constant. */
NK_PUBLIC const char *nk_event_loop_name(const struct nk_event_loop *loop) NK_NONNULL(1);

/* "epoll", "poll" or "select". */
NK_PUBLIC const char *nk_event_loop_dispatcher_name(const struct nk_event_loop *loop) NK_NONNULL(1);

/* The channel that is open on `fd`, or NULL. For finding a connection again. */
NK_PUBLIC struct nk_channel *nk_event_loop_channel(const struct nk_event_loop *loop, int fd)
    NK_NONNULL(1);

#endif
