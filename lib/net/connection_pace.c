/* The output of connections whose handlers limit its rate: how much may go out now,
 * and going on when more may. */
#include <stddef.h>

#include "net/connection_private.h"

/* Behind the session, which may have any size, in the same allocation. */
static size_t pace_offset(const struct nk_connection_handlers *handlers)
{
    size_t end = sizeof(struct nk_tcp_connection) + handlers->session_size;
    size_t alignment = _Alignof(struct nk_pace);
    return (end + alignment - 1) / alignment * alignment;
}

static struct nk_pace *pace_of(struct nk_tcp_connection *connection)
{
    return (struct nk_pace *)(void *)((char *)connection +
                                      pace_offset(connection->group->handlers));
}

size_t nk_connection_size(const struct nk_connection_handlers *handlers)
{
    if (handlers->output_rate > 0)
        return pace_offset(handlers) + sizeof(struct nk_pace);
    return sizeof(struct nk_tcp_connection) + handlers->session_size;
}

static void on_pace(struct nk_timer *timer)
{
    const struct nk_pace *pace = nk_container_of(timer, struct nk_pace, timer);
    pace->connection->awaits_pace = false;
    nk_connection_continue_output(pace->connection);
}

void nk_pace_begin(struct nk_tcp_connection *connection)
{
    struct nk_pace *pace = pace_of(connection);
    connection->is_paced = true;
    pace->connection = connection;
    nk_timer_init(&pace->timer, on_pace);
    nk_byte_rate_init(&pace->rate, connection->group->handlers->output_rate,
                      nk_event_loop_now(connection->channel.loop));
}

void nk_pace_end(struct nk_tcp_connection *connection)
{
    nk_event_loop_cancel_timer(connection->channel.loop, &pace_of(connection)->timer);
}

void nk_pace_took(struct nk_tcp_connection *connection, uint64_t bytes)
{
    nk_byte_rate_take(&pace_of(connection)->rate, (size_t)bytes);
}

/* What would be a crumb of `wanted` waits until it is a portion. */
size_t nk_pace_allowed(struct nk_tcp_connection *connection, size_t wanted)
{
    struct nk_event_loop *loop = connection->channel.loop;
    struct nk_pace *pace = pace_of(connection);
    uint64_t now = nk_event_loop_now(loop);
    size_t allowed = nk_byte_rate_allowed(&pace->rate, now);
    uint64_t ready_at = nk_byte_rate_ready_at(&pace->rate);
    if (allowed >= wanted && allowed > 0)
        return wanted;
    if (ready_at <= now)
        return allowed;
    if (!connection->awaits_pace && nk_event_loop_set_timer(loop, &pace->timer, ready_at) != 0)
        return 1; /* without memory it goes on, slowly */
    connection->awaits_pace = true;
    return 0;
}
