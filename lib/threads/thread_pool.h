/* The sub-loops of a server: N threads, one event loop each.
 *
 * With 0 threads the pool consists of the main loop alone (a single reactor),
 * and everything else stays the same for its user.
 */
#ifndef NK_THREADS_THREAD_POOL_H
#define NK_THREADS_THREAD_POOL_H

#include <stddef.h>

#include "base/attributes.h"
#include "reactor/event_loop.h"
#include "threads/event_loop_thread.h"

struct nk_thread_pool;

#define NK_THREAD_POOL_MAX 1024

/* Makes `threads` loops (0 to NK_THREAD_POOL_MAX) named "loop-1", "loop-2" ...;
 * their `name` in `options` is ignored. There are no threads yet: every loop
 * belongs to the calling thread, which may build what it likes on them. `main_loop`
 * is the caller's and must outlive the pool. Returns 0 and *out, or -errno. */
NK_PUBLIC NK_MUST_USE int nk_thread_pool_new(struct nk_thread_pool **out,
                                             struct nk_event_loop *main_loop, size_t threads,
                                             const struct nk_event_loop_options *options)
    NK_NONNULL(1, 2);

/* Starts the threads, once, and returns when each runs its loop. Returns 0 or
 * -errno; then some of them run, and the pool is to be stopped. */
NK_PUBLIC NK_MUST_USE int nk_thread_pool_run(struct nk_thread_pool *pool) NK_NONNULL(1);

/* Both steps. Returns 0 and *out, or -errno and nothing is left. */
NK_PUBLIC NK_MUST_USE int nk_thread_pool_start(struct nk_thread_pool **out,
                                               struct nk_event_loop *main_loop, size_t threads,
                                               const struct nk_event_loop_options *options)
    NK_NONNULL(1, 2);

/* Stops every loop and joins every thread, then frees the pool. NULL is fine. */
NK_PUBLIC void nk_thread_pool_stop(struct nk_thread_pool *pool);

/* How many loops serve connections: the threads, or 1 for the main loop. */
NK_PUBLIC size_t nk_thread_pool_size(const struct nk_thread_pool *pool) NK_NONNULL(1);

/* The loop of that index, below nk_thread_pool_size. */
NK_PUBLIC struct nk_event_loop *nk_thread_pool_loop(const struct nk_thread_pool *pool, size_t index)
    NK_NONNULL(1);

/* The CPUs this process may run on (sched_getaffinity), at least 1. */
NK_PUBLIC size_t nk_thread_pool_usable_cpus(void);

#endif
