/* Names kept for sorting, within a limit and a budget. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/shell_names.h"

#define PLENTY ((size_t)64 << 20)

/* Adds names until there is no more room, at most `count`; returns how many. */
static size_t fill(struct shell_names *names, size_t count)
{
    size_t added = 0;

    for (; added < count && shell_names_reserve(names); added++) {
        char name[32];
        /* In no order: the digits are turned round. */
        snprintf(name, sizeof name, "%zu%zu-%zu", added % 10, added / 10 % 10, added);
        shell_names_add(names, name, (unsigned char)(added % 16));
    }
    return added;
}

static void names_come_back_in_the_order_of_adding(void **state)
{
    static const char *const added[] = {"b", "", "a", "\xff", "b"};
    struct shell_names names;
    atomic_size_t budget = PLENTY;
    const char *name;
    unsigned char type;

    (void)state;
    shell_names_init(&names, &budget, 100);
    assert_false(shell_names_next(&names, &name, &type));
    for (size_t i = 0; i < NK_ARRAY_LENGTH(added); i++) {
        assert_true(shell_names_reserve(&names));
        shell_names_add(&names, added[i], (unsigned char)i);
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(added); i++) {
        assert_true(shell_names_next(&names, &name, &type));
        assert_string_equal(name, added[i]);
        assert_int_equal(type, i);
    }
    assert_false(shell_names_next(&names, &name, &type));
    shell_names_deinit(&names);
}

/* By bytes, whatever the locale says, and each keeps its type. */
static void sorting_loses_nothing(void **state)
{
    struct shell_names names;
    atomic_size_t budget = PLENTY;
    char former[32] = "";
    const char *name;
    unsigned char type;
    size_t count = 0;

    (void)state;
    shell_names_init(&names, &budget, 5000);
    assert_int_equal(fill(&names, 5000), 5000);
    shell_names_sort(&names);
    for (; shell_names_next(&names, &name, &type); count++) {
        assert_true(strcmp(former, name) < 0);
        assert_int_equal(type, strtoul(strchr(name, '-') + 1, NULL, 10) % 16);
        snprintf(former, sizeof former, "%s", name);
    }
    assert_int_equal(count, 5000);
    shell_names_deinit(&names);
}

static void the_limit_is_kept(void **state)
{
    struct shell_names names;
    atomic_size_t budget = PLENTY;

    (void)state;
    shell_names_init(&names, &budget, 7);
    assert_int_equal(fill(&names, 100), 7);
    shell_names_deinit(&names);
    shell_names_init(&names, &budget, 0);
    assert_int_equal(fill(&names, 100), 0);
    shell_names_sort(&names);
    shell_names_deinit(&names);
}

/* Many listings at once may not take more memory than all of them together are
 * given, and give back what they took. */
static void the_budget_is_shared_and_given_back(void **state)
{
    struct shell_names first;
    struct shell_names second;
    atomic_size_t budget = 20000;

    (void)state;
    shell_names_init(&first, &budget, SIZE_MAX);
    shell_names_init(&second, &budget, SIZE_MAX);
    size_t alone = fill(&first, SIZE_MAX);
    assert_true(alone > 100);
    assert_true(atomic_load(&budget) < 20000);
    assert_true(fill(&second, SIZE_MAX) < alone);
    shell_names_deinit(&first);
    shell_names_deinit(&second);
    assert_int_equal(atomic_load(&budget), 20000);
    assert_int_equal(fill(&first, SIZE_MAX), alone);
    shell_names_deinit(&first);
    assert_int_equal(atomic_load(&budget), 20000);
}

/* Whatever room is left, the longest name fits the room that was made. */
static void the_longest_name_fits(void **state)
{
    static char longest[SHELL_NAME_MAX + 1];
    struct shell_names names;
    atomic_size_t budget = PLENTY;
    const char *name;
    unsigned char type;

    (void)state;
    memset(longest, 'n', SHELL_NAME_MAX);
    shell_names_init(&names, &budget, 100);
    for (int i = 0; i < 20; i++) {
        assert_true(shell_names_reserve(&names));
        shell_names_add(&names, longest, 0);
        assert_true(shell_names_reserve(&names));
        shell_names_add(&names, "", 0);
    }
    assert_true(shell_names_next(&names, &name, &type));
    assert_string_equal(name, longest);
    shell_names_deinit(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_back_in_the_order_of_adding),
        cmocka_unit_test(sorting_loses_nothing),
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(the_budget_is_shared_and_given_back),
        cmocka_unit_test(the_longest_name_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
