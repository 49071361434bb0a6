/* What is known of one target after many probes: how many, how they came out, and
 * how long the answers took. Pure; one thread at a time.
 *
 * Times of answers are kept in microseconds, which is finer than what a probe can
 * tell: that way similar ones share a bucket, and thousands of targets stay small.
 */
#ifndef PROBE_PROBE_STATISTICS_H
#define PROBE_PROBE_STATISTICS_H

#include <stdint.h>

#include "measure/histogram.h"
#include "probe/probe_result.h"

/* The unit of probe_statistics.rtt, in ns. */
#define PROBE_RTT_UNIT UINT64_C(1000)

/* Exit statuses that a single probe may have. */
#define PROBE_STATUS_COUNT (EXIT_STATUS_THRESHOLD + 1)

/* Zero-filled memory is that of a target that was never probed. */
struct probe_statistics {
    uint64_t sent;                       /* probes begun */
    uint64_t replies;                    /* of them answered in time */
    uint64_t missed[PROBE_STATUS_COUNT]; /* the others, by what became of them */
    uint64_t duplicates;                 /* answers that came again, or too late */
    int last_error;                      /* -errno of the last failure */
    uint64_t losses;                     /* sessions that failed, whether begun anew or not */
    enum exit_status last_failure;       /* OK = nothing has failed yet */
    uint64_t last_failure_order;         /* larger = later, over all targets */
    struct histogram rtt;                /* see PROBE_RTT_UNIT */
};

void probe_statistics_deinit(struct probe_statistics *statistics);

/* Counts a result. `order` grows from call to call. Returns 0, or -ENOMEM: then only
 * the time of the answer is missing. */
int probe_statistics_add(struct probe_statistics *statistics, const struct probe_result *result,
                         uint64_t order);

/* Adds everything in `from`. Returns 0 or -ENOMEM. */
int probe_statistics_merge(struct probe_statistics *into, const struct probe_statistics *from);

/* Probes that were not answered, those under way not counted. */
uint64_t probe_statistics_missed(const struct probe_statistics *statistics);

/* The figures that people read, as a value. Times in ns. */
struct probe_figures {
    uint64_t sent;    /* probes whose outcome is known */
    uint64_t replies; /* of them answered */
    uint64_t missed;
    uint64_t duplicates;
    uint64_t losses; /* of sessions */
    double loss;     /* missed of sent, 0 to 1; 0 when nothing was sent */
    uint64_t min;
    uint64_t p50;
    uint64_t p90;
    uint64_t p99;
    uint64_t max;
    uint64_t mean;
};

/* Returns 0, or -ENOMEM with the quantiles 0. */
int probe_statistics_figures(const struct probe_statistics *statistics,
                             struct probe_figures *figures);

#endif
