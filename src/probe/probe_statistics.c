#include "probe/probe_statistics.h"

#include <errno.h>

void probe_statistics_deinit(struct probe_statistics *statistics)
{
    histogram_deinit(&statistics->rtt);
}

/* Rounded to the nearest, so that a mean is not too small. */
static uint64_t in_units(uint64_t nanoseconds)
{
    return (nanoseconds + PROBE_RTT_UNIT / 2) / PROBE_RTT_UNIT;
}

int probe_statistics_add(struct probe_statistics *statistics, const struct probe_result *result,
                         uint64_t order)
{
    if (result->status == EXIT_STATUS_OK) {
        statistics->replies++;
        return histogram_record(&statistics->rtt, in_units(result->rtt), 1);
    }
    statistics->missed[result->status]++;
    statistics->last_error = result->error;
    statistics->last_failure = result->status;
    statistics->last_failure_order = order;
    return 0;
}

int probe_statistics_merge(struct probe_statistics *into, const struct probe_statistics *from)
{
    into->sent += from->sent;
    into->replies += from->replies;
    into->duplicates += from->duplicates;
    into->losses += from->losses;
    for (size_t i = 0; i < PROBE_STATUS_COUNT; i++)
        into->missed[i] += from->missed[i];
    if (from->last_failure_order > into->last_failure_order) {
        into->last_error = from->last_error;
        into->last_failure = from->last_failure;
        into->last_failure_order = from->last_failure_order;
    }
    return histogram_merge(&into->rtt, &from->rtt);
}

uint64_t probe_statistics_missed(const struct probe_statistics *statistics)
{
    uint64_t total = 0;
    for (size_t i = 0; i < PROBE_STATUS_COUNT; i++)
        total += statistics->missed[i];
    return total;
}

int probe_statistics_figures(const struct probe_statistics *statistics,
                             struct probe_figures *figures)
{
    struct histogram_view view;
    uint64_t missed = probe_statistics_missed(statistics);
    *figures = (struct probe_figures){
        .sent = statistics->replies + missed,
        .replies = statistics->replies,
        .missed = missed,
        .duplicates = statistics->duplicates,
        .losses = statistics->losses,
        .mean = (uint64_t)(histogram_mean(&statistics->rtt) * (double)PROBE_RTT_UNIT),
    };
    if (figures->sent > 0)
        figures->loss = (double)missed / (double)figures->sent;
    int error = histogram_view_init(&view, &statistics->rtt);
    if (error)
        return error;
    figures->min = view.min * PROBE_RTT_UNIT;
    figures->p50 = histogram_view_quantile(&view, 0.5) * PROBE_RTT_UNIT;
    figures->p90 = histogram_view_quantile(&view, 0.9) * PROBE_RTT_UNIT;
    figures->p99 = histogram_view_quantile(&view, 0.99) * PROBE_RTT_UNIT;
    figures->max = view.max * PROBE_RTT_UNIT;
    histogram_view_deinit(&view);
    return 0;
}
