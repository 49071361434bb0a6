/* Parameters of a target. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http_query.h"

/* A parameter that is taken for another one changes what is asked for. */
static void test_parameters(void **state)
{
    static const struct {
        struct nk_slice query;
        const char *value; /* of "b", or NULL */
    } cases[] = {
        {NK_SLICE(""), NULL},          {NK_SLICE("b"), ""},        {NK_SLICE("b="), ""},
        {NK_SLICE("b=1"), "1"},        {NK_SLICE("a=1&b=2"), "2"}, {NK_SLICE("b=1&b=2"), "1"},
        {NK_SLICE("a=b"), NULL},       {NK_SLICE("bb=1"), NULL},   {NK_SLICE("ab=1&c"), NULL},
        {NK_SLICE("&&b=1=2&"), "1=2"}, {NK_SLICE("B=1"), NULL},    {NK_SLICE("=b"), NULL},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_slice value = NK_SLICE("untouched");
        const bool is_there = http_query_find(cases[i].query, "b", &value);
        assert_int_equal(is_there, cases[i].value != NULL);
        assert_true(nk_slice_equal(value, nk_slice_of_string(cases[i].value ? cases[i].value
                                                                            : "untouched")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
