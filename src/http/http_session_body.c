/* The bodies of requests: found, handed to a sink or dropped, limited in size and
 * in time. */
#include <errno.h>

#include "http/http_body.h"
#include "http/http_session.h"
#include "http/http_sink.h"
#include "http/http_site.h"

/* A body slower than this, once it has had the time to get going, is cut. */
#define BODY_MINIMUM_RATE 500 /* bytes a second */
#define BODY_RATE_GRACE (10 * NK_NANOSECONDS_PER_SECOND)

/* A request whose body has not arrived completely: the head is kept, because
 * the bytes it was parsed from are gone by the time it is answered. */
struct http_unfinished {
    struct http_body body;
    struct http_sink *sink; /* NULL: the body is dropped */
    uint64_t waits_since;   /* when the client's turn began */
    uint64_t waited;        /* ns, before that */
    size_t head_len;
    char head[];
};

static uint64_t now_of(const struct nk_tcp_connection *connection)
{
    return nk_event_loop_now(nk_tcp_connection_loop(connection));
}

/* ---- the end of a body ---- */

/* Takes the body away from the session; the caller frees it. */
static struct http_unfinished *detach(struct http_session *session)
{
    struct http_unfinished *unfinished = session->unfinished;
    session->unfinished = NULL;
    if (unfinished->sink)
        unfinished->sink->connection = NULL;
    return unfinished;
}

void http_session_abort_body(struct http_session *session)
{
    struct http_unfinished *unfinished = detach(session);
    session->state = HTTP_SESSION_ENDED;
    if (unfinished->sink)
        unfinished->sink->ops->abort(unfinished->sink);
    free(unfinished);
}

/* The sink has everything: it answers. */
static void end_sink(struct nk_tcp_connection *connection, struct http_sink *sink)
{
    struct http_session *session = http_session_of(connection);
    struct http_exchange exchange = http_session_exchange(connection);
    /* Draining may have begun since; what is said already stays said. */
    if (!session->has_head)
        http_session_decide_keep_alive(&exchange, session->keep_alive);
    exchange.keep_alive = session->keep_alive;
    session->state = HTTP_SESSION_ANSWERING;
    sink->ops->end(sink, &exchange);
    if (session->state == HTTP_SESSION_ANSWERING)
        http_session_go_on(connection);
}

/* Makes the request again from its head, in the loop's `request`. Should that not be
 * possible, although it was with the same limits before, the connection ends. */
static bool recall(struct nk_tcp_connection *connection)
{
    const struct http_unfinished *unfinished = http_session_of(connection)->unfinished;
    struct http_loop *loop = http_loop_of(connection);
    struct http_progress progress = {0};
    struct http_problem problem;
    http_repeat_forget(&loop->repeat);
    bool is_good = http_session_parse(loop, nk_slice_make(unfinished->head, unfinished->head_len),
                                      &progress, &problem) > 0;
    if (!is_good)
        nk_tcp_connection_abort(connection, -EBADMSG);
    return is_good;
}

void http_session_refuse_body(struct nk_tcp_connection *connection, int status, const char *rule)
{
    if (recall(connection))
        http_session_refuse(connection, status, rule);
}

/* The body is complete: the request is answered. */
static void complete(struct nk_tcp_connection *connection)
{
    struct http_session *session = http_session_of(connection);
    if (!recall(connection))
        return;
    struct http_unfinished *unfinished = detach(session);
    session->state = HTTP_SESSION_ANSWERING;
    if (unfinished->sink)
        end_sink(connection, unfinished->sink);
    else
        http_session_answer(connection);
    free(unfinished);
}

/* ---- its bytes ---- */

static bool is_too_slow(const struct http_unfinished *unfinished)
{
    return unfinished->waited > BODY_RATE_GRACE &&
           unfinished->body.received <
               unfinished->waited / NK_NANOSECONDS_PER_SECOND * BODY_MINIMUM_RATE;
}

static void count_waiting(struct http_unfinished *unfinished, uint64_t now)
{
    unfinished->waited += now - unfinished->waits_since;
    unfinished->waits_since = now;
}

void http_session_body_waits_since(struct http_session *session, uint64_t now)
{
    session->unfinished->waits_since = now;
}

/* Runs the bytes of a body that nobody wants through the decoder. Returns the
 * bytes consumed or -EBADMSG. */
