/* When probes are due, in times that the test makes up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "probe/probe_schedule.h"

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* Otherwise the thousandth probe is late by what the ones before it took. */
static void slots_never_drift(void **state)
{
    struct probe_schedule schedule = {.start = 7 * SECOND, .interval = SECOND, .targets = 1};
    uint64_t slot = 0;
    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t due = probe_schedule_due(&schedule, 0, slot);
        assert_int_equal(due, 7 * SECOND + i * SECOND);
        slot = probe_schedule_next(&schedule, 0, slot, due + 900 * MILLISECOND);
    }
}

/* Otherwise thousands of probes are sent at the same moment, and the machine measures
 * its own queue. */
static void many_targets_share_the_interval_evenly(void **state)
{
    struct probe_schedule schedule = {.start = SECOND, .interval = SECOND, .targets = 2000};
    (void)state;
    for (size_t i = 0; i < 2000; i++)
        assert_int_equal(probe_schedule_due(&schedule, i, 0), SECOND + i * SECOND / 2000);
    assert_int_equal(probe_schedule_due(&schedule, 1999, 3), 4 * SECOND + SECOND / 2000 * 1999);
}

/* Otherwise three targets with --count 1 take most of a second for nothing. */
static void few_targets_do_not_wait_for_one_another(void **state)
{
    struct probe_schedule schedule = {.interval = SECOND, .targets = 3};
    (void)state;
    assert_int_equal(probe_schedule_due(&schedule, 0, 0), 0);
    assert_int_equal(probe_schedule_due(&schedule, 2, 0), 20 * MILLISECOND);
}

/* Otherwise a machine that slept sends everything it has missed at once. */
static void slots_that_were_slept_through_are_left_out(void **state)
{
    struct probe_schedule schedule = {.interval = SECOND, .targets = 1};
    (void)state;
    assert_int_equal(probe_schedule_next(&schedule, 0, 4, 100 * SECOND + 1), 100);
    assert_int_equal(probe_schedule_next(&schedule, 0, 4, 4 * SECOND), 5);
    assert_int_equal(probe_schedule_next(&schedule, 0, 4, 0), 5);
}

/* Otherwise a long run or a long interval wraps around into the past. */
static void the_end_of_time_is_never(void **state)
{
    struct probe_schedule schedule = {.start = SECOND, .interval = UINT64_MAX / 4, .targets = 1};
    (void)state;
    assert_true(probe_schedule_due(&schedule, 0, 3) < NK_NEVER);
    assert_true(probe_schedule_due(&schedule, 0, 4) == NK_NEVER);
    assert_true(probe_schedule_due(&schedule, 0, UINT64_MAX) == NK_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_never_drift),
        cmocka_unit_test(many_targets_share_the_interval_evenly),
        cmocka_unit_test(few_targets_do_not_wait_for_one_another),
        cmocka_unit_test(slots_that_were_slept_through_are_left_out),
        cmocka_unit_test(the_end_of_time_is_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
