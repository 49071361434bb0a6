/* Strings from anywhere become valid JSON and keep what can be kept. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "json_line.h"

/* The line with `value` in it, behind event and time. The caller frees it. */
static char *write_line(const char *value)
{
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);

    assert_non_null(out);
    json_line_begin(out, "test");
    json_line_string(out, "s", value);
    json_line_end(out);
    fclose(out);
    return line;
}

static const struct {
    const char *value;
    const char *json; /* between the quotes */
} strings[] = {
    {"", ""},
    {"plain / text", "plain / text"},
    {"\"\\", "\\\"\\\\"},
    {"\t\n\x01\x1f\x7f", "\\u0009\\u000a\\u0001\\u001f\\u007f"},
    {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    /* What RFC 3629 forbids: stray, cut off, overlong, surrogate, too large. */
    {"a\x80z", "a\\ufffdz"},
    {"\xff", "\\ufffd"},
    {"\xc3", "\\ufffd"},
    {"\xe2\x82", "\\ufffd\\ufffd"},
    {"\xf0\x9f\x98", "\\ufffd\\ufffd\\ufffd"},
    {"\xc0\xaf", "\\ufffd\\ufffd"},
    {"\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd"},
    {"\xf0\x80\x80\xaf", "\\ufffd\\ufffd\\ufffd\\ufffd"},
    {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
    {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
    {"\xc3\"", "\\ufffd\\\""},
};

/* A path or a peer's bytes could end the string, forge a member, or make the
 * whole line unreadable for a strict reader. */
static void strings_are_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(strings); i++) {
        char expected[128];
        char *line = write_line(strings[i].value);
        const char *member = strstr(line, ",\"s\":");

        snprintf(expected, sizeof expected, ",\"s\":\"%s\"}\n", strings[i].json);
        assert_non_null(member);
        assert_string_equal(member, expected);
        free(line);
    }
}

/* Numbers would be strings, or lose digits. */
static void numbers_are_numbers(void **state)
{
    const uint64_t values[] = {0, UINT64_MAX};
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);

    (void)state;
    assert_non_null(out);
    json_line_begin(out, "test");
    json_line_integer(out, "i", UINT64_MAX);
    json_line_integers(out, "none", NULL, 0);
    json_line_integers(out, "two", values, 2);
    json_line_seconds(out, "d", UINT64_C(61000007999));
    json_line_end(out);
    fclose(out);
    assert_non_null(strstr(line, ",\"i\":18446744073709551615,\"none\":[],"
                                 "\"two\":[0,18446744073709551615],\"d\":61.000007}\n"));
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(numbers_are_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
