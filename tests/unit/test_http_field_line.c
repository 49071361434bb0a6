/* What a person may add to every response, and what would break it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "http/http_field_line.h"

static void test_good_lines(void **state)
{
    static const struct {
        const char *line;
        const char *name;
        const char *value;
    } tests[] = {
        {"X-A: b", "X-A", "b"},
        {"X-A:b", "X-A", "b"},
        {"X-A: \t b c \t", "X-A", "b c"},
        {"X-A:", "X-A", ""},
        {"X-A:  ", "X-A", ""},
        {"X: a:b", "X", "a:b"},
        {"!#$%&'*+-.^_`|~09azAZ: x", "!#$%&'*+-.^_`|~09azAZ", "x"},
        {"X: \xc3\xa4", "X", "\xc3\xa4"},
        {"Contents: x", "Contents", "x"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct nk_slice name, value;
        const char *mistake;
        assert_int_equal(
            http_field_line_parse(nk_slice_of_string(tests[i].line), &name, &value, &mistake), 0);
        assert_null(mistake);
        assert_true(nk_slice_equal(name, nk_slice_of_string(tests[i].name)));
        assert_true(nk_slice_equal(value, nk_slice_of_string(tests[i].value)));
    }
}

static void test_refused_lines(void **state)
{
    static const struct {
        struct nk_slice line;
        const char *mistake;
    } tests[] = {
        {NK_SLICE(""), "it is not written as 'Name: value'"},
        {NK_SLICE("X-A"), "it is not written as 'Name: value'"},
        {NK_SLICE(": b"), "there is no name before the colon"},
        {NK_SLICE("X A: b"), "the name holds a character that no field name may (RFC 9110 5.1)"},
        {NK_SLICE("X-A : b"), "the name holds a character that no field name may (RFC 9110 5.1)"},
        {NK_SLICE("X\r\nY: b"), "the name holds a character that no field name may (RFC 9110 5.1)"},
        {NK_SLICE("X: a\r\nY: b"), "the value holds a control character (RFC 9110 5.5)"},
        {NK_SLICE("X: a\nb"), "the value holds a control character (RFC 9110 5.5)"},
        {NK_SLICE("X: a\0b"), "the value holds a control character (RFC 9110 5.5)"},
        {NK_SLICE("X: \x7f"), "the value holds a control character (RFC 9110 5.5)"},
        {NK_SLICE("content-LENGTH: 1"), "the server alone says where a message ends"},
        {NK_SLICE("Transfer-Encoding: chunked"), "the server alone says where a message ends"},
        {NK_SLICE("Connection: close"), "the server alone says where a message ends"},
        {NK_SLICE("Date: now"), "the server writes this field itself"},
        {NK_SLICE("Cache-Control: x"), "use --cache-control, which leaves errors out"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct nk_slice name, value;
        const char *mistake;
        assert_int_equal(http_field_line_parse(tests[i].line, &name, &value, &mistake), -EINVAL);
        assert_string_equal(mistake, tests[i].mistake);
    }
}

static void test_length_limit(void **state)
{
    char line[HTTP_FIELD_LINE_MAX + 1] = "X: ";
    struct nk_slice name, value;
    const char *mistake;
    (void)state;
    memset(line + 3, 'a', sizeof(line) - 3);
    assert_int_equal(http_field_line_parse(nk_slice_make(line, HTTP_FIELD_LINE_MAX), &name, &value,
                                           &mistake),
                     0);
    assert_int_equal(http_field_line_parse(nk_slice_make(line, HTTP_FIELD_LINE_MAX + 1), &name,
                                           &value, &mistake),
                     -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_lines),
        cmocka_unit_test(test_refused_lines),
        cmocka_unit_test(test_length_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