static ssize_t drop_body(struct http_body *body, struct nk_slice input,
                         struct http_problem *problem)
{
    size_t consumed = 0;
    while (consumed < input.len && !http_body_is_complete(body)) {
        struct nk_slice payload;
        ssize_t len = http_body_decode(body, nk_slice_from(input, consumed), &payload, problem);
        if (len < 0)
            return len;
        consumed += (size_t)len;
    }
    return (ssize_t)consumed;
}

/* The same for the sink, as long as it takes more: it may end the body or the
 * connection in the middle, and then session->unfinished is no more. */
static ssize_t hand_over(struct nk_tcp_connection *connection, struct nk_slice input,
                         struct http_problem *problem)
{
    struct http_session *session = http_session_of(connection);
    size_t consumed = 0;
    while (consumed < input.len && session->state == HTTP_SESSION_BODY &&
           !http_body_is_complete(&session->unfinished->body) &&
           !nk_tcp_connection_is_blocked(connection)) {
        struct http_unfinished *unfinished = session->unfinished;
        /* What was kept from before, and what came behind it, may be more. */
        const struct nk_slice next =
            nk_slice_first(nk_slice_from(input, consumed), NK_EVENT_LOOP_BUFFER_SIZE);
        struct nk_slice payload;
        ssize_t len = http_body_decode(&unfinished->body, next, &payload, problem);
        if (len < 0)
            return len;
        consumed += (size_t)len;
        if (payload.len > 0)
            unfinished->sink->ops->take(unfinished->sink, payload);
    }
    return (ssize_t)consumed;
}

size_t http_session_take_body(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct http_session *session = http_session_of(connection);
    struct http_problem problem = {.status = 400};
    count_waiting(session->unfinished, now_of(connection));
    ssize_t consumed = session->unfinished->sink
                           ? hand_over(connection, input, &problem)
                           : drop_body(&session->unfinished->body, input, &problem);
    if (consumed < 0) {
        http_session_refuse_body(connection, problem.status, problem.rule);
        return input.len;
    }
    session->has_rest = (size_t)consumed < input.len;
    if (session->state != HTTP_SESSION_BODY) /* stalled, or refused by the sink */
        return (size_t)consumed;
    if (http_body_is_complete(&session->unfinished->body))
        complete(connection);
    else if (is_too_slow(session->unfinished))
        http_session_refuse_body(connection, 408, "the body is too slow");
    else
        http_session_enter(connection, HTTP_SESSION_BODY);
    return (size_t)consumed;
}

/* ---- the beginning ---- */

static const char too_large[] = "the body is above the limit (RFC 9110 15.5.14)";

/* Whether it announces more than that: it is refused before the client may send it. */
static bool is_above(const struct http_request *request, uint64_t max)
{
    return request->framing == HTTP_FRAMING_LENGTH && request->content_length > max;
}

/* Keeps the head until the body is complete. */
static int await(struct nk_tcp_connection *connection, struct nk_slice head,
                 const struct http_body *body, struct http_sink *sink)
{
    struct http_session *session = http_session_of(connection);
    struct http_unfinished *unfinished = malloc(sizeof(*unfinished) + head.len);
    if (!unfinished)
        return -ENOMEM;
    *unfinished = (struct http_unfinished){
        .body = *body,
        .sink = sink,
        .waits_since = now_of(connection),
        .head_len = head.len,
    };
    memcpy(unfinished->head, head.data, head.len);
    session->unfinished = unfinished;
    http_session_enter(connection, HTTP_SESSION_BODY);
    return 0;
}

/* Says that the body may come, when the client waits for that. */
static void let_it_come(struct nk_tcp_connection *connection, size_t rest)
{
    static const struct nk_slice go_ahead = NK_SLICE("HTTP/1.1 100 Continue\r\n\r\n");
    if (rest == 0 && http_loop_of(connection)->request.expects_continue)
        (void)nk_tcp_connection_send(connection, go_ahead);
}

/* The handler decides before the body: what it answers now, it answers instead of
 * reading it. */
static size_t let_the_handler_decide(struct nk_tcp_connection *connection, struct nk_slice head,
                                     struct nk_slice rest)
{
    struct http_loop *loop = http_loop_of(connection);
    struct http_session *session = http_session_of(connection);
    struct http_arrival arrival = {
        .head = head,
        .rest = rest.len,
        .keep_alive = loop->request.keep_alive,
    };
    http_repeat_forget(&loop->repeat);
    loop->request.keep_alive = false;
    loop->arrival = &arrival;
    session->has_rest = true;
    http_session_answer(connection);
    loop->arrival = NULL;
    if (arrival.is_kept && !arrival.is_taken)
        return 0; /* to be decided later */
    if (!arrival.is_taken)
        return rest.len;
    return session->state == HTTP_SESSION_BODY ? http_session_take_body(connection, rest) : 0;
}

