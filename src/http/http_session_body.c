/* The bodies of requests: found, dropped, limited in size and in time. */
#include "http/http_body.h"
#include "http/http_session.h"

/* A body slower than this, once it has had the time to get going, is cut. */
#define BODY_MINIMUM_RATE 500 /* bytes a second */
#define BODY_RATE_GRACE (10 * NK_NANOSECONDS_PER_SECOND)

/* A request whose body has not arrived completely: the head is kept, because
 * the bytes it was parsed from are gone by the time it is answered. */
struct http_unfinished {
    struct http_body body;
    uint64_t started; /* when the body began */
    size_t head_len;
    char head[];
};

static void drop_unfinished(struct http_session *session)
{
    free(session->unfinished);
    session->unfinished = NULL;
}

static bool is_too_slow(const struct nk_tcp_connection *connection,
                        const struct http_unfinished *unfinished)
{
    uint64_t elapsed = nk_event_loop_now(nk_tcp_connection_loop(connection)) - unfinished->started;
    return elapsed > BODY_RATE_GRACE &&
           unfinished->body.received < elapsed / NK_NANOSECONDS_PER_SECOND * BODY_MINIMUM_RATE;
}

/* Runs the body's bytes through the decoder and drops them: no request that is
 * served here wants them. Returns the bytes consumed or -EBADMSG. */
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

size_t http_session_take_body(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct http_session *session = http_session_of(connection);
    struct http_unfinished *unfinished = session->unfinished;
    struct http_problem problem = {.status = 400};
    ssize_t consumed = drop_body(&unfinished->body, input, &problem);
    if (consumed < 0) {
        http_session_refuse(connection, problem.status, problem.rule);
        return input.len;
    }
    if (!http_body_is_complete(&unfinished->body)) {
        if (is_too_slow(connection, unfinished))
            http_session_refuse(connection, 408, "the body is too slow");
        else
            http_session_enter(connection, HTTP_SESSION_BODY);
        return (size_t)consumed;
    }
    struct http_loop *loop = http_loop_of(connection);
    struct http_progress progress = {0};
    http_repeat_forget(&loop->repeat);
    ssize_t head = http_session_parse(loop, nk_slice_make(unfinished->head, unfinished->head_len),
                                      &progress, &problem);
    session->has_rest = (size_t)consumed < input.len;
    if (head > 0)
        http_session_answer(connection);
    else
        http_session_refuse(connection, 500, NULL);
    drop_unfinished(session);
    return (size_t)consumed;
}

/* The body is not complete yet: keeps the head and says that it may come. */
static void await_body(struct nk_tcp_connection *connection, struct nk_slice head,
                       const struct http_body *body, bool has_begun)
{
    static const struct nk_slice go_ahead = NK_SLICE("HTTP/1.1 100 Continue\r\n\r\n");
    struct http_session *session = http_session_of(connection);
    struct http_unfinished *unfinished = malloc(sizeof(*unfinished) + head.len);
    if (!unfinished) {
        http_session_refuse(connection, 503, NULL);
        return;
    }
    unfinished->body = *body;
    unfinished->started = nk_event_loop_now(nk_tcp_connection_loop(connection));
    unfinished->head_len = head.len;
    memcpy(unfinished->head, head.data, head.len);
    session->unfinished = unfinished;
    if (!has_begun && http_loop_of(connection)->request.expects_continue)
        (void)nk_tcp_connection_send(connection, go_ahead);
    http_session_enter(connection, HTTP_SESSION_BODY);
}

/* A request that is refused for its method is refused before its body. */
static bool is_served(enum http_method method)
{
    return method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD || method == HTTP_METHOD_OPTIONS;
}

/* A complete head with a body behind it; `rest` begins with the body. */
size_t http_session_begin_body(struct nk_tcp_connection *connection, struct nk_slice head,
                               struct nk_slice rest)
{
    struct http_loop *loop = http_loop_of(connection);
    struct http_session *session = http_session_of(connection);
    struct http_problem problem = {.status = 400};
    struct http_body body;
    if (!is_served(loop->request.method)) {
        http_repeat_forget(&loop->repeat);
        loop->request.keep_alive = false;
        session->has_rest = true;
        http_session_answer(connection);
        return rest.len;
    }
    http_body_init(&body, &loop->request, loop->server->options.max_body);
    ssize_t consumed = drop_body(&body, rest, &problem);
    if (consumed < 0) {
        http_session_refuse(connection, problem.status, problem.rule);
        return rest.len;
    }
    session->has_rest = (size_t)consumed < rest.len;
    if (http_body_is_complete(&body))
        http_session_answer(connection);
    else
        await_body(connection, head, &body, rest.len > 0);
    return (size_t)consumed;
}
