/* The requests of the cases: what stands in braces, and what a resource must have. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "check/check_case.h"
#include "check/check_subject.h"

static void learn(struct check_subject *subject, const char *text)
{
    struct check_answer answer;
    *subject = (struct check_subject){.host = "h:1", .path = "/p"};
    assert_true(check_answer_read(&answer, nk_slice_of_string(text), false, true) > 0);
    check_subject_learn(subject, &answer);
}

static const char rich[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n"
                           "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                           "Content-Length: 2\r\n\r\nhi";

/* The request that a template makes is another one. */
static void test_words(void **state)
{
    static const struct {
        const char *template;
        const char *first;
        const char *then;
    } cases[] = {
        {"GET {path} {host}", "GET /p h:1", ""},
        {"a{x:3}b{x:0}c", "axxxbc", ""},
        {"{fields:2}", "X-Check-0: 1\r\nX-Check-1: 1\r\n", ""},
        {"{etag} {weak}", "\"a\" W/\"a\"", ""},
        {"{modified}", "Sun, 06 Nov 1994 08:49:37 GMT", ""},
        {"{modified850}", "Sunday, 06-Nov-94 08:49:37 GMT", ""},
        {"{modifiedasc}", "Sun Nov  6 08:49:37 1994", ""},
        {"a{then}b{path}", "a", "b/p"},
    };
    struct check_subject subject;
    (void)state;
    learn(&subject, rich);
    assert_int_equal(subject.status, 200);
    assert_int_equal(subject.size, 2);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_buffer first, then;
        nk_buffer_init(&first, CHECK_REQUEST_MAX);
        nk_buffer_init(&then, CHECK_REQUEST_MAX);
        assert_int_equal(
            check_request_make(&subject, nk_slice_of_string(cases[i].template), &first, &then), 0);
        assert_true(nk_slice_equal(nk_buffer_slice(&first), nk_slice_of_string(cases[i].first)));
        assert_true(nk_slice_equal(nk_buffer_slice(&then), nk_slice_of_string(cases[i].then)));
        nk_buffer_deinit(&first);
        nk_buffer_deinit(&then);
    }
}

static int make(const struct check_subject *subject, struct nk_slice template)
{
    struct nk_buffer first, then;
    nk_buffer_init(&first, CHECK_REQUEST_MAX);
    nk_buffer_init(&then, CHECK_REQUEST_MAX);
    int rc = check_request_make(subject, template, &first, &then);
    nk_buffer_deinit(&first);
    nk_buffer_deinit(&then);
    return rc;
}

/* A case that needs a validator is tried without one. */
static void test_missing_validators(void **state)
{
    static const char *const templates[] = {"{etag}", "{weak}", "{modified}", "{modified850}",
                                            "{modifiedasc}"};
    struct check_subject subject;
    (void)state;
    learn(&subject, "HTTP/1.1 200 OK\r\nLast-Modified: today\r\nContent-Length: 0\r\n\r\n");
    for (size_t i = 0; i < NK_ARRAY_LENGTH(templates); i++)
        assert_int_equal(make(&subject, nk_slice_of_string(templates[i])), -ENODATA);
    assert_int_equal(make(&subject, nk_slice_of_string("{unknown}")), -EINVAL);
    assert_int_equal(make(&subject, nk_slice_of_string("{x:many}")), -EINVAL);
}

/* A case of the tables cannot be asked, a row has none, or two have the same name. */
static void test_all_cases(void **state)
{
    struct check_subject subject;
    unsigned row = 0;
    (void)state;
    learn(&subject, rich);
    for (size_t i = 0; check_case_at(i); i++) {
        const struct check_case *what = check_case_at(i);
        assert_int_equal(make(&subject, what->request), 0);
        assert_in_range(what->row, row > 0 ? row : 1, row + 1);
        row = what->row;
        for (size_t k = 0; k < i; k++)
            assert_true(check_case_at(k)->row != row ||
                        strcmp(check_case_at(k)->name, what->name) != 0);
    }
    assert_int_equal(row, CHECK_ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_missing_validators),
        cmocka_unit_test(test_all_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
