/* What was right before: remembered, forgotten, and never more than there is room. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/http_verified.h"

static struct http_verified verified;

static struct http_credentials credentials_of(const char *name, const char *password)
{
    struct http_credentials made = {0};
    snprintf(made.name, sizeof(made.name), "%s", name);
    snprintf(made.password, sizeof(made.password), "%s", password);
    return made;
}

static bool has(const char *name, const char *password)
{
    struct http_credentials credentials = credentials_of(name, password);
    return http_verified_has(&verified, &credentials);
}

static void add(const char *name, const char *password)
{
    struct http_credentials credentials = credentials_of(name, password);
    http_verified_add(&verified, &credentials);
}

static void test_exactly_what_was_added(void **state)
{
    (void)state;
    assert_int_equal(http_verified_init(&verified), 0);
    assert_false(has("", ""));
    assert_false(has("a", "b"));
    add("a", "bc");
    assert_true(has("a", "bc"));
    assert_false(has("ab", "c"));
    assert_false(has("a", "b"));
    assert_false(has("a", "bcd"));
    assert_false(has("A", "bc"));
    http_verified_clear(&verified);
    assert_false(has("a", "bc"));
}

static void test_no_password_is_kept(void **state)
{
    static const char password[] = "correct horse battery staple";
    (void)state;
    assert_int_equal(http_verified_init(&verified), 0);
    add("name", password);
    assert_null(memmem(&verified, sizeof(verified), password, 8));
}

static void test_the_key_is_another_each_time(void **state)
{
    static struct http_verified other;
    (void)state;
    assert_int_equal(http_verified_init(&verified), 0);
    assert_int_equal(http_verified_init(&other), 0);
    assert_memory_not_equal(verified.key, other.key, sizeof(other.key));
}

static void test_a_flood_drives_out_the_oldest(void **state)
{
    char name[32];
    unsigned kept = 0;
    (void)state;
    assert_int_equal(http_verified_init(&verified), 0);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "user%u", i);
        add(name, "x");
        add(name, "x"); /* takes no second place */
        assert_true(has(name, "x"));
    }
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "user%u", i);
        kept += has(name, "x");
    }
    assert_in_range(kept, HTTP_VERIFIED_SETS, HTTP_VERIFIED_SETS * HTTP_VERIFIED_PLACES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_what_was_added),
        cmocka_unit_test(test_no_password_is_kept),
        cmocka_unit_test(test_the_key_is_another_each_time),
        cmocka_unit_test(test_a_flood_drives_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
