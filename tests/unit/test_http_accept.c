/* What a client would rather have: weights, precision, and what is no range. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http_accept.h"

static const struct {
    const char *accept;
    unsigned json;
    unsigned html;
} tests[] = {
    {"", 1000, 1000},
    {" ", 1000, 1000},
    {"*/*", 1000, 1000},
    {"application/json", 1000, 0},
    {"APPLICATION/Json", 1000, 0},
    {"text/html, application/json", 1000, 1000},
    {"text/html;q=0.5,application/json;q=0.6", 600, 500},
    {"text/html;q=0.123 , application/json ; q=1.000", 1000, 123},
    {"text/*;q=0.2, */*;q=0.1", 100, 200},
    {"*/*, application/*;q=0.3, application/json;q=0", 0, 1000},
    {"application/json;q=0, */*", 0, 1000}, /* the order means nothing */
    {"application/json;Q=0.25", 250, 0},
    {"application/json;charset=utf-8;q=0.4", 400, 0},
    {"text/plain;x=\"a,b;q=0\", application/json", 1000, 0},
    {"text/plain;x=\"\\\",application/json\", text/html", 0, 1000},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 800, 1000},
    {"application/json;q=2", 0, 0},
    {"application/json;q=1.001", 0, 0},
    {"application/json;q=", 0, 0},
    {"application/json;q=0.1234", 0, 0},
    {"application/json;q=.5", 0, 0},
    {"application/json;q=-1", 0, 0},
    {"application/jsonx, application, */json, application/*x", 0, 0},
    {",,application/json,,", 1000, 0},
    {"\"", 0, 0},
    {";", 0, 0},
};

static void test_weights(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct nk_slice accept = nk_slice_of_string(tests[i].accept);
        unsigned json = http_accept_weight(accept, "application/json");
        unsigned html = http_accept_weight(accept, "text/html");
        if (json != tests[i].json || html != tests[i].html)
            fail_msg("'%s': json %u, html %u", tests[i].accept, json, html);
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(test_weights)};
    return cmocka_run_group_tests(all, NULL, NULL);
}
