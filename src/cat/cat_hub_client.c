/* One client of a hub. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "cat/cat_hub_private.h"
#include "os/socket.h"

/* How often it is looked whether a client that leaves has everything. */
#define DELIVERY_INTERVAL (5 * NK_NANOSECONDS_PER_MILLISECOND)

/* How often it is looked whether one that says nothing more is still there. */
#define PRESENCE_INTERVAL (1 * NK_NANOSECONDS_PER_SECOND)

/* How often it is looked whether one takes what waits for it. */
#define STALL_INTERVAL (1 * NK_NANOSECONDS_PER_SECOND)

/* ---- the end ---- */

static void free_now(struct nk_task *task)
{
    free(nk_container_of(task, struct cat_hub_client, free_task));
}

static bool is_taker(const struct cat_hub_client *client)
{
    return client->send_error == 0 && !client->output_ended;
}

void cat_hub_client_free(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    client->is_closed = true;
    hub->active--;
    hub->takers -= is_taker(client);
    nk_list_remove(&client->node);
    cat_hub_reader_close(&client->reader, &hub->queue);
    nk_event_loop_cancel_timer(hub->loop, &client->idle_timer);
    nk_event_loop_cancel_timer(hub->loop, &client->stall_timer);
    nk_event_loop_cancel_timer(hub->loop, &client->watch_timer);
    cat_port_close(&client->port);
    nk_event_loop_at_turn_end(hub->loop, &client->free_task, free_now);
}

static void leave_as(struct cat_hub_client *client, int error, bool is_cut_off)
{
    if (client->is_closed)
        return;
    const struct cat_hub_departure departure = {
        .number = client->number,
        .peer = &client->peer,
        .sent = client->sent,
        .received = client->received,
        .error = error,
        .is_cut_off = is_cut_off,
    };
    cat_hub_client_free(client);
    cat_hub_forget(client->hub, &departure);
}

static void leave(struct cat_hub_client *client, int error)
{
    leave_as(client, error, false);
}

static void set_timer(struct cat_hub_client *client, struct nk_timer *timer, uint64_t interval)
{
    struct nk_event_loop *loop = client->hub->loop;
    int error = nk_event_loop_set_timer(loop, timer, nk_event_loop_now(loop) + interval);
    if (error)
        leave(client, error);
}

/* ---- what no event tells ---- */

/* A peer that has ended its direction may have gone altogether, which the kernel
 * says to those who ask (unix), or who send (TCP: see probe_peer). */
static bool is_gone(const struct cat_hub_client *client)
{
    struct pollfd state = {.fd = client->port.fd};
    return poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

/* Closing a TCP socket that has received something resets the connection, and a
 * reset overtakes the bytes that are still on their way. */
static bool is_delivered(const struct cat_hub_client *client)
{
    return client->peer.any.sa_family == AF_UNIX || nk_socket_unacknowledged(client->port.fd) == 0;
}

static bool has_something_waiting(const struct cat_hub_client *client)
{
    return cat_hub_reader_next(&client->reader).len > 0;
}

/* Leaving is fine; leaving in front of something that was meant for it is not. */
static int reason_of_absence(const struct cat_hub_client *client)
{
    int error = nk_socket_take_error(client->port.fd);
    bool is_behind = has_something_waiting(client) || client->sent != client->sent_at_end;
    if (client->send_error)
        return client->send_error;
    if (!is_behind)
        return 0;
    return error ? error : -ECONNRESET;
}

static void watch(struct cat_hub_client *client)
{
    if (client->leaves && client->output_ended && is_delivered(client))
        leave(client, 0);
    else if (client->leaves && client->output_ended)
        set_timer(client, &client->watch_timer, DELIVERY_INTERVAL);
    else if (client->input_ended && is_gone(client))
        leave(client, reason_of_absence(client));
    else if (client->input_ended)
        set_timer(client, &client->watch_timer, PRESENCE_INTERVAL);
}

static void on_watch(struct nk_timer *timer)
{
    struct cat_hub_client *client = nk_container_of(timer, struct cat_hub_client, watch_timer);
    struct cat_hub *hub = client->hub;
    watch(client);
    cat_hub_update(hub);
}

/* A host that has closed the connection answers a probe with a reset; without one
 * nobody would notice that it has gone until something is sent to it. */
static void probe_peer(const struct cat_hub_client *client)
{
    static const struct {
        int level;
        int option;
        int value;
    } settings[] = {
        {IPPROTO_TCP, TCP_KEEPIDLE, 15},
        {IPPROTO_TCP, TCP_KEEPINTVL, 15},
        {IPPROTO_TCP, TCP_KEEPCNT, 4},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
    };
    if (client->peer.any.sa_family == AF_UNIX)
        return;
    int error = 0;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(settings) && !error; i++)
        error = nk_socket_set_option(client->port.fd, settings[i].level, settings[i].option,
                                     &settings[i].value, sizeof(settings[i].value));
}

