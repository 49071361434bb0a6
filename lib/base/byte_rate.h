/* How fast bytes may move: a token bucket.
 *
 * It fills with so many bytes a second, and holds those of a tenth of a second, so
 * that a pause is not made up for with a burst. What moves is taken out; it may take
 * more than there is, and then the debt has to be earned first. Pure: the time is an
 * argument, monotonic ns.
 */
#ifndef NK_BASE_BYTE_RATE_H
#define NK_BASE_BYTE_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* The highest rate, in bytes a second: a second's worth still fits the arithmetic. */
#define NK_BYTE_RATE_MAX (UINT64_C(16) << 30)

struct nk_byte_rate {
    /* private */
    uint64_t rate;      /* bytes a second */
    int64_t tokens;     /* bytes that may move; negative = a debt */
    uint64_t remainder; /* of a byte, in parts of 10^-9 */
    uint64_t filled_at; /* ns */
};

/* A full bucket; `rate` is 1 to NK_BYTE_RATE_MAX. */
NK_PUBLIC void nk_byte_rate_init(struct nk_byte_rate *rate, uint64_t bytes_per_second, uint64_t now)
    NK_NONNULL(1);

/* How many bytes may move now; 0 = none before nk_byte_rate_ready_at. */
NK_PUBLIC size_t nk_byte_rate_allowed(struct nk_byte_rate *rate, uint64_t now) NK_NONNULL(1);

/* So many bytes have moved. */
NK_PUBLIC void nk_byte_rate_take(struct nk_byte_rate *rate, size_t bytes) NK_NONNULL(1);

/* When moving on is worth while: half the bucket (at least a byte) will have been
 * filled by then, which makes about twenty portions a second. */
NK_PUBLIC uint64_t nk_byte_rate_ready_at(const struct nk_byte_rate *rate) NK_NONNULL(1);

#endif
