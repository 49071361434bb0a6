/* The requests of one connection, one after another: from bytes to the request
 * callback, and from there to the next request.
 *
 *                  first byte            head complete, body to come
 *     WAITING ---------------> HEAD -----------------------------> BODY
 *        ^                      | head complete, no body            | body complete
 *        |                      v                                   v
 *        +------------- the handler answers <-----------------------+
 *        |                      | ... or suspends, or leaves the answer to a source
 *        +--------------- SUSPENDED, PRODUCING
 *
 * A handler that wants the body takes it when the head is complete: then BODY comes
 * behind it (and STALLED, while its sink takes nothing), and the sink answers.
 */
#include "http/http_session.h"

#include <errno.h>

#include "http/http_site.h"
#include "net/connection_group.h"

/* A half-sent request head gets this long when the server drains. */
#define DRAIN_HEAD_TIME NK_NANOSECONDS_PER_SECOND

static bool is_draining(struct nk_tcp_connection *connection)
{
    return nk_connection_group_is_draining(nk_tcp_connection_group(connection));
}

/* Nothing will be asked any more: it waits for a request, and none of its bytes is here. */
static bool has_drained(struct nk_tcp_connection *connection)
{
    const struct http_session *session = http_session_of(connection);
    return is_draining(connection) && session->state == HTTP_SESSION_WAITING &&
           !session->has_rest && !nk_tcp_connection_is_blocked(connection);
}

/* ---- deadlines ---- */

static void set_deadline_in(struct nk_tcp_connection *connection, uint64_t nanoseconds)
{
    uint64_t now = nk_event_loop_now(nk_tcp_connection_loop(connection));
    nk_tcp_connection_set_deadline(connection, nanoseconds > 0 ? now + nanoseconds : NK_NEVER);
}

/* For the rest of a head that has begun. */
static uint64_t head_time(struct nk_tcp_connection *connection)
{
    uint64_t usual = http_loop_of(connection)->server->options.header_timeout;
    return is_draining(connection) && usual > DRAIN_HEAD_TIME ? DRAIN_HEAD_TIME : usual;
}

static void watch_output(struct nk_tcp_connection *connection)
{
    set_deadline_in(connection, http_loop_of(connection)->server->options.send_timeout);
}

void http_session_enter(struct nk_tcp_connection *connection, enum http_session_state state)
{
    const struct http_options *options = &http_loop_of(connection)->server->options;
    struct http_session *session = http_session_of(connection);
    session->state = (uint8_t)state;
    nk_tcp_connection_set_idle(connection, state == HTTP_SESSION_WAITING);
    if (nk_tcp_connection_is_blocked(connection))
        watch_output(connection);
    else if (state == HTTP_SESSION_WAITING)
        set_deadline_in(connection, options->service.idle_timeout);
    else if (state == HTTP_SESSION_HEAD)
        set_deadline_in(connection, head_time(connection));
    else if (state == HTTP_SESSION_BODY)
        set_deadline_in(connection, options->body_timeout);
    else if (state == HTTP_SESSION_PRODUCING) /* it may be blocked only later */
        watch_output(connection);
    else
        nk_tcp_connection_set_deadline(connection, NK_NEVER);
}

/* ---- answering ---- */

struct http_exchange http_session_exchange(struct nk_tcp_connection *connection)
{
    struct http_loop *loop = http_loop_of(connection);
    return (struct http_exchange){connection, loop, &loop->request, false};
}

void http_session_end_with(struct nk_tcp_connection *connection, int status, const char *rule)
{
    struct http_exchange exchange = http_session_exchange(connection);
    http_respond_status(&exchange, status, rule, NULL);
    http_watch_hand_over(http_session_of(connection)->visitor);
    http_session_enter(connection, HTTP_SESSION_ENDED);
    nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
}

void http_session_refuse(struct nk_tcp_connection *connection, int status, const char *rule)
{
    struct http_loop *loop = http_loop_of(connection);
    struct http_session *session = http_session_of(connection);
    if (session->has_head) { /* another response cannot follow in the middle of one */
        nk_tcp_connection_abort(connection, -EBADMSG);
        return;
    }
    if (loop->watch)
        http_watch_begin(loop->watch, &session->visitor, connection, &loop->request);
    if (session->state == HTTP_SESSION_BODY || session->state == HTTP_SESSION_STALLED)
        http_session_abort_body(session);
    http_session_end_with(connection, status, rule);
}

