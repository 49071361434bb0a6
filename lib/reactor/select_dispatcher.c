/* select(2): three bit sets of FD_SETSIZE bits. A descriptor at or above that
 * limit is refused with -EMFILE instead of writing behind the set. */
#include <errno.h>
#include <sys/select.h>

#include "base/clock.h"
#include "reactor/event_dispatcher.h"

struct nk_event_dispatcher {
    fd_set readable;
    fd_set writable;
    fd_set watched;
    int highest; /* highest watched descriptor, -1 = none */
    int next;    /* where the next scan starts, so that a full batch starves nobody */
};

static int select_init(struct nk_event_dispatcher **out)
{
    struct nk_event_dispatcher *dispatcher = malloc(sizeof(*dispatcher));
    if (!dispatcher)
        return -ENOMEM;
    FD_ZERO(&dispatcher->readable);
    FD_ZERO(&dispatcher->writable);
    FD_ZERO(&dispatcher->watched);
    dispatcher->highest = -1;
    dispatcher->next = 0;
    *out = dispatcher;
    return 0;
}

static void put(fd_set *set, int fd, bool on)
{
    if (on)
        FD_SET(fd, set);
    else
        FD_CLR(fd, set);
}

static int select_add(struct nk_event_dispatcher *dispatcher, int fd, unsigned events)
{
    if (fd >= FD_SETSIZE)
        return -EMFILE;
    put(&dispatcher->readable, fd, events & NK_READ);
    put(&dispatcher->writable, fd, events & NK_WRITE);
    FD_SET(fd, &dispatcher->watched);
    if (fd > dispatcher->highest)
        dispatcher->highest = fd;
    return 0;
}

static void select_del(struct nk_event_dispatcher *dispatcher, int fd)
{
    if (fd >= FD_SETSIZE)
        return;
    put(&dispatcher->readable, fd, false);
    put(&dispatcher->writable, fd, false);
    FD_CLR(fd, &dispatcher->watched);
    while (dispatcher->highest >= 0 && !FD_ISSET(dispatcher->highest, &dispatcher->watched))
        dispatcher->highest--;
}

/* Rounded up to the microsecond; some kernels refuse more than 31 days. */
static struct timeval to_timeval(uint64_t timeout)
{
    const uint64_t longest = UINT64_C(31) * 86400;
    uint64_t microseconds = timeout / 1000 + (timeout % 1000 ? 1 : 0);
    if (microseconds / 1000000 >= longest)
        return (struct timeval){.tv_sec = (time_t)longest};
    return (struct timeval){.tv_sec = (time_t)(microseconds / 1000000),
                            .tv_usec = (suseconds_t)(microseconds % 1000000)};
}

static int collect(struct nk_event_dispatcher *dispatcher, const fd_set *readable,
                   const fd_set *writable, struct nk_ready *ready, int max)
{
    int count = 0;
    int fd = dispatcher->next;
    for (int seen = 0; seen <= dispatcher->highest && count < max; seen++, fd++) {
        if (fd > dispatcher->highest)
            fd = 0;
        unsigned events = (FD_ISSET(fd, readable) ? (unsigned)NK_READ : 0u) |
                          (FD_ISSET(fd, writable) ? (unsigned)NK_WRITE : 0u);
        if (events)
            ready[count++] = (struct nk_ready){fd, events};
    }
    dispatcher->next = fd;
    return count;
}

static int select_dispatch(struct nk_event_dispatcher *dispatcher, uint64_t timeout,
                           struct nk_ready *ready, int max)
{
    fd_set readable = dispatcher->readable;
    fd_set writable = dispatcher->writable;
    struct timeval wait = to_timeval(timeout);
    int pending = select(dispatcher->highest + 1, &readable, &writable, NULL,
                         timeout == NK_NEVER ? NULL : &wait);
    if (pending < 0)
        return errno == EINTR ? 0 : -errno;
    return pending == 0 ? 0 : collect(dispatcher, &readable, &writable, ready, max);
}

static void select_clear(struct nk_event_dispatcher *dispatcher)
{
    free(dispatcher);
}

const struct nk_event_dispatcher_ops nk_select_dispatcher = {
    .name = "select",
    .init = select_init,
    .add = select_add,
    .update = select_add,
    .del = select_del,
    .dispatch = select_dispatch,
    .clear = select_clear,
    .capacity = FD_SETSIZE,
};
