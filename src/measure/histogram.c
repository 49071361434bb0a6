#include "measure/histogram.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"

/* Buckets in one power of two: 1/1024 is less than one of three digits. */
#define SUB_BITS 10
#define SUB_COUNT (UINT32_C(1) << SUB_BITS)

#define CAPACITY_MIN 16

/* ---- buckets ---- */

/* Small values are their own index; above, SUB_COUNT more for each power of two. */
static uint32_t index_of(uint64_t value)
{
    if (value < 2 * SUB_COUNT)
        return (uint32_t)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - SUB_BITS;
    return shift * SUB_COUNT + (uint32_t)(value >> shift);
}

/* The largest value that shares the bucket. */
static uint64_t last_value_of(uint32_t index)
{
    if (index < 2 * SUB_COUNT)
        return index;
    unsigned shift = index / SUB_COUNT - 1;
    uint64_t first = (uint64_t)(index - shift * SUB_COUNT) << shift;
    return first + ((UINT64_C(1) << shift) - 1);
}

/* ---- the table ---- */

/* Where the bucket is, or the empty slot where it belongs. Multiplying by an odd
 * constant spreads neighbours, which is what the buckets of similar times are. */
static struct histogram_bucket *find(struct histogram_bucket *buckets, size_t capacity,
                                     uint32_t index)
{
    size_t at = (size_t)(index * UINT32_C(2654435769)) & (capacity - 1);
    while (buckets[at].count > 0 && buckets[at].index != index)
        at = (at + 1) & (capacity - 1);
    return &buckets[at];
}

static int grow(struct histogram *histogram)
{
    size_t capacity = histogram->capacity > 0 ? 2 * histogram->capacity : CAPACITY_MIN;
    struct histogram_bucket *buckets = calloc(capacity, sizeof(*buckets));
    if (!buckets)
        return -ENOMEM;
    for (size_t i = 0; i < histogram->capacity; i++) {
        const struct histogram_bucket *old = &histogram->buckets[i];
        if (old->count > 0)
            *find(buckets, capacity, old->index) = *old;
    }
    free(histogram->buckets);
    histogram->buckets = buckets;
    histogram->capacity = capacity;
    return 0;
}

static int add(struct histogram *histogram, uint32_t index, uint64_t count)
{
    if (4 * (histogram->used + 1) > 3 * histogram->capacity) {
        int error = grow(histogram);
        if (error)
            return error;
    }
    struct histogram_bucket *bucket = find(histogram->buckets, histogram->capacity, index);
    if (bucket->count == 0)
        histogram->used++;
    bucket->index = index;
    bucket->count += count;
    histogram->count += count;
    return 0;
}

static void widen(struct histogram *histogram, bool is_first, uint64_t min, uint64_t max)
{
    if (is_first || min < histogram->min)
        histogram->min = min;
    if (max > histogram->max)
        histogram->max = max;
}

/* ---- public ---- */

void histogram_deinit(struct histogram *histogram)
{
    free(histogram->buckets);
    *histogram = (struct histogram){0};
}

void histogram_clear(struct histogram *histogram)
{
    struct histogram empty = {.buckets = histogram->buckets, .capacity = histogram->capacity};
    if (empty.capacity > 0)
        memset(empty.buckets, 0, empty.capacity * sizeof(*empty.buckets));
    *histogram = empty;
}

int histogram_record(struct histogram *histogram, uint64_t value, uint64_t count)
{
    bool is_first = histogram->count == 0;
    int error = count > 0 ? add(histogram, index_of(value), count) : 0;
    if (error || count == 0)
        return error;
    widen(histogram, is_first, value, value);
    histogram->sum += (double)value * (double)count;
    return 0;
}

int histogram_merge(struct histogram *into, const struct histogram *from)
{
    int error = 0;
    if (from->count == 0)
        return 0;
    widen(into, into->count == 0, from->min, from->max);
    into->sum += from->sum;
    for (size_t i = 0; i < from->capacity && !error; i++) {
        if (from->buckets[i].count > 0)
            error = add(into, from->buckets[i].index, from->buckets[i].count);
    }
    return error;
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->count > 0 ? histogram->sum / (double)histogram->count : 0;
}

/* ---- quantiles ---- */

static int compare(const void *left, const void *right)
{
    const struct histogram_bucket *one = left;
    const struct histogram_bucket *other = right;
    return (one->index > other->index) - (one->index < other->index);
}

int histogram_view_init(struct histogram_view *view, const struct histogram *histogram)
{
    struct histogram_view made = {.count = histogram->count,
                                  .min = histogram->min,
                                  .max = histogram->max};
    made.buckets = calloc(histogram->used + 1, sizeof(*made.buckets));
    if (!made.buckets)
        return -ENOMEM;
    for (size_t i = 0; i < histogram->capacity; i++) {
        if (histogram->buckets[i].count > 0)
            made.buckets[made.length++] = histogram->buckets[i];
    }
    qsort(made.buckets, made.length, sizeof(*made.buckets), compare);
    for (size_t i = 1; i < made.length; i++)
        made.buckets[i].count += made.buckets[i - 1].count;
    *view = made;
    return 0;
}

void histogram_view_deinit(struct histogram_view *view)
{
    free(view->buckets);
    *view = (struct histogram_view){0};
}

/* The first bucket whose running total reaches `rank`. */
static const struct histogram_bucket *find_rank(const struct histogram_view *view, uint64_t rank)
{
    size_t low = 0;
    size_t high = view->length - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->buckets[middle].count < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return &view->buckets[low];
}

uint64_t histogram_view_quantile(const struct histogram_view *view, double quantile)
{
    if (view->count == 0)
        return 0;
    if (!(quantile > 0))
        return view->min;
    double rank = ceil(quantile * (double)view->count);
    if (!(rank < (double)view->count))
        return view->max;
    uint64_t value = last_value_of(find_rank(view, (uint64_t)rank)->index);
    if (value < view->min)
        return view->min;
    return value > view->max ? view->max : value;
}

uint64_t histogram_view_count_to(const struct histogram_view *view, uint64_t value)
{
    uint32_t index = index_of(value);
    uint64_t total = 0;
    for (size_t i = 0; i < view->length && view->buckets[i].index <= index; i++)
        total = view->buckets[i].count;
    return total;
}
