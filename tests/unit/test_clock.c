/* Every deadline is computed from these clocks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

/* A clock that went back would fire no timer until it has caught up. */
static void monotonic_never_goes_back_and_moves_on(void **state)
{
    const struct nk_clock *clock = nk_clock_system();
    uint64_t first = nk_clock_monotonic(clock);
    uint64_t last = first;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t now = nk_clock_monotonic(clock);

        assert_true(now >= last);
        last = now;
    }
    assert_true(last > first);
    assert_true(last - first < 60 * NK_NANOSECONDS_PER_SECOND);
    assert_true(last < NK_NEVER);
}

/* A wrong unit or epoch would show in every Date header. */
static void wall_counts_nanoseconds_since_1970(void **state)
{
    uint64_t before = (uint64_t)time(NULL);
    uint64_t wall = nk_clock_wall(nk_clock_system()) / NK_NANOSECONDS_PER_SECOND;

    (void)state;
    /* time() may lag behind clock_gettime by a tick. */
    assert_true(wall >= before);
    assert_true(wall <= (uint64_t)time(NULL) + 1);
}

static void system_clock_is_always_the_same(void **state)
{
    (void)state;
    assert_non_null(nk_clock_system());
    assert_ptr_equal(nk_clock_system(), nk_clock_system());
}

/* Tests of schedules are exact only if nothing but the test moves the time. */
static void manual_clock_moves_only_by_hand(void **state)
{
    struct nk_manual_clock manual;

    (void)state;
    nk_manual_clock_init(&manual, 5000);
    assert_int_equal(nk_clock_monotonic(&manual.clock), 5000);
    assert_int_equal(nk_clock_wall(&manual.clock), 5000);
    assert_int_equal(nk_clock_monotonic(&manual.clock), 5000);
    nk_manual_clock_advance(&manual, 3 * NK_NANOSECONDS_PER_SECOND);
    assert_int_equal(nk_clock_monotonic(&manual.clock), 3 * NK_NANOSECONDS_PER_SECOND + 5000);
    assert_int_equal(nk_clock_wall(&manual.clock), 3 * NK_NANOSECONDS_PER_SECOND + 5000);
    nk_manual_clock_advance(&manual, 0);
    assert_int_equal(nk_clock_monotonic(&manual.clock), 3 * NK_NANOSECONDS_PER_SECOND + 5000);
}

/* Two clocks in one test must not share their time. */
static void manual_clocks_are_independent(void **state)
{
    struct nk_manual_clock first;
    struct nk_manual_clock second;

    (void)state;
    nk_manual_clock_init(&first, 1);
    nk_manual_clock_init(&second, 2);
    nk_manual_clock_advance(&first, 10);
    assert_int_equal(nk_clock_monotonic(&first.clock), 11);
    assert_int_equal(nk_clock_monotonic(&second.clock), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_never_goes_back_and_moves_on),
        cmocka_unit_test(wall_counts_nanoseconds_since_1970),
        cmocka_unit_test(system_clock_is_always_the_same),
        cmocka_unit_test(manual_clock_moves_only_by_hand),
        cmocka_unit_test(manual_clocks_are_independent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
