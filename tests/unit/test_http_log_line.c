/* The lines of the access log: what they look like, and that no client can forge one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "http/http_log_line.h"

static const struct http_log_entry usual = {
    .wall = UINT64_C(1795937992123456789),
    .client = "192.0.2.1",
    .method = "GET",
    .target = NK_SLICE("/a?b"),
    .minor_version = 1,
    .status = 200,
    .is_complete = true,
    .bytes = 1234,
    .duration = 2000003000,
    .first_byte = 1000,
    .loop = 1,
    .has_path = true,
    .round_trip = 50000,
    .retransmits = 2,
    .host = NK_SLICE("h:1"),
    .referer = NK_SLICE("http://x/"),
    .agent = NK_SLICE("curl/8"),
};

static const char *print(enum http_log_format format, const struct http_log_entry *entry)
{
    static char line[HTTP_LOG_LINE_MAX + 1];
    struct http_log_time time = {0};
    size_t len = http_log_line(format, entry, &time, line);
    line[len] = '\0';
    return line;
}

/* Programs that read these formats do not understand ours. */
static void test_usual_lines(void **state)
{
    (void)state;
    assert_string_equal(
        print(HTTP_LOG_COMMON, &usual),
        "192.0.2.1 - - [29/Nov/2026:07:39:52 +0000] \"GET /a?b HTTP/1.1\" 200 1234\n");
    assert_string_equal(print(HTTP_LOG_COMBINED, &usual),
                        "192.0.2.1 - - [29/Nov/2026:07:39:52 +0000] \"GET /a?b HTTP/1.1\" 200 1234"
                        " \"http://x/\" \"curl/8\"\n");
    assert_string_equal(
        print(HTTP_LOG_JSON, &usual),
        "{\"event\":\"request\",\"t\":1795937992.123456,\"client\":\"192.0.2.1\",\"method\":"
        "\"GET\","
        "\"target\":\"/a?b\",\"version\":\"1.1\",\"status\":200,\"bytes\":1234,\"complete\":true,"
        "\"first_byte\":0.000001,\"duration\":2.000003,\"loop\":1,\"round_trip\":0.000050,"
        "\"retransmits\":2,\"host\":\"h:1\",\"referer\":\"http://x/\",\"agent\":\"curl/8\"}\n");
}

/* A request that could not be read, and one without an answer. */
static void test_refused_and_lost(void **state)
{
    const struct http_log_entry refused = {
        .client = "unix", .method = "", .status = 400, .rule = "a \"rule\"", .is_complete = true};
    struct http_log_entry lost = usual;
    (void)state;
    assert_string_equal(print(HTTP_LOG_COMMON, &refused),
                        "unix - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0"
                        " \"a \\x22rule\\x22\"\n");
    assert_non_null(strstr(print(HTTP_LOG_JSON, &refused), "\"rule\":\"a \\\"rule\\\"\"}\n"));
    assert_null(strstr(print(HTTP_LOG_JSON, &refused), "version"));
    struct http_log_entry with_line = refused;
    with_line.line = (struct nk_slice)NK_SLICE("GET \"\x1b HTTP/9");
    assert_non_null(strstr(print(HTTP_LOG_COMMON, &with_line), "] \"GET \\x22\\x1b HTTP/9\" 400 "));
    assert_non_null(
        strstr(print(HTTP_LOG_JSON, &with_line), ",\"line\":\"GET \\\"\\u001b HTTP/9\","));
    lost.status = 0;
    lost.is_complete = false;
    assert_non_null(strstr(print(HTTP_LOG_COMMON, &lost), "\" - 1234\n"));
    assert_non_null(strstr(print(HTTP_LOG_JSON, &lost), "\"status\":0,"));
    assert_non_null(strstr(print(HTTP_LOG_JSON, &lost), "\"complete\":false,"));
}

/* Who sends a line end, a quote or an escape sequence writes lines of his own into the
 * log, or commands to the terminal of who reads it. */
static void test_hostile_bytes(void **state)
{
    struct http_log_entry entry = usual;
    static const char hostile[] = "\"\\\r\n\x1b[2J\x7f\xff\xc3\xa4\0x";
    (void)state;
    entry.agent = nk_slice_make(hostile, sizeof(hostile) - 1);
    assert_non_null(strstr(print(HTTP_LOG_COMBINED, &entry),
                           " \"\\x22\\x5c\\x0d\\x0a\\x1b[2J\\x7f\\xff\\xc3\\xa4\\x00x\"\n"));
    assert_non_null(strstr(print(HTTP_LOG_JSON, &entry),
                           "\"agent\":\"\\\"\\\\\\u000d\\u000a\\u001b[2J\\u007f\\ufffd\xc3\xa4"
                           "\\u0000x\"}\n"));
}

/* Nobody knows who has asked; or a name that looks like the end of its field moves those
 * behind it. */
static void test_user(void **state)
{
    struct http_log_entry entry = usual;
    (void)state;
    entry.user = "alice";
    assert_non_null(strstr(print(HTTP_LOG_COMMON, &entry), "192.0.2.1 - alice [29/Nov/"));
    assert_non_null(strstr(print(HTTP_LOG_COMBINED, &entry), "192.0.2.1 - alice [29/Nov/"));
    assert_non_null(strstr(print(HTTP_LOG_JSON, &entry),
                           "\"client\":\"192.0.2.1\",\"user\":\"alice\",\"method\":\"GET\""));
    entry.user = "a b\"]\xc3\xa4\n";
    assert_non_null(
        strstr(print(HTTP_LOG_COMMON, &entry), " - a\\x20b\\x22]\\xc3\\xa4\\x0a [29/Nov/"));
    assert_non_null(strstr(print(HTTP_LOG_JSON, &entry), "\"user\":\"a b\\\"]\xc3\xa4\\u000a\""));
    entry.user = "";
    assert_non_null(strstr(print(HTTP_LOG_COMMON, &entry), "192.0.2.1 - - [29/Nov/"));
}

/* The longest line that can be does not fit. */
static void test_long_values(void **state)
{
    static char text[8192];
    struct http_log_entry entry = usual;
    (void)state;
    memset(text, 0xff, sizeof(text) - 1);
    entry.user = text;
    entry.target = entry.host = entry.referer = entry.agent = nk_slice_make(text, sizeof(text));
    for (int format = HTTP_LOG_COMMON; format <= HTTP_LOG_JSON; format++) {
        char *line = malloc(HTTP_LOG_LINE_MAX);
        struct http_log_time time = {0};
        assert_non_null(line);
        size_t len = http_log_line((enum http_log_format)format, &entry, &time, line);
        assert_in_range(len, 1000, HTTP_LOG_LINE_MAX);
        assert_int_equal(line[len - 1], '\n');
        free(line);
    }
}

/* The time of the last line stands in the next one. */
static void test_time_goes_on(void **state)
{
    struct http_log_entry entry = usual;
    struct http_log_time time = {0};
    char line[HTTP_LOG_LINE_MAX];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        char expected[16];
        size_t len = http_log_line(HTTP_LOG_COMMON, &entry, &time, line);
        line[len] = '\0';
        snprintf(expected, sizeof(expected), ":07:39:%02u ", 52 + i);
        assert_non_null(strstr(line, expected));
        entry.wall += 1000000000;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_lines),   cmocka_unit_test(test_refused_and_lost),
        cmocka_unit_test(test_hostile_bytes), cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_time_goes_on),  cmocka_unit_test(test_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
