/* Threads for work that blocks: name look-up, readdir, compression, hashing.
 *
 * A loop submits a job; a worker runs it; its completion runs on the loop that
 * submitted it. The queue is bounded and submitting never blocks: when it is
 * full the caller gets -EAGAIN and decides (answer 503, pause a reader).
 */
#ifndef NK_THREADS_WORKER_POOL_H
#define NK_THREADS_WORKER_POOL_H

#include <stddef.h>

#include "base/attributes.h"
#include "reactor/event_loop.h"

struct nk_worker_pool;

#define NK_WORKER_POOL_MAX 1024

/* One piece of work, embedded in the caller's object, which must live until
 * `complete` was called. */
struct nk_job;
typedef void nk_job_fn(struct nk_job *job);

struct nk_job {
    nk_job_fn *work;     /* on a worker thread; may block */
    nk_job_fn *complete; /* afterwards, on `loop`'s thread */
    struct nk_event_loop *loop;
    /* private */
    struct nk_task completion;
    struct nk_job *next;
};

/* Starts `threads` (1 to NK_WORKER_POOL_MAX) workers with a queue of `capacity` jobs
 * (at least 1). Returns 0 and *out, or -errno: -EINVAL for other numbers. */
NK_PUBLIC NK_MUST_USE int nk_worker_pool_start(struct nk_worker_pool **out, size_t threads,
                                               size_t capacity) NK_NONNULL(1);

/* Queues a job whose three public fields are filled in. Returns 0, or -EAGAIN
 * when the queue is full (then nothing of the job is called). Any thread. */
NK_PUBLIC NK_MUST_USE int nk_worker_pool_submit(struct nk_worker_pool *pool, struct nk_job *job)
    NK_NONNULL(1, 2);

/* Works off what is queued, joins the workers and frees the pool. Completions
 * may still be posted to the loops, which must therefore be freed later. NULL
 * is fine. */
NK_PUBLIC void nk_worker_pool_stop(struct nk_worker_pool *pool);

#endif
