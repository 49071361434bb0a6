#include "base/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    /* Linux always has the two clocks used here, so this cannot fail. */
    struct timespec now = {0};

    (void)clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * NK_NANOSECONDS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t system_monotonic(const struct nk_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

static uint64_t system_wall(const struct nk_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

const struct nk_clock *nk_clock_system(void)
{
    static const struct nk_clock system_clock = {
        .monotonic = system_monotonic,
        .wall = system_wall,
    };

    return &system_clock;
}

/* One hand serves for both times: a test moves them together. */
static uint64_t manual_now(const struct nk_clock *clock)
{
    const struct nk_manual_clock *manual = (const struct nk_manual_clock *)(const void *)clock;

    return manual->now;
}

void nk_manual_clock_init(struct nk_manual_clock *manual, uint64_t start)
{
    *manual = (struct nk_manual_clock){
        .clock = {.monotonic = manual_now, .wall = manual_now},
        .now = start,
    };
}

void nk_manual_clock_advance(struct nk_manual_clock *manual, uint64_t nanoseconds)
{
    manual->now += nanoseconds;
}
