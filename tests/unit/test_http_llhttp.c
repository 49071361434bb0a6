/* Every request of the table of cases, and what else has a body, through our parser and
 * llhttp: whoever accepts it reads the same. The corpora of the fuzzers go the same
 * way (fuzz-replay/http_llhttp). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../fuzz/http_llhttp.h"
#include "check/check_case.h"
#include "check/check_subject.h"

/* A case is read differently. */
static void test_table(void **state)
{
    const struct check_subject subject = {
        .host = "h:1",
        .path = "/p",
        .tag = "\"a\"",
        .modified = "Sun, 06 Nov 1994 08:49:37 GMT",
        .modified_850 = "Sunday, 06-Nov-94 08:49:37 GMT",
        .modified_asctime = "Sun Nov  6 08:49:37 1994",
    };
    size_t accepted = 0;
    (void)state;
    for (size_t i = 0; check_case_at(i); i++) {
        struct nk_buffer first, then;
        size_t count;
        nk_buffer_init(&first, CHECK_REQUEST_MAX);
        nk_buffer_init(&then, CHECK_REQUEST_MAX);
        assert_int_equal(check_request_make(&subject, check_case_at(i)->request, &first, &then), 0);
        const char *difference = http_llhttp_difference(nk_buffer_slice(&first), &count);
        if (difference)
            fail_msg("row %u, %s: %s", check_case_at(i)->row, check_case_at(i)->name, difference);
        accepted += count;
        nk_buffer_deinit(&first);
        nk_buffer_deinit(&then);
    }
    assert_true(accepted > 50);
}

/* The comparison itself finds nothing: it would pass whatever the parsers do. */
static void test_requests_are_compared_to_the_end(void **state)
{
    static const char text[] = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n"
                               "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                               "GET /c HTTP/1.0\r\n\r\n"
                               "GET /d";
    size_t count;
    (void)state;
    assert_null(http_llhttp_difference(nk_slice_make(text, sizeof(text) - 1), &count));
    assert_int_equal(count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_requests_are_compared_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
