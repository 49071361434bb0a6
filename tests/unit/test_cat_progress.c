/* Rates and the time that is left. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "cat/cat_progress.h"

#define SECOND NK_NANOSECONDS_PER_SECOND

/* The rate is the average, or of one direction; a slow second looks fast. */
static void the_rate_is_that_of_the_last_interval(void **state)
{
    struct cat_progress_meter meter = {0};

    (void)state;
    assert_int_equal(cat_progress_measure(&meter, 1000, 500, SECOND).rate, 1500);
    assert_int_equal(cat_progress_measure(&meter, 1000, 500, 2 * SECOND).rate, 0);
    assert_int_equal(cat_progress_measure(&meter, 1100, 500, 4 * SECOND).rate, 50);
    assert_int_equal(cat_progress_measure(&meter, 1200, 500, 4 * SECOND).rate, 0);
}

/* The time that is left is told although nobody can know it. */
static void what_is_left_needs_a_size_and_a_start(void **state)
{
    struct cat_progress_meter unknown = {0};
    struct cat_progress_meter known = {.expected = 1000};

    (void)state;
    assert_true(cat_progress_measure(&unknown, 10, 0, SECOND).left == NK_NEVER);
    assert_true(cat_progress_measure(&known, 0, 10, SECOND).left == NK_NEVER);
    assert_int_equal(cat_progress_measure(&known, 250, 10, 2 * SECOND).left, 6 * SECOND);
    assert_int_equal(cat_progress_measure(&known, 1000, 10, 4 * SECOND).left, 0);
    assert_int_equal(cat_progress_measure(&known, 1010, 10, 5 * SECOND).left, 0);
}

/* Numbers that only a very long transfer has wrap around. */
static void large_numbers_do_not_wrap(void **state)
{
    struct cat_progress_meter meter = {.expected = UINT64_C(1) << 60};
    struct cat_progress progress =
        cat_progress_measure(&meter, UINT64_C(1) << 59, 0, UINT64_C(1000000) * SECOND);

    (void)state;
    assert_in_range(progress.left, UINT64_C(999999) * SECOND, UINT64_C(1000001) * SECOND);
    assert_in_range(progress.rate, UINT64_C(576460752302), UINT64_C(576460752304));
}

/* What lies in front of the offset is counted, or a pipe is taken for a file. */
static void a_file_has_a_known_rest(void **state)
{
    int fds[2];
    int file = memfd_create("netkit-test", MFD_CLOEXEC);

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(cat_progress_expected(file), 0);
    assert_int_equal(write(file, "0123456789", 10), 10);
    assert_int_equal(cat_progress_expected(file), 0);
    assert_int_equal(lseek(file, 4, SEEK_SET), 4);
    assert_int_equal(cat_progress_expected(file), 6);
    close(file);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(cat_progress_expected(fds[0]), 0);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(cat_progress_expected(-1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_that_of_the_last_interval),
        cmocka_unit_test(what_is_left_needs_a_size_and_a_start),
        cmocka_unit_test(large_numbers_do_not_wrap),
        cmocka_unit_test(a_file_has_a_known_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
