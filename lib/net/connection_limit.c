/* A limit of a connection's output: so many bytes, and then it ends.
 *
 * It stands between the connection and its transport, so that a connection without a
 * limit does not even ask whether it has one. */
#include <errno.h>
#include <stddef.h>

#include "net/connection_private.h"

struct limit {
    struct nk_transport_ops ops; /* what the connection calls */
    const struct nk_transport_ops *real;
    uint64_t left; /* bytes that may still go out */
    enum nk_close how;
};

static struct limit *limit_of(const struct nk_transport *transport)
{
    /* The connection may not change its ops; these are the limit's own. */
    union {
        const struct nk_transport_ops *read;
        struct nk_transport_ops *written;
    } ops = {transport->ops};
    return nk_container_of(ops.written, struct limit, ops);
}

/* How much of `len` is left; 0 = the end. */
static size_t part_of(const struct limit *limit, size_t len)
{
    return len < limit->left ? len : (size_t)limit->left;
}

static ssize_t take(struct limit *limit, ssize_t sent)
{
    if (sent > 0)
        limit->left -= (uint64_t)sent;
    return sent;
}

static ssize_t limited_send(struct nk_transport *transport, const void *data, size_t len, bool more)
{
    struct limit *limit = limit_of(transport);
    size_t part = part_of(limit, len);
    if (part == 0)
        return NK_OUTPUT_IS_OVER;
    return take(limit, limit->real->send(transport, data, part, more && part == len));
}

static ssize_t limited_send_file(struct nk_transport *transport, int file, off_t *offset,
                                 size_t len)
{
    struct limit *limit = limit_of(transport);
    size_t part = part_of(limit, len);
    if (part == 0)
        return NK_OUTPUT_IS_OVER;
    return take(limit, limit->real->send_file(transport, file, offset, part));
}

static struct limit *put_between(struct nk_tcp_connection *connection)
{
    struct limit *limit = malloc(sizeof(*limit));
    if (!limit)
        return NULL;
    limit->real = connection->transport.ops;
    limit->left = UINT64_MAX;
    limit->ops = *limit->real;
    limit->ops.send = limited_send;
    if (limit->real->send_file)
        limit->ops.send_file = limited_send_file;
    connection->transport.ops = &limit->ops;
    connection->is_limited = true;
    return limit;
}

int nk_tcp_connection_limit_output(struct nk_tcp_connection *connection, uint64_t bytes,
                                   enum nk_close how)
{
    if (connection->is_closed || connection->output_error != 0)
        return -EPIPE;
    if (connection->keeps_records)
        return -EOPNOTSUPP;
    struct limit *limit =
        connection->is_limited ? limit_of(&connection->transport) : put_between(connection);
    if (!limit)
        return -ENOMEM;
    uint64_t before = nk_tcp_connection_queued(connection);
    if (limit->left < before || limit->left - before < bytes)
        return 0; /* the other one comes first */
    limit->left = before + bytes;
    limit->how = how;
    return 0;
}

enum nk_close nk_connection_limit_end(const struct nk_tcp_connection *connection)
{
    return limit_of(&connection->transport)->how;
}

void nk_connection_free_limit(struct nk_tcp_connection *connection)
{
    if (connection->is_limited)
        free(limit_of(&connection->transport));
}
