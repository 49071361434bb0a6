/* The token bucket, on a clock that the test moves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/byte_rate.h"
#include "base/clock.h"

#define SECOND NK_NANOSECONDS_PER_SECOND
#define MILLISECOND NK_NANOSECONDS_PER_MILLISECOND

static const uint64_t rates[] = {1, 2, 3, 7, 10, 1000, 1023, 65536, 10485760, NK_BYTE_RATE_MAX};

/* Moves all that is allowed, whenever the bucket says so, until `end`. */
static uint64_t move_until(struct nk_byte_rate *rate, uint64_t start, uint64_t end)
{
    uint64_t moved = 0;
    uint64_t now = start;

    while (now <= end) {
        size_t allowed = nk_byte_rate_allowed(rate, now);
        moved += allowed;
        nk_byte_rate_take(rate, allowed);
        uint64_t next = nk_byte_rate_ready_at(rate);
        assert_true(next > now); /* or the loop would spin */
        now = next;
    }
    return moved;
}

/* Over a long time more or less than the rate moves: rounding adds up. */
static void the_rate_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rates); i++) {
        struct nk_byte_rate rate;
        uint64_t bucket = rates[i] / 10 > 0 ? rates[i] / 10 : 1;
        nk_byte_rate_init(&rate, rates[i], SECOND);
        uint64_t moved = move_until(&rate, SECOND, 101 * SECOND);
        assert_in_range(moved, 100 * rates[i] - bucket, 100 * rates[i] + bucket);
    }
}

/* Time that is looked at often is lost in small parts of a byte. */
static void looking_often_costs_nothing(void **state)
{
    struct nk_byte_rate rate;
    uint64_t moved = 0;

    (void)state;
    nk_byte_rate_init(&rate, 3, 0);
    for (uint64_t now = 0; now <= 10 * SECOND; now += 999983) {
        size_t allowed = nk_byte_rate_allowed(&rate, now);
        nk_byte_rate_take(&rate, allowed);
        moved += allowed;
    }
    assert_in_range(moved, 30, 31);
}

/* A pause is made up for with a burst. */
static void a_pause_is_not_made_up_for(void **state)
{
    struct nk_byte_rate rate;

    (void)state;
    nk_byte_rate_init(&rate, 1000, 0);
    assert_int_equal(nk_byte_rate_allowed(&rate, 0), 100);
    assert_int_equal(nk_byte_rate_allowed(&rate, 3600 * SECOND), 100);
    nk_byte_rate_take(&rate, 100);
    assert_int_equal(nk_byte_rate_allowed(&rate, 3600 * SECOND), 0);
    assert_int_equal(nk_byte_rate_ready_at(&rate), 3600 * SECOND + 50 * MILLISECOND);
    assert_int_equal(nk_byte_rate_allowed(&rate, UINT64_MAX), 100);
}

/* A record that is larger than the bucket moves at once and is paid for later. */
static void a_debt_has_to_be_earned(void **state)
{
    struct nk_byte_rate rate;

    (void)state;
    nk_byte_rate_init(&rate, 10, 0);
    nk_byte_rate_take(&rate, 65536);
    uint64_t ready_at = nk_byte_rate_ready_at(&rate);
    assert_in_range(ready_at, 6553 * SECOND, 6554 * SECOND);
    assert_int_equal(nk_byte_rate_allowed(&rate, ready_at - MILLISECOND), 0);
    assert_true(nk_byte_rate_allowed(&rate, ready_at) > 0);
}

/* A clock that is read twice in a turn, or goes back, earns nothing. */
static void the_same_time_earns_nothing(void **state)
{
    struct nk_byte_rate rate;

    (void)state;
    nk_byte_rate_init(&rate, 1000, SECOND);
    nk_byte_rate_take(&rate, 100);
    assert_int_equal(nk_byte_rate_allowed(&rate, SECOND), 0);
    assert_int_equal(nk_byte_rate_allowed(&rate, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_kept),
        cmocka_unit_test(looking_often_costs_nothing),
        cmocka_unit_test(a_pause_is_not_made_up_for),
        cmocka_unit_test(a_debt_has_to_be_earned),
        cmocka_unit_test(the_same_time_earns_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
