#include "relay_report.h"

#include <errno.h>
#include <inttypes.h>

#include "base/error_text.h"
#include "json_line.h"
#include "output.h"
#include "service/values.h"

/* ---- clients ---- */

static const char *reason_of(const struct cat_relay_client *client,
                             char room[static NK_ERROR_TEXT_MAX])
{
    if (client->reason != NULL)
        return client->reason;
    return nk_error_text(client->error, room);
}

static void on_failed(void *context, const struct cat_relay_client *client)
{
    const struct relay_report *report = context;
    char room[NK_ERROR_TEXT_MAX];
    char more[64] = "";

    if (report->base.json) {
        json_line_begin(stderr, "client_failed");
        json_line_string(stderr, "client", client->client);
        json_line_string(stderr, "action", client->action);
        json_line_string(stderr, "object", client->object != NULL ? client->object : "");
        json_line_string(stderr, "error", reason_of(client, room));
        json_line_integer(stderr, "errno", (uint64_t)-client->error);
        json_line_end(stderr);
        return;
    }
    if (client->more_failed > 0)
        snprintf(more, sizeof more, " (and %" PRIu64 " other client%s)", client->more_failed,
                 client->more_failed == 1 ? "" : "s");
    if (client->object == NULL)
        output_error("cannot %s '%s'%s: %s", client->action, client->client, more,
                     reason_of(client, room));
    else
        output_error("cannot %s '%s' for '%s'%s: %s", client->action, client->object,
                     client->client, more, reason_of(client, room));
}

static void on_connected(void *context, const struct cat_relay_client *client)
{
    const struct relay_report *report = context;

    if (report->base.json) {
        json_line_begin(stderr, "client_connected");
        json_line_string(stderr, "client", client->client);
        json_line_string(stderr, "target", client->target);
        json_line_end(stderr);
        return;
    }
    flockfile(stderr);
    output_visible(stderr, client->client);
    fputs(" connected to ", stderr);
    output_visible(stderr, client->target);
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

static void write_closed_json(const struct cat_relay_client *client)
{
    char room[NK_ERROR_TEXT_MAX];

    json_line_begin(stderr, "client_closed");
    json_line_string(stderr, "client", client->client);
    json_line_string(stderr, "target", client->target);
    json_line_integer(stderr, "bytes_sent", client->sent);
    json_line_integer(stderr, "bytes_received", client->received);
    json_line_seconds(stderr, "elapsed", client->elapsed);
    json_line_string(stderr, "error", client->action != NULL ? reason_of(client, room) : "");
    json_line_end(stderr);
}

static void on_closed(void *context, const struct cat_relay_client *client)
{
    const struct relay_report *report = context;
    char sent[VALUE_TEXT_MAX];
    char received[VALUE_TEXT_MAX];
    char elapsed[VALUE_TEXT_MAX];
    char room[NK_ERROR_TEXT_MAX];

    if (report->base.json) {
        write_closed_json(client);
        return;
    }
    flockfile(stderr);
    output_visible(stderr, client->client);
    fprintf(stderr, " closed: sent %s, received %s in %s", value_show_bytes(client->sent, sent),
            value_show_bytes(client->received, received),
            value_show_time(client->elapsed, elapsed));
    if (client->action != NULL)
        fprintf(stderr, "; %s", reason_of(client, room));
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

/* ---- totals ---- */

static void write_totals_json(const struct cat_relay_statistics *totals, bool final, int status)
{
    json_line_begin(stderr, final ? "summary" : "statistics");
    json_line_integer(stderr, "accepted", totals->accepted);
    json_line_integer(stderr, "active", totals->active);
    json_line_integer(stderr, "joined", totals->joined);
    json_line_integer(stderr, "failed", totals->failed);
    json_line_integer(stderr, "lost", totals->lost);
    json_line_integer(stderr, "cut", totals->cut);
    json_line_integer(stderr, "refused", totals->refused);
    json_line_integer(stderr, "denied", totals->denied);
    json_line_integer(stderr, "datagrams_dropped", totals->dropped);
    json_line_integer(stderr, "bytes_sent", totals->bytes_sent);
    json_line_integer(stderr, "bytes_received", totals->bytes_received);
    json_line_seconds(stderr, "elapsed", totals->elapsed);
    if (final)
        json_line_integer(stderr, "status", (uint64_t)status);
    json_line_end(stderr);
}

static void write_count(uint64_t count, const char *what)
{
    if (count > 0)
        fprintf(stderr, "; %" PRIu64 " %s", count, what);
}

static void on_statistics(void *context, const struct cat_relay_statistics *totals, bool final,
                          int status)
{
    struct relay_report *report = context;
    char sent[VALUE_TEXT_MAX];
    char received[VALUE_TEXT_MAX];
    char elapsed[VALUE_TEXT_MAX];

    if (final)
        report->base.summarised = true;
    if (report->base.quiet)
        return;
    if (report->base.json) {
        write_totals_json(totals, final, status);
        return;
    }
    flockfile(stderr);
    fprintf(stderr, "relayed %" PRIu64 " connection%s, %s sent, %s received in %s", totals->joined,
            totals->joined == 1 ? "" : "s", value_show_bytes(totals->bytes_sent, sent),
            value_show_bytes(totals->bytes_received, received),
            value_show_time(totals->elapsed, elapsed));
    if (!final)
        fprintf(stderr, "; %" PRIu64 " open", totals->active);
    write_count(totals->failed, "failed");
    write_count(totals->lost, "lost");
    write_count(totals->cut, "cut");
    write_count(totals->refused, "refused");
    write_count(totals->denied, "denied");
    write_count(totals->dropped, totals->dropped == 1 ? "datagram dropped" : "datagrams dropped");
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

/* ---- life ---- */

void relay_report_init(struct relay_report *report, const struct common_options *options)
{
    bool is_talkative = (options->verbosity > 0 || options->json) && !options->quiet;

    report_init(&report->base, options);
    report->reporter = (struct cat_relay_reporter){
        .base = &report->base.reporter,
        .context = report,
        .all_failures = is_talkative,
        .failed = on_failed,
        .connected = is_talkative ? on_connected : NULL,
        .closed = is_talkative ? on_closed : NULL,
        .statistics = on_statistics,
    };
}

void relay_report_deinit(struct relay_report *report, enum exit_status status)
{
    if (report->base.json && !report->base.quiet && !report->base.summarised)
        write_totals_json(&(struct cat_relay_statistics){0}, true, (int)status);
    report->base.summarised = true;
    report_deinit(&report->base, status);
}
