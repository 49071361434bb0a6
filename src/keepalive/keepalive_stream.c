/* Connections: messages cut anywhere, or one in a record. */
#include <errno.h>

#include "base/log.h"
#include "keepalive/keepalive_private.h"
#include "net/connection_group.h"
#include "service/stream.h"
#include "service/stream_replies.h"

struct session {
    struct nk_tcp_connection *connection;
    struct keepalive_reader reader;
    struct stream_replies replies; /* held back with a delay only */
    uint64_t answered;
    bool is_frozen; /* nothing is answered any more */
};

static struct keepalive_context *context_of(const struct session *session)
{
    return nk_connection_group_context(nk_tcp_connection_group(session->connection));
}

/* ---- answers ---- */

static void answer(struct session *session, struct nk_slice data)
{
    struct keepalive_context *context = context_of(session);
    const struct keepalive_options *options = context->options;
    char pong[KEEPALIVE_MESSAGE_SIZE];
    char *room = pong;
    if (options->delay > 0)
        room = stream_replies_add(&session->replies, KEEPALIVE_MESSAGE_SIZE, options->delay);
    if (!room) {
        nk_tcp_connection_abort(session->connection, -ENOMEM);
        return;
    }
    session->answered++;
    keepalive_count(&context->answered);
    keepalive_write_pong(options, room, data);
    if (options->delay == 0)
        service_send(session->connection, nk_slice_make(pong, sizeof(pong)));
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
    while (done < input.len && !stream_replies_are_full(&session->replies) && !session->is_frozen &&
           !nk_tcp_connection_is_closing(session->connection)) {
        struct keepalive_message message;
        bool is_complete;
        uint32_t type;
        done += keepalive_reader_take(&session->reader, nk_slice_from(input, done), &message,
                                      &is_complete);
        if (keepalive_reader_is_astray(&session->reader, false, &type))
            refuse(session, "the unknown type", type);
        else if (is_complete)
            take_message(session, &message);
    }
    return session->is_frozen ? input.len : done;
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct session *session = nk_tcp_connection_session(connection);
    bool ended = nk_tcp_connection_input_ended(connection);
    size_t done = input.len;
    service_extend_deadline(connection, context_of(session)->options->service.idle_timeout);
    if (!nk_tcp_connection_keeps_records(connection))
        done = take_bytes(session, input);
    else if (!ended && !session->is_frozen)
        take_record(session, input);
    if (nk_tcp_connection_is_closing(connection))
        return input.len;
    if (ended && done == input.len)
        stream_replies_finish(&session->replies);
    else if (stream_replies_are_full(&session->replies))
        stream_replies_hold(&session->replies);
    return done;
}

/* ---- the life of a connection ---- */

static void on_completed(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    session->connection = connection;
    stream_replies_init(&session->replies, connection,
                        context_of(session)->options->service.idle_timeout);
}

static void on_closed(struct nk_tcp_connection *connection, int reason)
{
    struct session *session = nk_tcp_connection_session(connection);
    (void)reason;
    uint64_t owed = stream_replies_clear(&session->replies);
    if (owed > 0)
        atomic_fetch_sub_explicit(&context_of(session)->answered, owed, memory_order_relaxed);
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    stream_replies_expire(&session->replies);
}

/* The server stops: what was asked is still answered. */
static void on_drain(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    stream_replies_drain(&session->replies);
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
