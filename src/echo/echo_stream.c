/* Streams of messages: framed, transformed, delayed. Where the socket keeps records
 * each of them is a message, as with datagrams. */
#include <errno.h>

#include "base/log.h"
#include "echo/echo_private.h"
#include "service/stream.h"
#include "service/stream_replies.h"

/* Bytes of replies made in one go: other connections wait meanwhile, and a short
 * message with a long prefix must not fill the memory. */
#define REPLY_BUDGET ((size_t)64 * 1024)

struct session {
    struct nk_tcp_connection *connection;
    struct echo_framer framer;
    struct stream_replies replies; /* held back with a delay only */
};

/* Replies now or later; returns the bytes of the reply, or -ENOMEM. */
static ssize_t reply_to(struct session *session, const struct echo_message *message)
{
    struct echo_context *context = echo_context_of(session->connection);
    const struct echo_options *options = context->options;
    size_t len = echo_reply_len(&options->style, message);
    if (options->delay > 0) {
        char *room = stream_replies_add(&session->replies, len, options->delay);
        if (!room)
            return -ENOMEM;
        echo_reply_write(&options->style, message, room);
        return (ssize_t)len;
    }
    struct nk_slice reply;
    int error = echo_build(context, message, &reply);
    if (error)
        return error;
    service_send(session->connection, reply);
    return (ssize_t)len;
}

/* The answers to what came before still reach the client. */
static void refuse(struct session *session)
{
    struct echo_context *context = echo_context_of(session->connection);
    atomic_fetch_add_explicit(&context->refused, 1, memory_order_relaxed);
    nk_log(NK_LOG_WARNING, "a client was refused: its message is longer than --max-frame (%llu)",
           (unsigned long long)context->options->max_frame);
    nk_tcp_connection_close(session->connection, NK_CLOSE_LINGER);
}

/* Stops reading until the replies made so far have gone on their way. */
static void hold(struct session *session)
{
    stream_replies_hold(&session->replies);
    if (echo_context_of(session->connection)->options->delay == 0)
        nk_tcp_connection_request_write(session->connection);
}

/* Nothing of a record is ever left: the next one waits in the kernel instead. */
static void on_record(struct session *session, struct nk_slice record)
{
    const struct echo_message message = {.payload = record};
    ssize_t len = reply_to(session, &message);
    if (len < 0)
        nk_tcp_connection_abort(session->connection, (int)len);
    else if (stream_replies_are_full(&session->replies))
        hold(session);
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct session *session = nk_tcp_connection_session(connection);
    bool ended = nk_tcp_connection_input_ended(connection);
    size_t done = 0;
    size_t replied = 0;
    ssize_t taken = 0;
    echo_extend_deadline(connection);
    if (nk_tcp_connection_keeps_records(connection) && !ended) {
        on_record(session, input);
        return input.len;
    }
    while (replied < REPLY_BUDGET && !stream_replies_are_full(&session->replies)) {
        struct echo_message message;
        taken = echo_framer_next(&session->framer, nk_slice_from(input, done), ended, &message);
        if (taken <= 0)
            break;
        ssize_t len = reply_to(session, &message);
        if (len < 0) {
            nk_tcp_connection_abort(connection, (int)len);
            return input.len;
        }
        done += (size_t)taken;
        replied += (size_t)len;
    }
    if (nk_tcp_connection_is_closing(connection))
        return input.len;
    if (taken == -EMSGSIZE)
        refuse(session);
    else if (ended && (taken < 0 || done == input.len))
        stream_replies_finish(&session->replies);
    else if (taken >= 0 && (done < input.len || stream_replies_are_full(&session->replies)))
        hold(session);
    return taken < 0 && ended ? input.len : done;
}

static void on_write_completed(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    echo_extend_deadline(connection);
    if (echo_context_of(connection)->options->delay == 0)
        stream_replies_release(&session->replies);
}

static void on_completed(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    const struct echo_options *options = echo_context_of(connection)->options;
    session->connection = connection;
    session->framer = (struct echo_framer){
        .framing = options->framing,
        .max = (size_t)options->max_frame,
    };
    stream_replies_init(&session->replies, connection, options->service.idle_timeout);
}

static void on_closed(struct nk_tcp_connection *connection, int reason)
{
    struct session *session = nk_tcp_connection_session(connection);
    (void)reason;
    (void)stream_replies_clear(&session->replies);
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    stream_replies_expire(&session->replies);
}

void echo_on_drain(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    stream_replies_drain(&session->replies);
}

/* It stays half open for what is still to be said after the client's end. */
const struct nk_connection_handlers echo_message_handlers = {
    .on_connection_completed = on_completed,
    .on_message = on_message,
    .on_write_completed = on_write_completed,
    .on_connection_closed = on_closed,
    .on_deadline = on_deadline,
    .session_size = sizeof(struct session),
    .low_water = ECHO_LOW_WATER,
    .keeps_half_open = true,
};
