/* Time as the reactor sees it: nanoseconds in a uint64_t.
 *
 * A clock is a small vtable, so that a test can hand the reactor a clock it
 * moves by hand and a schedule of hours runs in no time. `monotonic` never
 * goes back and has no meaning outside the process; `wall` counts from
 * 1970-01-01 UTC and is only for showing. Both are safe on any thread.
 */
#ifndef NK_BASE_CLOCK_H
#define NK_BASE_CLOCK_H

#include <stdint.h>

#include "base/attributes.h"

#define NK_NANOSECONDS_PER_MILLISECOND UINT64_C(1000000)
#define NK_NANOSECONDS_PER_SECOND UINT64_C(1000000000)

/* A deadline that never comes. */
#define NK_NEVER UINT64_MAX

struct nk_clock {
    uint64_t (*monotonic)(const struct nk_clock *clock);
    uint64_t (*wall)(const struct nk_clock *clock);
};

/* The machine's own clock; never NULL, never freed. */
NK_PUBLIC const struct nk_clock *nk_clock_system(void);

/* A clock that stands still until it is moved, for tests. Starts at
 * monotonic `start` and wall `start`. The first member is the clock. */
struct nk_manual_clock {
    struct nk_clock clock;
    uint64_t now; /* private */
};

/* Sets both times to `start` ns. Cannot fail. */
NK_PUBLIC void nk_manual_clock_init(struct nk_manual_clock *manual, uint64_t start) NK_NONNULL(1);

/* Moves both times on. Not while another thread reads them. */
NK_PUBLIC void nk_manual_clock_advance(struct nk_manual_clock *manual, uint64_t nanoseconds)
    NK_NONNULL(1);

static inline uint64_t nk_clock_monotonic(const struct nk_clock *clock)
{
    return clock->monotonic(clock);
}

static inline uint64_t nk_clock_wall(const struct nk_clock *clock)
{
    return clock->wall(clock);
}

#endif
