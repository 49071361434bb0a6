#include "load_latency.h"

void load_latency_reset(struct load_latency *latency)
{
    memset(latency, 0, sizeof *latency);
    latency->minimum = UINT64_MAX;
}

/* Values below LOAD_LATENCY_SUB have a bucket each; above, the bits below the leading five or six
 * are dropped. */
static uint64_t bucket_of(uint64_t nanoseconds)
{
    if (nanoseconds < LOAD_LATENCY_SUB)
        return nanoseconds;
    unsigned exponent = 63U - (unsigned)__builtin_clzll(nanoseconds);
    unsigned shift = exponent - LOAD_LATENCY_SUB_BITS;
    return ((uint64_t)(shift + 1) << LOAD_LATENCY_SUB_BITS) +
           ((nanoseconds >> shift) - LOAD_LATENCY_SUB);
}

static uint64_t lower_edge(uint64_t bucket)
{
    if (bucket < LOAD_LATENCY_SUB)
        return bucket;
    uint64_t shift = (bucket >> LOAD_LATENCY_SUB_BITS) - 1;
    return (LOAD_LATENCY_SUB + (bucket & (LOAD_LATENCY_SUB - 1))) << shift;
}

void load_latency_record(struct load_latency *latency, uint64_t nanoseconds, uint64_t count)
{
    if (nanoseconds < latency->minimum)
        latency->minimum = nanoseconds;
    latency->total += count;
    latency->counts[bucket_of(nanoseconds)] += count;
}

uint64_t load_latency_percentile(const struct load_latency *latency, unsigned percent)
{
    uint64_t rank = latency->total / 100 * percent + latency->total % 100 * percent / 100;
    uint64_t seen = 0;
    for (uint64_t bucket = 0; bucket < LOAD_LATENCY_BUCKETS; bucket++) {
        seen += latency->counts[bucket];
        if (seen > rank)
            return lower_edge(bucket);
    }
    return 0;
}
