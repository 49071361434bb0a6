/* Signals as loop events: a signalfd watched like any other descriptor.
 *
 * The watched signals are blocked in the calling thread, and so in every thread
 * it creates afterwards: open the watch before starting threads. Only one watch
 * in a process should name a signal.
 */
#ifndef NK_REACTOR_SIGNAL_WATCH_H
#define NK_REACTOR_SIGNAL_WATCH_H

#include <stdbool.h>

#include "base/attributes.h"
#include "reactor/event_loop.h"

struct nk_signal_watch;

/* Called on the loop's thread, once for each delivery. */
typedef void nk_signal_fn(void *context, int signal_number);

/* Watches the `count` signals of `signals`. Returns 0 and *out, or -errno. */
NK_PUBLIC NK_MUST_USE int nk_signal_watch_new(struct nk_signal_watch **out,
                                              struct nk_event_loop *loop, const int *signals,
                                              size_t count, nk_signal_fn *on_signal, void *context)
    NK_NONNULL(1, 2, 3, 5);

/* Of the signal that the callback is being told of: whether it comes from the kernel (a key
 * on the terminal, a hang-up, the end of a child) and not from a process. */
NK_PUBLIC bool nk_signal_watch_is_from_kernel(const struct nk_signal_watch *watch) NK_NONNULL(1);

/* Tells the callback of one pending signal at once, not when its turn in the loop comes.
 * Returns whether there was one. */
NK_PUBLIC bool nk_signal_watch_deliver(struct nk_signal_watch *watch) NK_NONNULL(1);

/* Stops watching and gives the calling thread its former signal mask back; a
 * signal that is pending then takes its usual course. NULL is fine. */
NK_PUBLIC void nk_signal_watch_free(struct nk_signal_watch *watch);

#endif
