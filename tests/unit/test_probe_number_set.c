/* Sets of ports and of statuses, as people write them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "probe/probe_number_set.h"

static size_t count(const struct probe_number_set *set)
{
    size_t total = 0;
    for (uint32_t number = 0; number <= UINT16_MAX; number++)
        total += probe_number_set_holds(set, (uint16_t)number);
    return total;
}

/* Otherwise a port that was asked for is not looked at, or another one is. */
static void numbers_and_ranges_are_members(void **state)
{
    struct probe_number_set set;
    (void)state;
    assert_int_equal(probe_number_set_parse(&set, "22,80,8000-8100,80", 1, UINT16_MAX), 0);
    assert_true(probe_number_set_holds(&set, 22));
    assert_true(probe_number_set_holds(&set, 8000));
    assert_true(probe_number_set_holds(&set, 8100));
    assert_false(probe_number_set_holds(&set, 8101));
    assert_int_equal(count(&set), 103);
    assert_int_equal(probe_number_set_parse(&set, "1-65535", 1, UINT16_MAX), 0);
    assert_int_equal(count(&set), 65535);
    assert_int_equal(probe_number_set_parse(&set, "7-7", 1, UINT16_MAX), 0);
    assert_int_equal(count(&set), 1);
}

/* Otherwise a typing mistake probes something that nobody meant. */
static void what_is_no_set_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        ",",
                                        "22,",
                                        ",22",
                                        "22,,80",
                                        "22 ,80",
                                        "80-22",
                                        "22-",
                                        "-22",
                                        "22--3",
                                        "0",
                                        "65536",
                                        "0-5",
                                        "1-65536",
                                        "22-x",
                                        "x",
                                        "22;80",
                                        "+1",
                                        "99999999999999999999"};
    struct probe_number_set set;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (probe_number_set_parse(&set, wrong[i], 1, UINT16_MAX) != -EINVAL)
            fail_msg("'%s' was taken", wrong[i]);
    }
    assert_int_equal(probe_number_set_parse(&set, "99-200", 100, 599), -EINVAL);
    assert_int_equal(probe_number_set_parse(&set, "100-599", 100, 599), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_ranges_are_members),
        cmocka_unit_test(what_is_no_set_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
