/* Refusals in words: the rule, and the field that broke it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "http/http_problem.h"

/* A client is not told which field was wrong, or its bytes reach a terminal. */
static void test_text(void **state)
{
    static const struct {
        const char *rule;
        const char *field;
        const char *text;
    } cases[] = {
        {"a rule (RFC 9112 5.1)", "Host ", "a rule in \"Host \" (RFC 9112 5.1)"},
        {"a rule (RFC 9112 5.1)", "", "a rule (RFC 9112 5.1)"},
        {"no source", "Host", "no source"},
        {NULL, "Host", ""},
        {"a rule (RFC 1)", "\x1b[\"\\\xff\t", "a rule in \"\\x1b[\\x22\\x5c\\xff\\x09\" (RFC 1)"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        const struct http_problem problem = {.rule = cases[i].rule,
                                             .field = nk_slice_of_string(cases[i].field)};
        char text[HTTP_PROBLEM_TEXT_MAX];
        assert_string_equal(http_problem_print(&problem, text), cases[i].text);
    }
}

/* A name of any length does not fit. */
static void test_long_name(void **state)
{
    static char name[5000];
    const struct http_problem problem = {.rule = "a rule (RFC 9112 5.1)",
                                         .field = nk_slice_make(name, sizeof(name))};
    char text[HTTP_PROBLEM_TEXT_MAX];
    (void)state;
    memset(name, 1, sizeof(name));
    http_problem_print(&problem, text);
    assert_non_null(strstr(text, "\\x01...\" (RFC 9112 5.1)"));
}

struct named {
    const char *line;
    const char *field;
};

/* The parser names no field, or another one. */
static void test_the_parser_names_the_field(void **state)
{
    static const struct named cases[] = {
        {"Host : h\r\n", "Host "},
        {"X-A\t : h\r\n", "X-A\t "},
        {"Content-Length: +5\r\n", "Content-Length"},
        {"X: a\x01\r\n", "X"},
        {"no colon\r\n", "no "},
        {"A(: 1\r\n", "A"},
        {": 1\r\n", ""},
        {"Expect: x\r\n", "Expect"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        static struct http_request request;
        const struct http_limits limits = {1000, 1000, 10, 1000};
        struct http_progress progress = {0};
        struct http_problem problem;
        char text[200];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", cases[i].line);
        assert_int_equal(http_request_parse(&request, nk_slice_of_string(text), &limits, &progress,
                                            &problem),
                         -EBADMSG);
        assert_true(nk_slice_equal(problem.field, nk_slice_of_string(cases[i].field)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_the_parser_names_the_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
