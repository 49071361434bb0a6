/* From a bound address to the URLs that people type. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "reachable.h"

static void test_kinds(void **state)
{
    static const struct {
        const char *address;
        enum reachable_kind kind;
        const char *from_here;
    } tests[] = {
        {"http://127.0.0.1:8080/", REACHABLE_HERE, "http://127.0.0.1:8080/"},
        {"http://127.1.2.3:8080/", REACHABLE_HERE, "http://127.1.2.3:8080/"},
        {"http://[::1]:8080/", REACHABLE_HERE, "http://[::1]:8080/"},
        {"http://192.0.2.1:80/", REACHABLE_AS_IT_IS, "http://192.0.2.1:80/"},
        {"http://[2001:db8::1]:80/", REACHABLE_AS_IT_IS, "http://[2001:db8::1]:80/"},
        {"http://0.0.0.0:80/app/", REACHABLE_ANY_V4, "http://localhost:80/app/"},
        {"http://[::]:80/app/", REACHABLE_ANY, "http://localhost:80/app/"},
        {"unix:/tmp/web", REACHABLE_NOWHERE, "unix:/tmp/web"},
        {"unix:@web", REACHABLE_NOWHERE, "unix:@web"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        char url[REACHABLE_URL_MAX];

        assert_int_equal(reachable_kind_of(tests[i].address), tests[i].kind);
        reachable_from_here(tests[i].address, url);
        assert_string_equal(url, tests[i].from_here);
    }
}

struct seen {
    unsigned count;
    unsigned wrong;
};

static void look(void *context, const char *url)
{
    struct seen *seen = context;
    size_t len = strlen(url);

    seen->count++;
    seen->wrong += strncmp(url, "http://", 7) != 0 || len < 9 ||
                   strcmp(url + len - 9, ":8080/app") != 0 || strstr(url, "://127.") != NULL ||
                   strstr(url, "[fe80") != NULL || strstr(url, "[::1]") != NULL;
}

static void test_each(void **state)
{
    struct seen seen = {0};
    (void)state;
    reachable_each("unix:/tmp/web", look, &seen);
    reachable_each("http://127.0.0.1:8080/app", look, &seen);
    assert_int_equal(seen.count, 0);
    reachable_each("http://192.0.2.1:8080/app", look, &seen);
    assert_int_equal(seen.count, 1);
    /* How many there are is the machine's business. */
    reachable_each("http://0.0.0.0:8080/app", look, &seen);
    reachable_each("http://[::]:8080/app", look, &seen);
    assert_int_equal(seen.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
