/* How long to wait before trying again: ever longer, and never quite the same, so
 * that many who lost the same server do not come back all at once. Pure: the caller
 * brings the random number.
 *
 * The n-th delay is drawn from the upper half of [0, initial * 2^n], and initial *
 * 2^n does not grow beyond `limit`.
 */
#ifndef PROBE_PROBE_BACKOFF_H
#define PROBE_PROBE_BACKOFF_H

#include <stdint.h>

struct probe_backoff {
    uint64_t initial; /* ns */
    uint64_t limit;   /* ns; at least `initial` */
    uint64_t current; /* private: the delay that the next one is drawn from; 0 = initial */
};

/* The next delay in ns. `random` is any 32-bit number. */
uint64_t probe_backoff_next(struct probe_backoff *backoff, uint32_t random);

/* It has worked: the next delay is a short one again. */
void probe_backoff_reset(struct probe_backoff *backoff);

#endif
