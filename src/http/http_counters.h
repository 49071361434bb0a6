/* What one loop has done, counted by its thread and read by any.
 *
 * Durations are counted in buckets, four to every power of two, so that quantiles
 * are right within a fifth.
 */
#ifndef HTTP_HTTP_COUNTERS_H
#define HTTP_HTTP_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* By the first digit of the status; 0 counts requests that were lost before they were
 * answered, and 1 stays 0. */
#define HTTP_STATUS_CLASSES 6

/* Four to every power of two, from 1 us on; the last holds everything above 56 s. */
#define HTTP_DURATION_BUCKETS 105

struct http_counters {
    atomic_uint_fast64_t requests[HTTP_STATUS_CLASSES]; /* finished, by class of status */
    atomic_uint_fast64_t begun;                         /* finished and not */
    atomic_uint_fast64_t bytes;                         /* of responses */
    atomic_uint_fast64_t duration;                      /* ns, of all finished */
    atomic_uint_fast64_t durations[HTTP_DURATION_BUCKETS];
};

/* The same as plain numbers, of one loop or of several. */
struct http_totals {
    uint64_t requests[HTTP_STATUS_CLASSES];
    uint64_t begun;
    uint64_t bytes;
    uint64_t duration;
    uint64_t durations[HTTP_DURATION_BUCKETS];
};

/* The loop's thread. */
void http_counters_begin(struct http_counters *counters);
void http_counters_finish(struct http_counters *counters, int status, uint64_t bytes,
                          uint64_t duration);

/* Adds what `counters` say to *totals. Any thread. */
void http_totals_add(struct http_totals *totals, const struct http_counters *counters);

/* All that are finished. */
uint64_t http_totals_requests(const struct http_totals *totals);

/* The upper bound of a bucket in ns; UINT64_MAX for the last. */
uint64_t http_duration_bound(size_t bucket);

/* How many took `bound` ns at most; exact where it is the bound of a bucket. */
uint64_t http_totals_count_to(const struct http_totals *totals, uint64_t bound);

/* The duration that the fraction `quantile` of all do not exceed: the upper bound of
 * its bucket; 0 when there are none. */
uint64_t http_totals_quantile(const struct http_totals *totals, double quantile);

#endif
