/* A client and its target, joined: two pumps, and how the connection ends. */
#include <errno.h>

#include "cat/cat_relay_private.h"
#include "os/socket.h"

/* How often it is looked whether a side has got everything: no event says so. */
#define DELIVERY_INTERVAL (5 * NK_NANOSECONDS_PER_MILLISECOND)

/* A side that has taken nothing for so long gets no more. */
#define DELIVERY_PATIENCE (5 * NK_NANOSECONDS_PER_SECOND)

static void set_timer(struct relay_link *link, uint64_t delay)
{
    uint64_t deadline = nk_event_loop_now(link->relay->loop) + delay;
    int error = nk_event_loop_set_timer(link->relay->loop, &link->timer, deadline);
    if (error)
        relay_link_fail(link, "watch", error);
}

uint64_t relay_link_sent(const struct relay_link *link)
{
    return link->there.moved + link->sent;
}

uint64_t relay_link_received(const struct relay_link *link)
{
    return link->back.moved + link->received;
}

/* ---- a side was lost ---- */

/* Closing with a reset drops what is still on its way. TCP can be asked whether
 * anything is; a unix socket keeps its bytes by itself. */
static void deliver(struct relay_link *link)
{
    const struct cat_port *living = link->lost == &link->client ? &link->target : &link->client;
    struct nk_sockaddr local;
    bool is_unix = nk_socket_local(living->fd, &local) != 0 || local.any.sa_family == AF_UNIX;
    size_t left = is_unix ? 0 : nk_socket_unacknowledged(living->fd);
    uint64_t now = nk_event_loop_now(link->relay->loop);
    if (left < link->undelivered)
        link->progress_at = now;
    link->undelivered = left;
    if (left == 0 || now - link->progress_at >= DELIVERY_PATIENCE)
        relay_link_close(link);
    else
        set_timer(link, DELIVERY_INTERVAL);
}

/* The other side learns of it as of a reset, but gets first what came before. */
static void lose(struct relay_link *link, struct cat_port *side)
{
    struct cat_port *living = side == &link->client ? &link->target : &link->client;
    link->lost = side;
    link->is_reset = true;
    link->state = RELAY_DELIVERING;
    link->progress_at = nk_event_loop_now(link->relay->loop);
    link->undelivered = SIZE_MAX;
    cat_pump_deinit(&link->there);
    cat_pump_deinit(&link->back);
    living->reads = NULL;
    living->writes = NULL;
    cat_port_update(living);
    cat_port_close(side);
    deliver(link);
}

/* ---- a direction has ended ---- */

static void note_failure(struct relay_link *link, const char *action, int error)
{
    if (!link->action) {
        link->action = action;
        link->error = error;
    }
}

static void end_direction(struct relay_link *link, struct cat_pump *pump, int error, bool at_sink)
{
    struct cat_port *from = pump->source;
    struct cat_port *to = pump->sink;
    bool is_over = link->there_has_ended && link->back_has_ended;
    if (error)
        note_failure(link, at_sink ? "send to" : "receive from", error);
    if (error && at_sink) {
        /* What it said before it went is still there to be read. */
        link->lost = to;
        if (is_over)
            lose(link, to);
    } else if (error || link->lost == from) {
        lose(link, from);
    } else {
        cat_port_end(to);
        if (is_over)
            relay_link_close(link);
    }
}

static void on_there_ended(struct cat_pump *pump, int error, bool at_sink)
{
    struct relay_link *link = nk_container_of(pump, struct relay_link, there);
    link->there_has_ended = true;
    end_direction(link, pump, error, at_sink);
}

static void on_back_ended(struct cat_pump *pump, int error, bool at_sink)
{
    struct relay_link *link = nk_container_of(pump, struct relay_link, back);
    link->back_has_ended = true;
    end_direction(link, pump, error, at_sink);
}

/* ---- silence ---- */

static void watch_for_silence(struct relay_link *link)
{
    uint64_t timeout = link->relay->options->idle_timeout;
    link->moved = relay_link_sent(link) + relay_link_received(link);
    if (timeout > 0)
        set_timer(link, timeout);
}

void relay_stream_timeout(struct relay_link *link)
{
    if (link->state == RELAY_DELIVERING) {
        deliver(link);
    } else if (relay_link_sent(link) + relay_link_received(link) != link->moved) {
        watch_for_silence(link);
    } else {
        relay_link_expire(link);
    }
}

/* ---- beginning ---- */

void relay_stream_join(struct relay_link *link)
{
    link->state = RELAY_JOINED;
    link->there = (struct cat_pump){.on_ended = on_there_ended, .pipes = &link->relay->pipes};
    link->back = (struct cat_pump){.on_ended = on_back_ended, .pipes = &link->relay->pipes};
    cat_pump_init(&link->there, &link->client, &link->target);
    cat_pump_init(&link->back, &link->target, &link->client);
    cat_pump_start(&link->there);
    cat_pump_start(&link->back);
    watch_for_silence(link);
}
