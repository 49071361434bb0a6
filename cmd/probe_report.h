/* What a run of probes tells its user, on standard output: lines and a summary as
 * ping's, or with --json an object a line (docs/events.schema.json). Main thread.
 */
#ifndef CMD_PROBE_REPORT_H
#define CMD_PROBE_REPORT_H

#include <stdio.h>

#include "base/error_text.h"
#include "probe.h"
#include "probe/probe_reporter.h"
#include "probe_live.h"

struct probe_report {
    struct probe_reporter reporter; /* for the run; its context is this report */
    /* private */
    const struct probe_command_options *options;
    int error;        /* -errno of standard output; 0 = it has taken everything */
    bool has_summary; /* the totals at the end were written */
    struct probe_live live;
};

/* `report` must not move. */
void probe_report_init(struct probe_report *report, const struct probe_command_options *options)
    NK_NONNULL(1, 2);

/* The end: with --json writes the summary if the run ended too early to have one, and
 * says why standard output has failed, if it has. Returns the exit status of the
 * command, given that of the run. */
enum exit_status probe_report_finish(struct probe_report *report, enum exit_status status)
    NK_NONNULL(1);

/* Notes whether standard output has taken everything so far; 0 or -errno. */
int probe_report_flush(struct probe_report *report) NK_NONNULL(1);

/* The reporters of the different forms. */
struct probe_reporter probe_report_lines(struct probe_report *report);
struct probe_reporter probe_report_objects(struct probe_report *report);
struct probe_reporter probe_report_live(struct probe_report *report);

/* The summary of a run that never began, as an object. */
void probe_report_no_totals(struct probe_report *report, enum exit_status status) NK_NONNULL(1);

/* Parts of the lines that other forms use, too. Each prints whole lines to `out`. */
void probe_print_summary(FILE *out, const struct probe_totals *totals);
void probe_print_violations(FILE *out, const struct probe_totals *totals);

/* All targets together. The figures of quantiles are 0 when there is no memory. */
void probe_sum_figures(const struct probe_totals *totals, struct probe_figures *figures);

/* Room for every time printed by probe_show_rtt, NUL included. */
#define PROBE_RTT_TEXT_MAX 32

/* Milliseconds with three digits behind the point, as in ping. Returns `text`. */
char *probe_show_rtt(uint64_t nanoseconds, char text[static PROBE_RTT_TEXT_MAX]) NK_NONNULL(2);

/* What went wrong, in words: "connection refused". */
const char *probe_reason_of(const struct probe_result *result, char room[static NK_ERROR_TEXT_MAX])
    NK_NONNULL(1, 2);

#endif
