/* A histogram of durations or sizes: exact in number, three significant digits in
 * value, of any range.
 *
 * Values below 2048 have a bucket each; above that every power of two is divided
 * into 1024 buckets, so that a bucket is narrower than a thousandth of its values
 * (log-linear, as in HdrHistogram). Only buckets that were hit take memory: a
 * target probed for an hour needs a few kilobytes, and the number of all buckets
 * there are bounds it. One thread at a time; one histogram for each thread and
 * histogram_merge at the end is the way to share.
 */
#ifndef MEASURE_HISTOGRAM_H
#define MEASURE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

struct histogram_bucket {
    uint64_t count; /* 0 = an empty slot */
    uint32_t index;
};

/* Zero-filled memory is an empty histogram. */
struct histogram {
    uint64_t count;
    uint64_t min; /* exact; 0 when empty */
    uint64_t max; /* exact */
    double sum;

    /* private: a hash table with linear probing */
    struct histogram_bucket *buckets;
    size_t capacity; /* a power of two, or 0 */
    size_t used;
};

void histogram_deinit(struct histogram *histogram);

/* Forgets all values and keeps the memory for new ones. */
void histogram_clear(struct histogram *histogram);

/* Adds `count` times the same value. Returns 0, or -ENOMEM (then nothing was
 * added). */
int histogram_record(struct histogram *histogram, uint64_t value, uint64_t count);

/* Adds everything that is in `from`. Returns 0, or -ENOMEM; then a part of it may
 * be missing, and the count says so. */
int histogram_merge(struct histogram *into, const struct histogram *from);

/* Quantiles want their buckets in order; this view borrows nothing and is a
 * snapshot. */
struct histogram_view {
    uint64_t count;
    uint64_t min;
    uint64_t max;
    /* private */
    struct histogram_bucket *buckets; /* ascending, with running totals as counts */
    size_t length;
};

/* Returns 0 and *view, which is then to be deinitialised, or -ENOMEM. */
int histogram_view_init(struct histogram_view *view, const struct histogram *histogram);
void histogram_view_deinit(struct histogram_view *view);

/* The smallest value that at least the fraction `quantile` (0 to 1) of all values
 * do not exceed (the nearest rank), up to the width of its bucket too large; 0 and
 * 1 give the exact minimum and maximum, and an empty histogram 0. */
uint64_t histogram_view_quantile(const struct histogram_view *view, double quantile);

/* How many values are at most `value`, the whole bucket of it included. */
uint64_t histogram_view_count_to(const struct histogram_view *view, uint64_t value);

double histogram_mean(const struct histogram *histogram);

#endif
