/* How fast bytes may move: a token bucket.
 *
 * It fills with so many bytes a second, and holds those of a tenth of a second, so
 * that a pause is not made up for with a burst. What moves is taken out; it may take
 * more than there is, and then the debt has to be earned first. Pure: the time is an
 * argument, monotonic ns.
 */
#ifndef CAT_CAT_RATE_H
#define CAT_CAT_RATE_H

#include <stddef.h>
#include <stdint.h>

/* The highest rate, in bytes a second: a second's worth still fits the arithmetic. */
#define CAT_RATE_MAX (UINT64_C(16) << 30)

struct cat_rate {
    /* private */
    uint64_t rate;      /* bytes a second */
    int64_t tokens;     /* bytes that may move; negative = a debt */
    uint64_t remainder; /* of a byte, in parts of 10^-9 */
    uint64_t filled_at; /* ns */
};

/* A full bucket; `rate` is 1 to CAT_RATE_MAX. */
void cat_rate_init(struct cat_rate *rate, uint64_t bytes_per_second, uint64_t now);

/* How many bytes may move now; 0 = none before cat_rate_ready_at. */
size_t cat_rate_allowed(struct cat_rate *rate, uint64_t now);

/* So many bytes have moved. */
void cat_rate_take(struct cat_rate *rate, size_t bytes);

/* When moving on is worth while: half the bucket (at least a byte) will have been
 * filled by then, which makes about twenty portions a second. */
uint64_t cat_rate_ready_at(const struct cat_rate *rate);

#endif