/* A body without a meaning (RFC 9110 9.3.1, 9.3.2, 9.3.7). */
static size_t begin_to_drop(struct nk_tcp_connection *connection, struct nk_slice head,
                            struct nk_slice rest)
{
    struct http_loop *loop = http_loop_of(connection);
    struct http_problem problem = {.status = 400};
    struct http_body body;
    if (is_above(&loop->request, loop->server->options.max_body)) {
        http_session_refuse(connection, 413, too_large);
        return rest.len;
    }
    http_body_init(&body, &loop->request, loop->server->options.max_body);
    ssize_t consumed = drop_body(&body, rest, &problem);
    if (consumed < 0) {
        http_session_refuse(connection, problem.status, problem.rule);
        return rest.len;
    }
    http_session_of(connection)->has_rest = (size_t)consumed < rest.len;
    if (http_body_is_complete(&body)) {
        http_session_answer(connection);
    } else if (await(connection, head, &body, NULL) == 0) {
        let_it_come(connection, rest.len);
    } else {
        http_session_refuse(connection, 503, NULL);
    }
    return (size_t)consumed;
}

size_t http_session_begin_body(struct nk_tcp_connection *connection, struct nk_slice head,
                               struct nk_slice rest)
{
    const struct http_loop *loop = http_loop_of(connection);
    const enum http_method method = loop->request.method;
    if (loop->request.framing == HTTP_FRAMING_LENGTH && loop->request.content_length == 0) {
        http_session_of(connection)->has_rest = rest.len > 0;
        http_session_answer(connection);
        return 0;
    }
    const bool is_dropped =
        method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD || method == HTTP_METHOD_OPTIONS;
    if (is_dropped && !http_site_takes_all_bodies(loop->server->site, &loop->request))
        return begin_to_drop(connection, head, rest);
    return let_the_handler_decide(connection, head, rest);
}

/* ---- what sinks call ---- */

bool http_exchange_receive(struct http_exchange *exchange, struct http_sink *sink, uint64_t max)
{
    struct nk_tcp_connection *connection = exchange->connection;
    struct http_arrival *arrival = exchange->loop->arrival;
    struct http_body body;
    http_body_init(&body, exchange->request, max);
    if (is_above(exchange->request, max)) {
        http_respond_status(exchange, 413, too_large, NULL);
        return false;
    }
    if (!http_body_is_complete(&body)) {
        if (await(connection, arrival->head, &body, sink) < 0) {
            http_respond_status(exchange, 503, NULL, NULL);
            return false;
        }
        let_it_come(connection, arrival->rest);
    }
    sink->connection = connection;
    if (arrival) {
        arrival->is_taken = true;
        exchange->loop->request.keep_alive = arrival->keep_alive;
        http_session_decide_keep_alive(exchange, arrival->keep_alive);
    }
    if (http_body_is_complete(&body)) {
        http_session_of(connection)->has_rest = arrival && arrival->rest > 0;
        end_sink(connection, sink);
    }
    return true;
}

void http_sink_pause(struct http_sink *sink)
{
    http_session_enter(sink->connection, HTTP_SESSION_STALLED);
    nk_tcp_connection_pause_reading(sink->connection);
}

void http_sink_resume(struct http_sink *sink)
{
    struct nk_tcp_connection *connection = sink->connection;
    struct http_session *session = http_session_of(connection);
    http_session_enter(connection, HTTP_SESSION_BODY);
    http_session_body_waits_since(session, now_of(connection));
    if (http_body_is_complete(&session->unfinished->body)) {
        complete(connection);
        http_session_settle(connection);
    } else if (nk_tcp_connection_input_ended(connection) && !session->has_rest) {
        http_session_end_after_input(connection); /* nothing will come to say so again */
    } else {
        nk_tcp_connection_resume_reading(connection);
    }
}

void http_sink_refuse(struct http_sink *sink, int status, const char *detail)
{
    struct nk_tcp_connection *connection = sink->connection;
    struct http_session *session = http_session_of(connection);
    if (!recall(connection))
        return;
    struct http_unfinished *unfinished = detach(session);
    session->state = HTTP_SESSION_ENDED;
    http_session_refuse(connection, status, detail);
    free(unfinished);
}
