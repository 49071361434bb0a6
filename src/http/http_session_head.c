/* The heads of requests: found in what has arrived, awaited, or refused. */
#include <errno.h>

#include "http/http_problem.h"
#include "http/http_session.h"

/* What no handler takes; each has its own limit below that. */
static uint64_t largest_body(const struct http_options *options)
{
    const uint64_t upload = options->max_upload > 0 ? options->max_upload : UINT64_MAX;
    return options->upload && upload > options->max_body ? upload : options->max_body;
}

static struct http_limits limits_of(const struct http_options *options)
{
    return (struct http_limits){
        .target = options->max_target,
        .header = options->max_header,
        .lines = HTTP_HEADERS_MAX,
        .body = largest_body(options),
    };
}

ssize_t http_session_parse(struct http_loop *loop, struct nk_slice input,
                           struct http_progress *progress, struct http_problem *problem)
{
    struct http_limits limits = limits_of(&loop->server->options);
    struct http_request *request = &loop->request;
    ssize_t len = http_request_parse(request, input, &limits, progress, problem);
    bool has_path = request->form == HTTP_TARGET_ORIGIN || request->form == HTTP_TARGET_ABSOLUTE;
    if (len > 0 && has_path && loop->server->base[0] != '\0')
        request->path = http_base_path_strip(loop->server->base, request->path);
    return len;
}

/* The next head, into the loop's request. Returns its length, -EAGAIN, or
 * -EBADMSG with *problem. */
static ssize_t next_head(struct nk_tcp_connection *connection, struct nk_slice input,
                         struct http_problem *problem)
{
    struct http_loop *loop = http_loop_of(connection);
    struct http_session *session = http_session_of(connection);
    if (session->progress.scanned == 0 && http_repeat_matches(&loop->repeat, input))
        return (ssize_t)loop->repeat.len;
    http_repeat_forget(&loop->repeat);
    ssize_t len = http_session_parse(loop, input, &session->progress, problem);
    if (len != -EAGAIN)
        session->progress = (struct http_progress){0};
    if (len > 0)
        http_repeat_remember(&loop->repeat, nk_slice_first(input, (size_t)len), &loop->request);
    return len;
}

/* A part of a head is here. The deadline of a first request counts from the
 * accept, that of later ones from their first byte. */
static void await_head(struct nk_tcp_connection *connection)
{
    struct http_session *session = http_session_of(connection);
    if (session->state == HTTP_SESSION_WAITING && session->requests > 0)
        http_session_enter(connection, HTTP_SESSION_HEAD);
    session->state = HTTP_SESSION_HEAD;
    nk_tcp_connection_set_idle(connection, false);
}

void http_session_refuse_head(struct nk_tcp_connection *connection, struct nk_slice input,
                              const struct http_problem *problem)
{
    struct http_loop *loop = http_loop_of(connection);
    char rule[HTTP_PROBLEM_TEXT_MAX];
    http_problem_print(problem, rule);
    if (loop->watch)
        http_watch_refuse(loop->watch, &http_session_of(connection)->visitor, connection, input,
                          rule);
    http_repeat_forget(&loop->repeat);
    loop->request.method = HTTP_METHOD_UNKNOWN;
    loop->request.minor_version = 1;
    http_session_end_with(connection, problem->status, rule);
}

size_t http_session_take_request(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct http_problem problem;
    ssize_t head = next_head(connection, input, &problem);
    if (head == -EAGAIN) {
        await_head(connection);
        return 0;
    }
    if (head < 0) {
        http_session_refuse_head(connection, input, &problem);
        return input.len;
    }
    struct nk_slice rest = nk_slice_from(input, (size_t)head);
    if (NK_UNLIKELY(http_loop_of(connection)->request.framing != HTTP_FRAMING_NONE))
        return (size_t)head +
               http_session_begin_body(connection, nk_slice_first(input, (size_t)head), rest);
    http_session_of(connection)->has_rest = rest.len > 0;
    http_session_answer(connection);
    return (size_t)head;
}
