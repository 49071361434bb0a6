/* The delays between tries, with the random numbers at both ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "probe/probe_backoff.h"

#define MS UINT64_C(1000000)

/* Otherwise a server that comes up is either found late or hammered. */
static void delays_double_up_to_the_limit(void **state)
{
    static const uint64_t expected[] = {100, 200, 400, 800, 1000, 1000};
    struct probe_backoff most = {.initial = 100 * MS, .limit = 1000 * MS};
    struct probe_backoff least = most;
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(probe_backoff_next(&most, UINT32_MAX), expected[i] * MS);
        assert_int_equal(probe_backoff_next(&least, 0), expected[i] * MS / 2);
    }
}

/* Otherwise many who lost the same server come back at the same moment. */
static void the_random_number_decides_within_the_upper_half(void **state)
{
    (void)state;
    for (uint64_t random = 0; random <= UINT32_MAX; random += UINT32_MAX / 16) {
        struct probe_backoff backoff = {.initial = 1000, .limit = 8000};
        uint64_t delay = probe_backoff_next(&backoff, (uint32_t)random);
        uint64_t exact = 500 + 500 * random / UINT32_MAX;
        assert_in_range(delay, exact > 0 ? exact - 1 : 0, exact + 1);
    }
}

/* Otherwise the first try after a good time is as slow as the last of a bad one. */
static void success_makes_delays_short_again(void **state)
{
    struct probe_backoff backoff = {.initial = 100, .limit = 100000};
    (void)state;
    for (int i = 0; i < 5; i++)
        (void)probe_backoff_next(&backoff, UINT32_MAX);
    probe_backoff_reset(&backoff);
    assert_int_equal(probe_backoff_next(&backoff, UINT32_MAX), 100);
}

/* Otherwise doubling wraps around and a delay of years becomes none. */
static void huge_limits_do_not_wrap(void **state)
{
    struct probe_backoff backoff = {.initial = UINT64_MAX / 3, .limit = UINT64_MAX};
    uint64_t before = 0;
    (void)state;
    for (int i = 0; i < 6; i++) {
        uint64_t delay = probe_backoff_next(&backoff, 0);
        assert_true(delay >= before);
        before = delay;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_double_up_to_the_limit),
        cmocka_unit_test(the_random_number_decides_within_the_upper_half),
        cmocka_unit_test(success_makes_delays_short_again),
        cmocka_unit_test(huge_limits_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
