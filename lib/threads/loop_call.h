/* Runs a function on a loop's thread and waits for it.
 *
 * For setting things up and taking them down, never from one loop to another
 * while both serve: the caller blocks.
 */
#ifndef NK_THREADS_LOOP_CALL_H
#define NK_THREADS_LOOP_CALL_H

#include "base/attributes.h"
#include "reactor/event_loop.h"

/* Calls function(argument) on the thread of `loop` and returns what it returned.
 * When that is the calling thread, it is simply called. The loop must run. */
NK_PUBLIC int nk_loop_call(struct nk_event_loop *loop, int (*function)(void *argument),
                           void *argument) NK_NONNULL(1, 2);

#endif
