#include "net/connector.h"

#include <errno.h>

#include "os/socket.h"

/* A unix server whose backlog is full is tried again this often: there is no
 * event to wait for (connect(2), EAGAIN). */
#define BACKLOG_RETRY (10 * NK_NANOSECONDS_PER_MILLISECOND)

struct nk_connector {
    struct nk_channel channel;
    struct nk_event_loop *loop;
    struct nk_sockaddr remote;
    uint64_t deadline;
    struct nk_timer timer;
    int result; /* -EINPROGRESS until it is known */
    nk_connector_fn *on_done;
    void *context;
};

static void release(struct nk_connector *connector)
{
    nk_event_loop_cancel_timer(connector->loop, &connector->timer);
    free(connector);
}

static void report(struct nk_connector *connector, int error)
{
    nk_connector_fn *on_done = connector->on_done;
    void *context = connector->context;
    int fd = connector->channel.fd;
    if (error)
        nk_channel_close_descriptor(&connector->channel);
    else
        nk_channel_close(&connector->channel);
    release(connector);
    on_done(context, error ? error : fd);
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    (void)events;
    struct nk_connector *connector = nk_container_of(channel, struct nk_connector, channel);
    report(connector, nk_socket_take_error(channel->fd));
}

static int wait_until(struct nk_connector *connector, uint64_t time)
{
    if (time == NK_NEVER)
        return 0;
    return nk_event_loop_set_timer(connector->loop, &connector->timer, time);
}

/* Tries to connect, and arranges for what comes next: an event, a timer that
 * reports the result from the loop, or another try. */
static int try(struct nk_connector *connector)
{
    uint64_t now = nk_event_loop_now(connector->loop);
    connector->result = nk_socket_connect(connector->channel.fd, &connector->remote);
    if (connector->result == -EINPROGRESS) {
        nk_channel_want(&connector->channel, NK_WRITE);
        return wait_until(connector, connector->deadline);
    }
    if (connector->result != -EAGAIN || connector->deadline <= now)
        return wait_until(connector, now);
    uint64_t again = now + BACKLOG_RETRY;
    return wait_until(connector, again < connector->deadline ? again : connector->deadline);
}

static void on_timer(struct nk_timer *timer)
{
    struct nk_connector *connector = nk_container_of(timer, struct nk_connector, timer);
    int error = connector->result;
    if (error == -EAGAIN || error == -EINPROGRESS) {
        if (nk_event_loop_now(connector->loop) < connector->deadline)
            error = try(connector);
        else
            error = -ETIMEDOUT;
        if (!error)
            return;
    }
    report(connector, error);
}

int nk_connector_start(struct nk_connector **out, struct nk_event_loop *loop,
                       const struct nk_sockaddr *remote, uint64_t deadline,
                       nk_connector_fn *on_done, void *context)
{
    struct nk_connector *connector = calloc(1, sizeof(*connector));
    if (!connector)
        return -ENOMEM;
    int fd = nk_socket_open(remote->any.sa_family, SOCK_STREAM);
    int error = fd < 0 ? fd : nk_channel_open(&connector->channel, loop, fd, on_ready);
    if (error) {
        nk_socket_close(fd);
        free(connector);
        return error;
    }
    connector->loop = loop;
    connector->remote = *remote;
    connector->deadline = deadline;
    connector->on_done = on_done;
    connector->context = context;
    nk_timer_init(&connector->timer, on_timer);
    error = try(connector);
    if (error)
        nk_connector_cancel(connector);
    else
        *out = connector;
    return error;
}

void nk_connector_cancel(struct nk_connector *connector)
{
    nk_channel_close_descriptor(&connector->channel);
    release(connector);
}
