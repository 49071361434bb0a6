/* The line of blocks that --live draws of the times of a row. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "probe_live.h"

static struct probe_live_row row;

static void fill(const uint32_t *times, size_t count)
{
    row.count = 0;
    for (size_t i = 0; i < count; i++)
        row.times[row.count++ % PROBE_LIVE_HISTORY] = times[i];
}

static void assert_line(size_t width, bool has_blocks, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    probe_live_print_line(out, &row, width, has_blocks);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

/* Otherwise the picture shows other times than there were, or hides what was missed. */
static void times_are_between_the_lowest_and_the_highest(void **state)
{
    static const uint32_t times[] = {100, 800, PROBE_LIVE_MISSED, 450, 100};

    (void)state;
    fill(times, sizeof times / sizeof times[0]);
    assert_line(80, false, "_#x-_");
    assert_line(80, true, "\u2581\u2588x\u2584\u2581");
}

/* Otherwise the newest time leaves the picture first, and the row wraps around. */
static void the_newest_fit_into_the_width(void **state)
{
    static const uint32_t times[] = {900, 1, 2, 3};

    (void)state;
    fill(times, sizeof times / sizeof times[0]);
    assert_line(3, false, "_-#");
    assert_line(0, false, "");
    for (uint32_t i = 0; i < 3 * PROBE_LIVE_HISTORY; i++)
        row.times[row.count++ % PROBE_LIVE_HISTORY] = 5;
    row.times[row.count++ % PROBE_LIVE_HISTORY] = 6;
    assert_line(4, false, "___#");
}

/* Otherwise times that are all the same, or none at all, divide by zero. */
static void equal_times_and_none_are_lines_too(void **state)
{
    static const uint32_t same[] = {7, 7, 7};
    static const uint32_t missed[] = {PROBE_LIVE_MISSED, PROBE_LIVE_MISSED};
    static const uint32_t extremes[] = {0, PROBE_LIVE_MISSED - 1};

    (void)state;
    fill(same, 3);
    assert_line(80, false, "___");
    fill(missed, 2);
    assert_line(80, false, "xx");
    fill(extremes, 2);
    assert_line(80, false, "_#");
    fill(NULL, 0);
    assert_line(80, false, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_between_the_lowest_and_the_highest),
        cmocka_unit_test(the_newest_fit_into_the_width),
        cmocka_unit_test(equal_times_and_none_are_lines_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
