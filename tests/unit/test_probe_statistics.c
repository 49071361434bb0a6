/* Counting probes, and the figures that come of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "probe/probe_statistics.h"

#define MS UINT64_C(1000000)

static void add(struct probe_statistics *statistics, enum exit_status status, uint64_t rtt,
                uint64_t order)
{
    const struct probe_result result = {.status = status, .rtt = rtt};
    statistics->sent++;
    assert_int_equal(probe_statistics_add(statistics, &result, order), 0);
}

/* Otherwise the summary tells something else than the lines above it. */
static void figures_are_those_of_the_results(void **state)
{
    struct probe_statistics statistics = {0};
    struct probe_figures figures;
    (void)state;
    for (uint64_t i = 1; i <= 100; i++)
        add(&statistics, EXIT_STATUS_OK, i * MS, i);
    for (uint64_t i = 0; i < 20; i++)
        add(&statistics, EXIT_STATUS_TIMED_OUT, 0, 200 + i);
    add(&statistics, EXIT_STATUS_REFUSED, 0, 300);
    statistics.sent++; /* one that is still under way */
    assert_int_equal(probe_statistics_figures(&statistics, &figures), 0);
    assert_int_equal(figures.sent, 121);
    assert_int_equal(figures.replies, 100);
    assert_int_equal(figures.missed, 21);
    assert_true(figures.loss > 0.1735 && figures.loss < 0.1736);
    assert_int_equal(figures.min, 1 * MS);
    assert_int_equal(figures.max, 100 * MS);
    assert_in_range(figures.p50, 50 * MS, 50 * MS + 50 * MS / 1000);
    assert_in_range(figures.p90, 90 * MS, 90 * MS + 90 * MS / 1000);
    assert_in_range(figures.p99, 99 * MS, 99 * MS + 99 * MS / 1000);
    assert_int_equal(figures.mean, 50500000);
    assert_int_equal(statistics.missed[EXIT_STATUS_TIMED_OUT], 20);
    assert_int_equal(statistics.last_failure, EXIT_STATUS_REFUSED);
    probe_statistics_deinit(&statistics);
}

/* Otherwise the total over several targets leaves something out. */
static void merging_adds_everything(void **state)
{
    struct probe_statistics one = {0};
    struct probe_statistics other = {0};
    struct probe_figures figures;
    (void)state;
    add(&one, EXIT_STATUS_OK, 3 * MS, 1);
    add(&one, EXIT_STATUS_LOST, 0, 4);
    add(&other, EXIT_STATUS_OK, 5 * MS, 2);
    add(&other, EXIT_STATUS_TIMED_OUT, 0, 3);
    other.duplicates = 7;
    assert_int_equal(probe_statistics_merge(&one, &other), 0);
    assert_int_equal(probe_statistics_figures(&one, &figures), 0);
    assert_int_equal(figures.replies, 2);
    assert_int_equal(figures.missed, 2);
    assert_int_equal(figures.duplicates, 7);
    assert_int_equal(figures.max, 5 * MS);
    assert_int_equal(one.last_failure, EXIT_STATUS_LOST); /* it came later */
    probe_statistics_deinit(&one);
    probe_statistics_deinit(&other);
}

/* Otherwise the summary of a target that was never probed divides by zero. */
static void nothing_has_figures_of_nothing(void **state)
{
    struct probe_statistics statistics = {0};
    struct probe_figures figures;
    (void)state;
    assert_int_equal(probe_statistics_figures(&statistics, &figures), 0);
    assert_int_equal(figures.sent, 0);
    assert_int_equal(figures.p99, 0);
    assert_true(figures.loss == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_results),
        cmocka_unit_test(merging_adds_everything),
        cmocka_unit_test(nothing_has_figures_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
