/* When the probes of many targets are due. Pure: times in, times out.
 *
 * Every target has slots one interval apart, fixed when the run begins, so that
 * nothing that happens later makes them drift. The first slots of the targets are
 * spread over the interval, but not by more than PROBE_SPREAD_MAX from one to the
 * next: a few targets need not wait for one another.
 */
#ifndef PROBE_PROBE_SCHEDULE_H
#define PROBE_PROBE_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

/* ns: 10 ms */
#define PROBE_SPREAD_MAX UINT64_C(10000000)

struct probe_schedule {
    uint64_t start;    /* monotonic ns */
    uint64_t interval; /* ns; at least 1 */
    size_t targets;    /* how many share the interval; at least 1 */
};

/* When slot `slot` (from 0) of the target with this index (from 0) is due; NK_NEVER
 * beyond the end of time. */
uint64_t probe_schedule_due(const struct probe_schedule *schedule, size_t index, uint64_t slot);

/* The slot after `slot` that is not over at `now`: slots that were slept through are
 * left out, not caught up with. One that is late by less than an interval is not over. */
uint64_t probe_schedule_next(const struct probe_schedule *schedule, size_t index, uint64_t slot,
                             uint64_t now);

#endif
