/* What a service tells its user: struct service_reporter and the log sink, as
 * lines for people or, with --json, as one JSON object a line; always on
 * standard error. docs/events.schema.json describes the objects.
 *
 * The log sink may be called from any thread; everything else is for the main
 * thread. Lines of different threads never mix.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "command.h"
#include "service/reporter.h"

struct report {
    struct service_reporter reporter; /* for the service; its context is this report */
    bool json;
    bool quiet;
    bool summarised; /* the totals at the end were written */
    /* private */
    uint64_t verbosity;
};

/* Prepares the reporter and installs the log sink. `report` must neither move
 * nor go away before report_deinit. */
void report_init(struct report *report, const struct common_options *options) NK_NONNULL(1, 2);

/* Removes the log sink and, with --json, writes the summary if the service
 * ended too early to have one. `status` is the exit status to come. */
void report_deinit(struct report *report, enum exit_status status) NK_NONNULL(1);

/* Installs the log sink alone, for a command whose reporter is another one. */
void report_begin_log(const struct common_options *options) NK_NONNULL(1);

/* Removes it. */
void report_end_log(void);

#endif
