#include "probe/probe_schedule.h"

#include "base/clock.h"

static uint64_t offset_of(const struct probe_schedule *schedule, size_t index)
{
    uint64_t step = schedule->interval / schedule->targets;
    return (step < PROBE_SPREAD_MAX ? step : PROBE_SPREAD_MAX) * index;
}

uint64_t probe_schedule_due(const struct probe_schedule *schedule, size_t index, uint64_t slot)
{
    uint64_t first = schedule->start + offset_of(schedule, index);
    if (slot > (NK_NEVER - 1 - first) / schedule->interval)
        return NK_NEVER;
    return first + slot * schedule->interval;
}

uint64_t probe_schedule_next(const struct probe_schedule *schedule, size_t index, uint64_t slot,
                             uint64_t now)
{
    uint64_t first = schedule->start + offset_of(schedule, index);
    uint64_t current = now > first ? (now - first) / schedule->interval : 0;
    return slot + 1 > current ? slot + 1 : current;
}
