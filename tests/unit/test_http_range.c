/* Which bytes a client asks for (RFC 9110 14). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/http_range.h"

/* "206 0+5 7+1": the answer and offset+length of each range. */
static void print(struct nk_slice value, uint64_t size, char *text, size_t room)
{
    struct http_ranges ranges;
    const enum http_range_answer answer = http_range_parse(value, size, &ranges);
    size_t len = (size_t)snprintf(text, room, "%s",
                                  answer == HTTP_RANGE_IGNORED   ? "200"
                                  : answer == HTTP_RANGE_PARTIAL ? "206"
                                                                 : "416");
    for (size_t i = 0; answer == HTTP_RANGE_PARTIAL && i < ranges.count; i++)
        len += (size_t)snprintf(text + len, room - len, " %ju+%ju",
                                (uintmax_t)ranges.items[i].offset, (uintmax_t)ranges.items[i].len);
}

static const struct {
    const char *value;
    uint64_t size;
    const char *expected;
} examples[] = {
    {"bytes=0-4", 10, "206 0+5"},
    {"bytes=5-", 10, "206 5+5"},
    {"bytes=-3", 10, "206 7+3"},
    {"bytes=-10", 10, "206 0+10"},
    {"bytes=-99", 10, "206 0+10"},
    {"bytes=0-", 10, "206 0+10"},
    {"bytes=0-0", 10, "206 0+1"},
    {"bytes=9-9", 10, "206 9+1"},
    {"bytes=9-10", 10, "206 9+1"},
    {"bytes=0-99", 10, "206 0+10"},
    {"BYTES=0-4", 10, "206 0+5"},
    {"bytes= 0-4", 10, "206 0+5"},
    {"bytes=0-4 ", 10, "206 0+5"},
    {"bytes=00000000000000000000000001-04", 10, "206 1+4"},
    /* several */
    {"bytes=0-0,-1", 10, "206 0+1 9+1"},
    {"bytes=8-9,0-1", 10, "206 8+2 0+2"},
    {"bytes=0-4 \t, \t5-9", 10, "206 0+5 5+5"},
    {"bytes=,0-4,,5-9,", 10, "206 0+5 5+5"},
    {"bytes=0-1,20-30,8-", 10, "206 0+2 8+2"},
    {"bytes=20-30,-0,8-", 10, "206 8+2"},
    /* overlapping */
    {"bytes=0-4,4-9", 10, "200"},
    {"bytes=0-,0-", 10, "200"},
    {"bytes=0-9,2-3", 10, "200"},
    {"bytes=2-3,0-9", 10, "200"},
    {"bytes=5-,-6", 10, "200"},
    {"bytes=0-0,0-0", 10, "200"},
    /* nothing there */
    {"bytes=10-", 10, "416"},
    {"bytes=10-20", 10, "416"},
    {"bytes=-0", 10, "416"},
    {"bytes=-0,99-", 10, "416"},
    {"bytes=0-", 0, "416"},
    {"bytes=0-0", 0, "416"},
    {"bytes=-5", 0, "416"},
    /* more than 64 bits (CVE-2017-7529) */
    {"bytes=18446744073709551616-", 10, "416"},
    {"bytes=0-18446744073709551616", 10, "206 0+10"},
    {"bytes=0-18446744073709551615", 10, "206 0+10"},
    {"bytes=-18446744073709551616", 10, "206 0+10"},
    {"bytes=-9223372036854775808,-9223372036854775808", 10, "200"},
    {"bytes=0-9223372036854775807,9223372036854775807-", 10, "206 0+10"},
    {"bytes=18446744073709551615-18446744073709551615", UINT64_MAX, "416"},
    {"bytes=18446744073709551614-", UINT64_MAX, "206 18446744073709551614+1"},
    {"bytes=0-18446744073709551615", UINT64_MAX, "206 0+18446744073709551615"},
    /* not as the grammar has it */
    {"bytes=5-2", 10, "200"},
    {"bytes=5-2,0-1", 10, "200"},
    {"bytes=0-1,5-2", 10, "200"},
    {"bytes=a-b", 10, "200"},
    {"bytes=0-1,a-b", 10, "200"},
    {"bytes=0-b", 10, "200"},
    {"bytes=-", 10, "200"},
    {"bytes=--1", 10, "200"},
    {"bytes=0--1", 10, "200"},
    {"bytes=+0-1", 10, "200"},
    {"bytes=0x0-0x1", 10, "200"},
    {"bytes=0 -1", 10, "200"},
    {"bytes=0- 1", 10, "200"},
    {"bytes=0-1-2", 10, "200"},
    {"bytes=5", 10, "200"},
    {"bytes=1.5-2", 10, "200"},
    {"bytes=*", 10, "200"},
    {"bytes=", 10, "200"},
    {"bytes=,", 10, "200"},
    {"bytes", 10, "200"},
    {"bytes 0-4", 10, "200"},
    {"bytes =0-4", 10, "200"},
    {"byte=0-4", 10, "200"},
    {"pages=0-4", 10, "200"},
    {"none", 10, "200"},
    {"", 10, "200"},
    {"0-4", 10, "200"},
    {"bytes=0-1;2-3", 10, "200"},
};

/* A download is resumed at the wrong byte, runs over the end, or a mistake in the
 * request is taken for a wish. */
static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(examples); i++) {
        char text[256];
        print(nk_slice_of_string(examples[i].value), examples[i].size, text, sizeof(text));
        if (strcmp(text, examples[i].expected) != 0)
            fail_msg("'%s' of %ju: %s, not %s", examples[i].value, (uintmax_t)examples[i].size,
                     text, examples[i].expected);
    }
}

/* "bytes=0-0,2-2,4-4..." with `count` ranges, of which `gone` lie behind the end. */
static enum http_range_answer ask_for(size_t count, size_t gone)
{
    static char value[8192];
    struct http_ranges ranges = {0};
    size_t len = (size_t)snprintf(value, sizeof(value), "bytes=");
    for (size_t i = 0; i < count; i++) {
        const size_t first = i < gone ? 100000 + i : 2 * i;
        len += (size_t)snprintf(value + len, sizeof(value) - len, "%zu-%zu,", first, first);
    }
    const enum http_range_answer answer =
        http_range_parse(nk_slice_make(value, len), 1000, &ranges);
    if (answer == HTTP_RANGE_PARTIAL)
        assert_int_equal(ranges.count, count - gone);
    return answer;
}

/* Many ranges cost much for little (CVE-2011-3192). */
static void test_the_number_of_ranges_is_limited(void **state)
{
    (void)state;
    assert_int_equal(ask_for(HTTP_RANGES_MAX, 0), HTTP_RANGE_PARTIAL);
    assert_int_equal(ask_for(HTTP_RANGES_MAX, 3), HTTP_RANGE_PARTIAL);
    assert_int_equal(ask_for(HTTP_RANGES_MAX + 1, 0), HTTP_RANGE_IGNORED);
    assert_int_equal(ask_for(HTTP_RANGES_MAX + 1, HTTP_RANGES_MAX), HTTP_RANGE_IGNORED);
    assert_int_equal(ask_for(500, 0), HTTP_RANGE_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_the_number_of_ranges_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
