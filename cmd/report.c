#include "report.h"

#include <inttypes.h>
#include <signal.h>

#include "base/log.h"
#include "failure.h"
#include "json_line.h"
#include "output.h"
#include "service/values.h"

static const struct {
    int number;
    const char *name;
} signal_names[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

static const char *const level_names[] = {
    [NK_LOG_ERROR] = "error",
    [NK_LOG_WARNING] = "warning",
    [NK_LOG_INFO] = "info",
    [NK_LOG_DEBUG] = "debug",
};

static const char *signal_name(int number)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(signal_names); i++) {
        if (signal_names[i].number == number)
            return signal_names[i].name;
    }
    return "a signal";
}

static void report_listening(void *context, const char *address)
{
    const struct report *report = context;

    if (report->quiet)
        return;
    if (report->json) {
        json_line_begin(stderr, "listening");
        json_line_string(stderr, "address", address);
        json_line_end(stderr);
        return;
    }
    flockfile(stderr);
    fputs("listening on ", stderr);
    output_visible(stderr, address);
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

static void report_failed(void *context, const char *action, const char *object, int error)
{
    const struct report *report = context;
    const struct failure failure = {.action = action, .object = object, .error = error};

    failure_tell(&failure, report->json ? stderr : NULL);
}

static void report_draining(void *context, int signal_number, uint64_t active, uint64_t drain)
{
    const struct report *report = context;
    const char *name = signal_number != 0 ? signal_name(signal_number) : NULL;
    char time[VALUE_TEXT_MAX];

    if (report->quiet)
        return;
    if (report->json) {
        json_line_begin(stderr, "draining");
        if (name != NULL)
            json_line_string(stderr, "signal", name);
        json_line_integer(stderr, "active", active);
        json_line_seconds(stderr, "drain", drain);
        json_line_end(stderr);
        return;
    }
    fprintf(stderr, "stopping%s%s", name != NULL ? " on " : "", name != NULL ? name : "");
    if (active > 0)
        fprintf(stderr, ": %" PRIu64 " connection%s may finish within %s; a%s signal stops at once",
                active, active == 1 ? "" : "s", value_print_duration(drain, time),
                name != NULL ? " second" : "");
    fprintf(stderr, "\n");
    fflush(stderr);
}

static void write_statistics_json(const struct service_statistics *totals, bool final, int status)
{
    json_line_begin(stderr, final ? "summary" : "statistics");
    json_line_integer(stderr, "accepted", totals->accepted);
    json_line_integer(stderr, "active", totals->active);
    json_line_integer(stderr, "refused", totals->refused);
    json_line_integer(stderr, "evicted", totals->evicted);
    json_line_integer(stderr, "denied", totals->denied);
    json_line_integer(stderr, "cut", totals->cut);
    json_line_integer(stderr, "requests", totals->requests);
    json_line_integer(stderr, "bytes_received", totals->bytes_received);
    json_line_integer(stderr, "bytes_sent", totals->bytes_sent);
    json_line_integer(stderr, "datagrams", totals->datagrams);
    json_line_integer(stderr, "datagrams_denied", totals->datagrams_denied);
    json_line_integer(stderr, "datagrams_too_long", totals->datagrams_too_long);
    json_line_integer(stderr, "datagrams_dropped", totals->datagrams_dropped);
    json_line_seconds(stderr, "elapsed", totals->elapsed);
    json_line_integers(stderr, "accepted_by_loop", totals->accepted_by_loop, totals->loop_count);
    if (final)
        json_line_integer(stderr, "status", (uint64_t)status);
    json_line_end(stderr);
}

static void write_count(uint64_t count, const char *noun, const char *before)
{
    fprintf(stderr, "%s%" PRIu64 " %s%s", before, count, noun, count == 1 ? "" : "s");
}

/* "served 12 connections, 340 requests, 1.2 MiB in, 5.6 MiB out in 12.3 s" */
static void write_statistics(const struct service_statistics *totals, bool final)
{
    char in[VALUE_TEXT_MAX];
    char out[VALUE_TEXT_MAX];
    char time[VALUE_TEXT_MAX];

    write_count(totals->accepted, "connection", "served ");
    if (totals->requests > 0)
        write_count(totals->requests, "request", ", ");
    fprintf(stderr, ", %s in, %s out in %s", value_show_bytes(totals->bytes_received, in),
            value_show_bytes(totals->bytes_sent, out), value_show_time(totals->elapsed, time));
    if (!final)
        fprintf(stderr, "; %" PRIu64 " open", totals->active);
    if (totals->refused > 0)
        fprintf(stderr, "; %" PRIu64 " refused", totals->refused);
    if (totals->evicted > 0)
        fprintf(stderr, "; %" PRIu64 " evicted", totals->evicted);
    if (totals->denied > 0)
        fprintf(stderr, "; %" PRIu64 " denied", totals->denied);
    if (totals->cut > 0)
        fprintf(stderr, "; %" PRIu64 " cut", totals->cut);
    fputc('\n', stderr);
}

/* "received 12 datagrams; 3 denied; 1 too long to answer; 2 not answered" */
static void write_datagrams(const struct service_statistics *totals)
{
    write_count(totals->datagrams, "datagram", "received ");
    if (totals->datagrams_denied > 0)
        fprintf(stderr, "; %" PRIu64 " denied", totals->datagrams_denied);
    if (totals->datagrams_too_long > 0)
        fprintf(stderr, "; %" PRIu64 " too long to answer", totals->datagrams_too_long);
    if (totals->datagrams_dropped > 0)
        fprintf(stderr, "; %" PRIu64 " not answered", totals->datagrams_dropped);
    fputc('\n', stderr);
}

static void write_spread(const struct service_statistics *totals)
{
    fputs("connections by thread:", stderr);
    for (size_t i = 0; i < totals->loop_count; i++)
        fprintf(stderr, " %" PRIu64, totals->accepted_by_loop[i]);
    fputc('\n', stderr);
}

static void report_statistics(void *context, const struct service_statistics *totals, bool final,
                              int status)
{
    struct report *report = context;

    if (final)
        report->summarised = true;
    if (report->quiet)
        return;
    if (report->json) {
        write_statistics_json(totals, final, status);
        return;
    }
    flockfile(stderr);
    write_statistics(totals, final);
    if (totals->has_datagrams)
        write_datagrams(totals);
    if (report->verbosity > 0 && totals->loop_count > 1)
        write_spread(totals);
    fflush(stderr);
    funlockfile(stderr);
}

/* Sinks: any thread. */
static void write_log(void *context, enum nk_log_level level, const char *message)
{
    (void)context;
    output_error("%s: %s", level_names[level], message);
}

static void write_log_json(void *context, enum nk_log_level level, const char *message)
{
    (void)context;
    json_line_begin(stderr, "log");
    json_line_string(stderr, "level", level_names[level]);
    json_line_string(stderr, "message", message);
    json_line_end(stderr);
}

static enum nk_log_level log_level(const struct common_options *options)
{
    if (options->quiet)
        return NK_LOG_ERROR;
    if (options->verbosity == 0)
        return NK_LOG_WARNING;
    return options->verbosity == 1 ? NK_LOG_INFO : NK_LOG_DEBUG;
}

void report_begin_log(const struct common_options *options)
{
    nk_log_set_sink(options->json ? write_log_json : write_log, log_level(options), NULL);
}

void report_end_log(void)
{
    nk_log_set_sink(NULL, NK_LOG_ERROR, NULL);
}

void report_init(struct report *report, const struct common_options *options)
{
    *report = (struct report){
        .reporter.context = report,
        .reporter.listening = report_listening,
        .reporter.failed = report_failed,
        .reporter.draining = report_draining,
        .reporter.statistics = report_statistics,
        .json = options->json,
        .quiet = options->quiet,
        .verbosity = options->verbosity,
    };
    report_begin_log(options);
}

void report_deinit(struct report *report, enum exit_status status)
{
    report_end_log();
    if (report->json && !report->quiet && !report->summarised)
        write_statistics_json(&(struct service_statistics){0}, true, (int)status);
}
