#include "probe_report.h"

#include <errno.h>
#include <unistd.h>

#include "base/error_text.h"
#include "failure.h"
#include "json_line.h"
#include "output.h"

/* ---- what all forms share ---- */

char *probe_show_rtt(uint64_t nanoseconds, char text[static PROBE_RTT_TEXT_MAX])
{
    snprintf(text, PROBE_RTT_TEXT_MAX, "%.3f", (double)nanoseconds / 1e6);
    return text;
}

const char *probe_reason_of(const struct probe_result *result, char room[static NK_ERROR_TEXT_MAX])
{
    return result->reason != NULL ? result->reason : nk_error_text(result->error, room);
}

void probe_sum_figures(const struct probe_totals *totals, struct probe_figures *figures)
{
    struct probe_statistics all = {0};

    for (size_t i = 0; i < totals->target_count; i++)
        (void)probe_statistics_merge(&all, &totals->targets[i]->statistics);
    (void)probe_statistics_figures(&all, figures);
    probe_statistics_deinit(&all);
}

static void on_failed(void *context, const char *action, const char *object, int error)
{
    struct probe_report *report = context;
    const struct failure failure = {.action = action, .object = object, .error = error};

    probe_live_close(&report->live);
    failure_tell(&failure, report->options->common.json ? stdout : NULL);
}

/* Where the figures can be fetched is no part of the report. */
static void on_listening(void *context, const char *address)
{
    const struct probe_report *report = context;

    if (report->options->common.quiet)
        return;
    if (report->options->common.json) {
        json_line_begin(stdout, "listening");
        json_line_string(stdout, "address", address);
        json_line_end(stdout);
        return;
    }
    fputs("listening on ", stderr);
    output_visible(stderr, address);
    fputc('\n', stderr);
    fflush(stderr);
}

/* ---- standard output ---- */

int probe_report_flush(struct probe_report *report)
{
    errno = 0;
    if (report->error == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        report->error = errno != 0 ? -errno : -EIO;
    return report->error;
}

void probe_report_init(struct probe_report *report, const struct probe_command_options *options)
{
    *report = (struct probe_report){.options = options, .live = {.fd = -1}};
    if (options->live &&
        probe_live_open(&report->live, STDOUT_FILENO, options->probe.target_count) == 0)
        report->reporter = probe_report_live(report);
    else if (options->common.json)
        report->reporter = probe_report_objects(report);
    else
        report->reporter = probe_report_lines(report);
    report->reporter.context = report;
    report->reporter.failed = on_failed;
    report->reporter.listening = on_listening;
}

enum exit_status probe_report_finish(struct probe_report *report, enum exit_status status)
{
    char room[NK_ERROR_TEXT_MAX];

    probe_live_close(&report->live);
    if (report->options->common.json && !report->has_summary && report->error == 0)
        probe_report_no_totals(report, status);
    if (probe_report_flush(report) == 0 || report->error == -EPIPE)
        return status;
    output_error("cannot write to standard output: %s", nk_error_text(report->error, room));
    return EXIT_STATUS_FAILED;
}
