/* When a lost connection is tried again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "shell/shell_backoff.h"

#define MILLISECOND UINT64_C(1000000)

/* A server that has just come back would be overrun, or a client would wait for ever. */
static void delays_grow_and_end(void **state)
{
    static const uint64_t expected[] = {250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct shell_backoff backoff = {0};
    uint64_t delay = 0;
    uint64_t total = 0;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(expected); i++) {
        assert_true(shell_backoff_next(&backoff, &delay));
        assert_int_equal(delay, expected[i] * MILLISECOND);
        assert_int_equal(backoff.attempts, i + 1);
        total += delay;
    }
    while (shell_backoff_next(&backoff, &delay)) {
        assert_int_equal(delay, SHELL_BACKOFF_MOST);
        total += delay;
    }
    assert_true(total <= SHELL_BACKOFF_PATIENCE);
    assert_true(total > SHELL_BACKOFF_PATIENCE - SHELL_BACKOFF_MOST);
    assert_int_equal(delay, SHELL_BACKOFF_MOST); /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_grow_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
