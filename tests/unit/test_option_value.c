/* The values behind `?key=`: a wrong unit or a forgotten rest of the text sets
 * something else than what was written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "os/option_value.h"

static const struct {
    enum nk_option_value kind;
    const char *text;
    uint64_t value;
} good[] = {
    {NK_OPTION_BOOL, "1", 1},
    {NK_OPTION_BOOL, "on", 1},
    {NK_OPTION_BOOL, "yes", 1},
    {NK_OPTION_BOOL, "true", 1},
    {NK_OPTION_BOOL, "0", 0},
    {NK_OPTION_BOOL, "off", 0},
    {NK_OPTION_BOOL, "no", 0},
    {NK_OPTION_BOOL, "false", 0},
    {NK_OPTION_NUMBER, "0", 0},
    {NK_OPTION_NUMBER, "64", 64},
    {NK_OPTION_NUMBER, "0xb8", 184},
    {NK_OPTION_NUMBER, "0xFFffFFff", UINT32_MAX},
    {NK_OPTION_NUMBER, "18446744073709551615", UINT64_MAX},
    {NK_OPTION_SIZE, "512", 512},
    {NK_OPTION_SIZE, "64k", 65536},
    {NK_OPTION_SIZE, "64K", 65536},
    {NK_OPTION_SIZE, "1M", 1 << 20},
    {NK_OPTION_SIZE, "2g", UINT64_C(2) << 30},
    {NK_OPTION_SECONDS, "60", 60},
    {NK_OPTION_SECONDS, "5m", 300},
    {NK_OPTION_SECONDS, "1h", 3600},
    {NK_OPTION_SECONDS, "2000ms", 2},
    {NK_OPTION_MILLISECONDS, "500ms", 500},
    {NK_OPTION_MILLISECONDS, "30", 30000},
    {NK_OPTION_MILLISECONDS, "30s", 30000},
    {NK_OPTION_MILLISECONDS, "0", 0},
};

static void good_values_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(good); i++) {
        uint64_t value = 77;

        if (!nk_option_value_parse(good[i].kind, nk_slice_of_string(good[i].text), &value))
            fail_msg("'%s' is refused", good[i].text);
        assert_int_equal(value, good[i].value);
    }
}

static const struct {
    enum nk_option_value kind;
    const char *text;
} bad[] = {
    {NK_OPTION_BOOL, ""},
    {NK_OPTION_BOOL, "2"},
    {NK_OPTION_BOOL, "ON"},
    {NK_OPTION_BOOL, "yess"},
    {NK_OPTION_NUMBER, ""},
    {NK_OPTION_NUMBER, "-1"},
    {NK_OPTION_NUMBER, "1x"},
    {NK_OPTION_NUMBER, " 1"},
    {NK_OPTION_NUMBER, "0x"},
    {NK_OPTION_NUMBER, "0xg"},
    {NK_OPTION_NUMBER, "0x\x10"}, /* a control byte that differs from '0' in one bit */
    {NK_OPTION_NUMBER, "0x100000000"},
    {NK_OPTION_NUMBER, "18446744073709551616"},
    {NK_OPTION_SIZE, ""},
    {NK_OPTION_SIZE, "k"},
    {NK_OPTION_SIZE, "64kb"},
    {NK_OPTION_SIZE, "1.5M"},
    {NK_OPTION_SIZE, "18014398509481984k"}, /* 2^64 bytes */
    {NK_OPTION_SECONDS, "1500ms"},
    {NK_OPTION_SECONDS, "s"},
    {NK_OPTION_MILLISECONDS, "1d"},
    {NK_OPTION_MILLISECONDS, "5 s"},
    {NK_OPTION_MILLISECONDS, "18446744073709551615"},
};

static void anything_else_is_refused_and_leaves_the_value_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bad); i++) {
        uint64_t value = 77;

        if (nk_option_value_parse(bad[i].kind, nk_slice_of_string(bad[i].text), &value))
            fail_msg("'%s' is accepted", bad[i].text);
        assert_int_equal(value, 77);
    }
}

/* An option's value stands in the middle of a longer text. */
static void nothing_behind_the_slice_is_read(void **state)
{
    uint64_t value;

    (void)state;
    assert_true(nk_option_value_parse(NK_OPTION_NUMBER, nk_slice_make("12&34", 2), &value));
    assert_int_equal(value, 12);
    assert_true(nk_option_value_parse(NK_OPTION_SIZE, nk_slice_make("1kM", 2), &value));
    assert_int_equal(value, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values_are_read),
        cmocka_unit_test(anything_else_is_refused_and_leaves_the_value_alone),
        cmocka_unit_test(nothing_behind_the_slice_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
