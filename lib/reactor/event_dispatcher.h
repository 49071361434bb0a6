/* The part of the reactor that asks the kernel: epoll, poll or select.
 *
 * All three are level-triggered and behave alike, so that one test suite runs
 * on each. A dispatcher knows descriptors and interest, nothing of connections
 * or callbacks: dispatch() fills a list of what is ready and the loop alone
 * calls back. Loop thread only, and internal: programs choose one by name.
 */
#ifndef NK_REACTOR_EVENT_DISPATCHER_H
#define NK_REACTOR_EVENT_DISPATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "reactor/channel.h"

/* Events handed to the loop in one turn at most. Larger batches save waits but
 * let timers and posted tasks wait longer; 256 callbacks of some 5 us are about
 * a millisecond, the precision of the timers. */
#define NK_READY_MAX 256

struct nk_ready {
    int fd;
    unsigned events; /* NK_READ, NK_WRITE, NK_HANGUP */
};

struct nk_event_dispatcher; /* each implementation has its own */

struct nk_event_dispatcher_ops {
    const char *name;

    /* A new dispatcher in *out. 0, -ENOMEM or what the kernel said. */
    int (*init)(struct nk_event_dispatcher **out);

    /* Starts watching fd for `events` (not 0). 0, -EMFILE when fd is too high
     * for this mechanism, -EPERM when the kernel cannot poll it (then the loop
     * treats it as always ready), -ENOMEM. */
    int (*add)(struct nk_event_dispatcher *dispatcher, int fd, unsigned events);

    /* Changes what a watched fd is watched for (not 0). */
    int (*update)(struct nk_event_dispatcher *dispatcher, int fd, unsigned events);

    /* Stops watching; an fd that is not watched is fine. */
    void (*del)(struct nk_event_dispatcher *dispatcher, int fd);

    /* Waits at most `timeout` ns (rounded up to what the mechanism can; NK_NEVER
     * = for ever) and fills `ready`. Returns how many, 0 on time-out or EINTR,
     * or -errno. */
    int (*dispatch)(struct nk_event_dispatcher *dispatcher, uint64_t timeout,
                    struct nk_ready *ready, int max);

    void (*clear)(struct nk_event_dispatcher *dispatcher);

    /* Highest number of descriptors it can watch; 0 = no limit of its own. */
    size_t capacity;

    /* Closing a descriptor that has no duplicate also stops watching it. */
    bool close_removes;
};

NK_PUBLIC extern const struct nk_event_dispatcher_ops nk_epoll_dispatcher;
NK_PUBLIC extern const struct nk_event_dispatcher_ops nk_poll_dispatcher;
NK_PUBLIC extern const struct nk_event_dispatcher_ops nk_select_dispatcher;

/* By name; NULL means the environment variable NETKIT_DISPATCHER, else epoll.
 * Returns NULL for a name that is none. */
NK_PUBLIC const struct nk_event_dispatcher_ops *nk_event_dispatcher_by_name(const char *name);

#endif
