/* Status texts and media types (RFC 9110 15, 8.3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

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

/* Work for nothing, or large answers for want of it. */
static void test_compressing(void **state)
{
    static const struct {
        const char *type;
        enum http_compressing compressing;
    } tests[] = {
        {"text/html; charset=utf-8", HTTP_COMPRESSING_USEFUL},
        {"text/x-whatever", HTTP_COMPRESSING_USEFUL},
        {"application/json", HTTP_COMPRESSING_USEFUL},
        {"application/ld+json", HTTP_COMPRESSING_USEFUL},
        {"application/wasm", HTTP_COMPRESSING_USEFUL},
        {"image/svg+xml", HTTP_COMPRESSING_USEFUL},
        {"application/octet-stream", HTTP_COMPRESSING_UNKNOWN},
        {"image/png", HTTP_COMPRESSING_USELESS},
        {"video/mp4", HTTP_COMPRESSING_USELESS},
        {"application/gzip", HTTP_COMPRESSING_USELESS},
        {"font/woff2", HTTP_COMPRESSING_USELESS},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++)
        assert_int_equal(http_media_type_compressing(tests[i].type), tests[i].compressing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_texts),
        cmocka_unit_test(test_media_types),
        cmocka_unit_test(test_compressing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
