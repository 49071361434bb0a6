/* Uploads on their way from the connection to a worker. */
#include <stdlib.h>
#include <unistd.h>

#include "http/http_upload_private.h"

/* The workers are asked again so much later when all of them have enough to do. */
#define RETRY_TIME (10 * NK_NANOSECONDS_PER_MILLISECOND)

void http_upload_free(struct http_upload *upload)
{
    nk_event_loop_cancel_timer(upload->loop->loop, &upload->retry);
    if (upload->directory >= 0)
        close(upload->directory);
    free(upload);
}

/* ---- to the worker and back ---- */

static void start(struct http_upload *upload);

static void work(struct nk_job *job)
{
    http_upload_work(nk_container_of(job, struct http_upload, job));
}

/* The answer, when the body has ended. */
static void answer(struct http_upload *upload)
{
    struct http_exchange exchange;
    if (http_exchange_resume(&exchange, &upload->suspended, upload->loop)) {
        http_upload_respond(upload, &exchange);
        http_exchange_finish(&exchange, &upload->suspended);
    }
    http_upload_free(upload);
}

static void on_worked(struct nk_job *job)
{
    struct http_upload *upload = nk_container_of(job, struct http_upload, job);
    const struct http_upload_result *result = &upload->result;
    upload->is_working = false;
    if (upload->task == HTTP_UPLOAD_ABANDON) {
        http_upload_free(upload);
    } else if (upload->task == HTTP_UPLOAD_FINISH) {
        answer(upload);
    } else if (upload->is_abandoned) {
        /* Not by a worker again: the server may have stopped them by now. */
        upload->task = HTTP_UPLOAD_ABANDON;
        http_upload_work(upload);
        http_upload_free(upload);
    } else if (result->status != 0) {
        http_sink_refuse(&upload->sink, result->status, result->detail);
        http_upload_free(upload);
    } else {
        http_sink_resume(&upload->sink);
    }
}

/* On the loop: slow for everybody, but it goes on. */
static void do_here(struct http_upload *upload)
{
    http_upload_work(upload);
    on_worked(&upload->job);
}

/* Whether a worker may be asked later: there are workers as long as there are connections,
 * and what is left behind by one cannot know how long that is. */
static bool may_wait(const struct http_upload *upload)
{
    if (upload->task == HTTP_UPLOAD_FINISH)
        return nk_tcp_connection_find(upload->loop->loop, upload->suspended.connection) != NULL;
    return upload->task == HTTP_UPLOAD_WRITE; /* abandon() ends the waiting */
}

static void on_retry(struct nk_timer *timer)
{
    struct http_upload *upload = nk_container_of(timer, struct http_upload, retry);
    if (may_wait(upload))
        start(upload);
    else
        do_here(upload);
}

static void start(struct http_upload *upload)
{
    upload->job = (struct nk_job){
        .work = work,
        .complete = on_worked,
        .loop = upload->loop->loop,
    };
    upload->is_working = true;
    if (nk_worker_pool_submit(upload->loop->server->workers, &upload->job) == 0)
        return;
    upload->is_working = false;
    uint64_t when = nk_event_loop_now(upload->loop->loop) + RETRY_TIME;
    if (!may_wait(upload) || nk_event_loop_set_timer(upload->loop->loop, &upload->retry, when) < 0)
        do_here(upload);
}

/* ---- the sink ---- */

/* A piece is never longer than what a loop receives at once. */
static void take(struct http_sink *sink, struct nk_slice piece)
{
    struct http_upload *upload = nk_container_of(sink, struct http_upload, sink);
    memcpy(upload->buffer + upload->len, piece.data, piece.len);
    upload->len += piece.len;
    if (sizeof(upload->buffer) - upload->len >= NK_EVENT_LOOP_BUFFER_SIZE)
        return;
    http_sink_pause(sink);
    start(upload);
}

static void end(struct http_sink *sink, struct http_exchange *exchange)
{
    struct http_upload *upload = nk_container_of(sink, struct http_upload, sink);
    upload->task = HTTP_UPLOAD_FINISH;
    if (http_exchange_suspend(exchange, &upload->suspended) == 0) {
        start(upload);
        return;
    }
    http_respond_status(exchange, 503, NULL, NULL);
    upload->task = HTTP_UPLOAD_ABANDON;
    start(upload);
}

static void abandon(struct http_sink *sink)
{
    struct http_upload *upload = nk_container_of(sink, struct http_upload, sink);
    upload->is_abandoned = true;
    if (upload->is_working)
        return; /* on_worked sees to it */
    nk_event_loop_cancel_timer(upload->loop->loop, &upload->retry);
    upload->task = HTTP_UPLOAD_ABANDON;
    start(upload);
}

static const struct http_sink_ops ops = {.take = take, .end = end, .abort = abandon};

void http_upload_receive(struct http_upload *upload, struct http_exchange *exchange, uint64_t max)
{
    upload->sink.ops = &ops;
    upload->task = HTTP_UPLOAD_WRITE;
    nk_timer_init(&upload->retry, on_retry);
    if (!http_exchange_receive(exchange, &upload->sink, max))
        http_upload_free(upload);
}
