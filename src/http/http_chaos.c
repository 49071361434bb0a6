#include "http/http_chaos.h"

#include <errno.h>
#include <stdlib.h>

#include "http/http_script.h"
#include "http/http_session.h"
#include "http/http_site.h"

/* A body of unknown length breaks off within so many bytes. */
#define SOME_BYTES 4096

/* A request that waits for its answer, or its fault. */
struct delayed {
    struct http_source source;
    struct http_suspended suspended;
    struct http_loop *loop;
    struct nk_timer timer;
    uint64_t due;
    struct http_chaos_fate fate;
};

/* ---- answers that break off ---- */

static bool breaks_off(enum http_chaos_fault fault)
{
    return fault == HTTP_CHAOS_RESET || fault == HTTP_CHAOS_TRUNCATE;
}

/* Behind a truncated answer the connection ends as behind any other. */
static void limit(struct nk_tcp_connection *connection, uint64_t bytes)
{
    const bool is_reset = http_session_of(connection)->fault == HTTP_CHAOS_RESET;
    const int error = nk_tcp_connection_limit_output(connection, bytes,
                                                     is_reset ? NK_CLOSE_RESET : NK_CLOSE_LINGER);
    if (error && error != -EPIPE) /* -EPIPE: it is on its way out already */
        nk_tcp_connection_abort(connection, error);
}

void http_chaos_begin(struct http_exchange *exchange, size_t head, uint64_t body)
{
    const struct http_session *session = http_session_of(exchange->connection);
    if (!breaks_off(session->fault))
        return;
    if (exchange->request->method == HTTP_METHOD_HEAD)
        body = 0;
    else if (body == HTTP_LENGTH_UNKNOWN)
        body = SOME_BYTES;
    limit(exchange->connection, http_chaos_cut(session->fault, session->fault_place, head, body));
}

void http_chaos_end(struct nk_tcp_connection *connection)
{
    if (breaks_off(http_session_of(connection)->fault))
        limit(connection, 0);
}

/* ---- faults ---- */

static void apply(struct http_exchange *exchange, struct http_chaos_fate fate)
{
    static const struct http_script silence = {.has_no_head = true, .end = HTTP_SCRIPT_HANG};
    struct http_session *session = http_session_of(exchange->connection);
    if (fate.fault == HTTP_CHAOS_ERROR) {
        http_respond_status(exchange, 503, "chaos", "Retry-After: 1\r\n");
    } else if (fate.fault == HTTP_CHAOS_HANG) {
        http_script_respond(exchange, &silence);
    } else { /* none, or it breaks off when it comes */
        session->fault = (uint8_t)fate.fault;
        session->fault_place = fate.place;
        http_site_route(exchange);
    }
}

/* ---- delays ---- */

static void forget(struct delayed *delayed)
{
    nk_event_loop_cancel_timer(delayed->loop->loop, &delayed->timer);
    free(delayed);
}

static void on_timer(struct nk_timer *timer)
{
    http_source_wake(&nk_container_of(timer, struct delayed, timer)->source);
}

/* The time has come: the request is looked at as if it had arrived now. */
static enum http_source_state produce(struct http_source *source, struct http_exchange *exchange)
{
    struct delayed *delayed = nk_container_of(source, struct delayed, source);
    struct nk_event_loop *loop = delayed->loop->loop;
    if (nk_event_loop_now(loop) < delayed->due) {
        if (nk_event_loop_set_timer(loop, &delayed->timer, delayed->due) < 0)
            nk_tcp_connection_abort(exchange->connection, -ENOMEM);
        return HTTP_SOURCE_WAIT;
    }
    struct http_suspended suspended = delayed->suspended;
    struct http_loop *own = delayed->loop;
    const struct http_chaos_fate fate = delayed->fate;
    forget(delayed);
    if (http_exchange_resume(exchange, &suspended, own)) {
        apply(exchange, fate);
        http_exchange_finish(exchange, &suspended);
    }
    return HTTP_SOURCE_GONE;
}

static void abandon(struct http_source *source)
{
    struct delayed *delayed = nk_container_of(source, struct delayed, source);
    http_suspended_drop(&delayed->suspended);
    forget(delayed);
}

static void hurry(struct http_source *source, bool drains)
{
    struct delayed *delayed = nk_container_of(source, struct delayed, source);
    if (!drains)
        return;
    delayed->due = 0;
    http_source_wake(source);
}

static const struct http_source_ops ops = {.produce = produce, .abort = abandon, .hurry = hurry};

static void delay(struct http_exchange *exchange, struct http_chaos_fate fate)
{
    struct delayed *delayed = calloc(1, sizeof(*delayed));
    if (!delayed || http_exchange_suspend(exchange, &delayed->suspended) < 0) {
        free(delayed);
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    delayed->source.ops = &ops;
    delayed->loop = exchange->loop;
    delayed->fate = fate;
    delayed->due = nk_event_loop_now(exchange->loop->loop) + fate.delay;
    nk_timer_init(&delayed->timer, on_timer);
    http_exchange_produce(exchange, &delayed->source);
    nk_tcp_connection_resume_reading(exchange->connection); /* to see when the client leaves */
}

bool http_chaos_strike(struct http_chaos *chaos, struct http_exchange *exchange)
{
    const uint64_t number = atomic_fetch_add_explicit(&chaos->number, 1, memory_order_relaxed);
    const struct http_chaos_fate fate = http_chaos_decide(&chaos->spec, chaos->seed, number);
    if (fate.delay > 0)
        delay(exchange, fate);
    else if (fate.fault != HTTP_CHAOS_NONE)
        apply(exchange, fate);
    return fate.delay > 0 || fate.fault != HTTP_CHAOS_NONE;
}
