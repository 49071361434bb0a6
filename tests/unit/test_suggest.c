/* The hint behind "unknown option": helpful or silent, never silly. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "suggest.h"

static const char *const names[] = {"threads",   "backlog",    "drain",          "json",
                                    "reuseport", "max-target", "header-timeout", "max-header"};

static const char *suggest(const char *typed)
{
    struct suggestion suggestion;

    suggestion_init(&suggestion, typed);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++)
        suggestion_consider(&suggestion, names[i]);
    return suggestion.best;
}

/* A mistyped option would get no hint, or a wrong one. */
static void finds_the_name_that_was_meant(void **state)
{
    (void)state;
    assert_string_equal(suggest("thread"), "threads");
    assert_string_equal(suggest("htreads"), "threads");
    assert_string_equal(suggest("threadss"), "threads");
    assert_string_equal(suggest("bcaklog"), "backlog");
    assert_string_equal(suggest("drian"), "drain");
    assert_string_equal(suggest("reuse-port"), "reuseport");
    assert_string_equal(suggest("headers-timeout"), "header-timeout");
    assert_string_equal(suggest("jsn"), "json");
}

/* The beginning of a name would not lead to it. */
static void completes_half_a_name(void **state)
{
    (void)state;
    assert_string_equal(suggest("max-t"), "max-target");
    assert_string_equal(suggest("header"), "header-timeout");
}

/* A hint that has nothing to do with what was typed confuses more than none. */
static void is_silent_without_a_near_name(void **state)
{
    char endless[4096];

    (void)state;
    assert_null(suggest("colour"));
    assert_null(suggest("x"));
    assert_null(suggest(""));
    memset(endless, 't', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(suggest(endless));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_name_that_was_meant),
        cmocka_unit_test(completes_half_a_name),
        cmocka_unit_test(is_silent_without_a_near_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
