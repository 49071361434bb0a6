/* What relay tells its user, on standard error: the lines that all servers have
 * (report.h), and those about its clients. Main thread.
 */
#ifndef CMD_RELAY_REPORT_H
#define CMD_RELAY_REPORT_H

#include "base/attributes.h"
#include "cat/cat_relay.h"
#include "report.h"

struct relay_report {
    struct cat_relay_reporter reporter; /* its context is this */
    /* private */
    struct report base;
};

/* Prepares the reporter and installs the log sink. `report` must neither move nor
 * go away before relay_report_deinit. */
void relay_report_init(struct relay_report *report, const struct common_options *options)
    NK_NONNULL(1, 2);

/* Removes the log sink and, with --json, writes the summary if the relay ended too
 * early to have one. */
void relay_report_deinit(struct relay_report *report, enum exit_status status) NK_NONNULL(1);

#endif
