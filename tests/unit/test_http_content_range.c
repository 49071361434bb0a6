/* Content-Range: what an upload may say about itself. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http_content_range.h"

struct good {
    struct nk_slice value;
    struct http_content_range range;
};

/* A range that is read wrongly puts bytes in the wrong place of a file. */
static void test_good_ranges(void **state)
{
    static const struct good good[] = {
        {NK_SLICE("bytes 0-0/1"), {0, 0, 1}},
        {NK_SLICE("bytes 100-199/200"), {100, 199, 200}},
        {NK_SLICE("BYTES 5-9/1000"), {5, 9, 1000}},
        {NK_SLICE("bytes 0-18446744073709551614/18446744073709551615"),
         {0, UINT64_MAX - 1, UINT64_MAX}},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(good); i++) {
        struct http_content_range range = {0, 0, 0};
        assert_int_equal(http_content_range_parse(good[i].value, &range), 0);
        assert_int_equal(range.first, good[i].range.first);
        assert_int_equal(range.last, good[i].range.last);
        assert_int_equal(range.total, good[i].range.total);
    }
}

/* RFC 9110 14.4: a recipient must not use a range that it cannot be sure of. */
static void test_bad_ranges(void **state)
{
    static const struct nk_slice bad[] = {
        NK_SLICE(""),
        NK_SLICE("bytes"),
        NK_SLICE("bytes "),
        NK_SLICE("bytes 0-0/*"),
        NK_SLICE("bytes */10"),
        NK_SLICE("bytes 5-4/10"),
        NK_SLICE("bytes 0-10/10"),
        NK_SLICE("bytes 0-9"),
        NK_SLICE("bytes=0-9/10"),
        NK_SLICE("bytes -9/10"),
        NK_SLICE("bytes 0 -9/10"),
        NK_SLICE("bytes 0-9/10 "),
        NK_SLICE("bytes 0-9/10/11"),
        NK_SLICE("items 0-9/10"),
        NK_SLICE("bytes 0-9/18446744073709551616"),
        NK_SLICE("bytes +0-9/10"),
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bad); i++) {
        struct http_content_range range = {7, 8, 9};
        assert_int_equal(http_content_range_parse(bad[i], &range), -EINVAL);
        assert_int_equal(range.first, 7);
        assert_int_equal(range.total, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ranges),
        cmocka_unit_test(test_bad_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
