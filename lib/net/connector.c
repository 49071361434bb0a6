#include "net/connector.h"

#include <errno.h>

#include "os/socket.h"
#include "os/socket_options.h"

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

static bool is_tcp(int family, const struct nk_connector_options *options)
{
    return family != AF_UNIX && (options->type == SOCK_STREAM || options->type == 0);
}

/* Binding to an address without a port would take a port at once, one of 28,000
 * for all destinations; the kernel can put that off until it connects. A TCP port
 * that is asked for may still be in TIME_WAIT from the last time; a UDP one would
 * be shared with whoever has it. */
static int bind_source(int fd, const struct nk_connector_options *options)
{
    const struct nk_sockaddr *source = options->source;
    int family = source->any.sa_family;
    int on = 1;
    int error = 0;
    if (family != AF_UNIX && nk_sockaddr_port(source) == 0)
        error = nk_socket_set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    else if (is_tcp(family, options))
        error = nk_socket_set_reuse_address(fd, true);
    return error ? error : nk_socket_bind(fd, source);
}

/* Makes the socket as the options say. Returns it, or -errno and *failure. */
static int prepare_socket(int family, const struct nk_connector_options *options,
                          struct nk_connect_failure *failure)
{
    int fd = nk_socket_open(family, options->type ? options->type : SOCK_STREAM);
    *failure = (struct nk_connect_failure){.step = NK_CONNECT_SOCKET};
    if (fd < 0)
        return fd;
    int error = 0;
    if (options->no_delay && is_tcp(family, options))
        error = nk_socket_set_no_delay(fd, true);
    if (!error && options->socket_options) {
        failure->step = NK_CONNECT_OPTIONS;
        error = nk_socket_options_apply(fd, options->socket_options, &failure->option);
    }
    if (!error && options->source) {
        failure->step = NK_CONNECT_BIND;
        error = bind_source(fd, options);
    }
    if (error)
        nk_socket_close(fd);
    return error ? error : fd;
}

/* Gives the connector a socket and makes the first try. On failure the socket is
 * closed again. */
static int start(struct nk_connector *connector, const struct nk_connector_options *options,
                 struct nk_connect_failure *failure)
{
    static const struct nk_connector_options plain = {.type = SOCK_STREAM};
    int fd = prepare_socket(connector->remote.any.sa_family, options ? options : &plain, failure);
    if (fd < 0)
        return fd;
    *failure = (struct nk_connect_failure){.step = NK_CONNECT_SOCKET};
    int error = nk_channel_open(&connector->channel, connector->loop, fd, on_ready);
    if (error) {
        nk_socket_close(fd);
        return error;
    }
    error = try(connector);
    if (error)
        nk_channel_close_descriptor(&connector->channel);
    return error;
}

int nk_connector_start_with(struct nk_connector **out, struct nk_event_loop *loop,
                            const struct nk_sockaddr *remote,
                            const struct nk_connector_options *options, uint64_t deadline,
                            nk_connector_fn *on_done, void *context,
                            struct nk_connect_failure *failure)
{
    struct nk_connect_failure cause = {.step = NK_CONNECT_SOCKET};
    struct nk_connector *connector = calloc(1, sizeof(*connector));
    int error = connector ? 0 : -ENOMEM;
    if (connector) {
        connector->loop = loop;
        connector->remote = *remote;
        connector->deadline = deadline;
        connector->on_done = on_done;
        connector->context = context;
        nk_timer_init(&connector->timer, on_timer);
        error = start(connector, options, &cause);
    }
    if (error) {
        free(connector);
        if (failure)
            *failure = cause;
        return error;
    }
    *out = connector;
    return 0;
}

int nk_connector_start(struct nk_connector **out, struct nk_event_loop *loop,
                       const struct nk_sockaddr *remote, uint64_t deadline,
                       nk_connector_fn *on_done, void *context)
{
    return nk_connector_start_with(out, loop, remote, NULL, deadline, on_done, context, NULL);
}

void nk_connector_cancel(struct nk_connector *connector)
{
    nk_channel_close_descriptor(&connector->channel);
    release(connector);
}
