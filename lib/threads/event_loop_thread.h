/* A thread that runs one event loop.
 *
 * Start returns only when the loop exists and its thread is about to run it;
 * the loop may be posted to from then on.
 */
#ifndef NK_THREADS_EVENT_LOOP_THREAD_H
#define NK_THREADS_EVENT_LOOP_THREAD_H

#include "base/attributes.h"
#include "reactor/event_loop.h"

struct nk_event_loop_thread;

/* Called on the new thread: after its loop was made and before it runs, and
 * after it has stopped and before it is freed. `start` returns 0 or -errno,
 * which fails nk_event_loop_thread_start. Either may be NULL. */
struct nk_loop_hooks {
    int (*start)(void *context, struct nk_event_loop *loop);
    void (*stop)(void *context, struct nk_event_loop *loop);
    void *context;
};

/* Starts the thread and waits until its loop is ready. Returns 0 and *out, or
 * -errno. Options and hooks are copied. All signals are blocked in the thread. */
NK_PUBLIC NK_MUST_USE int nk_event_loop_thread_start(struct nk_event_loop_thread **out,
                                                     const struct nk_event_loop_options *options,
                                                     const struct nk_loop_hooks *hooks)
    NK_NONNULL(1);

/* The loop of the thread; valid until nk_event_loop_thread_stop. */
NK_PUBLIC struct nk_event_loop *nk_event_loop_thread_loop(struct nk_event_loop_thread *thread)
    NK_NONNULL(1);

/* Stops the loop, joins the thread and frees everything. NULL is fine. Not from
 * the thread itself. */
NK_PUBLIC void nk_event_loop_thread_stop(struct nk_event_loop_thread *thread);

#endif
