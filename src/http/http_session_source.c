/* Answers that a source sends piece by piece: when it is called, and for how long. */
#include "http/http_session.h"
#include "http/http_stream.h"

/* The method and the version are all that an answer depends on. */
static struct http_exchange exchange_of(const struct http_source *source)
{
    struct http_exchange exchange = http_session_exchange(source->connection);
    http_repeat_forget(&exchange.loop->repeat);
    exchange.loop->request.method = source->method;
    exchange.loop->request.minor_version = source->minor_version;
    exchange.loop->request.header_count = 0;
    exchange.keep_alive = http_session_of(source->connection)->keep_alive;
    return exchange;
}

static void produce(struct http_source *source)
{
    struct nk_tcp_connection *connection = source->connection;
    struct http_exchange exchange = exchange_of(source);
    enum http_source_state state = source->ops->produce(source, &exchange);
    if (state == HTTP_SOURCE_GONE)
        return;
    if (state == HTTP_SOURCE_DONE) { /* the source may be gone */
        http_session_of(connection)->source = NULL;
        http_session_of(connection)->state = HTTP_SESSION_ANSWERING;
        http_session_go_on(connection);
        http_session_settle(connection);
        return;
    }
    /* A connection that is closing or closed has told the source, or is about to. */
    if (nk_tcp_connection_is_closing(connection))
        return;
    source->is_waiting = state == HTTP_SOURCE_WAIT;
    if (!source->is_waiting)
        nk_tcp_connection_request_write(connection);
}

void http_exchange_produce(struct http_exchange *exchange, struct http_source *source)
{
    struct http_session *session = http_session_of(exchange->connection);
    source->connection = exchange->connection;
    source->method = exchange->request->method;
    source->minor_version = exchange->request->minor_version;
    source->is_waiting = false;
    session->source = source;
    http_session_enter(exchange->connection, HTTP_SESSION_PRODUCING);
    nk_tcp_connection_request_write(exchange->connection);
}

void http_session_produce(struct nk_tcp_connection *connection)
{
    struct http_source *source = http_session_of(connection)->source;
    if (!source->is_waiting)
        produce(source);
}

void http_source_wake(struct http_source *source)
{
    if (!source->is_waiting)
        return;
    source->is_waiting = false;
    /* What was sent before it began to wait may still be queued; then it is called
     * when that has gone out. */
    if (!nk_tcp_connection_is_blocked(source->connection))
        produce(source);
}

void http_session_hurry(struct nk_tcp_connection *connection, bool drains)
{
    struct http_source *source = http_session_of(connection)->source;
    if (source->ops->hurry)
        source->ops->hurry(source, drains);
}

void http_session_abort_source(struct http_session *session)
{
    struct http_source *source = session->source;
    session->source = NULL;
    session->state = HTTP_SESSION_ENDED;
    source->connection = NULL;
    source->ops->abort(source);
}
