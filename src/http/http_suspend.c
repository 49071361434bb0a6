/* Answers that are made elsewhere: the request is kept and comes back later. */
#include <errno.h>

#include "http/http_session.h"

static int keep(struct http_suspended *suspended, const struct http_exchange *exchange)
{
    const struct nk_slice head = exchange->request->head;
    char *copy = malloc(head.len);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, head.data, head.len);
    *suspended = (struct http_suspended){
        .connection = nk_tcp_connection_id(exchange->connection),
        .head_len = head.len,
        .head = copy,
        .keep_alive = exchange->keep_alive,
        .has_arrival = exchange->loop->arrival != NULL,
    };
    return 0;
}

/* The head may hold a password. */
void http_suspended_drop(struct http_suspended *suspended)
{
    explicit_bzero(suspended->head, suspended->head_len);
    free(suspended->head);
    suspended->head = NULL;
}

static void leave(struct http_exchange *exchange)
{
    if (exchange->loop->arrival)
        exchange->loop->arrival->is_kept = true;
    http_session_enter(exchange->connection, HTTP_SESSION_SUSPENDED);
    nk_tcp_connection_pause_reading(exchange->connection);
}

int http_exchange_suspend(struct http_exchange *exchange, struct http_suspended *suspended)
{
    int error = keep(suspended, exchange);
    if (!error)
        leave(exchange);
    return error;
}

/* The head was good once. */
static bool read_again(struct http_loop *loop, const struct http_suspended *suspended)
{
    struct http_progress progress = {0};
    struct http_problem problem;
    struct nk_slice head = nk_slice_make(suspended->head, suspended->head_len);
    http_repeat_forget(&loop->repeat);
    return http_session_parse(loop, head, &progress, &problem) > 0;
}

bool http_exchange_resume(struct http_exchange *exchange, struct http_suspended *suspended,
                          struct http_loop *loop)
{
    struct nk_tcp_connection *connection =
        nk_tcp_connection_find(loop->loop, suspended->connection);
    if (!connection || nk_tcp_connection_is_closing(connection) || !read_again(loop, suspended)) {
        http_suspended_drop(suspended);
        return false;
    }
    *exchange = (struct http_exchange){connection, loop, &loop->request, suspended->keep_alive};
    http_session_of(connection)->state = HTTP_SESSION_ANSWERING;
    if (suspended->has_arrival) {
        suspended->arrival = (struct http_arrival){
            .head = nk_slice_make(suspended->head, suspended->head_len),
            .keep_alive = loop->request.keep_alive,
        };
        loop->arrival = &suspended->arrival;
    }
    return true;
}

void http_exchange_finish(struct http_exchange *exchange, struct http_suspended *suspended)
{
    struct nk_tcp_connection *connection = exchange->connection;
    enum http_session_state state = http_session_of(connection)->state;
    exchange->loop->arrival = NULL;
    http_suspended_drop(suspended);
    if (state == HTTP_SESSION_ANSWERING) {
        http_session_go_on(connection);
        http_session_settle(connection);
    } else if (state == HTTP_SESSION_BODY || state == HTTP_SESSION_PRODUCING) {
        nk_tcp_connection_resume_reading(connection); /* also to see when the client leaves */
    } else if (state == HTTP_SESSION_WAITING) { /* a sink has got an empty body and answered */
        http_session_settle(connection);
    }
}

/* ---- errands ---- */

static void run_errand(struct nk_job *job)
{
    struct http_errand *errand = nk_container_of(job, struct http_errand, job);
    errand->run(errand);
}

static void end_errand(struct nk_job *job)
{
    struct http_errand *errand = nk_container_of(job, struct http_errand, job);
    struct http_suspended suspended = errand->suspended;
    struct http_exchange exchange;
    if (!http_exchange_resume(&exchange, &suspended, errand->loop)) {
        errand->answer(errand, NULL);
        return;
    }
    errand->answer(errand, &exchange);
    http_exchange_finish(&exchange, &suspended);
}

int http_errand_start(struct http_errand *errand, struct http_exchange *exchange)
{
    errand->job = (struct nk_job){
        .work = run_errand,
        .complete = end_errand,
        .loop = exchange->loop->loop,
    };
    errand->loop = exchange->loop;
    int error = keep(&errand->suspended, exchange);
    if (error)
        return error;
    error = nk_worker_pool_submit(exchange->loop->server->workers, &errand->job);
    if (error)
        http_suspended_drop(&errand->suspended);
    else
        leave(exchange);
    return error;
}
