#include "http/http_chaos.h"

#include <errno.h>
#include <stdlib.h>

#include "http/http_script.h"
#include "http/http_site.h"

/* What a truncated answer has, of the many more bytes that it announces. */
#define TRUNCATED_SIZE 100
#define ANNOUNCED_SIZE 65536

/* A request that waits for its answer, or its fault. */
struct delayed {
    struct http_source source;
    struct http_suspended suspended;
    struct http_loop *loop;
    struct nk_timer timer;
    uint64_t due;
    enum http_chaos_fault fault;
};

static void apply(struct http_exchange *exchange, enum http_chaos_fault fault)
{
    static const struct http_script scripts[HTTP_CHAOS_FAULT_COUNT] = {
        [HTTP_CHAOS_RESET] = {.has_no_head = true, .end = HTTP_SCRIPT_RESET},
        [HTTP_CHAOS_TRUNCATE] = {.length = ANNOUNCED_SIZE,
                                 .pace = {TRUNCATED_SIZE, 0},
                                 .end = HTTP_SCRIPT_CUT},
        [HTTP_CHAOS_HANG] = {.has_no_head = true, .end = HTTP_SCRIPT_HANG},
    };
    if (fault == HTTP_CHAOS_NONE)
        http_site_route(exchange);
    else if (fault == HTTP_CHAOS_ERROR)
        http_respond_status(exchange, 503, "chaos", "Retry-After: 1\r\n");
    else
        http_script_respond(exchange, &scripts[fault]);
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
    const enum http_chaos_fault fault = delayed->fault;
    forget(delayed);
    if (http_exchange_resume(exchange, &suspended, own)) {
        apply(exchange, fault);
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
    delayed->fault = fate.fault;
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
        apply(exchange, fate.fault);
    return fate.delay > 0 || fate.fault != HTTP_CHAOS_NONE;
}
