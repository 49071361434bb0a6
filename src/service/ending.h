/* How a service ends its own server before a signal does. */
#ifndef SERVICE_ENDING_H
#define SERVICE_ENDING_H

#include <stdatomic.h>

#include "reactor/event_loop.h"

struct service_ending {
    /* private to the spine */
    struct nk_event_loop *loop;
    struct nk_task task;
    nk_task_fn *drain;
    atomic_flag is_asked;
};

/* The server drains, as after the first SIGTERM. Any thread, any number of times, as
 * long as the service runs. */
static inline void service_end(struct service_ending *ending)
{
    if (!atomic_flag_test_and_set(&ending->is_asked))
        nk_event_loop_post(ending->loop, &ending->task, ending->drain);
}

#endif
