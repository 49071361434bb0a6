/* Lists with commas (RFC 9110 5.6.1). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/http_list.h"

/* A member is lost, cut, or comes twice: a whole field means something else. */
static void test_members(void **state)
{
    static const struct {
        const char *list;
        const char *expected; /* the members in brackets */
    } tests[] = {
        {"a", "[a]"},           {"a,b", "[a][b]"},
        {"a , b", "[a][b]"},    {"\ta\t,\tb\t", "[a][b]"},
        {"a b, c", "[a b][c]"}, {"", "[]"},
        {",", "[][]"},          {"a,", "[a][]"},
        {",a", "[][a]"},        {"a,,b", "[a][][b]"},
        {" , ", "[][]"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct nk_slice rest = nk_slice_of_string(tests[i].list);
        struct nk_slice member;
        char found[64] = "";
        size_t len = 0;
        while (http_list_next(&rest, &member))
            len += (size_t)snprintf(found + len, sizeof(found) - len, "[%.*s]", (int)member.len,
                                    member.data);
        assert_string_equal(found, tests[i].expected);
        assert_false(http_list_next(&rest, &member));
    }
}

/* A word is found in a part of another one, or not in another case. */
static void test_words(void **state)
{
    static const struct {
        const char *list;
        bool has_close;
    } tests[] = {
        {"close", true},        {"keep-alive, CLOSE", true}, {"\tClose ,x", true},
        {"closed, dis", false}, {"close x", false},          {"", false},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++)
        assert_int_equal(http_list_has(nk_slice_of_string(tests[i].list), "close"),
                         tests[i].has_close);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_members),
                                       cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
