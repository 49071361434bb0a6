/* The table of socket options itself; what the keys do to a socket is tested with
 * os/socket_options.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "os/option_table.h"

static void settings_are_taken_one_by_one(void **state)
{
    struct nk_slice rest = nk_slice_of_string("ttl=0x10&congestion=reno&source-port=5000");
    struct nk_setting setting;

    (void)state;
    assert_null(nk_setting_next(&rest, &setting));
    assert_true(nk_slice_equal(setting.option->key, nk_slice_of_string("ttl")));
    assert_int_equal(setting.number, 16);
    assert_null(nk_setting_next(&rest, &setting));
    assert_int_equal(setting.option->kind, NK_OPTION_CONGESTION);
    assert_true(nk_slice_equal(setting.value, nk_slice_of_string("reno")));
    assert_null(nk_setting_next(&rest, &setting));
    assert_int_equal(setting.option->kind, NK_OPTION_SOURCE_PORT);
    assert_int_equal(rest.len, 0);
}

/* Somebody who makes a mistake has to be told about that one. */
static void a_mistake_names_the_key(void **state)
{
    struct nk_slice rest = nk_slice_of_string("ttl=1&tos=x&ttl=2");
    struct nk_setting setting;

    (void)state;
    assert_null(nk_setting_next(&rest, &setting));
    assert_non_null(strstr(nk_setting_next(&rest, &setting), "tos is"));
    assert_null(nk_setting_next(&rest, &setting));
    assert_int_equal(setting.number, 2);
}

/* Only the first row of a key is found by its name: the others must stand behind
 * it, or an IPv6 socket is left without half of its options. */
static void every_ip_key_that_differs_has_a_row_for_each_family(void **state)
{
    static const char *const texts[] = {"ttl=1", "tos=1", "interface=lo", "multicast-ttl=1",
                                        "multicast-loop=1"};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++) {
        struct nk_slice rest = nk_slice_of_string(texts[i]);
        struct nk_setting setting;

        assert_null(nk_setting_next(&rest, &setting));
        assert_true(setting.option->sockets & NK_KIND_UDP4);
        const struct nk_option *second = nk_option_next_row(setting.option);
        assert_non_null(second);
        assert_true(second->sockets & NK_KIND_UDP6);
        assert_false(second->sockets & NK_KIND_UDP4);
        assert_int_not_equal(second->level, setting.option->level);
        assert_null(nk_option_next_row(second));
    }
}

/* The last row of the table has nothing behind it. */
static void the_table_ends(void **state)
{
    struct nk_slice rest = nk_slice_of_string("source-port=1");
    struct nk_setting setting;

    (void)state;
    assert_null(nk_setting_next(&rest, &setting));
    assert_null(nk_option_next_row(setting.option));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_taken_one_by_one),
        cmocka_unit_test(a_mistake_names_the_key),
        cmocka_unit_test(every_ip_key_that_differs_has_a_row_for_each_family),
        cmocka_unit_test(the_table_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
