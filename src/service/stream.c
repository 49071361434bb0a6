#include "service/stream.h"

#include <errno.h>

void service_send(struct nk_tcp_connection *connection, struct nk_slice bytes)
{
    int error = nk_tcp_connection_send(connection, bytes);
    if (error && error != -EPIPE) /* -EPIPE: it is being closed already */
        nk_tcp_connection_abort(connection, error);
}

void service_extend_deadline(struct nk_tcp_connection *connection, uint64_t timeout)
{
    if (timeout > 0)
        nk_tcp_connection_set_deadline(
            connection, nk_event_loop_now(nk_tcp_connection_loop(connection)) + timeout);
}

void service_on_deadline(struct nk_tcp_connection *connection, uint64_t timeout)
{
    if (nk_tcp_connection_is_blocked(connection) && nk_tcp_connection_made_progress(connection))
        service_extend_deadline(connection, timeout);
    else
        nk_tcp_connection_abort(connection, -ETIMEDOUT);
}
