/* The header lines that options add: to which responses, and in which words. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "http/http_common_fields.h"

static void expect(const struct http_options *options, const char *all, const char *success)
{
    struct http_common_fields fields;
    assert_int_equal(http_common_fields_make(&fields, options), 0);
    assert_string_equal(fields.all, all);
    assert_string_equal(fields.success, success);
    http_common_fields_free(&fields);
    assert_null(fields.all);
}

static void test_nothing_asked_for(void **state)
{
    const struct http_options options = HTTP_OPTIONS_DEFAULT;
    (void)state;
    expect(&options, "", "");
}

static void test_caching_is_for_successes(void **state)
{
    struct http_options options = HTTP_OPTIONS_DEFAULT;
    (void)state;
    options.cache_control = "max-age=60";
    expect(&options, "", "Cache-Control: max-age=60\r\n");
    options.cache_control = NULL;
    options.no_cache = true;
    expect(&options, "", "Cache-Control: no-cache\r\n");
}

static void test_given_lines_keep_their_order(void **state)
{
    struct http_options options = HTTP_OPTIONS_DEFAULT;
    (void)state;
    options.fields.words[0] = "X-B:  2 ";
    options.fields.words[1] = "X-A:1";
    options.fields.count = 2;
    expect(&options, "X-B: 2\r\nX-A: 1\r\n", "");
}

static void test_isolated_but_shared(void **state)
{
    struct http_options options = HTTP_OPTIONS_DEFAULT;
    (void)state;
    options.isolate = true;
    expect(&options,
           "Cross-Origin-Opener-Policy: same-origin\r\n"
           "Cross-Origin-Embedder-Policy: require-corp\r\n"
           "Cross-Origin-Resource-Policy: same-origin\r\n",
           "");
    options.cors = true;
    expect(&options,
           "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\n"
           "Cross-Origin-Opener-Policy: same-origin\r\n"
           "Cross-Origin-Embedder-Policy: require-corp\r\n"
           "Cross-Origin-Resource-Policy: cross-origin\r\n",
           "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_asked_for),
        cmocka_unit_test(test_caching_is_for_successes),
        cmocka_unit_test(test_given_lines_keep_their_order),
        cmocka_unit_test(test_isolated_but_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
