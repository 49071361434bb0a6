/* The receiving half of a connection: receive, deliver, keep the rest. */
#include <errno.h>

#include "net/connection_private.h"
#include "os/socket_record.h"

#define DEFAULT_MAX_INPUT ((size_t)64 * 1024)

/* Nothing was asked of the kernel; its level-triggered event comes again. */
#define BUFFER_IS_LENT (-EBUSY)

/* Room made for a receive into the connection's own buffer. */
#define RECEIVE_ROOM 4096

bool nk_connection_wants_to_read(const struct nk_tcp_connection *connection)
{
    if (connection->input_ended || connection->is_failed)
        return false;
    if (connection->is_lingering || connection->output_error)
        return true;
    return !connection->is_paused && !connection->is_held && !connection->close_wanted;
}

/* Whether what the handler left of a record comes again. */
static bool will_go_on(const struct nk_tcp_connection *connection)
{
    return connection->is_paused || connection->is_held;
}

/* Keeps what the handler did not consume of `input`. Returns 0 or -errno. */
static int keep_rest(struct nk_tcp_connection *connection, struct nk_slice input, size_t consumed)
{
    if (connection->input) {
        if (connection->keeps_records && !will_go_on(connection))
            consumed = input.len;
        nk_buffer_consume(connection->input, consumed);
        if (nk_buffer_len(connection->input) == 0) {
            nk_buffer_deinit(connection->input);
            free(connection->input);
            connection->input = NULL;
        }
        return 0;
    }
    if (NK_LIKELY(consumed >= input.len))
        return 0;
    if (connection->keeps_records && !will_go_on(connection))
        return 0;
    struct nk_buffer *rest = malloc(sizeof(*rest));
    if (!rest)
        return -ENOMEM;
    size_t max = connection->group->handlers->max_input;
    nk_buffer_init(rest, max ? max : DEFAULT_MAX_INPUT);
    int error = nk_buffer_append(rest, nk_slice_from(input, consumed));
    if (error) {
        free(rest);
        return error;
    }
    connection->input = rest;
    return 0;
}

/* `lender` is the loop whose buffer the input lies in, or NULL. It gets it back
 * before the output is sent, which may need it. */
static void deliver(struct nk_tcp_connection *connection, struct nk_slice input,
                    struct nk_event_loop *lender)
{
    const struct nk_connection_handlers *handlers = connection->group->handlers;
    size_t consumed = input.len;
    nk_connection_begin_callback(connection);
    if (handlers->on_message)
        consumed = handlers->on_message(connection, input);
    int error = connection->is_closed ? 0 : keep_rest(connection, input, consumed);
    if (lender)
        nk_event_loop_return_buffer(lender);
    nk_connection_end_callback(connection);
    if (error)
        nk_tcp_connection_abort(connection, error);
}

void nk_connection_deliver(struct nk_tcp_connection *connection, struct nk_slice input)
{
    deliver(connection, input, NULL);
}

static void end_input(struct nk_tcp_connection *connection)
{
    struct nk_slice rest = {NULL, 0};
    connection->input_ended = true;
    if (connection->input)
        rest = nk_buffer_slice(connection->input);
    nk_connection_deliver(connection, rest);
    if (connection->is_closed)
        return;
    if (connection->output_error)
        nk_tcp_connection_abort(connection, connection->output_error);
    else if (!connection->group->handlers->keeps_half_open)
        nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    else
        nk_connection_update_interest(connection);
}

/* recv into the loop's buffer, which is lent from here until the delivery. */
static ssize_t receive_shared(struct nk_tcp_connection *connection, struct nk_slice *input)
{
    struct nk_transport *transport = &connection->transport;
    char *data = nk_event_loop_borrow_buffer(connection->channel.loop);
    if (NK_UNLIKELY(!data))
        return BUFFER_IS_LENT;
    ssize_t len = transport->ops->recv(transport, data, NK_EVENT_LOOP_BUFFER_SIZE);
    if (len <= 0)
        nk_event_loop_return_buffer(connection->channel.loop);
    *input = nk_slice_make(data, len > 0 ? (size_t)len : 0);
    return len;
}

