/* The sending half of a connection, as long as the kernel takes everything: cork, direct
 * send. What it does not take is in connection_queue.c. */
#include <errno.h>
#include <unistd.h>

#include "net/connection_private.h"

/* From this size on a piece is sent directly instead of copied into the empty
 * cork: copying it costs more than the send that gathering might save. */
#define DIRECT_SEND_SIZE 16384

uint64_t nk_tcp_connection_bytes_sent(const struct nk_tcp_connection *connection)
{
    return connection->bytes_sent;
}

/* ---- errors ---- */

void nk_connection_fail(struct nk_tcp_connection *connection, int error)
{
    connection->output_error = error;
    connection->is_failed = true;
    nk_connection_free_output(connection);
    nk_connection_post_task(connection);
}

void nk_connection_fail_output(struct nk_tcp_connection *connection, int error)
{
    connection->output_error = error;
    nk_connection_free_output(connection);
    connection->write_requested = false;
    connection->is_held = false;
    connection->is_paused = false;
    if (connection->input_ended || connection->close_wanted || error == NK_OUTPUT_IS_OVER)
        nk_connection_fail(connection, error);
    nk_connection_update_interest(connection);
}

/* ---- sending at once ---- */

ssize_t nk_connection_send_allowed(struct nk_tcp_connection *connection, struct nk_slice bytes,
                                   bool more)
{
    struct nk_transport *transport = &connection->transport;
    size_t len = nk_connection_allowed(connection, bytes.len > 0 ? bytes.len : 1);
    if (len == 0)
        return -EAGAIN;
    if (connection->keeps_records)
        len = bytes.len;
    return transport->ops->send(transport, bytes.data, len, more);
}

/* Offers `bytes` to the kernel once and queues what it does not take. */
static int send_now(struct nk_tcp_connection *connection, struct nk_slice bytes, bool more)
{
    ssize_t sent = nk_connection_send_allowed(connection, bytes, more);
    if (NK_LIKELY(sent == (ssize_t)bytes.len)) {
        nk_count_sent(connection, bytes.len);
        return 0;
    }
    if (sent == -EMSGSIZE && connection->keeps_records)
        return (int)sent; /* nothing else is the worse for it */
    if (sent < 0 && sent != -EAGAIN) {
        nk_connection_fail_output(connection, (int)sent);
        return -EPIPE;
    }
    size_t taken = sent > 0 ? (size_t)sent : 0;
    nk_count_sent(connection, taken);
    int error = nk_connection_queue(connection, nk_slice_from(bytes, taken));
    if (error && taken > 0) /* a part is out already, so the stream cannot be continued */
        nk_connection_fail(connection, error);
    return error;
}

void nk_connection_flush_cork(struct nk_tcp_connection *connection)
{
    struct nk_connection_group *group = connection->group;
    if (group->cork_len == 0)
        return;
    struct nk_slice bytes = nk_slice_make(group->cork, group->cork_len);
    group->cork_len = 0;
    int error = send_now(connection, bytes, nk_file_is_gathered(connection->output));
    if (error && !connection->output_error) /* the handler was told that these are sent */
        nk_connection_fail(connection, error);
}

static bool can_send(const struct nk_tcp_connection *connection)
{
    return !connection->is_closed && !connection->close_wanted && !connection->shutdown_wanted &&
           connection->output_error == 0;
}

int nk_tcp_connection_send(struct nk_tcp_connection *connection, struct nk_slice bytes)
{
    struct nk_connection_group *group = connection->group;
    if (!can_send(connection))
        return -EPIPE;
    if (bytes.len == 0) {
        if (!connection->keeps_records)
            return 0;
        bytes.data = ""; /* it may have been NULL, which send(2) does not take */
    }
    if (connection->output && connection->output->file >= 0)
        return -ENOBUFS;
    if (connection->output)
        return nk_connection_queue(connection, bytes);
    if (group->corked != connection || NK_UNLIKELY(connection->keeps_records))
        return send_now(connection, bytes, false);

    bool is_direct = group->cork_len == 0 && bytes.len >= DIRECT_SEND_SIZE;
    if (NK_LIKELY(!is_direct && bytes.len <= sizeof(group->cork) - group->cork_len)) {
        memcpy(group->cork + group->cork_len, bytes.data, bytes.len);
        group->cork_len += bytes.len;
        return 0;
    }
    nk_connection_flush_cork(connection);
    if (connection->output_error)
        return -EPIPE;
    return connection->output ? nk_connection_queue(connection, bytes)
                              : send_now(connection, bytes, false);
}

int nk_tcp_connection_send_file(struct nk_tcp_connection *connection, int file, uint64_t offset,
                                uint64_t len)
{
    int error = can_send(connection) ? 0 : -EPIPE;
    if (!error && connection->keeps_records)
        error = -EOPNOTSUPP;
    if (!error && connection->output && connection->output->file >= 0)
        error = -EBUSY;
    if (!error)
        error = nk_connection_queue_file(connection, file, offset, len);
    if (error)
        close(file);
    return error;
}
