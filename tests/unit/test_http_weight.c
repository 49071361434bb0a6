/* q values: to the thousandth, and nothing that only looks like one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http_weight.h"

static void test_weights(void **state)
{
    static const struct {
        const char *text;
        int weight; /* -1: it is none */
    } tests[] = {
        {"0", 0},      {"1", 1000},   {"0.", 0},       {"1.", 1000}, {"0.5", 500},
        {"0.25", 250}, {"0.001", 1},  {"1.000", 1000}, {"", -1},     {".5", -1},
        {"2", -1},     {"1.001", -1}, {"0.1234", -1},  {"0,5", -1},  {"-1", -1},
        {"00", -1},    {"0.5 ", -1},  {"+1", -1},      {"0.x", -1},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        unsigned weight = 0;
        bool is_one = http_weight_read(nk_slice_of_string(tests[i].text), &weight);
        assert_int_equal(is_one ? (int)weight : -1, tests[i].weight);
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(test_weights)};
    return cmocka_run_group_tests(all, NULL, NULL);
}