void http_session_go_on(struct nk_tcp_connection *connection)
{
    struct http_session *session = http_session_of(connection);
    http_watch_hand_over(session->visitor);
    if (nk_tcp_connection_is_closing(connection))
        return;
    if (session->keep_alive) {
        session->state = HTTP_SESSION_WAITING; /* its deadline is set once per read */
        return;
    }
    http_session_enter(connection, HTTP_SESSION_ENDED);
    /* A request that is on its way would make a plain close a reset, which takes
     * the response back (RFC 9112 9.6). */
    bool must_linger = session->has_rest || session->ends_unasked;
    nk_tcp_connection_close(connection, must_linger ? NK_CLOSE_LINGER : NK_CLOSE_FLUSH);
}

void http_session_decide_keep_alive(struct http_exchange *exchange, bool wanted)
{
    struct http_session *session = http_session_of(exchange->connection);
    const struct http_server *server = exchange->loop->server;
    uint64_t limit = server->options.keepalive_requests;
    exchange->keep_alive = wanted && !is_draining(exchange->connection) &&
                           (limit == 0 || session->requests < limit) &&
                           (!server->quota || !http_quota_is_used_up(server->quota));
    session->keep_alive = exchange->keep_alive;
    session->ends_unasked = wanted && !exchange->keep_alive;
}

