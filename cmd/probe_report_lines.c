/* The report for people: a line for each event, and a table at the end. */
#include <inttypes.h>

#include "base/error_text.h"
#include "output.h"
#include "probe_ports.h"
#include "probe_report.h"
#include "service/values.h"

/* The widest name that the table gives a column of its own. */
#define NAME_COLUMN_MAX 48

/* ---- events ---- */

static void print_phases(const struct probe_result *result)
{
    static const char *const names[PROBE_PHASE_COUNT] = {
        [PROBE_PHASE_RESOLVE] = "resolve",
        [PROBE_PHASE_CONNECT] = "connect",
        [PROBE_PHASE_FIRST_BYTE] = "first byte",
        [PROBE_PHASE_TOTAL] = "total",
    };
    char text[PROBE_RTT_TEXT_MAX];

    for (size_t i = 0; i < PROBE_PHASE_COUNT; i++) {
        if (result->phases[i] > 0)
            printf(", %s %s ms", names[i], probe_show_rtt(result->phases[i], text));
    }
}

static bool has_several_phases(const struct probe_result *result)
{
    size_t count = 0;

    for (size_t i = 0; i < PROBE_PHASE_COUNT; i++)
        count += result->phases[i] > 0;
    return count > 1;
}

static void print_reply(const struct probe_event *event)
{
    const struct probe_result *result = event->result;
    char text[PROBE_RTT_TEXT_MAX];

    output_visible(stdout, event->target->name);
    printf(": probe %" PRIu64 ": ", event->sequence);
    if (result->detail != NULL)
        printf("%s, ", result->detail);
    if (result->code > 0)
        printf("status %u, ", result->code);
    printf("%s ms", probe_show_rtt(result->rtt, text));
    if (has_several_phases(result))
        print_phases(result);
    putchar('\n');
}

static void print_missed(const struct probe_event *event)
{
    const struct probe_result *result = event->result;
    char room[NK_ERROR_TEXT_MAX];

    output_visible(stdout, event->target->name);
    printf(": probe %" PRIu64 ": ", event->sequence);
    if (result->detail != NULL)
        puts(result->detail);
    else
        printf("cannot %s it: %s\n", result->action, probe_reason_of(result, room));
}

static void print_state(const struct probe_event *event, bool is_talkative)
{
    bool is_up = event->kind == PROBE_EVENT_UP;
    char text[VALUE_TEXT_MAX];

    if (event->lasted == 0 && !is_talkative)
        return;
    output_visible(stdout, event->target->name);
    printf(" is %s", is_up ? "up" : "down");
    if (event->lasted > 0)
        printf(" after %s", value_show_time(event->lasted, text));
    putchar('\n');
}

/* With one target it is clear whom a note is about. */
static void print_note(const struct probe_event *event, bool is_alone)
{
    if (!is_alone) {
        output_visible(stdout, event->target->name);
        fputs(": ", stdout);
    }
    output_visible(stdout, event->text);
    putchar('\n');
}

static void print_ended(const struct probe_event *event)
{
    const struct probe_result *result = event->result;
    char room[NK_ERROR_TEXT_MAX];

    if (result->action == NULL)
        return;
    output_visible(stdout, event->target->name);
    printf(": cannot %s it: %s\n", result->action, probe_reason_of(result, room));
}

static void print_about(const struct probe_event *event, const char *text)
{
    output_visible(stdout, event->target->name);
    printf(": probe %" PRIu64 " %s\n", event->sequence, text);
}

static void print_event(const struct probe_event *event,
                        const struct probe_command_options *options)
{
    bool is_talkative = options->common.verbosity > 0;

    if (event->kind == PROBE_EVENT_REPLY)
        print_reply(event);
    else if (event->kind == PROBE_EVENT_MISSED)
        print_missed(event);
    else if (event->kind == PROBE_EVENT_DUPLICATE)
        print_about(event, "was answered again");
    else if (event->kind == PROBE_EVENT_UP || event->kind == PROBE_EVENT_DOWN)
        print_state(event, is_talkative);
    else if (event->kind == PROBE_EVENT_NOTE)
        print_note(event, options->probe.target_count == 1);
    else if (event->kind == PROBE_EVENT_ENDED)
        print_ended(event);
    else if (is_talkative)
        print_about(event, "sent");
}

static int on_event(void *context, const struct probe_event *event)
{
    struct probe_report *report = context;

    if (report->options->common.quiet || report->options->shows_ports)
        return 0;
    print_event(event, report->options);
    return probe_report_flush(report);
}

/* ---- the table ---- */

