/* What no event tells about a client of a hub: whether it has everything, is still
 * there, takes what waits for it, or has fallen silent. Timers ask. */
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

static void set_timer(struct cat_hub_client *client, struct nk_timer *timer, uint64_t interval)
{
    struct nk_event_loop *loop = client->hub->loop;
    int error = nk_event_loop_set_timer(loop, timer, nk_event_loop_now(loop) + interval);
    if (error)
        cat_hub_client_leave(client, error);
}

/* ---- whether it is still there ---- */

/* A peer that has ended its direction may have gone altogether, which the kernel
 * says to those who ask (unix), or who send (TCP: see cat_hub_client_probe). */
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

/* Leaving is fine; leaving in front of something that was meant for it is not. */
static int reason_of_absence(const struct cat_hub_client *client)
{
    int error = nk_socket_take_error(client->port.fd);
    bool is_behind = cat_hub_client_is_behind(client) || client->sent != client->sent_at_end;
    if (client->send_error)
        return client->send_error;
    if (!is_behind)
        return 0;
    return error ? error : -ECONNRESET;
}

void cat_hub_client_watch(struct cat_hub_client *client)
{
    if (client->leaves && client->output_ended && is_delivered(client))
        cat_hub_client_leave(client, 0);
    else if (client->leaves && client->output_ended)
        set_timer(client, &client->watch_timer, DELIVERY_INTERVAL);
    else if (client->input_ended && is_gone(client))
        cat_hub_client_leave(client, reason_of_absence(client));
    else if (client->input_ended)
        set_timer(client, &client->watch_timer, PRESENCE_INTERVAL);
}

static void on_watch(struct nk_timer *timer)
{
    struct cat_hub_client *client = nk_container_of(timer, struct cat_hub_client, watch_timer);
    struct cat_hub *hub = client->hub;
    cat_hub_client_watch(client);
    cat_hub_update(hub);
}

/* A host that has closed the connection answers a probe with a reset; without one
 * nobody would notice that it has gone until something is sent to it. */
void cat_hub_client_probe(const struct cat_hub_client *client)
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

/* ---- whether anything moves ---- */

static void on_idle(struct nk_timer *timer)
{
    struct cat_hub_client *client = nk_container_of(timer, struct cat_hub_client, idle_timer);
    struct cat_hub *hub = client->hub;
    uint64_t moved = client->sent + client->received;
    if (moved == client->moved)
        cat_hub_client_leave(client, -ETIMEDOUT);
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

void cat_hub_client_start_patience(struct cat_hub_client *client)
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
    if (!cat_hub_client_is_behind(client))
        return;
    if (has_taken(client) || hub->active == 1)
        client->stalled_since = now;
    if (now - client->stalled_since >= CAT_HUB_PATIENCE)
        cat_hub_client_leave_as(client, -ETIMEDOUT, true);
    else
        set_stall_timer(client);
    cat_hub_update(hub);
}

/* One who was alone has held nobody up until now. */
void cat_hub_restart_patience(struct cat_hub *hub)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &hub->clients) {
        struct cat_hub_client *client = cat_hub_client_of(node);
        if (nk_timer_is_running(&client->stall_timer))
            cat_hub_client_start_patience(client);
    }
}

/* ---- the timers ---- */

void cat_hub_client_init_timers(struct cat_hub_client *client)
{
    nk_timer_init(&client->idle_timer, on_idle);
    nk_timer_init(&client->stall_timer, on_stall);
    nk_timer_init(&client->watch_timer, on_watch);
}

void cat_hub_client_cancel_timers(struct cat_hub_client *client)
{
    struct nk_event_loop *loop = client->hub->loop;
    nk_event_loop_cancel_timer(loop, &client->idle_timer);
    nk_event_loop_cancel_timer(loop, &client->stall_timer);
    nk_event_loop_cancel_timer(loop, &client->watch_timer);
}

void cat_hub_client_start_idle_timer(struct cat_hub_client *client)
{
    if (client->hub->options.idle_timeout > 0)
        set_timer(client, &client->idle_timer, client->hub->options.idle_timeout);
}
