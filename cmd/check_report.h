/* What `netkit check http` says, on standard output: a line for each case that
 * failed (with -v for every case) and a summary by section of the RFCs; or, with
 * --json, one object a line (docs/events.schema.json). Main thread only.
 */
#ifndef CMD_CHECK_REPORT_H
#define CMD_CHECK_REPORT_H

#include "check/check_http.h"
#include "command.h"

/* Sections of RFCs that have cases; more are counted together. */
#define CHECK_SECTIONS_MAX 64

struct check_counts {
    uint64_t passed;
    uint64_t must_failed;
    uint64_t should_failed;
    uint64_t skipped;
};

struct check_report {
    struct check_reporter reporter; /* its context is this report */
    const struct common_options *options;
    const char *url; /* for people */
    struct check_counts total;
    const char *sections[CHECK_SECTIONS_MAX];
    struct check_counts counts[CHECK_SECTIONS_MAX];
    size_t section_count;
};

void check_report_init(struct check_report *report, const struct common_options *options,
                       const char *url) NK_NONNULL(1, 2, 3);

/* Writes the summary, if there were any results, and flushes. `status` is that of the
 * run; returns that of the command: EXIT_STATUS_THRESHOLD when a MUST failed. */
enum exit_status check_report_finish(struct check_report *report, enum exit_status status)
    NK_NONNULL(1);

#endif