static int name_column(const struct probe_totals *totals)
{
    size_t widest = sizeof "address" - 1;

    for (size_t i = 0; i < totals->target_count; i++) {
        size_t len = strlen(totals->targets[i]->name);

        if (len > widest)
            widest = len < NAME_COLUMN_MAX ? len : NAME_COLUMN_MAX;
    }
    return (int)widest;
}

static void print_row(FILE *out, int column, const char *name, const struct probe_figures *figures)
{
    const uint64_t times[] = {figures->min, figures->p50, figures->p90, figures->p99, figures->max};
    char text[PROBE_RTT_TEXT_MAX];
    int padding = column - (int)strlen(name);

    output_visible(out, name);
    fprintf(out, "%*s %8" PRIu64 " %6.4g%%", padding > 0 ? padding : 0, "", figures->sent,
            figures->loss * 100);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(times); i++)
        fprintf(out, " %8s", figures->replies > 0 ? probe_show_rtt(times[i], text) : "-");
    if (figures->duplicates > 0)
        fprintf(out, "  %" PRIu64 " duplicate%s", figures->duplicates,
                figures->duplicates == 1 ? "" : "s");
    if (figures->losses > 0)
        fprintf(out, "  %" PRIu64 " failed connection%s", figures->losses,
                figures->losses == 1 ? "" : "s");
    fputc('\n', out);
}

void probe_print_summary(FILE *out, const struct probe_totals *totals)
{
    int column = name_column(totals);
    struct probe_figures figures;

    fprintf(out, "%-*s %8s %7s %8s %8s %8s %8s %8s  (ms)\n", column, "address", "probes", "lost",
            "min", "p50", "p90", "p99", "max");
    for (size_t i = 0; i < totals->target_count; i++) {
        (void)probe_statistics_figures(&totals->targets[i]->statistics, &figures);
        print_row(out, column, totals->targets[i]->name, &figures);
    }
    if (totals->target_count < 2)
        return;
    probe_sum_figures(totals, &figures);
    print_row(out, column, "all", &figures);
}

void probe_print_violations(FILE *out, const struct probe_totals *totals)
{
    for (size_t i = 0; i < totals->violation_count; i++) {
        const struct probe_violation *violation = &totals->violations[i];

        output_visible(out, violation->target);
        fputs(": failed because ", out);
        output_visible(out, violation->threshold);
        fprintf(out, ": it is %s\n", violation->figure);
    }
}

/* How late this machine was says how far the times can be trusted. */
static void print_lateness(FILE *out, const struct probe_totals *totals)
{
    struct histogram_view view;
    char p99[PROBE_RTT_TEXT_MAX];
    char max[PROBE_RTT_TEXT_MAX];

    if (totals->lateness->count == 0 || histogram_view_init(&view, totals->lateness) != 0)
        return;
    fprintf(out, "sent late by: p99 %s ms, max %s ms\n",
            probe_show_rtt(histogram_view_quantile(&view, 0.99), p99),
            probe_show_rtt(view.max, max));
    histogram_view_deinit(&view);
}

/* The statistics in between go where they do not disturb the report. */
static int on_totals(void *context, const struct probe_totals *totals, bool is_final, int status)
{
    struct probe_report *report = context;
    FILE *out = is_final ? stdout : stderr;

    (void)status;
    if (is_final && report->options->shows_ports) {
        probe_print_ports(totals, report->options->common.verbosity > 0);
        probe_print_violations(out, totals);
        return probe_report_flush(report);
    }
    if (is_final && !report->options->common.quiet)
        fputc('\n', out);
    probe_print_summary(out, totals);
    if (report->options->common.verbosity > 0)
        print_lateness(out, totals);
    probe_print_violations(out, totals);
    fflush(stderr);
    return probe_report_flush(report);
}

/* ---- the picture, which the table takes the place of at the end ---- */

static int on_live_event(void *context, const struct probe_event *event)
{
    struct probe_report *report = context;

    probe_live_note(&report->live, event);
    return 0;
}

static int on_refresh(void *context, const struct probe_totals *totals)
{
    struct probe_report *report = context;

    probe_live_draw(&report->live, totals);
    return 0;
}

static int on_live_totals(void *context, const struct probe_totals *totals, bool is_final,
                          int status)
{
    struct probe_report *report = context;

    if (is_final)
        probe_live_close(&report->live);
    return on_totals(context, totals, is_final, status);
}

struct probe_reporter probe_report_live(struct probe_report *report)
{
    (void)report;
    return (struct probe_reporter){
        .event = on_live_event,
        .refresh = on_refresh,
        .totals = on_live_totals,
    };
}

struct probe_reporter probe_report_lines(struct probe_report *report)
{
    (void)report;
    return (struct probe_reporter){.event = on_event, .totals = on_totals};
}