/* ---- sending ---- */

static void on_idle(struct nk_timer *timer)
{
    struct cat_hub_client *client = nk_container_of(timer, struct cat_hub_client, idle_timer);
    struct cat_hub *hub = client->hub;
    uint64_t moved = client->sent + client->received;
    if (moved == client->moved)
        leave(client, -ETIMEDOUT);
    else
        set_timer(client, &client->idle_timer, hub->options.idle_timeout);
    client->moved = moved;
    cat_hub_update(hub);
}

/* Whether it has taken anything since this was last asked. A peer that reads slowly
 * moves bytes in the kernel's buffer long before the socket turns writable. */
static bool has_taken(struct cat_hub_client *client)
{
    size_t outq = nk_socket_unacknowledged(client->port.fd);
    bool has = client->sent != client->stalled_at || outq < client->stalled_outq;
    client->stalled_at = client->sent;
    client->stalled_outq = outq;
    return has;
}

static void set_stall_timer(struct cat_hub_client *client)
{
    uint64_t now = nk_event_loop_now(client->hub->loop);
    uint64_t left = client->stalled_since + CAT_HUB_PATIENCE - now;
    set_timer(client, &client->stall_timer, left < STALL_INTERVAL ? left : STALL_INTERVAL);
}

static void start_patience(struct cat_hub_client *client)
{
    (void)has_taken(client);
    client->stalled_since = nk_event_loop_now(client->hub->loop);
    set_stall_timer(client);
}

static void on_stall(struct nk_timer *timer)
{
    struct cat_hub_client *client = nk_container_of(timer, struct cat_hub_client, stall_timer);
    struct cat_hub *hub = client->hub;
    uint64_t now = nk_event_loop_now(hub->loop);
    if (!has_something_waiting(client))
        return;
    if (has_taken(client) || hub->active == 1)
        client->stalled_since = now;
    if (now - client->stalled_since >= CAT_HUB_PATIENCE)
        leave_as(client, -ETIMEDOUT, true);
    else
        set_stall_timer(client);
    cat_hub_update(hub);
}

/* One who was alone has held nobody up until now. */
static void restart_patience(struct cat_hub *hub)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &hub->clients) {
        struct cat_hub_client *client = cat_hub_client_of(node);
        if (nk_timer_is_running(&client->stall_timer))
            start_patience(client);
    }
}

static void fail_output(struct cat_hub_client *client, int error)
{
    client->hub->takers -= is_taker(client);
    client->send_error = error;
    cat_hub_reader_close(&client->reader, &client->hub->queue);
    if (client->input_ended)
        leave(client, error);
}

static void end_output(struct cat_hub_client *client)
{
    if (client->output_ended || client->send_error)
        return;
    client->hub->takers--;
    client->output_ended = true;
    cat_port_end(&client->port);
}

/* It has everything that was there for it. */
static void go_on_without_output(struct cat_hub_client *client)
{
    const struct cat_hub *hub = client->hub;
    client->leaves = client->leaves || hub->closes_clients;
    if (client->leaves || hub->ends_clients)
        end_output(client);
    if (client->output_ended && client->input_ended)
        leave(client, 0);
    else if (client->leaves && !nk_timer_is_running(&client->watch_timer))
        watch(client);
}

