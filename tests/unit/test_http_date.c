/* Dates of HTTP, printed and read (RFC 9110 5.6.7). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "http/http_date.h"

/* Caches compare these texts byte by byte. */
static void test_dates(void **state)
{
    static const struct {
        uint64_t seconds;
        const char *date;
    } tests[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* the example of RFC 9110 */
        {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
        {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"}, /* 2100 has no leap day */
        {1704067199, "Sun, 31 Dec 2023 23:59:59 GMT"},
        {1704067200, "Mon, 01 Jan 2024 00:00:00 GMT"},
        {2147483648, "Tue, 19 Jan 2038 03:14:08 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {UINT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        char date[HTTP_DATE_SIZE];
        memset(date, 'x', sizeof(date));
        http_date_print(tests[i].seconds, date);
        assert_string_equal(date, tests[i].date);
    }
}

/* Every day until 2500, against the C library: a wrong calendar rule shows. */
static void test_every_day_until_2500(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 530 * 365; day++) {
        const time_t seconds = (time_t)(day * 86400 + day % 86400);
        struct tm tm;
        char expected[64], date[HTTP_DATE_SIZE];
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm),
                         HTTP_DATE_SIZE - 1);
        http_date_print((uint64_t)seconds, date);
        assert_string_equal(date, expected);
        int64_t parsed;
        assert_int_equal(http_date_parse(nk_slice_of_string(date), 0, &parsed), 0);
        assert_int_equal(parsed, seconds);
    }
}

/* The time of these tests, for years of two digits: 20 November 2026. */
#define NOW UINT64_C(1795132800)

/* A client that sends one of the older forms gets everything anew each time, or a
 * page that has changed not at all. */
static void test_three_forms(void **state)
{
    static const struct {
        const char *date;
        int64_t seconds;
    } tests[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Wed Nov 16 08:49:37 1994", 784975777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
        {"Mon, 01 Jan 0001 00:00:00 GMT", -62135596800},
        {"Mon, 29 Feb 2000 12:00:00 GMT", 951825600},     /* it was a Tuesday */
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228799},    /* a leap second */
        {"Thursday, 01-Jan-70 00:00:00 GMT", 3155760000}, /* 2070: less than 50 years */
        {"Friday, 01-Jan-77 00:00:00 GMT", 220924800},    /* 2077 would be more */
        {"Wednesday, 01-Jan-76 00:00:00 GMT", 3345062400},
        {"Monday, 01-Jan-00 00:00:00 GMT", 946684800},
        {"Friday, 01-Jan-27 00:00:00 GMT", 1798761600},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        int64_t seconds = -2;
        assert_int_equal(http_date_parse(nk_slice_of_string(tests[i].date), NOW, &seconds), 0);
        assert_int_equal(seconds, tests[i].seconds);
    }
}

/* A date that is none counts as some date. */
static void test_bad_dates(void **state)
{
    static const char *const tests[] = {
        "",
        "0",
        "now",
        "784111777",
        "Sun",
        "Sun,",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Foo, 06 Nov 1994 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun,  06 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "1994-11-06T08:49:37Z",
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        int64_t seconds = -2;
        assert_int_equal(http_date_parse(nk_slice_of_string(tests[i]), NOW, &seconds), -EINVAL);
        assert_int_equal(seconds, -2);
    }
    int64_t seconds;
    assert_int_equal(http_date_parse(nk_slice_make(NULL, 0), NOW, &seconds), -EINVAL);
}

/* A date that breaks off is read behind its end. */
static void test_every_beginning(void **state)
{
    static const char *const tests[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        for (size_t len = 0; len < strlen(tests[i]); len++) {
            char *part = malloc(len + 1); /* a sanitizer watches its end */
            int64_t seconds;
            memcpy(part, tests[i], len);
            assert_int_equal(http_date_parse(nk_slice_make(part, len), NOW, &seconds), -EINVAL);
            free(part);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),           cmocka_unit_test(test_every_day_until_2500),
        cmocka_unit_test(test_three_forms),     cmocka_unit_test(test_bad_dates),
        cmocka_unit_test(test_every_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
