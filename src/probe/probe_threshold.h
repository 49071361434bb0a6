/* What a run's figures must not be: `--fail-if 'p99>5ms'`, `--fail-if 'loss>=1%'`.
 *
 *     min p50 p90 p99 max mean    a duration: 500us 5ms 2s 1m
 *     loss                        a percentage: 1% 0.5%
 *     sent replies missed duplicates    a number
 *
 * with > >= < <= between, and blanks around it if one likes. A figure about times is
 * not looked at while nothing was answered. Pure.
 */
#ifndef PROBE_PROBE_THRESHOLD_H
#define PROBE_PROBE_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "probe/probe_statistics.h"

struct probe_threshold {
    const char *text; /* what was parsed; the caller's */
    /* private */
    unsigned figure;
    unsigned relation;
    double limit; /* ns, 0 to 1, or a number */
};

/* Reads `text`, which must stay. Returns 0, or -EINVAL with *reason a constant that
 * tells the user what is wrong; *threshold is untouched then. */
NK_MUST_USE int probe_threshold_parse(struct probe_threshold *threshold, const char *text,
                                      const char **reason) NK_NONNULL(1, 2, 3);

/* Whether it says how many probes may go unanswered. */
bool probe_threshold_rates_loss(const struct probe_threshold *threshold) NK_NONNULL(1);

/* Whether the figures are as they must not be. Then `figure` says what it is:
 * "6.2 ms", "2.5 %", "3". */
bool probe_threshold_is_violated(const struct probe_threshold *threshold,
                                 const struct probe_figures *figures, char *figure, size_t size)
    NK_NONNULL(1, 2, 3);

#endif
