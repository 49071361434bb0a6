/* Status texts, media types and dates (RFC 9110 15, 8.3, 5.6.7). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "http/http_tables.h"

/* Logs and status lines would name the wrong thing. */
static void test_status_texts(void **state)
{
    static const struct {
        int status;
        const char *text;
    } tests[] = {
        {100, "Continue"},
        {200, "OK"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {0, "Unknown"},
        {-1, "Unknown"},
        {299, "Unknown"},
        {999, "Unknown"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++)
        assert_string_equal(http_status_text(tests[i].status), tests[i].text);
}

/* A browser would download pages instead of showing them, or run what is only
 * text. */
static void test_media_types(void **state)
{
    static const struct {
        const char *name;
        const char *type;
    } tests[] = {
        {"index.html", "text/html; charset=utf-8"},
        {"INDEX.HTML", "text/html; charset=utf-8"},
        {"a/b.c/style.css", "text/css; charset=utf-8"},
        {"app.js", "text/javascript; charset=utf-8"},
        {"app.mjs", "text/javascript; charset=utf-8"},
        {"data.json", "application/json"},
        {"notes.txt", "text/plain; charset=utf-8"},
        {"photo.JpEg", "image/jpeg"},
        {"photo.jpg", "image/jpeg"},
        {"logo.png", "image/png"},
        {"logo.svg", "image/svg+xml"},
        {"favicon.ico", "image/vnd.microsoft.icon"},
        {"film.mp4", "video/mp4"},
        {"font.woff2", "font/woff2"},
        {"code.wasm", "application/wasm"},
        {"paper.pdf", "application/pdf"},
        {"source.tar.gz", "application/gzip"},
        {"first.7z", "application/x-7z-compressed"},
        {"last.zst", "application/zstd"},
        {".html", "text/html; charset=utf-8"},
        {"", "application/octet-stream"},
        {"README", "application/octet-stream"},
        {"html", "application/octet-stream"},
        {"a.", "application/octet-stream"},
        {"a.html.", "application/octet-stream"},
        {"a.html~", "application/octet-stream"},
        {"a.htmlx", "application/octet-stream"},
        {"a.ht", "application/octet-stream"},
        {"dir.html/file", "application/octet-stream"},
        {"a.\xc3\xa4", "application/octet-stream"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++)
        assert_string_equal(http_media_type(nk_slice_of_string(tests[i].name)), tests[i].type);
    assert_string_equal(http_media_type(nk_slice_make(NULL, 0)), "application/octet-stream");
}

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
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_texts),
        cmocka_unit_test(test_media_types),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_every_day_until_2500),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
