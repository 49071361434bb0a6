#include "http/http_report.h"

#include <errno.h>
#include <stdlib.h>

#include "http/http_snapshot.h"
#include "measure/process_usage.h"
#include "measure/prometheus.h"

typedef int print_fn(const struct http_snapshot *snapshot, const struct process_usage *usage,
                     char **text, size_t *len);

struct report_kind {
    print_fn *print;
    const char *type;
    const char *fields;
};

struct report_errand {
    struct http_errand errand;
    const struct report_kind *kind;
    const struct http_server *server;
    int error;
    char *text;
    size_t len;
};

/* ---- what is written ---- */

static int print_with(void (*write)(FILE *out, const struct http_snapshot *snapshot,
                                    const struct process_usage *usage),
                      const struct http_snapshot *snapshot, const struct process_usage *usage,
                      char **text, size_t *len)
{
    FILE *out = open_memstream(text, len);
    if (!out)
        return -errno;
    write(out, snapshot, usage);
    bool has_failed = ferror(out) != 0;
    if (fclose(out) == 0 && !has_failed)
        return 0;
    free(*text);
    *text = NULL;
    return -ENOMEM;
}

static int print_page(const struct http_snapshot *snapshot, const struct process_usage *usage,
                      char **text, size_t *len)
{
    return print_with(http_status_write_page, snapshot, usage, text, len);
}

static int print_json(const struct http_snapshot *snapshot, const struct process_usage *usage,
                      char **text, size_t *len)
{
    return print_with(http_status_write_json, snapshot, usage, text, len);
}

#define NO_STORE "Cache-Control: no-store\r\n"

static const struct report_kind metrics = {http_metrics_print, PROMETHEUS_TYPE, NO_STORE};
static const struct report_kind json = {print_json, "application/json", NO_STORE};
static const struct report_kind page = {
    print_page,
    "text/html; charset=utf-8",
    NO_STORE "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline';"
             " script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'\r\n",
};

/* ---- the errand ---- */

static void make_report(struct http_errand *errand)
{
    struct report_errand *own = nk_container_of(errand, struct report_errand, errand);
    struct process_usage usage;
    struct http_snapshot *snapshot;
    own->error = http_snapshot_take(&snapshot, own->server);
    if (own->error)
        return;
    process_usage_read(&usage);
    own->error = own->kind->print(snapshot, &usage, &own->text, &own->len);
    free(snapshot);
}

static void send_report(struct http_errand *errand, struct http_exchange *exchange)
{
    struct report_errand *own = nk_container_of(errand, struct report_errand, errand);
    const struct http_response response = {
        .status = 200,
        .type = own->kind->type,
        .extra = own->kind->fields,
        .body = nk_slice_make(own->text, own->len),
    };
    if (exchange && own->error)
        http_respond_status(exchange, 500, NULL, NULL);
    else if (exchange)
        http_respond(exchange, &response);
    free(own->text);
    free(own);
}

static void respond(struct http_exchange *exchange, const struct report_kind *kind)
{
    if (http_respond_method(exchange))
        return;
    struct report_errand *own = calloc(1, sizeof(*own));
    if (own) {
        own->errand.run = make_report;
        own->errand.answer = send_report;
        own->kind = kind;
        own->server = exchange->loop->server;
    }
    if (own && http_errand_start(&own->errand, exchange) == 0)
        return;
    free(own);
    http_respond_status(exchange, 503, NULL, NULL);
}

static void handle_metrics(struct http_exchange *exchange)
{
    respond(exchange, &metrics);
}

static void handle_status(struct http_exchange *exchange)
{
    respond(exchange, &page);
}

static void handle_json(struct http_exchange *exchange)
{
    respond(exchange, &json);
}

void http_report_add_metrics(struct http_site *site)
{
    http_site_add(site, "/_/metrics", handle_metrics);
}

void http_report_add_status(struct http_site *site)
{
    http_site_add(site, "/_/status", handle_status);
    http_site_add(site, "/_/status.json", handle_json);
}
