/* What the kernel has not taken yet: bytes or records, and a file behind them. They wait
 * here, hold the reader back, and go out when the socket takes them. */
#include <errno.h>
#include <unistd.h>

#include "net/connection_private.h"
#include "os/socket.h"

#define DEFAULT_MAX_OUTPUT ((size_t)16 * 1024 * 1024)
#define DEFAULT_HIGH_WATER ((size_t)64 * 1024)

/* Bytes of a file sent for one connection before others get their turn: some
 * 200 us of copying in the kernel. */
#define FILE_BUDGET ((size_t)2 * 1024 * 1024)

/* The length of a queued record stands in front of it. */
#define RECORD_HEAD sizeof(uint32_t)

void nk_connection_free_output(struct nk_tcp_connection *connection)
{
    struct nk_outbox *output = connection->output;
    if (!output)
        return;
    if (output->file >= 0)
        close(output->file);
    nk_buffer_deinit(&output->bytes);
    free(output);
    connection->output = NULL;
}

uint64_t nk_tcp_connection_queued(const struct nk_tcp_connection *connection)
{
    uint64_t queued = 0;
    if (connection->output)
        queued = nk_buffer_len(&connection->output->bytes) -
                 connection->output->records * RECORD_HEAD + connection->output->file_left;
    if (connection->group->corked == connection)
        queued += connection->group->cork_len;
    return queued;
}

bool nk_tcp_connection_is_blocked(const struct nk_tcp_connection *connection)
{
    return connection->output != NULL;
}

bool nk_tcp_connection_made_progress(struct nk_tcp_connection *connection)
{
    struct nk_outbox *output = connection->output;
    if (!output)
        return true;
    size_t unacknowledged = nk_socket_unacknowledged(connection->transport.fd);
    uint64_t untaken = nk_tcp_connection_queued(connection) + unacknowledged;
    bool has_progress = untaken < output->untaken || output->owed_none;
    output->untaken = untaken;
    output->owed_none = connection->is_paced && unacknowledged == 0;
    return has_progress;
}

/* ---- the queue ---- */

static struct nk_outbox *outbox(struct nk_tcp_connection *connection)
{
    if (connection->output)
        return connection->output;
    struct nk_outbox *output = malloc(sizeof(*output));
    if (!output)
        return NULL;
    size_t max = connection->group->handlers->max_output;
    nk_buffer_init(&output->bytes, max ? max : DEFAULT_MAX_OUTPUT);
    output->records = 0;
    output->file = -1;
    output->file_offset = 0;
    output->file_left = 0;
    output->untaken = UINT64_MAX;
    output->owed_none = false;
    connection->output = output;
    return output;
}

/* Holds the reader above the high-water mark, releases it at the low one. */
static void apply_water_marks(struct nk_tcp_connection *connection)
{
    const struct nk_connection_handlers *handlers = connection->group->handlers;
    size_t high = handlers->high_water ? handlers->high_water : DEFAULT_HIGH_WATER;
    uint64_t queued = nk_tcp_connection_queued(connection);
    bool was_held = connection->is_held;
    if (queued > high)
        connection->is_held = true;
    else if (queued <= handlers->low_water)
        connection->is_held = false;
    if (was_held && !connection->is_held && connection->input)
        nk_connection_post_task(connection); /* a handler may have stopped for the same reason */
}

static int append_record(struct nk_outbox *output, struct nk_slice record)
{
    uint32_t len = (uint32_t)record.len;
    char *tail;
    if (record.len > UINT32_MAX - RECORD_HEAD)
        return -EMSGSIZE;
    int error = nk_buffer_reserve(&output->bytes, RECORD_HEAD + record.len, &tail, NULL);
    if (error)
        return error;
    memcpy(tail, &len, RECORD_HEAD);
    if (len > 0)
        memcpy(tail + RECORD_HEAD, record.data, len);
    nk_buffer_commit(&output->bytes, RECORD_HEAD + record.len);
    output->records++;
    return 0;
}

static int append(struct nk_tcp_connection *connection, struct nk_slice bytes)
{
    struct nk_outbox *output = outbox(connection);
    if (!output)
        return -ENOMEM;
    return connection->keeps_records ? append_record(output, bytes)
                                     : nk_buffer_append(&output->bytes, bytes);
}

int nk_connection_queue(struct nk_tcp_connection *connection, struct nk_slice bytes)
{
    int error = append(connection, bytes);
    const struct nk_outbox *output = connection->output;
    if (error) {
        if (output && nk_buffer_len(&output->bytes) == 0 && output->file < 0)
            nk_connection_free_output(connection);
        return error;
    }
    apply_water_marks(connection);
    nk_connection_update_interest(connection);
    return 0;
}