/* recv behind what the handler left. */
static ssize_t receive_behind(struct nk_tcp_connection *connection, struct nk_slice *input)
{
    struct nk_transport *transport = &connection->transport;
    size_t room = nk_buffer_room(connection->input);
    if (room == 0)
        return -ENOBUFS;
    char *tail;
    int error = nk_buffer_reserve(connection->input, room < RECEIVE_ROOM ? room : RECEIVE_ROOM,
                                  &tail, &room);
    if (error)
        return error;
    ssize_t len = transport->ops->recv(transport, tail, room);
    if (len > 0)
        nk_buffer_commit(connection->input, (size_t)len);
    *input = nk_buffer_slice(connection->input);
    return len;
}

/* After NK_CLOSE_LINGER: `len` bytes were read and are dropped; 0 = the end. */
static size_t drop(struct nk_tcp_connection *connection, ssize_t len)
{
    if (len == -EAGAIN || len == BUFFER_IS_LENT)
        return 0;
    if (len > 0)
        nk_event_loop_return_buffer(connection->channel.loop);
    if (len <= 0 || (size_t)len >= connection->linger_left) {
        nk_tcp_connection_abort(connection, 0);
        return 0;
    }
    /* The mask changes nothing: it tells the compiler that 17 bits are enough. */
    connection->linger_left = (connection->linger_left - (unsigned)len) & (NK_LINGER_BYTES - 1);
    return (size_t)len;
}

/* Nothing was received: the end, the reason why not, or just nothing yet. */
static size_t receive_nothing(struct nk_tcp_connection *connection, ssize_t len)
{
    if (len == BUFFER_IS_LENT)
        return 0;
    if (len == 0)
        end_input(connection);
    else if (len != -EAGAIN)
        nk_tcp_connection_abort(connection, (int)len);
    else if (connection->output_error)
        nk_tcp_connection_abort(connection, connection->output_error);
    return 0;
}

/* The next record into the loop's buffer, which is lent then; an empty one is a
 * slice without bytes, *has_ended tells it from the end. */
static ssize_t receive_shared_record(struct nk_tcp_connection *connection, struct nk_slice *record,
                                     bool *has_ended)
{
    char *data = nk_event_loop_borrow_buffer(connection->channel.loop);
    if (!data)
        return BUFFER_IS_LENT;
    *has_ended = false;
    ssize_t len = nk_socket_receive_record(connection->transport.fd, data,
                                           NK_EVENT_LOOP_BUFFER_SIZE, has_ended);
    if (len < 0 || *has_ended)
        nk_event_loop_return_buffer(connection->channel.loop);
    *record = nk_slice_make(data, len > 0 ? (size_t)len : 0);
    return len;
}

/* What was left of the record before comes first. Returns at least 1 when there
 * was a record: also an empty one is something. */
static size_t receive_record(struct nk_tcp_connection *connection)
{
    struct nk_slice record;
    bool has_ended = false;
    if (connection->input && !connection->is_lingering) {
        record = nk_buffer_slice(connection->input);
        deliver(connection, record, NULL);
        return record.len;
    }
    ssize_t len = receive_shared_record(connection, &record, &has_ended);
    bool is_empty = len == 0 && !has_ended;
    if (connection->is_lingering)
        return drop(connection, is_empty ? 1 : len);
    if (len <= 0 && !is_empty)
        return receive_nothing(connection, len);
    nk_count(&connection->group->bytes_received, record.len);
    deliver(connection, record, connection->channel.loop);
    return is_empty ? 1 : record.len;
}

size_t nk_connection_receive(struct nk_tcp_connection *connection)
{
    struct nk_slice input;
    if (NK_UNLIKELY(connection->keeps_records || connection->is_lingering)) /* one test */
        return connection->keeps_records ? receive_record(connection)
                                         : drop(connection, receive_shared(connection, &input));
    bool is_shared = connection->input == NULL;
    ssize_t len =
        is_shared ? receive_shared(connection, &input) : receive_behind(connection, &input);
    if (NK_LIKELY(len > 0)) {
        nk_count(&connection->group->bytes_received, (uint64_t)len);
        deliver(connection, input, is_shared ? connection->channel.loop : NULL);
        return (size_t)len;
    }
    return receive_nothing(connection, len);
}

void nk_tcp_connection_pause_reading(struct nk_tcp_connection *connection)
{
    connection->is_paused = connection->output_error == 0;
    nk_connection_update_interest(connection);
}

void nk_tcp_connection_resume_reading(struct nk_tcp_connection *connection)
{
    connection->is_paused = false;
    if (connection->is_closed)
        return;
    if (connection->input)
        nk_connection_post_task(connection);
    nk_connection_update_interest(connection);
}
