/* The order of a listing: what a query asks for, and how names compare. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http_order.h"

static void test_queries(void **state)
{
    static const struct {
        const char *query;
        enum http_order_key key;
        bool is_descending;
    } tests[] = {
        {"", HTTP_ORDER_NAME, false},
        {"sort=size", HTTP_ORDER_SIZE, false},
        {"sort=date&order=desc", HTTP_ORDER_DATE, true},
        {"order=desc&sort=date", HTTP_ORDER_DATE, true},
        {"order=desc", HTTP_ORDER_NAME, true},
        {"sort=size&order=asc", HTTP_ORDER_SIZE, false},
        {"sort=nothing&order=up", HTTP_ORDER_NAME, false},
        {"&&sort=size&&x&=&sort", HTTP_ORDER_SIZE, false},
        {"xsort=size", HTTP_ORDER_NAME, false},
        {"sort", HTTP_ORDER_NAME, false},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_order order = http_order_of_query(nk_slice_of_string(tests[i].query));
        assert_int_equal(order.key, tests[i].key);
        assert_int_equal(order.is_descending, tests[i].is_descending);
    }
}

static void test_names_are_sorted_as_people_do(void **state)
{
    static const char *const names[] = {
        "",
        "0",
        "00",
        "01",
        "1",
        "2",
        "9",
        "010",
        "10",
        "10a",
        "10b",
        "99999999999999999999998",
        "99999999999999999999999",
        "a",
        "A1",
        "a2",
        "a10",
        "a10b2",
        "A10b10",
        "ab",
        "B",
        "file 9.txt",
        "file 10.txt",
        "Z",
        "\xc3\xa4",
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
        for (size_t j = 0; j < NK_ARRAY_LENGTH(names); j++) {
            int got = http_order_compare_names(names[i], names[j]);
            int wanted = (i > j) - (i < j);
            if ((got > 0) - (got < 0) != wanted)
                fail_msg("'%s' and '%s': %d", names[i], names[j], got);
        }
    }
}

static void test_names_that_differ_in_case_only_are_not_equal(void **state)
{
    (void)state;
    assert_true(http_order_compare_names("A", "a") < 0);
    assert_true(http_order_compare_names("a", "A") > 0);
    assert_int_equal(http_order_compare_names("aB1", "aB1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_names_are_sorted_as_people_do),
        cmocka_unit_test(test_names_that_differ_in_case_only_are_not_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