int nk_connection_queue_file(struct nk_tcp_connection *connection, int file, uint64_t offset,
                             uint64_t len)
{
    struct nk_outbox *output = outbox(connection);
    if (!output)
        return -ENOMEM;
    output->file = file;
    output->file_offset = (off_t)offset;
    output->file_left = len;
    if (connection->group->corked == connection)
        apply_water_marks(connection);
    else
        nk_connection_flush_output(connection);
    return 0;
}

void nk_tcp_connection_request_write(struct nk_tcp_connection *connection)
{
    connection->write_requested = connection->output_error == 0;
    nk_connection_update_interest(connection);
}

/* ---- sending it ---- */

/* Sends queued bytes. Returns 0 when none are left, -EAGAIN, or why it failed. */
static int flush_bytes(struct nk_tcp_connection *connection)
{
    struct nk_outbox *output = connection->output;
    while (nk_buffer_len(&output->bytes) > 0) {
        struct nk_slice bytes = nk_buffer_slice(&output->bytes);
        ssize_t sent = nk_connection_send_allowed(connection, bytes, nk_file_is_gathered(output));
        if (sent < 0)
            return (int)sent;
        nk_count_sent(connection, (uint64_t)sent);
        nk_buffer_consume(&output->bytes, (size_t)sent);
        if ((size_t)sent < bytes.len)
            return -EAGAIN;
    }
    return 0;
}

/* The same for records: the kernel takes a whole one or nothing of it. */
static int flush_records(struct nk_tcp_connection *connection)
{
    struct nk_outbox *output = connection->output;
    while (output->records > 0) {
        struct nk_slice bytes = nk_buffer_slice(&output->bytes);
        uint32_t len;
        memcpy(&len, bytes.data, RECORD_HEAD);
        ssize_t sent =
            nk_connection_send_allowed(connection, nk_slice_make(bytes.data + RECORD_HEAD, len),
                                       false);
        if (sent < 0)
            return (int)sent;
        nk_count_sent(connection, len);
        nk_buffer_consume(&output->bytes, RECORD_HEAD + len);
        output->records--;
    }
    return 0;
}

/* For transports without send_file and for files that sendfile(2) refuses. */
static ssize_t copy_file(struct nk_tcp_connection *connection, size_t len)
{
    struct nk_transport *transport = &connection->transport;
    struct nk_outbox *output = connection->output;
    char *data = nk_event_loop_borrow_buffer(connection->channel.loop);
    if (!data)
        return -EAGAIN;
    if (len > NK_EVENT_LOOP_BUFFER_SIZE)
        len = NK_EVENT_LOOP_BUFFER_SIZE;
    ssize_t moved;
    do {
        moved = pread(output->file, data, len, output->file_offset);
    } while (moved < 0 && errno == EINTR);
    if (moved < 0)
        moved = -EIO;
    else if (moved > 0)
        moved = transport->ops->send(transport, data, (size_t)moved, false);
    if (moved > 0)
        output->file_offset += moved;
    nk_event_loop_return_buffer(connection->channel.loop);
    return moved;
}

static ssize_t send_file_part(struct nk_tcp_connection *connection, size_t len)
{
    struct nk_transport *transport = &connection->transport;
    struct nk_outbox *output = connection->output;
    ssize_t sent = -EINVAL;
    if (transport->ops->send_file)
        sent = transport->ops->send_file(transport, output->file, &output->file_offset, len);
    return sent == -EINVAL ? copy_file(connection, len) : sent;
}

/* As flush_bytes, for the file. A file that ends before its announced length
 * is -EIO: the peer must not take what follows for the missing part. */
static int flush_file(struct nk_tcp_connection *connection)
{
    struct nk_outbox *output = connection->output;
    size_t budget = FILE_BUDGET;
    while (output->file_left > 0 && budget > 0) {
        size_t len = output->file_left < budget ? (size_t)output->file_left : budget;
        len = nk_connection_allowed(connection, len);
        if (len == 0)
            return -EAGAIN;
        ssize_t sent = send_file_part(connection, len);
        if (sent <= 0)
            return sent == 0 ? -EIO : (int)sent;
        nk_count_sent(connection, (uint64_t)sent);
        output->file_left -= (uint64_t)sent;
        budget -= (size_t)sent;
    }
    return output->file_left > 0 ? -EAGAIN : 0;
}

void nk_connection_flush_output(struct nk_tcp_connection *connection)
{
    int error = connection->keeps_records ? flush_records(connection) : flush_bytes(connection);
    if (!error)
        error = flush_file(connection);
    if (error == -EIO || error == -EMSGSIZE) {
        nk_connection_fail(connection, error);
        return;
    }
    if (error && error != -EAGAIN) {
        nk_connection_fail_output(connection, error);
        return;
    }
    apply_water_marks(connection);
    if (!error) {
        nk_connection_free_output(connection);
        connection->write_requested = false;
        connection->write_completed =
            connection->group->handlers->on_write_completed || connection->is_drain_due;
        if (connection->write_completed)
            nk_connection_post_task(connection);
    }
    nk_connection_update_interest(connection);
}
