/* epoll(7), level-triggered: the kernel keeps the interest list, a wait costs
 * in proportion to what is ready, not to what is watched. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "reactor/event_dispatcher.h"

struct nk_event_dispatcher {
    int epoll_fd;
    struct epoll_event events[NK_READY_MAX];
};

static int epoll_init(struct nk_event_dispatcher **out)
{
    struct nk_event_dispatcher *dispatcher = malloc(sizeof(*dispatcher));
    if (!dispatcher)
        return -ENOMEM;
    dispatcher->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (dispatcher->epoll_fd < 0) {
        int error = -errno;
        free(dispatcher);
        return error;
    }
    *out = dispatcher;
    return 0;
}

static int control(struct nk_event_dispatcher *dispatcher, int operation, int fd, unsigned events)
{
    struct epoll_event event = {.data.fd = fd};
    if (events & NK_READ)
        event.events |= EPOLLIN;
    if (events & NK_WRITE)
        event.events |= EPOLLOUT;
    return epoll_ctl(dispatcher->epoll_fd, operation, fd, &event) < 0 ? -errno : 0;
}

static int epoll_add(struct nk_event_dispatcher *dispatcher, int fd, unsigned events)
{
    return control(dispatcher, EPOLL_CTL_ADD, fd, events);
}

static int epoll_update(struct nk_event_dispatcher *dispatcher, int fd, unsigned events)
{
    return control(dispatcher, EPOLL_CTL_MOD, fd, events);
}

static void epoll_del(struct nk_event_dispatcher *dispatcher, int fd)
{
    (void)control(dispatcher, EPOLL_CTL_DEL, fd, 0);
}

/* Rounded up, so that a timer is never asked for before it is due. A wait of
 * more than 24 days is cut short, which only costs the loop a turn. */
static int milliseconds(uint64_t timeout)
{
    uint64_t rounded = timeout / NK_NANOSECONDS_PER_MILLISECOND;
    if (timeout == NK_NEVER)
        return -1;
    if (timeout % NK_NANOSECONDS_PER_MILLISECOND)
        rounded++;
    return rounded > INT32_MAX ? INT32_MAX : (int)rounded;
}

static int epoll_dispatch(struct nk_event_dispatcher *dispatcher, uint64_t timeout,
                          struct nk_ready *ready, int max)
{
    if (max > NK_READY_MAX)
        max = NK_READY_MAX;
    int count = epoll_wait(dispatcher->epoll_fd, dispatcher->events, max, milliseconds(timeout));
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        uint32_t events = dispatcher->events[i].events;
        ready[i].fd = dispatcher->events[i].data.fd;
        ready[i].events = (events & EPOLLIN ? (unsigned)NK_READ : 0u) |
                          (events & EPOLLOUT ? (unsigned)NK_WRITE : 0u) |
                          (events & (EPOLLHUP | EPOLLERR) ? (unsigned)NK_HANGUP : 0u);
    }
    return count;
}

static void epoll_clear(struct nk_event_dispatcher *dispatcher)
{
    close(dispatcher->epoll_fd);
    free(dispatcher);
}

const struct nk_event_dispatcher_ops nk_epoll_dispatcher = {
    .name = "epoll",
    .init = epoll_init,
    .add = epoll_add,
    .update = epoll_update,
    .del = epoll_del,
    .dispatch = epoll_dispatch,
    .clear = epoll_clear,
    .close_removes = true,
};
