/* What becomes of PINGs at a server that rehearses failures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "keepalive/keepalive_fault.h"

#define PINGS 10000

static struct keepalive_faults healthy(void)
{
    return (struct keepalive_faults){
        .freeze_after = KEEPALIVE_NEVER,
        .reset_after = KEEPALIVE_NEVER,
    };
}

static int dropped_of(const struct keepalive_faults *faults, uint64_t seed)
{
    int dropped = 0;

    for (int i = 0; i < PINGS; i++)
        dropped += keepalive_fate_of(faults, 5, &seed) == KEEPALIVE_FATE_DROP;
    return dropped;
}

/* Otherwise a server without faults would have some. */
static void without_faults_everything_is_answered(void **state)
{
    const struct keepalive_faults faults = healthy();
    uint64_t random = 1;

    (void)state;
    for (uint64_t answered = 0; answered < PINGS; answered++)
        assert_int_equal(keepalive_fate_of(&faults, answered, &random), KEEPALIVE_FATE_ANSWER);
}

/* Otherwise a loss that a client reports could not be compared with what was asked for. */
static void so_many_of_a_hundred_are_dropped(void **state)
{
    struct keepalive_faults faults = healthy();

    (void)state;
    assert_int_equal(dropped_of(&faults, 1), 0);
    faults.drop = 100;
    assert_int_equal(dropped_of(&faults, 1), PINGS);
    faults.drop = 10; /* the mean of these is 1000, the deviation 30 */
    for (uint64_t seed = 0; seed < 20; seed++)
        assert_in_range(dropped_of(&faults, seed), 880, 1120);
}

/* Otherwise a rehearsal could not be repeated. */
static void the_same_seed_brings_the_same_fates(void **state)
{
    struct keepalive_faults faults = healthy();
    uint64_t one = 77;
    uint64_t same = 77;
    uint64_t other = 78;
    int different = 0;

    (void)state;
    faults.drop = 50;
    for (int i = 0; i < 100; i++) {
        enum keepalive_fate fate = keepalive_fate_of(&faults, 0, &one);

        assert_int_equal(keepalive_fate_of(&faults, 0, &same), fate);
        different += keepalive_fate_of(&faults, 0, &other) != fate;
    }
    assert_true(different > 0);
}

/* Otherwise it would freeze or reset one PING early or late, or answer again afterwards. */
static void the_end_comes_after_so_many_answers(void **state)
{
    static const struct {
        uint64_t freeze_after;
        uint64_t reset_after;
        uint64_t answered;
        enum keepalive_fate fate;
    } rows[] = {
        {3, KEEPALIVE_NEVER, 2, KEEPALIVE_FATE_ANSWER},
        {3, KEEPALIVE_NEVER, 3, KEEPALIVE_FATE_FREEZE},
        {0, KEEPALIVE_NEVER, 0, KEEPALIVE_FATE_FREEZE},
        {KEEPALIVE_NEVER, 3, 2, KEEPALIVE_FATE_ANSWER},
        {KEEPALIVE_NEVER, 3, 3, KEEPALIVE_FATE_RESET},
        {KEEPALIVE_NEVER, 0, 0, KEEPALIVE_FATE_RESET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct keepalive_faults faults = {0, rows[i].freeze_after, rows[i].reset_after};
        uint64_t random = 1;

        assert_int_equal(keepalive_fate_of(&faults, rows[i].answered, &random), rows[i].fate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_faults_everything_is_answered),
        cmocka_unit_test(so_many_of_a_hundred_are_dropped),
        cmocka_unit_test(the_same_seed_brings_the_same_fates),
        cmocka_unit_test(the_end_comes_after_so_many_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
