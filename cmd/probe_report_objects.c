/* The report for programs: an object a line, the last one "event":"summary". */
#include "base/error_text.h"
#include "json_line.h"
#include "probe_report.h"

/* ---- events ---- */

static const char *const event_names[] = {
    [PROBE_EVENT_SENT] = "sent",     [PROBE_EVENT_REPLY] = "reply",
    [PROBE_EVENT_MISSED] = "missed", [PROBE_EVENT_DUPLICATE] = "duplicate",
    [PROBE_EVENT_UP] = "up",         [PROBE_EVENT_DOWN] = "down",
    [PROBE_EVENT_NOTE] = "note",     [PROBE_EVENT_ENDED] = "ended",
};

static void write_times(const struct probe_result *result)
{
    static const char *const names[PROBE_PHASE_COUNT] = {
        [PROBE_PHASE_RESOLVE] = "resolve",
        [PROBE_PHASE_CONNECT] = "connect",
        [PROBE_PHASE_FIRST_BYTE] = "first_byte",
        [PROBE_PHASE_TOTAL] = "total",
    };

    for (size_t i = 0; i < PROBE_PHASE_COUNT; i++) {
        if (result->phases[i] > 0)
            json_line_seconds(stdout, names[i], result->phases[i]);
    }
    if (result->kernel_rtt > 0)
        json_line_seconds(stdout, "kernel_rtt", result->kernel_rtt);
}

static void write_result(const struct probe_result *result)
{
    char room[NK_ERROR_TEXT_MAX];

    if (result->status == EXIT_STATUS_OK)
        json_line_seconds(stdout, "rtt", result->rtt);
    write_times(result);
    if (result->code > 0)
        json_line_integer(stdout, "code", result->code);
    if (result->detail != NULL)
        json_line_string(stdout, "detail", result->detail);
    if (result->status == EXIT_STATUS_OK)
        return;
    json_line_integer(stdout, "status", (uint64_t)result->status);
    json_line_string(stdout, "action", result->action != NULL ? result->action : "");
    json_line_string(stdout, "error", probe_reason_of(result, room));
    json_line_integer(stdout, "errno", (uint64_t)-result->error);
}

static int on_event(void *context, const struct probe_event *event)
{
    struct probe_report *report = context;
    bool is_note = event->kind == PROBE_EVENT_NOTE;
    bool is_good_end = event->kind == PROBE_EVENT_ENDED && event->result->status == EXIT_STATUS_OK;

    if (report->options->common.quiet ||
        (event->kind == PROBE_EVENT_SENT && report->options->common.verbosity == 0))
        return 0;
    json_line_begin(stdout, is_note ? event->name : event_names[event->kind]);
    json_line_string(stdout, "target", event->target->name);
    if (event->sequence > 0)
        json_line_integer(stdout, "sequence", event->sequence);
    if (event->result != NULL && !is_good_end)
        write_result(event->result);
    if (event->lasted > 0)
        json_line_seconds(stdout, "lasted", event->lasted);
    if (is_note) {
        json_line_integer(stdout, "number", event->number);
        json_line_string(stdout, "text", event->text);
    }
    json_line_end(stdout);
    return probe_report_flush(report);
}

/* ---- totals ---- */

static void write_figures(FILE *out, const struct probe_figures *figures)
{
    json_line_integer(out, "sent", figures->sent);
    json_line_integer(out, "replies", figures->replies);
    json_line_integer(out, "missed", figures->missed);
    json_line_integer(out, "duplicates", figures->duplicates);
    if (figures->losses > 0)
        json_line_integer(out, "losses", figures->losses);
    json_line_number(out, "loss", figures->loss);
    if (figures->replies == 0)
        return;
    json_line_seconds(out, "min", figures->min);
    json_line_seconds(out, "p50", figures->p50);
    json_line_seconds(out, "p90", figures->p90);
    json_line_seconds(out, "p99", figures->p99);
    json_line_seconds(out, "max", figures->max);
    json_line_seconds(out, "mean", figures->mean);
}

static void write_target(FILE *out, const struct probe_target *target)
{
    static const char *const states[] = {
        [PROBE_STATE_UNKNOWN] = "unknown",
        [PROBE_STATE_UP] = "up",
        [PROBE_STATE_DOWN] = "down",
    };
    struct probe_figures figures;

    (void)probe_statistics_figures(&target->statistics, &figures);
    json_line_begin(out, "target");
    json_line_string(out, "target", target->name);
    json_line_string(out, "state", states[target->state]);
    write_figures(out, &figures);
    json_line_end(out);
}

static void write_violations(FILE *out, const struct probe_totals *totals)
{
    for (size_t i = 0; i < totals->violation_count; i++) {
        json_line_begin(out, "violated");
        json_line_string(out, "target", totals->violations[i].target);
        json_line_string(out, "threshold", totals->violations[i].threshold);
        json_line_string(out, "figure", totals->violations[i].figure);
        json_line_end(out);
    }
}

static void write_lateness(FILE *out, const struct histogram *lateness)
{
    struct histogram_view view;

    if (lateness->count == 0 || histogram_view_init(&view, lateness) != 0)
        return;
    json_line_seconds(out, "late_p50", histogram_view_quantile(&view, 0.5));
    json_line_seconds(out, "late_p99", histogram_view_quantile(&view, 0.99));
    json_line_seconds(out, "late_max", view.max);
    histogram_view_deinit(&view);
}

static int on_totals(void *context, const struct probe_totals *totals, bool is_final, int status)
{
    struct probe_report *report = context;
    FILE *out = is_final ? stdout : stderr;
    struct probe_figures figures;

    report->has_summary = report->has_summary || is_final;
    if (!report->options->common.quiet) {
        for (size_t i = 0; i < totals->target_count; i++)
            write_target(out, totals->targets[i]);
    }
    write_violations(out, totals);
    probe_sum_figures(totals, &figures);
    json_line_begin(out, is_final ? "summary" : "statistics");
    json_line_integer(out, "targets", totals->target_count);
    write_figures(out, &figures);
    write_lateness(out, totals->lateness);
    json_line_seconds(out, "elapsed", totals->elapsed);
    if (is_final)
        json_line_integer(out, "status", (uint64_t)status);
    json_line_end(out);
    return probe_report_flush(report);
}

void probe_report_no_totals(struct probe_report *report, enum exit_status status)
{
    struct histogram lateness = {0};
    const struct probe_totals totals = {.lateness = &lateness};

    (void)on_totals(report, &totals, true, (int)status);
}

struct probe_reporter probe_report_objects(struct probe_report *report)
{
    (void)report;
    return (struct probe_reporter){.event = on_event, .totals = on_totals};
}
