#include "probe/probe_metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "http/http_server.h"
#include "http/http_site.h"
#include "net/tcp_server.h"

/* Clients wait so long in the queue; collectors come one by one. */
#define BACKLOG 16
#define CONNECTIONS_MAX 64

/* A collector asks every few seconds; who is silent for longer has gone. */
#define IDLE_TIMEOUT (60 * NK_NANOSECONDS_PER_SECOND)

/* Thousands of targets with long names fit. */
#define TEXT_MAX ((size_t)12 << 20)

struct probe_metrics {
    struct nk_event_loop *loop;
    probe_metrics_fn *fill;
    void *context;
    struct http_site site;
    struct http_server server;
    struct nk_connection_handlers handlers;
    struct http_loop *http;
    struct nk_thread_pool *pool; /* the loop alone */
    struct nk_tcp_server *tcp;
    bool is_started;
    bool is_drained;
};

/* ---- answering ---- */

static void respond(struct http_exchange *exchange, struct prometheus_text *text)
{
    const struct http_response response = {
        .status = 200,
        .type = PROMETHEUS_TYPE,
        .body = nk_buffer_slice(&text->buffer),
    };
    if (text->error)
        http_respond_status(exchange, 500, "There are too many figures.", NULL);
    else
        http_respond(exchange, &response);
}

static void on_metrics(struct http_exchange *exchange)
{
    struct probe_metrics *metrics = exchange->loop->server->content;
    struct prometheus_text text;
    struct probe_totals totals;
    if (http_respond_method(exchange))
        return;
    metrics->fill(metrics->context, &totals);
    prometheus_init(&text, TEXT_MAX);
    probe_metrics_print(&text, &totals);
    respond(exchange, &text);
    prometheus_deinit(&text);
}

static void on_other(struct http_exchange *exchange)
{
    if (!http_respond_method(exchange))
        http_respond_status(exchange, 404, "The figures are at /metrics.", NULL);
}

/* ---- life ---- */

static void on_drained(void *context)
{
    struct probe_metrics *metrics = context;
    metrics->is_drained = true;
}

static int make_server(struct probe_metrics *metrics)
{
    int error = http_loop_new(&metrics->http, &metrics->server, metrics->loop);
    if (!error)
        error = nk_thread_pool_start(&metrics->pool, metrics->loop, 0, NULL);
    if (error)
        return error;
    const struct nk_tcp_server_options options = {
        .handlers = &metrics->handlers,
        .contexts = (void *const *)&metrics->http,
        .backlog = BACKLOG,
        .no_delay = true,
        .max_connections = CONNECTIONS_MAX,
        .on_drained = on_drained,
        .context = metrics,
    };
    return nk_tcp_server_new(&metrics->tcp, metrics->loop, metrics->pool, &options);
}

/* Binds all that the address means; the URL is that of the first. */
static int listen_on(struct probe_metrics *metrics, const struct nk_address *address, char *url)
{
    struct nk_sockaddr locals[2];
    int count = nk_sockaddr_for_listening(address, locals, NK_ARRAY_LENGTH(locals));
    if (count < 0)
        return count;
    for (int i = 0; i < count; i++) {
        struct nk_sockaddr bound;
        char text[NK_SOCKADDR_TEXT_MAX];
        /* A free port is the same one for both families. */
        if (i > 0 && nk_sockaddr_port(&locals[i]) == 0)
            break;
        int error =
            nk_tcp_server_listen(metrics->tcp, &locals[i], false,
                                 address->scheme == NK_SCHEME_HTTP ? "" : address->options, &bound);
        if (error)
            return error;
        if (i == 0 && bound.any.sa_family == AF_UNIX)
            snprintf(url, PROBE_METRICS_URL_MAX, "unix:%s", nk_sockaddr_print(&bound, text));
        else if (i == 0)
            snprintf(url, PROBE_METRICS_URL_MAX, "http://%s/metrics",
                     nk_sockaddr_print(&bound, text));
    }
    nk_tcp_server_start(metrics->tcp);
    metrics->is_started = true;
    return 0;
}

int probe_metrics_start(struct probe_metrics **out, struct nk_event_loop *loop,
                        const struct nk_address *address, probe_metrics_fn *fill, void *context,
                        char url[static PROBE_METRICS_URL_MAX])
{
    struct probe_metrics *metrics = calloc(1, sizeof(*metrics));
    if (!metrics)
        return -ENOMEM;
    *metrics = (struct probe_metrics){.loop = loop, .fill = fill, .context = context};
    metrics->server = (struct http_server){
        .options = HTTP_OPTIONS_DEFAULT,
        .site = &metrics->site,
        .content = metrics,
        .fields = "",
        .success_fields = "",
    };
    metrics->server.options.service.idle_timeout = IDLE_TIMEOUT;
    metrics->site.otherwise = on_other;
    http_site_add(&metrics->site, "/metrics", on_metrics);
    http_server_handlers(&metrics->server.options, &metrics->handlers);
    int error = make_server(metrics);
    if (!error)
        error = listen_on(metrics, address, url);
    if (error)
        probe_metrics_stop(metrics);
    else
        *out = metrics;
    return error;
}

void probe_metrics_stop(struct probe_metrics *metrics)
{
    if (!metrics)
        return;
    if (metrics->is_started) {
        nk_tcp_server_drain(metrics->tcp);
        nk_tcp_server_cut(metrics->tcp);
        while (!metrics->is_drained && nk_event_loop_turn(metrics->loop, 0) == 0)
            ;
    }
    nk_thread_pool_stop(metrics->pool);
    (void)nk_event_loop_turn(metrics->loop, 0); /* for what the server has posted last */
    nk_tcp_server_free(metrics->tcp);
    http_loop_free(metrics->http);
    free(metrics);
}
