/* The tree of the remote shell: where sessions begin, and what can be reached. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "shell/shell_tree.h"
#include "tree_fixture.h"

static char former_directory[PATH_MAX];

static int set_up(void **state)
{
    assert_int_equal(tree_set_up(state), 0);
    tree_make_directory("root");
    tree_make_directory("root/a");
    tree_make_directory("root/a/b");
    tree_make_directory("root-2");
    tree_make_file("root/file", "");
    tree_make_link("root/out", "../root-2");
    tree_make_link("root/in", "/a/b");
    assert_non_null(getcwd(former_directory, sizeof former_directory));
    assert_int_equal(chdir(tree_path), 0);
    return 0;
}

static int tear_down(void **state)
{
    assert_int_equal(chdir(former_directory), 0);
    return tree_tear_down(state);
}

/* The path where sessions begin, or NULL with the error. */
static const char *start_of(const char *root, const char *start, int *error)
{
    static struct shell_tree tree;
    const char *failed = "untouched";

    *error = shell_tree_open(&tree, root, start, &failed);
    if (*error)
        assert_string_equal(failed, start ? start : root);
    else
        shell_tree_close(&tree);
    return *error ? NULL : tree.start_path;
}

static void sessions_begin_inside_the_root(void **state)
{
    static const struct {
        const char *directory; /* the current one */
        const char *root;
        const char *start;
        const char *path; /* NULL: `error` */
        int error;
    } table[] = {
        {".", "root", NULL, "/", 0},
        {"root", ".", NULL, "/", 0},
        {"root/a/b", "../..", NULL, "/a/b", 0},
        {"root-2", "../root", NULL, "/", 0},
        {".", "root", "root/a", "/a", 0},
        {".", "root/", "root/a/../a/b/", "/a/b", 0},
        {".", "root", "root", "/", 0},
        {".", "root", ".", NULL, -EXDEV},
        {".", "root", "root-2", NULL, -EXDEV},
        {".", "root", "root/out", NULL, -EXDEV},
        {".", "root", "root/file", NULL, -ENOTDIR},
        {".", "root", "root/nothing", NULL, -ENOENT},
        {".", "nothing", NULL, NULL, -ENOENT},
        {".", "root/file", NULL, NULL, -ENOTDIR},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        int error;
        assert_int_equal(fchdir(tree_fd), 0);
        assert_int_equal(chdir(table[i].directory), 0);
        const char *path = start_of(table[i].root, table[i].start, &error);
        assert_int_equal(error, table[i].error);
        if (table[i].path != NULL)
            assert_string_equal(path, table[i].path);
    }
}

/* With "/" as the root every path of the machine is a path of the tree. */
static void the_root_may_be_that_of_the_machine(void **state)
{
    char expected[PATH_MAX];
    int error;

    (void)state;
    snprintf(expected, sizeof expected, "%s/root/a", tree_path);
    assert_string_equal(start_of("/", "root/a", &error), expected);
    assert_string_equal(start_of("/", "/", &error), "/");
}

static int close_it(int descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
    return descriptor < 0 ? descriptor : 0;
}

static void only_what_is_inside_is_reached(void **state)
{
    static struct shell_tree tree;
    const char *failed;

    (void)state;
    assert_int_equal(shell_tree_open(&tree, "root", NULL, &failed), 0);
    assert_int_equal(close_it(shell_tree_enter(&tree, "/")), 0);
    assert_int_equal(close_it(shell_tree_enter(&tree, "/a/b")), 0);
    assert_int_equal(close_it(shell_tree_enter(&tree, "/in")), 0);
    assert_int_equal(shell_tree_enter(&tree, "/out"), -ENOENT);
    assert_int_equal(shell_tree_enter(&tree, "/file"), -ENOTDIR);
    assert_int_equal(close_it(shell_tree_look(&tree, "/a")), 0);
    assert_int_equal(close_it(shell_tree_look(&tree, "/file")), 0);
    assert_int_equal(shell_tree_look(&tree, "/out"), -ENOENT);
    assert_int_equal(shell_tree_look(&tree, "/file/x"), -ENOTDIR);
    int inside = shell_tree_enter(&tree, "/a");
    assert_int_equal(close_it(shell_tree_look_here(inside)), 0);
    close(inside);
    shell_tree_close(&tree);
    shell_tree_close(&tree); /* idempotent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sessions_begin_inside_the_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_root_may_be_that_of_the_machine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_inside_is_reached, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
