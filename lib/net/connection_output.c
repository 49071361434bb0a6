/* The sending half of a connection: cork, direct send, queue, file. */
#include <errno.h>
#include <unistd.h>

#include "net/connection_private.h"
#include "os/socket.h"

#define DEFAULT_MAX_OUTPUT ((size_t)16 * 1024 * 1024)
#define DEFAULT_HIGH_WATER ((size_t)64 * 1024)

/* From this size on a piece is sent directly instead of copied into the empty
 * cork: copying it costs more than the send that gathering might save. */
#define DIRECT_SEND_SIZE 16384

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

uint64_t nk_tcp_connection_bytes_sent(const struct nk_tcp_connection *connection)
{
    return connection->bytes_sent;
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

static int queue(struct nk_tcp_connection *connection, struct nk_slice bytes)
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

/* Closes the connection, but not from here: whoever sends is not called back
 * with the end of the connection before the send returns. */
static void fail(struct nk_tcp_connection *connection, int error)
{
    connection->output_error = error;
    connection->is_failed = true;
    nk_connection_free_output(connection);
    nk_connection_post_task(connection);
}

/* The sending direction is dead. What the peer sent before is still delivered:
 * reading goes on, whoever paused it, until it brings the end or the error. */
static void fail_output(struct nk_tcp_connection *connection, int error)
{
    connection->output_error = error;
    nk_connection_free_output(connection);
    connection->write_requested = false;
    connection->is_held = false;
    connection->is_paused = false;
    if (connection->input_ended || connection->close_wanted)
        fail(connection, error);
    nk_connection_update_interest(connection);
}

/* ---- sending at once ---- */

/* How many of `len` bytes may go out now. */
static size_t allowed(struct nk_tcp_connection *connection, size_t len)
{
    return NK_LIKELY(!connection->is_paced) ? len : nk_pace_allowed(connection, len);
}

/* The transport's send, as far as the pace allows; it never cuts a record. */
static ssize_t send_allowed(struct nk_tcp_connection *connection, struct nk_slice bytes, bool more)
{
    struct nk_transport *transport = &connection->transport;
    size_t len = allowed(connection, bytes.len > 0 ? bytes.len : 1);
    if (len == 0)
        return -EAGAIN;
    if (connection->keeps_records)
        len = bytes.len;
    return transport->ops->send(transport, bytes.data, len, more);
}

/* Offers `bytes` to the kernel once and queues what it does not take. */
static int send_now(struct nk_tcp_connection *connection, struct nk_slice bytes, bool more)
{
    ssize_t sent = send_allowed(connection, bytes, more);
    if (NK_LIKELY(sent == (ssize_t)bytes.len)) {
        nk_count_sent(connection, bytes.len);
        return 0;
    }
    if (sent == -EMSGSIZE && connection->keeps_records)
        return (int)sent; /* nothing else is the worse for it */
    if (sent < 0 && sent != -EAGAIN) {
        fail_output(connection, (int)sent);
        return -EPIPE;
    }
    size_t taken = sent > 0 ? (size_t)sent : 0;
    nk_count_sent(connection, taken);
    int error = queue(connection, nk_slice_from(bytes, taken));
    if (error && taken > 0) /* a part is out already, so the stream cannot be continued */
        fail(connection, error);
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
        fail(connection, error);
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
        return queue(connection, bytes);
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
    return connection->output ? queue(connection, bytes) : send_now(connection, bytes, false);
}

int nk_tcp_connection_send_file(struct nk_tcp_connection *connection, int file, uint64_t offset,
                                uint64_t len)
{
    int error = can_send(connection) ? 0 : -EPIPE;
    if (!error && connection->keeps_records)
        error = -EOPNOTSUPP;
    if (!error && connection->output && connection->output->file >= 0)
        error = -EBUSY;
    if (!error && !outbox(connection))
        error = -ENOMEM;
    if (error) {
        close(file);
        return error;
    }
    connection->output->file = file;
    connection->output->file_offset = (off_t)offset;
    connection->output->file_left = len;
    if (connection->group->corked != connection)
        nk_connection_flush_output(connection);
    else
        apply_water_marks(connection);
    return 0;
}

/* ---- sending later ---- */

/* Sends queued bytes. Returns 0 when none are left, -EAGAIN, or why it failed. */
static int flush_bytes(struct nk_tcp_connection *connection)
{
    struct nk_outbox *output = connection->output;
    while (nk_buffer_len(&output->bytes) > 0) {
        struct nk_slice bytes = nk_buffer_slice(&output->bytes);
        ssize_t sent = send_allowed(connection, bytes, nk_file_is_gathered(output));
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
            send_allowed(connection, nk_slice_make(bytes.data + RECORD_HEAD, len), false);
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
        len = allowed(connection, len);
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
        fail(connection, error);
        return;
    }
    if (error && error != -EAGAIN) {
        fail_output(connection, error);
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
