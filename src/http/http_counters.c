#include "http/http_counters.h"

#include "base/attributes.h"

/* The bounds between 1 and 2 us; a power of two further on they are twice as large. */
static const uint64_t first_bounds[] = {1000, 1189, 1414, 1682};

#define PER_POWER NK_ARRAY_LENGTH(first_bounds)

/* Only one thread writes: cheaper than a locked add. */
static void count(atomic_uint_fast64_t *counter, uint64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
                          memory_order_relaxed);
}

static uint64_t load(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

uint64_t http_duration_bound(size_t bucket)
{
    if (bucket + 1 >= HTTP_DURATION_BUCKETS)
        return UINT64_MAX;
    return first_bounds[bucket % PER_POWER] << bucket / PER_POWER;
}

static size_t bucket_of(uint64_t duration)
{
    size_t low = 0;
    size_t high = HTTP_DURATION_BUCKETS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (duration <= http_duration_bound(middle))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void http_counters_begin(struct http_counters *counters)
{
    count(&counters->begun, 1);
}

void http_counters_finish(struct http_counters *counters, int status, uint64_t bytes,
                          uint64_t duration)
{
    size_t class = status >= 100 && status < 600 ? (size_t)status / 100 : 0;
    count(&counters->requests[class], 1);
    count(&counters->bytes, bytes);
    count(&counters->duration, duration);
    count(&counters->durations[bucket_of(duration)], 1);
}

void http_totals_add(struct http_totals *totals, const struct http_counters *counters)
{
    for (size_t i = 0; i < HTTP_STATUS_CLASSES; i++)
        totals->requests[i] += load(&counters->requests[i]);
    totals->begun += load(&counters->begun);
    totals->bytes += load(&counters->bytes);
    totals->duration += load(&counters->duration);
    for (size_t i = 0; i < HTTP_DURATION_BUCKETS; i++)
        totals->durations[i] += load(&counters->durations[i]);
}

uint64_t http_totals_requests(const struct http_totals *totals)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < HTTP_STATUS_CLASSES; i++)
        sum += totals->requests[i];
    return sum;
}

uint64_t http_totals_count_to(const struct http_totals *totals, uint64_t bound)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < HTTP_DURATION_BUCKETS && http_duration_bound(i) <= bound; i++)
        sum += totals->durations[i];
    return sum;
}

uint64_t http_totals_quantile(const struct http_totals *totals, double quantile)
{
    uint64_t count = 0;
    for (size_t i = 0; i < HTTP_DURATION_BUCKETS; i++)
        count += totals->durations[i];
    uint64_t below = 0;
    for (size_t i = 0; i < HTTP_DURATION_BUCKETS; i++) {
        below += totals->durations[i];
        if (below > 0 && (double)below >= quantile * (double)count)
            return http_duration_bound(i);
    }
    return 0;
}