void cat_hub_client_flush(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    struct nk_slice bytes;
    while ((bytes = cat_hub_reader_next(&client->reader)).len > 0) {
        ssize_t put = cat_port_write(&client->port, bytes.data, bytes.len);
        if (put < 0 && put != -EAGAIN)
            fail_output(client, (int)put);
        if (put < 0)
            break;
        client->sent += (uint64_t)put;
        *hub->options.sent += (uint64_t)put;
        cat_hub_reader_consume(&client->reader, &hub->queue, (size_t)put);
    }
    if (client->is_closed)
        return;
    if (bytes.len == 0)
        go_on_without_output(client);
    else if (!client->send_error && !nk_timer_is_running(&client->stall_timer))
        start_patience(client);
}

/* ---- receiving ---- */

static void end_of_input(struct cat_hub_client *client)
{
    const struct cat_hub *hub = client->hub;
    bool is_sent_nothing = hub->options.recv_only && !hub->options.broker;
    client->input_ended = true;
    client->sent_at_end = client->sent;
    int error = client->send_error;
    if (!error) /* it may have been reset behind that */
        error = nk_socket_take_error(client->port.fd);
    if (error || client->output_ended || is_sent_nothing) {
        leave(client, error);
        return;
    }
    client->leaves = client->leaves || hub->is_interactive;
    probe_peer(client);
    watch(client);
    if (!client->is_closed)
        cat_hub_client_flush(client);
}

static void receive(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    ssize_t got = cat_port_read(&client->port, hub->chunk, sizeof(hub->chunk));
    if (got == -EAGAIN)
        return;
    if (got < 0) {
        leave(client, (int)got);
        return;
    }
    if (got == 0) {
        end_of_input(client);
        return;
    }
    client->received += (uint64_t)got;
    *hub->options.received += (uint64_t)got;
    int error = cat_hub_take(hub, client, nk_slice_make(hub->chunk, (size_t)got));
    if (error)
        leave(client, error);
}

static void on_ready(struct cat_port *port)
{
    struct cat_hub_client *client = nk_container_of(port, struct cat_hub_client, port);
    struct cat_hub *hub = client->hub;
    if (has_something_waiting(client))
        cat_hub_client_flush(client);
    if (!client->is_closed && !client->input_ended && hub->reads_clients)
        receive(client);
    if (!client->is_closed)
        cat_hub_client_update(client);
    cat_hub_update(hub);
}

void cat_hub_client_update(struct cat_hub_client *client)
{
    unsigned events = 0;
    if (!client->input_ended && client->hub->reads_clients)
        events |= NK_READ;
    if (has_something_waiting(client))
        events |= NK_WRITE;
    nk_channel_want(&client->port.channel, events);
}

/* ---- the beginning ---- */

static void join(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    client->port.on_ready = on_ready;
    client->number = ++hub->served;
    nk_timer_init(&client->idle_timer, on_idle);
    nk_timer_init(&client->stall_timer, on_stall);
    nk_timer_init(&client->watch_timer, on_watch);
    cat_hub_reader_open(&client->reader, &hub->queue);
    nk_list_append(&hub->clients, &client->node);
    hub->active++;
    hub->takers++;
}

int cat_hub_add(struct cat_hub *hub, int fd)
{
    struct cat_hub_client *client = calloc(1, sizeof(*client));
    if (!client) {
        nk_socket_close(fd);
        return -ENOMEM;
    }
    client->hub = hub;
    int error = nk_socket_peer(fd, &client->peer);
    if (!error)
        error = cat_port_open(&client->port, hub->loop, fd);
    if (error) {
        nk_socket_close(fd);
        free(client);
        return error;
    }
    join(client);
    hub->options.handlers->connected(hub->options.context, client->number, &client->peer);
    if (hub->options.idle_timeout > 0)
        set_timer(client, &client->idle_timer, hub->options.idle_timeout);
    if (!client->is_closed)
        cat_hub_client_flush(client); /* the end of `in` may be all that is left */
    if (!client->is_closed)
        cat_hub_client_update(client);
    if (hub->active == 2)
        restart_patience(hub);
    cat_hub_update(hub);
    return 0;
}
