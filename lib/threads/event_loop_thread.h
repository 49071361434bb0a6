/* A thread that runs one event loop.
 *
 * It is made in two steps, so that everything can be built on the loop, and the
 * process confined, while there is only one thread:
 *
 *     new     the loop exists and belongs to the calling thread
 *     run     a thread has taken it over and runs it
 *
 * or in one, with start. The loop may be posted to from its beginning.
 */
#ifndef NK_THREADS_EVENT_LOOP_THREAD_H
#define NK_THREADS_EVENT_LOOP_THREAD_H

#include "base/attributes.h"
#include "reactor/event_loop.h"

struct nk_event_loop_thread;

/* Called on the new thread: when the loop is its own and before it runs, and after it has stopped
 * and before it is freed. `start` returns 0 or -errno, which fails nk_event_loop_thread_run. Either
 * may be NULL. */
struct nk_loop_hooks {
    int (*start)(void *context, struct nk_event_loop *loop);
    void (*stop)(void *context, struct nk_event_loop *loop);
    void *context;
};

/* Makes the loop; there is no thread yet. Returns 0 and *out, or -errno. Options
 * and hooks are copied and may be NULL. */
NK_PUBLIC NK_MUST_USE int nk_event_loop_thread_new(struct nk_event_loop_thread **out,
                                                   const struct nk_event_loop_options *options,
                                                   const struct nk_loop_hooks *hooks) NK_NONNULL(1);

/* Starts the thread, once, and returns when the loop is its own. All signals are
 * blocked in the thread. Returns 0, or -errno: then the loop belongs to the
 * caller as before. */
NK_PUBLIC NK_MUST_USE int nk_event_loop_thread_run(struct nk_event_loop_thread *thread)
    NK_NONNULL(1);

/* Both steps. Returns 0 and *out, or -errno and nothing is left. */
NK_PUBLIC NK_MUST_USE int nk_event_loop_thread_start(struct nk_event_loop_thread **out,
                                                     const struct nk_event_loop_options *options,
                                                     const struct nk_loop_hooks *hooks)
    NK_NONNULL(1);

/* The loop of the thread; valid until nk_event_loop_thread_stop. */
NK_PUBLIC struct nk_event_loop *nk_event_loop_thread_loop(struct nk_event_loop_thread *thread)
    NK_NONNULL(1);

/* Stops the loop, joins the thread if there is one, and frees everything. NULL
 * is fine. Not from the thread itself. */
NK_PUBLIC void nk_event_loop_thread_stop(struct nk_event_loop_thread *thread);

#endif