void http_session_answer(struct nk_tcp_connection *connection)
{
    struct http_session *session = http_session_of(connection);
    struct http_exchange exchange = http_session_exchange(connection);
    struct http_quota *quota = exchange.loop->server->quota;
    bool is_one_too_many = quota && !http_quota_take(quota);
    session->requests++;
    http_session_decide_keep_alive(&exchange, exchange.request->keep_alive);
    session->state = HTTP_SESSION_ANSWERING;
    if (NK_UNLIKELY(exchange.loop->watch != NULL))
        http_watch_begin(exchange.loop->watch, &session->visitor, connection, exchange.request);
    atomic_store_explicit(&exchange.loop->requests,
                          atomic_load_explicit(&exchange.loop->requests, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (NK_UNLIKELY(is_one_too_many))
        http_respond_status(&exchange, 503, "the server has answered its last request", NULL);
    else
        http_site_handle(&exchange);
    if (session->state == HTTP_SESSION_ANSWERING)
        http_session_go_on(connection);
}

/* ---- what the connection calls ---- */

static bool takes_input(struct nk_tcp_connection *connection)
{
    enum http_session_state state = http_session_of(connection)->state;
    return (state == HTTP_SESSION_WAITING || state == HTTP_SESSION_HEAD ||
            state == HTTP_SESSION_BODY) &&
           !nk_tcp_connection_is_blocked(connection) && !nk_tcp_connection_is_closing(connection);
}

/* What it asked for is still delivered, an incomplete request is not processed
 * (RFC 9112 8). */
void http_session_end_after_input(struct nk_tcp_connection *connection)
{
    struct http_session *session = http_session_of(connection);
    if (nk_tcp_connection_is_closing(connection) || session->state == HTTP_SESSION_SUSPENDED ||
        session->state == HTTP_SESSION_STALLED)
        return;
    if (session->state == HTTP_SESSION_PRODUCING) {
        http_session_hurry(connection, false);
        return;
    }
    if (session->state == HTTP_SESSION_BODY)
        http_session_abort_body(session);
    session->state = HTTP_SESSION_ENDED;
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
}

void http_session_settle(struct nk_tcp_connection *connection)
{
    if (nk_tcp_connection_is_closing(connection) ||
        http_session_of(connection)->state != HTTP_SESSION_WAITING)
        return;
    http_session_enter(connection, HTTP_SESSION_WAITING);
    if (has_drained(connection))
        nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
    else if (nk_tcp_connection_input_ended(connection) && !http_session_of(connection)->has_rest)
        http_session_end_after_input(connection); /* nothing will come to say so again */
    else
        nk_tcp_connection_resume_reading(connection);
}

/* What has come belongs to the next requests. */
static void leave_for_later(struct nk_tcp_connection *connection)
{
    http_session_of(connection)->has_rest = true;
    nk_tcp_connection_pause_reading(connection);
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    size_t consumed = 0;
    while (consumed < input.len && takes_input(connection)) {
        struct nk_slice rest = nk_slice_from(input, consumed);
        size_t taken = http_session_of(connection)->state == HTTP_SESSION_BODY
                           ? http_session_take_body(connection, rest)
                           : http_session_take_request(connection, rest);
        if (taken == 0)
            break;
        consumed += taken;
    }
    enum http_session_state state = http_session_of(connection)->state;
    if (state == HTTP_SESSION_WAITING && consumed > 0)
        http_session_enter(connection, HTTP_SESSION_WAITING);
    else if (state == HTTP_SESSION_ENDED)
        consumed = input.len;
    else if (state == HTTP_SESSION_PRODUCING && consumed < input.len)
        leave_for_later(connection);
    if (nk_tcp_connection_input_ended(connection))
        http_session_end_after_input(connection);
    return consumed;
}

static void on_connection_completed(struct nk_tcp_connection *connection)
{
    struct http_loop *loop = http_loop_of(connection);
    if (loop->server->counts)
        atomic_store(&loop->group, nk_tcp_connection_group(connection));
    nk_tcp_connection_set_idle(connection, true);
    set_deadline_in(connection, http_loop_of(connection)->server->options.header_timeout);
}

/* A response, or a part of one, that did not go out at once is out now. */
static void on_write_completed(struct nk_tcp_connection *connection)
{
    struct http_session *session = http_session_of(connection);
    enum http_session_state state = session->state;
    http_watch_drained(session->visitor);
    http_session_enter(connection, state);
    if (state == HTTP_SESSION_PRODUCING)
        http_session_produce(connection);
    else if (state == HTTP_SESSION_BODY)
        http_session_body_waits_since(session,
                                      nk_event_loop_now(nk_tcp_connection_loop(connection)));
    else if (has_drained(connection))
        nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    static const struct http_problem late = {
        .status = 408,
        .rule = "the request head did not arrive in time",
    };
    struct http_session *session = http_session_of(connection);
    if (nk_tcp_connection_is_blocked(connection)) {
        if (nk_tcp_connection_made_progress(connection))
            watch_output(connection);
        else
            nk_tcp_connection_abort(connection, -ETIMEDOUT);
    } else if (session->state == HTTP_SESSION_HEAD) {
        http_session_refuse_head(connection, nk_tcp_connection_kept_input(connection), &late);
    } else if (session->state == HTTP_SESSION_BODY) {
        http_session_refuse_body(connection, 408, "the request body did not arrive in time");
    } else if (session->state == HTTP_SESSION_PRODUCING) {
        watch_output(connection);
    } else {
        nk_tcp_connection_close(connection, NK_CLOSE_NOW);
    }
}

/* What was begun is finished, and requests that are here are answered: half a head gets
 * a moment, everything else ends by itself, because no response says keep-alive any
 * more. */
static void on_drain(struct nk_tcp_connection *connection)
{
    enum http_session_state state = http_session_of(connection)->state;
    if (state == HTTP_SESSION_HEAD)
        set_deadline_in(connection, head_time(connection));
    else if (state == HTTP_SESSION_PRODUCING)
        http_session_hurry(connection, true);
}

static void on_connection_closed(struct nk_tcp_connection *connection, int reason)
{
    struct http_session *session = http_session_of(connection);
    (void)reason;
    if (session->state == HTTP_SESSION_BODY || session->state == HTTP_SESSION_STALLED)
        http_session_abort_body(session);
    else if (session->state == HTTP_SESSION_PRODUCING)
        http_session_abort_source(session);
    http_watch_end(session->visitor);
    session->visitor = NULL;
}

void http_server_handlers(const struct http_options *options,
                          struct nk_connection_handlers *handlers)
{
    *handlers = (struct nk_connection_handlers){
        .on_connection_completed = on_connection_completed,
        .on_message = on_message,
        .on_write_completed = on_write_completed,
        .on_connection_closed = on_connection_closed,
        .on_deadline = on_deadline,
        .on_drain = on_drain,
        .session_size = sizeof(struct http_session),
        /* A receive full of pipelined requests may have to wait behind a head. */
        .max_input = options->max_header + NK_EVENT_LOOP_BUFFER_SIZE,
        .high_water = 1, /* no further request is read while output is queued */
        .output_rate = options->limit_rate,
        .keeps_half_open = true,
    };
}
