/* How much of a slow answer is due: a schedule, without waiting for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/http_pace.h"

#define SECOND NK_NANOSECONDS_PER_SECOND

/* Ten bytes in two seconds: one every 200 ms, and the last one at the end. */
static void test_bytes_are_due_evenly(void **state)
{
    const struct http_pace pace = {10, 2 * SECOND};
    (void)state;
    assert_int_equal(http_pace_due(&pace, 0), 0);
    assert_int_equal(http_pace_due(&pace, SECOND / 5 - 1), 0);
    assert_int_equal(http_pace_due(&pace, SECOND / 5), 1);
    assert_int_equal(http_pace_due(&pace, SECOND), 5);
    assert_int_equal(http_pace_due(&pace, 2 * SECOND - 1), 9);
    assert_int_equal(http_pace_due(&pace, 2 * SECOND), 10);
    assert_int_equal(http_pace_due(&pace, UINT64_MAX), 10);
    assert_int_equal(http_pace_next(&pace, 0), SECOND / 5);
    assert_int_equal(http_pace_next(&pace, 9), 2 * SECOND);
}

static void test_without_a_duration_all_is_due(void **state)
{
    const struct http_pace pace = {UINT64_MAX, 0};
    (void)state;
    assert_true(http_pace_due(&pace, 0) == UINT64_MAX);
}

/* A source that waited until `next` and then found nothing due would wait for ever, or
 * wake without end. */
static void test_at_the_next_time_something_is_due(void **state)
{
    static const struct http_pace paces[] = {
        {1, 1},
        {1, SECOND},
        {3, SECOND},
        {7, 13},
        {1000, 7},
        {UINT64_C(1) << 40, 300 * SECOND},
        {999999937, 7 * SECOND + 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
        uint64_t sent = 0;
        uint64_t now = 0;
        for (int round = 0; round < 100 && sent < paces[i].bytes; round++) {
            const uint64_t next = http_pace_next(&paces[i], sent);
            assert_true(next >= now && next <= paces[i].duration);
            assert_true(http_pace_due(&paces[i], next) > sent);
            now = next;
            sent = http_pace_due(&paces[i], next);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_due_evenly),
        cmocka_unit_test(test_without_a_duration_all_is_due),
        cmocka_unit_test(test_at_the_next_time_something_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
