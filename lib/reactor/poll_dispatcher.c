/* poll(2): a dense array of what is watched, and for each descriptor its place
 * in that array, so that changes cost O(1). A removed entry is replaced by the
 * last one. */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "reactor/event_dispatcher.h"

struct nk_event_dispatcher {
    struct pollfd *watched;
    size_t count;
    size_t watched_size;
    uint32_t *position; /* by descriptor: 1 + index in watched, 0 = not watched */
    size_t position_size;
    size_t next; /* where the next scan starts, so that a full batch starves nobody */
};

static int poll_init(struct nk_event_dispatcher **out)
{
    struct nk_event_dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));
    if (!dispatcher)
        return -ENOMEM;
    *out = dispatcher;
    return 0;
}

static short to_poll(unsigned events)
{
    return (short)((events & NK_READ ? POLLIN : 0) | (events & NK_WRITE ? POLLOUT : 0));
}

static size_t double_until(size_t size, size_t least)
{
    size = size > 0 ? size : 32;
    while (size < least)
        size *= 2;
    return size;
}

static int make_room(struct nk_event_dispatcher *dispatcher, size_t fd)
{
    if (fd >= dispatcher->position_size) {
        size_t size = double_until(dispatcher->position_size, fd + 1);
        uint32_t *position = reallocarray(dispatcher->position, size, sizeof(*position));
        if (!position)
            return -ENOMEM;
        memset(position + dispatcher->position_size, 0,
               (size - dispatcher->position_size) * sizeof(*position));
        dispatcher->position = position;
        dispatcher->position_size = size;
    }
    if (dispatcher->count == dispatcher->watched_size) {
        size_t size = double_until(dispatcher->watched_size, dispatcher->count + 1);
        struct pollfd *watched = reallocarray(dispatcher->watched, size, sizeof(*watched));
        if (!watched)
            return -ENOMEM;
        dispatcher->watched = watched;
        dispatcher->watched_size = size;
    }
    return 0;
}

static int poll_update(struct nk_event_dispatcher *dispatcher, int fd, unsigned events)
{
    if ((size_t)fd >= dispatcher->position_size || dispatcher->position[fd] == 0)
        return -ENOENT;
    dispatcher->watched[dispatcher->position[fd] - 1].events = to_poll(events);
    return 0;
}

static int poll_add(struct nk_event_dispatcher *dispatcher, int fd, unsigned events)
{
    if (poll_update(dispatcher, fd, events) == 0)
        return 0;
    int error = make_room(dispatcher, (size_t)fd);
    if (error)
        return error;
    dispatcher->watched[dispatcher->count++] = (struct pollfd){.fd = fd, .events = to_poll(events)};
    dispatcher->position[fd] = (uint32_t)dispatcher->count;
    return 0;
}

static void poll_del(struct nk_event_dispatcher *dispatcher, int fd)
{
    if ((size_t)fd >= dispatcher->position_size || dispatcher->position[fd] == 0)
        return;
    size_t index = dispatcher->position[fd] - 1;
    struct pollfd last = dispatcher->watched[--dispatcher->count];
    dispatcher->watched[index] = last;
    dispatcher->position[last.fd] = (uint32_t)index + 1;
    dispatcher->position[fd] = 0;
}

static unsigned from_poll(short events)
{
    return (events & POLLIN ? (unsigned)NK_READ : 0u) |
           (events & POLLOUT ? (unsigned)NK_WRITE : 0u) |
           (events & (POLLHUP | POLLERR | POLLNVAL) ? (unsigned)NK_HANGUP : 0u);
}

static int poll_dispatch(struct nk_event_dispatcher *dispatcher, uint64_t timeout,
                         struct nk_ready *ready, int max)
{
    struct timespec wait = {.tv_sec = (time_t)(timeout / NK_NANOSECONDS_PER_SECOND),
                            .tv_nsec = (long)(timeout % NK_NANOSECONDS_PER_SECOND)};
    int pending =
        ppoll(dispatcher->watched, dispatcher->count, timeout == NK_NEVER ? NULL : &wait, NULL);
    if (pending < 0)
        return errno == EINTR ? 0 : -errno;
    int count = 0;
    size_t index = dispatcher->next;
    for (size_t seen = 0; seen < dispatcher->count && pending > 0 && count < max; seen++) {
        if (index >= dispatcher->count)
            index = 0;
        const struct pollfd *watched = &dispatcher->watched[index++];
        if (watched->revents == 0)
            continue;
        ready[count++] = (struct nk_ready){watched->fd, from_poll(watched->revents)};
        pending--;
    }
    dispatcher->next = index;
    return count;
}

static void poll_clear(struct nk_event_dispatcher *dispatcher)
{
    free(dispatcher->watched);
    free(dispatcher->position);
    free(dispatcher);
}

const struct nk_event_dispatcher_ops nk_poll_dispatcher = {
    .name = "poll",
    .init = poll_init,
    .add = poll_add,
    .update = poll_update,
    .del = poll_del,
    .dispatch = poll_dispatch,
    .clear = poll_clear,
};
