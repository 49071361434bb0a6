/* Durations, sizes and counts: what people may write and what they see. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "service/values.h"

typedef int parse_fn(const char *text, uint64_t *value, const char **problem);

struct accepted {
    parse_fn *parse;
    const char *text;
    uint64_t value;
};

static const struct accepted accepted[] = {
    {value_parse_duration, "0", 0},
    {value_parse_duration, "00", 0},
    {value_parse_duration, "0h", 0},
    {value_parse_duration, "1us", UINT64_C(1000)},
    {value_parse_duration, "500ms", UINT64_C(500000000)},
    {value_parse_duration, "10s", UINT64_C(10000000000)},
    {value_parse_duration, "5m", UINT64_C(300000000000)},
    {value_parse_duration, "1h", UINT64_C(3600000000000)},
    {value_parse_duration, "5124095h", UINT64_C(5124095) * UINT64_C(3600000000000)},
    {value_parse_size, "0", 0},
    {value_parse_size, "4096", 4096},
    {value_parse_size, "64k", 65536},
    {value_parse_size, "1M", 1048576},
    {value_parse_size, "3G", UINT64_C(3221225472)},
    {value_parse_size, "16777215T", UINT64_C(16777215) << 40},
    {value_parse_size, "18446744073709551615", UINT64_MAX},
    {value_parse_count, "0", 0},
    {value_parse_count, "007", 7},
    {value_parse_count, "18446744073709551615", UINT64_MAX},
    {value_parse_decimal, "0", 0},
    {value_parse_decimal, "0.0", 0},
    {value_parse_decimal, "0.5", 500},
    {value_parse_decimal, "300.001", 300001},
    {value_parse_factor, "1", 1000},
    {value_parse_factor, "0.5", 500},
    {value_parse_factor, "1.25", 1250},
    {value_parse_factor, "0.001", 1},
    {value_parse_factor, "100.000", 100000},
    {value_parse_factor, "4294967295", UINT64_C(4294967295000)},
};

struct refused {
    parse_fn *parse;
    const char *text;
    int error;
};

static const struct refused refused[] = {
    {value_parse_duration, "", -EINVAL},
    {value_parse_duration, "s", -EINVAL},
    {value_parse_duration, "10", -EINVAL},
    {value_parse_duration, "10x", -EINVAL},
    {value_parse_duration, "10s ", -EINVAL},
    {value_parse_duration, " 10s", -EINVAL},
    {value_parse_duration, "10 s", -EINVAL},
    {value_parse_duration, "10ss", -EINVAL},
    {value_parse_duration, "10S", -EINVAL},
    {value_parse_duration, "-10s", -EINVAL},
    {value_parse_duration, "+10s", -EINVAL},
    {value_parse_duration, "1.5s", -EINVAL},
    {value_parse_duration, "0x10s", -EINVAL},
    {value_parse_duration, "1m30s", -EINVAL},
    {value_parse_duration, "5124096h", -ERANGE},
    {value_parse_duration, "18446744073709551616s", -ERANGE},
    {value_parse_size, "", -EINVAL},
    {value_parse_size, "k", -EINVAL},
    {value_parse_size, "64K", -EINVAL},
    {value_parse_size, "1m", -EINVAL},
    {value_parse_size, "64kB", -EINVAL},
    {value_parse_size, "-1", -EINVAL},
    {value_parse_size, "16777216T", -ERANGE},
    {value_parse_size, "18446744073709551616", -ERANGE},
    {value_parse_decimal, "", -EINVAL},
    {value_parse_decimal, ".5", -EINVAL},
    {value_parse_decimal, "1.", -EINVAL},
    {value_parse_decimal, "0.0001", -EINVAL},
    {value_parse_decimal, "0.5s", -EINVAL},
    {value_parse_factor, "", -EINVAL},
    {value_parse_factor, "0", -EINVAL},
    {value_parse_factor, "0.000", -EINVAL},
    {value_parse_factor, ".5", -EINVAL},
    {value_parse_factor, "1.", -EINVAL},
    {value_parse_factor, "0.0001", -EINVAL},
    {value_parse_factor, "1.5x", -EINVAL},
    {value_parse_factor, "1.2.3", -EINVAL},
    {value_parse_factor, "-1", -EINVAL},
    {value_parse_factor, "4294967296", -EINVAL},
    {value_parse_count, "", -EINVAL},
    {value_parse_count, "4x", -EINVAL},
    {value_parse_count, "-1", -EINVAL},
    {value_parse_count, "1e3", -EINVAL},
    {value_parse_count, "18446744073709551616", -ERANGE},
};

/* A documented way of writing a number would no longer work, or mean another. */
static void accepts_what_is_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(accepted); i++) {
        const char *problem = NULL;
        uint64_t value = 42;

        if (accepted[i].parse(accepted[i].text, &value, &problem) != 0)
            fail_msg("'%s' %s", accepted[i].text, problem);
        assert_int_equal(value, accepted[i].value);
    }
}

