/* Connections: messages cut anywhere, or one in a record. */
#include <errno.h>

#include "base/log.h"
#include "keepalive/keepalive_private.h"
#include "net/connection_group.h"
#include "service/reply_queue.h"
#include "service/stream.h"

/* Bytes of answers held back for one client; with more it is not read from. */
#define DELAYED_MAX ((size_t)256 * 1024)

struct session {
    struct nk_tcp_connection *connection;
    struct keepalive_reader reader;
    struct reply_queue queue; /* used with a delay only */
    uint64_t answered;
    bool is_frozen;    /* nothing is answered any more */
    bool is_held;      /* not read from until there is room for more answers */
    bool is_finishing; /* closed when the queue is empty */
};

static struct keepalive_context *context_of(const struct session *session)
{
    return nk_connection_group_context(nk_tcp_connection_group(session->connection));
}

static void extend_deadline(const struct session *session)
{
    service_extend_deadline(session->connection,
                            context_of(session)->options->service.idle_timeout);
}

static void finish(struct session *session)
{
    session->is_finishing = true;
    if (reply_queue_is_empty(&session->queue))
        nk_tcp_connection_close(session->connection, NK_CLOSE_FLUSH);
}

/* ---- answers ---- */

static void send_pong(const struct session *session, struct nk_slice pong)
{
    keepalive_count(&context_of(session)->answered);
    service_send(session->connection, pong);
}

/* An answer has been held back long enough. */
static void deliver(struct reply_queue *queue, struct nk_slice pong)
{
    struct session *session = nk_container_of(queue, struct session, queue);
    extend_deadline(session);
    send_pong(session, pong);
    if (nk_tcp_connection_is_closing(session->connection))
        return;
    if (session->is_held && queue->size < DELAYED_MAX / 2) {
        session->is_held = false;
        nk_tcp_connection_resume_reading(session->connection);
    }
    if (session->is_finishing)
        finish(session);
}

static void answer(struct session *session, struct nk_slice data)
{
    const struct keepalive_options *options = context_of(session)->options;
    char pong[KEEPALIVE_MESSAGE_SIZE];
    session->answered++;
    if (options->delay == 0) {
        keepalive_write_pong(options, pong, data);
        send_pong(session, nk_slice_make(pong, sizeof(pong)));
        return;
    }
    char *room = reply_queue_add(&session->queue, KEEPALIVE_MESSAGE_SIZE, options->delay);
    if (room)
        keepalive_write_pong(options, room, data);
    else
        nk_tcp_connection_abort(session->connection, -ENOMEM);
}

static void refuse(const struct session *session, const char *what, unsigned long number)
{
    keepalive_count(&context_of(session)->refused);
    nk_log(NK_LOG_WARNING, "a client was refused: it has sent a message of %s %lu", what, number);
    nk_tcp_connection_close(session->connection, NK_CLOSE_LINGER);
}

static void take_message(struct session *session, const struct keepalive_message *message)
{
    struct keepalive_context *context = context_of(session);
    bool is_known;
    if (!keepalive_wants_answer(message, &is_known)) {
        if (!is_known)
            refuse(session, "the unknown type", message->type);
        return;
    }
    switch (keepalive_fate_of(&context->options->faults, session->answered, &context->random)) {
    case KEEPALIVE_FATE_ANSWER:
        answer(session, message->data);
        break;
    case KEEPALIVE_FATE_DROP:
        nk_log(NK_LOG_INFO, "a PING is not answered");
        break;
    case KEEPALIVE_FATE_FREEZE:
        nk_log(NK_LOG_INFO, "a client is not answered any more");
        session->is_frozen = true;
        break;
    case KEEPALIVE_FATE_RESET:
        nk_log(NK_LOG_INFO, "a client is reset");
        nk_tcp_connection_close(session->connection, NK_CLOSE_RESET);
        break;
    }
}

/* ---- what arrives ---- */

static void take_record(struct session *session, struct nk_slice record)
{
    struct keepalive_message message;
    if (keepalive_message_read(&message, record) == 0)
        take_message(session, &message);
    else
        refuse(session, "the wrong size", record.len);
}

/* Returns how many bytes were taken: not all when there is no room for more answers. */
static size_t take_bytes(struct session *session, struct nk_slice input)
{
    size_t done = 0;
    while (done < input.len && session->queue.size < DELAYED_MAX && !session->is_frozen &&
           !nk_tcp_connection_is_closing(session->connection)) {
        struct keepalive_message message;
        bool is_complete;
        done += keepalive_reader_take(&session->reader, nk_slice_from(input, done), &message,
                                      &is_complete);
        if (is_complete)
            take_message(session, &message);
    }
    return session->is_frozen ? input.len : done;
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct session *session = nk_tcp_connection_session(connection);
    bool ended = nk_tcp_connection_input_ended(connection);
    size_t done = input.len;
    extend_deadline(session);
    if (!nk_tcp_connection_keeps_records(connection))
        done = take_bytes(session, input);
    else if (!ended && !session->is_frozen)
        take_record(session, input);
    if (nk_tcp_connection_is_closing(connection))
        return input.len;
    if (ended && done == input.len) {
        finish(session);
    } else if (session->queue.size >= DELAYED_MAX) {
        session->is_held = true;
        nk_tcp_connection_pause_reading(connection);
    }
    return done;
}

/* ---- the life of a connection ---- */

static void on_completed(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    session->connection = connection;
    reply_queue_init(&session->queue, nk_tcp_connection_loop(connection), deliver);
    extend_deadline(session);
}

static void on_closed(struct nk_tcp_connection *connection, int reason)
{
    struct session *session = nk_tcp_connection_session(connection);
    (void)reason;
    if (session->connection) /* it was completed */
        reply_queue_clear(&session->queue);
}

/* A client whose answers are held back is not idle. */
static void on_deadline(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    if (reply_queue_is_empty(&session->queue))
        service_on_deadline(connection, context_of(session)->options->service.idle_timeout);
    else
        extend_deadline(session);
}

/* The server stops: what was asked is still answered. */
static void on_drain(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    nk_tcp_connection_pause_reading(connection);
    session->is_held = false;
    finish(session);
}

/* It stays half open for what is still to be said after the client's end. */
const struct nk_connection_handlers keepalive_stream_handlers = {
    .on_connection_completed = on_completed,
    .on_message = on_message,
    .on_connection_closed = on_closed,
    .on_deadline = on_deadline,
    .on_drain = on_drain,
    .session_size = sizeof(struct session),
    .keeps_half_open = true,
};
