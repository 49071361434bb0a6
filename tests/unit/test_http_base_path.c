/* A site that lies below a path: what is written, and what a request asks for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "http/http_base_path.h"

static void test_made_as_it_stands_in_urls(void **state)
{
    static const char *const tests[][2] = {
        {"/app", "/app"},         {"app", "/app"},
        {"/app/", "/app"},        {"/a/b/", "/a/b"},
        {"/a b", "/a%20b"},       {"/\xc3\xa4", "/%C3%A4"},
        {"/a?b#c", "/a%3Fb%23c"}, {"/.well-known", "/.well-known"},
        {"/...", "/..."},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        char base[HTTP_BASE_PATH_SIZE];
        const char *mistake;
        assert_int_equal(http_base_path_make(tests[i][0], base, &mistake), 0);
        assert_string_equal(base, tests[i][1]);
    }
}

static void test_refused(void **state)
{
    static const char *const tests[] = {"",     "/",  "//",  "//a",     "/a//b",
                                        "/a//", "/.", "/..", "/a/../b", "/a/."};
    char base[HTTP_BASE_PATH_SIZE];
    char longest[HTTP_BASE_PATH_SIZE + 1];
    const char *mistake;
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        mistake = NULL;
        assert_int_equal(http_base_path_make(tests[i], base, &mistake), -EINVAL);
        assert_non_null(mistake);
    }
    memset(longest, 'a', sizeof(longest));
    longest[HTTP_BASE_PATH_SIZE - 1] = '\0';
    assert_int_equal(http_base_path_make(longest, base, &mistake), -EINVAL);
    longest[HTTP_BASE_PATH_SIZE - 2] = '\0';
    assert_int_equal(http_base_path_make(longest, base, &mistake), 0);
    assert_int_equal(strlen(base), HTTP_BASE_PATH_SIZE - 1);
}

static void test_strip(void **state)
{
    static const char *const tests[][3] = {
        {"", "/a", "/a"},           {"/app", "/app/", "/"}, {"/app", "/app/a/b", "/a/b"},
        {"/app", "/app//x", "//x"}, {"/app", "/app", ""},   {"/app", "/apple", ""},
        {"/app", "/", ""},          {"/app", "/ap", ""},    {"/app", "/x/app/a", ""},
        {"/app", "/APP/a", ""},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct nk_slice rest = http_base_path_strip(tests[i][0], nk_slice_of_string(tests[i][1]));
        assert_true(nk_slice_equal(rest, nk_slice_of_string(tests[i][2])));
    }
}

static void test_is_named(void **state)
{
    static const struct {
        const char *target;
        const char *query; /* NULL: it names something else */
    } tests[] = {{"/app", ""},    {"/app?a=b", "?a=b"}, {"/app?", "?"},
                 {"/app/", NULL}, {"/apple", NULL},     {"/?/app", NULL}};
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct nk_slice query;
        bool named = http_base_path_is_named("/app", nk_slice_of_string(tests[i].target), &query);
        assert_int_equal(named, tests[i].query != NULL);
        if (named)
            assert_true(nk_slice_equal(query, nk_slice_of_string(tests[i].query)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_as_it_stands_in_urls),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_strip),
        cmocka_unit_test(test_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
