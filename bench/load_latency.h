/* A histogram of latencies with buckets that are at most 1/32 of their value wide. */
#ifndef BENCH_LOAD_LATENCY_H
#define BENCH_LOAD_LATENCY_H

#include <stdint.h>

enum {
    LOAD_LATENCY_SUB_BITS = 5,
    LOAD_LATENCY_SUB = 1 << LOAD_LATENCY_SUB_BITS, /* buckets in one power of two */
    LOAD_LATENCY_BUCKETS = (64 - LOAD_LATENCY_SUB_BITS + 1) * LOAD_LATENCY_SUB,
};

struct load_latency {
    uint64_t minimum; /* ns; UINT64_MAX while nothing was recorded */
    uint64_t total;
    uint64_t counts[LOAD_LATENCY_BUCKETS];
};

void load_latency_reset(struct load_latency *latency);

/* Records `count` values of `nanoseconds` each. */
void load_latency_record(struct load_latency *latency, uint64_t nanoseconds, uint64_t count);

/* The lower edge, in ns, of the bucket that holds the value at `percent`; 0 when empty. */
uint64_t load_latency_percentile(const struct load_latency *latency, unsigned percent);

#endif
