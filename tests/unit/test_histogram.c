/* The histogram against an oracle that keeps every value and sorts them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "measure/histogram.h"

static const double quantiles[] = {0,    0.001, 0.01, 0.1,   0.25,   0.5,
                                   0.75, 0.9,   0.99, 0.999, 0.9999, 1};

/* A xorshift generator: the same values in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int compare(const void *left, const void *right)
{
    uint64_t one = *(const uint64_t *)left;
    uint64_t other = *(const uint64_t *)right;
    return (one > other) - (one < other);
}

static uint64_t oracle_quantile(const uint64_t *sorted, size_t count, double quantile)
{
    size_t rank = (size_t)ceil(quantile * (double)count);
    return sorted[rank > 0 ? rank - 1 : 0];
}

static void assert_agrees(const struct histogram *histogram, uint64_t *values, size_t count)
{
    struct histogram_view view;
    qsort(values, count, sizeof(*values), compare);
    assert_int_equal(histogram_view_init(&view, histogram), 0);
    assert_int_equal(view.count, count);
    assert_int_equal(view.min, values[0]);
    assert_int_equal(view.max, values[count - 1]);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(quantiles); i++) {
        uint64_t exact = oracle_quantile(values, count, quantiles[i]);
        uint64_t found = histogram_view_quantile(&view, quantiles[i]);
        if (found < exact || found - exact > exact / 1000)
            fail_msg("quantile %g: %llu instead of %llu", quantiles[i], (unsigned long long)found,
                     (unsigned long long)exact);
    }
    histogram_view_deinit(&view);
}

/* Otherwise the percentiles of a report would be wrong for some range of values:
 * a spread over all powers of two, one over small values, and equal ones. */
static void quantiles_agree_with_sorting(void **state)
{
    enum { COUNT = 20000 };
    static uint64_t values[COUNT];
    (void)state;
    for (int spread = 0; spread < 4; spread++) {
        struct histogram histogram = {0};
        uint64_t random = UINT64_C(0x9E3779B97F4A7C15);
        for (size_t i = 0; i < COUNT; i++) {
            uint64_t value = next_random(&random);
            values[i] = spread == 0   ? value >> (next_random(&random) % 64)
                        : spread == 1 ? value % 3000
                        : spread == 2 ? 1000000 + value % 50000
                                      : 42;
            assert_int_equal(histogram_record(&histogram, values[i], 1), 0);
        }
        assert_agrees(&histogram, values, COUNT);
        histogram_deinit(&histogram);
    }
}

/* Otherwise the total of several threads would differ from that of one. */
static void merging_is_recording_everything_in_one(void **state)
{
    enum { COUNT = 6000, PARTS = 3 };
    static uint64_t values[COUNT];
    struct histogram parts[PARTS] = {{0}};
    struct histogram sum = {0};
    uint64_t random = 7;
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = next_random(&random) >> (i % 50);
        assert_int_equal(histogram_record(&parts[i % PARTS], values[i], 1), 0);
    }
    for (size_t i = 0; i < PARTS; i++) {
        assert_int_equal(histogram_merge(&sum, &parts[i]), 0);
        histogram_deinit(&parts[i]);
    }
    assert_agrees(&sum, values, COUNT);
    histogram_deinit(&sum);
}

/* Otherwise a report would show a minimum or a count of values that never were. */
static void an_empty_one_is_all_zero_and_merges_without_trace(void **state)
{
    struct histogram empty = {0};
    struct histogram other = {0};
    struct histogram_view view;
    (void)state;
    assert_int_equal(histogram_record(&other, 5000, 3), 0);
    assert_int_equal(histogram_merge(&other, &empty), 0);
    assert_int_equal(other.min, 5000);
    assert_int_equal(other.count, 3);
    assert_int_equal(histogram_merge(&empty, &other), 0);
    assert_int_equal(empty.min, 5000);
    histogram_clear(&other);
    assert_int_equal(histogram_view_init(&view, &other), 0);
    assert_int_equal(histogram_view_quantile(&view, 0.5), 0);
    assert_int_equal(histogram_view_count_to(&view, UINT64_MAX), 0);
    assert_true(histogram_mean(&other) == 0);
    histogram_view_deinit(&view);
    histogram_deinit(&empty);
    histogram_deinit(&other);
}

/* Otherwise values at the edges of buckets would be counted on the wrong side. */
static void counts_up_to_a_value_are_exact_at_edges(void **state)
{
    static const uint64_t edges[] = {0, 1, 2047, 2048, 4095, 4096, 1u << 20, UINT64_MAX};
    struct histogram histogram = {0};
    struct histogram_view view;
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(edges); i++)
        assert_int_equal(histogram_record(&histogram, edges[i], 10), 0);
    assert_int_equal(histogram_view_init(&view, &histogram), 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(edges); i++)
        assert_int_equal(histogram_view_count_to(&view, edges[i]), 10 * (i + 1));
    assert_int_equal(view.max, UINT64_MAX);
    assert_int_equal(histogram_view_quantile(&view, 1), UINT64_MAX);
    histogram_view_deinit(&view);
    histogram_deinit(&histogram);
}

/* Otherwise two thousand targets would need more memory than they may. */
static void memory_follows_the_spread_of_the_values(void **state)
{
    struct histogram histogram = {0};
    (void)state;
    for (uint64_t i = 0; i < 100000; i++)
        assert_int_equal(histogram_record(&histogram, 250000 + i % 1000, 1), 0);
    assert_true(histogram.capacity * sizeof(struct histogram_bucket) <= 8192);
    histogram_deinit(&histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_agree_with_sorting),
        cmocka_unit_test(merging_is_recording_everything_in_one),
        cmocka_unit_test(an_empty_one_is_all_zero_and_merges_without_trace),
        cmocka_unit_test(counts_up_to_a_value_are_exact_at_edges),
        cmocka_unit_test(memory_follows_the_spread_of_the_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
