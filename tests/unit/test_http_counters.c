/* The counters of requests: classes, sums, quantiles. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http_counters.h"

/* A bucket is missing, or wider than promised. */
static void test_bounds(void **state)
{
    (void)state;
    assert_int_equal(http_duration_bound(0), 1000);
    assert_int_equal(http_duration_bound(4), 2000);
    for (size_t i = 1; i + 1 < HTTP_DURATION_BUCKETS; i++) {
        assert_true(http_duration_bound(i) > http_duration_bound(i - 1));
        assert_true(http_duration_bound(i) * 100 < http_duration_bound(i - 1) * 121);
    }
    assert_true(http_duration_bound(HTTP_DURATION_BUCKETS - 2) > UINT64_C(50000000000));
    assert_true(http_duration_bound(HTTP_DURATION_BUCKETS - 1) == UINT64_MAX);
}

/* A request is counted twice, not at all, or in another class. */
static void test_totals(void **state)
{
    struct http_counters counters = {0}, other = {0};
    struct http_totals totals = {0};
    static const int statuses[] = {0, 100, 200, 204, 304, 404, 503, 999};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        http_counters_begin(i % 2 ? &counters : &other);
        http_counters_finish(i % 2 ? &counters : &other, statuses[i], 10, 1000 * (i + 1));
    }
    http_counters_begin(&counters);
    http_totals_add(&totals, &counters);
    http_totals_add(&totals, &other);
    assert_int_equal(totals.begun, 9);
    assert_int_equal(http_totals_requests(&totals), 8);
    assert_int_equal(totals.requests[0], 2);
    assert_int_equal(totals.requests[2], 2);
    assert_int_equal(totals.requests[5], 1);
    assert_int_equal(totals.bytes, 80);
    assert_int_equal(totals.duration, 36000);
    assert_int_equal(http_totals_count_to(&totals, UINT64_MAX), 8);
    assert_int_equal(http_totals_count_to(&totals, 1000), 1);
    assert_int_equal(http_totals_count_to(&totals, 999), 0);
    assert_int_equal(http_totals_count_to(&totals, 2000), 2);
}

/* Quantiles are those of other values. */
static void test_quantiles(void **state)
{
    struct http_counters counters = {0};
    struct http_totals totals = {0};
    (void)state;
    assert_int_equal(http_totals_quantile(&totals, 0.5), 0);
    for (unsigned i = 0; i < 99; i++)
        http_counters_finish(&counters, 200, 0, 1000000);
    http_counters_finish(&counters, 200, 0, 1000000000);
    http_totals_add(&totals, &counters);
    assert_in_range(http_totals_quantile(&totals, 0.5), 1000000, 1210000);
    assert_in_range(http_totals_quantile(&totals, 0.99), 1000000, 1210000);
    assert_in_range(http_totals_quantile(&totals, 1.0), 1000000000, 1210000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
