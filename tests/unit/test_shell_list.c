/* The lines of a listing, and that they come in pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "shell/shell_list.h"
#include "tree_fixture.h"

#define SLICE(literal) nk_slice_make(literal, sizeof(literal) - 1)

static struct shell_list_budget budget = {.left = (size_t)1 << 20};

static int look(const char *name)
{
    int found = openat(tree_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (found < 0 && errno == ENOTDIR)
        found = openat(tree_fd, name, O_PATH | O_CLOEXEC);
    assert_true(found >= 0);
    return found;
}

/* Everything that a listing says, read with room of `size` each time. */
static const char *list_of(const char *name, struct shell_ls_options options, bool is_payload,
                           size_t size, size_t *pieces)
{
    static char text[4 << 20];
    struct shell_list *list;
    size_t len = 0;
    ssize_t more;

    *pieces = 0;
    if (options.most == 0)
        options.most = UINT64_MAX;
    assert_int_equal(shell_list_open(&list, look(name), nk_slice_of_string(name), &options,
                                     is_payload, &budget),
                     0);
    while ((more = shell_list_read(list, text + len, size)) > 0) {
        len += (size_t)more;
        assert_true(text[len - 1] == '\n' && len + size < sizeof text);
        *pieces += 1;
    }
    assert_int_equal(more, 0);
    assert_int_equal(shell_list_read(list, text + len, size), 0);
    shell_list_free(list);
    text[len] = '\0';
    return text;
}

static void names_are_sorted_lines(void **state)
{
    struct shell_ls_options options = {0};
    size_t pieces;

    (void)state;
    tree_make_file("b", "");
    tree_make_directory("a");
    tree_make_file(".c", "");
    tree_make_file("two\nlines", "");
    assert_string_equal(list_of(".", options, false, 65536, &pieces), "a\nb\ntwo\\nlines\n");
    assert_string_equal(list_of(".", options, true, 65536, &pieces), " a\n b\n two\\nlines\n");
    assert_int_equal(pieces, 1);
    options.all = options.marks = true;
    assert_string_equal(list_of(".", options, false, 65536, &pieces), ".c\na/\nb\ntwo\\nlines\n");
    options.prefix = SLICE("two");
    assert_string_equal(list_of(".", options, false, 65536, &pieces), "two\\nlines\n");
    options.prefix = SLICE("nothing");
    assert_string_equal(list_of(".", options, false, 65536, &pieces), "");
    options.prefix = SLICE("");
    options.most = 2;
    assert_string_equal(list_of(".", options, false, 65536, &pieces), ".c\na/\n");
}

static void what_is_no_directory_is_listed_itself(void **state)
{
    struct shell_ls_options options = {.marks = true};
    size_t pieces;

    (void)state;
    assert_int_equal(mkfifoat(tree_fd, "pipe", 0600), 0);
    assert_string_equal(list_of("pipe", options, true, 65536, &pieces), " pipe|\n");
    options.is_long = true;
    assert_string_equal(strrchr(list_of("pipe", options, true, 65536, &pieces), ' '), " pipe|\n");
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* The memory that a piece takes is what one pays for a directory of any size: no
 * name is lost or doubled from one piece to the next. */
static void pieces_make_up_the_whole(void **state)
{
    static char whole[4 << 20];
    struct shell_ls_options options = {.is_long = true};
    size_t pieces;

    (void)state;
    tree_make_directory("many");
    for (int i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/%04d", i);
        tree_make_file(name, "");
    }
    snprintf(whole, sizeof whole, "%s", list_of("many", options, true, 1 << 20, &pieces));
    assert_int_equal(pieces, 1);
    assert_int_equal(count_lines(whole), 3000);
    assert_string_equal(list_of("many", options, true, SHELL_LIST_LINE_MAX, &pieces), whole);
    assert_int_equal(pieces, 3000); /* with the least room a line at a time */
}

/* Without memory for sorting a listing is still complete. */
static void without_budget_it_is_complete_but_not_sorted(void **state)
{
    struct shell_ls_options options = {0};
    size_t pieces;
    size_t left = atomic_exchange(&budget.left, 0);

    (void)state;
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%02d", 99 - i);
        tree_make_file(name, "");
    }
    const char *text = list_of(".", options, false, 65536, &pieces);
    assert_int_equal(count_lines(text), 100);
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%02d\n", i);
        assert_non_null(strstr(text, name));
    }
    atomic_store(&budget.left, left);
    assert_int_equal(strncmp(list_of(".", options, false, 65536, &pieces), "n00\nn01\n", 8), 0);
    assert_int_equal(atomic_load(&budget.left), left);
}

/* The longest names with the longest targets fit a line. */
static void the_longest_line_fits(void **state)
{
    static char target[PATH_MAX];
    char name[NAME_MAX + 1];
    struct shell_ls_options options = {.is_long = true, .marks = true};
    size_t pieces;

    (void)state;
    memset(target, '\x01', sizeof target - 1);
    memset(name, '\x02', NAME_MAX);
    name[NAME_MAX] = '\0';
    tree_make_link(name, target);
    const char *text = list_of(".", options, true, SHELL_LIST_LINE_MAX, &pieces);
    assert_int_equal(count_lines(text), 1);
    assert_true(strlen(text) > 4 * (size_t)(NAME_MAX + PATH_MAX - 1));
}

/* Names that cannot be looked at are listed with what is known of them. */
static void unknown_fields_are_question_marks(void **state)
{
    struct shell_ls_options options = {.is_long = true};
    struct shell_list *list;
    static char text[SHELL_LIST_LINE_MAX + 65536];

    (void)state;
    tree_make_directory("d");
    tree_make_file("d/gone", "");
    tree_make_file("d/here", "");
    options.most = UINT64_MAX;
    assert_int_equal(shell_list_open(&list, look("d"), SLICE("d"), &options, true, &budget), 0);
    /* The first line gathers the names; then one goes before it is looked at. */
    ssize_t len = shell_list_read(list, text, SHELL_LIST_LINE_MAX);
    assert_true(len > 0);
    assert_int_equal(unlinkat(tree_fd, "d/here", 0), 0);
    ssize_t more = shell_list_read(list, text + len, SHELL_LIST_LINE_MAX);
    assert_true(more > 0);
    text[len + more] = '\0';
    assert_non_null(strstr(text, "Z gone\n"));
    assert_non_null(strstr(text, " ??????????     ?     ?           ? ? here\n"));
    shell_list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_sorted_lines, tree_set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_directory_is_listed_itself, tree_set_up,
                                        tree_tear_down),
        cmocka_unit_test_setup_teardown(pieces_make_up_the_whole, tree_set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(without_budget_it_is_complete_but_not_sorted, tree_set_up,
                                        tree_tear_down),
        cmocka_unit_test_setup_teardown(the_longest_line_fits, tree_set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(unknown_fields_are_question_marks, tree_set_up,
                                        tree_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