/* A typing mistake would silently become another number, or wrap around. */
static void refuses_everything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refused); i++) {
        const char *problem = NULL;
        uint64_t value = 42;

        if (refused[i].parse(refused[i].text, &value, &problem) != refused[i].error)
            fail_msg("'%s' was not refused as it should be", refused[i].text);
        assert_non_null(problem);
        assert_int_equal(value, 42);
    }
}

/* Somebody who forgets the unit would not learn what is missing. */
static void hints_at_the_missing_unit(void **state)
{
    const char *problem = "";
    uint64_t value = 0;

    (void)state;
    assert_int_equal(value_parse_duration("10", &value, &problem), -EINVAL);
    assert_non_null(strstr(problem, "no unit"));
    assert_non_null(strstr(problem, "10s"));
}

/* --help would show a default that is not the default. */
static void prints_what_it_parses(void **state)
{
    static const char *const durations[] = {"0",   "7us", "1500us", "500ms",
                                            "90s", "1m",  "61m",    "1h"};
    static const char *const sizes[] = {"0", "1", "1000", "8k", "1025k", "1M", "5T"};
    char text[VALUE_TEXT_MAX];
    const char *problem;
    uint64_t value = 0;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(durations); i++) {
        assert_int_equal(value_parse_duration(durations[i], &value, &problem), 0);
        assert_string_equal(value_print_duration(value, text), durations[i]);
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sizes); i++) {
        assert_int_equal(value_parse_size(sizes[i], &value, &problem), 0);
        assert_string_equal(value_print_size(value, text), sizes[i]);
    }
    assert_string_equal(value_print_count(UINT64_MAX, text), "18446744073709551615");
}

/* The totals at the end of a server would be misread. */
static void shows_bytes_for_people(void **state)
{
    char text[VALUE_TEXT_MAX];

    (void)state;
    assert_string_equal(value_show_bytes(0, text), "0 bytes");
    assert_string_equal(value_show_bytes(1, text), "1 byte");
    assert_string_equal(value_show_bytes(1023, text), "1023 bytes");
    assert_string_equal(value_show_bytes(1024, text), "1.0 KiB");
    assert_string_equal(value_show_bytes(1048575, text), "1.0 MiB");
    assert_string_equal(value_show_bytes(UINT64_C(5872025), text), "5.6 MiB");
    assert_string_equal(value_show_bytes(UINT64_MAX, text), "16.0 EiB");
}

/* The same for the time it ran. */
static void shows_time_for_people(void **state)
{
    const uint64_t second = UINT64_C(1000000000);
    char text[VALUE_TEXT_MAX];

    (void)state;
    assert_string_equal(value_show_time(0, text), "0 ms");
    assert_string_equal(value_show_time(second - 1, text), "999 ms");
    assert_string_equal(value_show_time(second, text), "1.0 s");
    assert_string_equal(value_show_time(12 * second + 300000000, text), "12.3 s");
    assert_string_equal(value_show_time(312 * second, text), "5 min 12 s");
    assert_string_equal(value_show_time(12345 * second, text), "3 h 25 min");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_is_documented), cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(hints_at_the_missing_unit),  cmocka_unit_test(prints_what_it_parses),
        cmocka_unit_test(shows_bytes_for_people),     cmocka_unit_test(shows_time_for_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
