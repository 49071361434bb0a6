/* What a path of a client means, from where it stands. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "shell/shell_path.h"

static void paths_are_taken_from_where_they_begin(void **state)
{
    static const struct {
        const char *directory;
        const char *argument;
        const char *path;
    } table[] = {
        {"/", "", "/"},
        {"/", "a", "/a"},
        {"/a/b", "", "/a/b"},
        {"/a/b", "c", "/a/b/c"},
        {"/a/b", "c/d/", "/a/b/c/d"},
        {"/a/b", "./c/.//d", "/a/b/c/d"},
        {"/a/b", ".", "/a/b"},
        {"/a/b", "..", "/a"},
        {"/a", "..", "/"},
        {"/a/b", "../c", "/a/c"},
        {"/a/b", "c/../d", "/a/b/d"},
        {"/a/b", "/c", "/c"},
        {"/a/b", "/", "/"},
        {"/a/b", "//c//", "/c"},
        {"/a/b", "~", "/home/me"},
        {"/a/b", "~/", "/home/me"},
        {"/a/b", "~/x", "/home/me/x"},
        {"/a/b", "~/..", "/home"},
        {"/a/b", "~x", "/a/b/~x"},
        {"/a/b", "./~", "/a/b/~"},
        {"/a/b", "-", "/a/b/-"}, /* only cd knows it */
        {"/a/b", "...", "/a/b/..."},
        {"/a/b", "..c", "/a/b/..c"},
        {"/a/b", ".c", "/a/b/.c"},
        /* There is nothing above the root, however often it is asked for. */
        {"/", "..", "/"},
        {"/a/b", "../../../../..", "/"},
        {"/a/b", "../../../c", "/c"},
        {"/a/b", "/../../c/../..", "/"},
        {"/a/b", "~/../../../../etc", "/etc"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        char path[SHELL_PATH_SIZE] = "";
        struct nk_slice argument = nk_slice_of_string(table[i].argument);
        assert_int_equal(shell_path_resolve(table[i].directory, "/home/me", argument, path), 0);
        assert_string_equal(path, table[i].path);
    }
}

/* The longest path fits; one byte more is refused, not cut, unless it is taken
 * away again. */
static void too_long_paths_are_refused(void **state)
{
    static char long_name[2 * SHELL_PATH_SIZE];
    char path[SHELL_PATH_SIZE] = "untouched";

    (void)state;
    memset(long_name, 'n', sizeof long_name);
    struct nk_slice fits = nk_slice_make(long_name, SHELL_PATH_SIZE - 2);
    struct nk_slice too_long = nk_slice_make(long_name, SHELL_PATH_SIZE - 1);
    assert_int_equal(shell_path_resolve("/", "/", too_long, path), -ENAMETOOLONG);
    assert_int_equal(shell_path_resolve("/a", "/", fits, path), -ENAMETOOLONG);
    assert_string_equal(path, "untouched");
    assert_int_equal(shell_path_resolve("/", "/", fits, path), 0);
    assert_int_equal(strlen(path), SHELL_PATH_SIZE - 1);
    for (size_t i = 1; i < sizeof long_name; i += 2)
        long_name[i] = '/';
    assert_int_equal(shell_path_resolve("/", "/", nk_slice_make(long_name, sizeof long_name), path),
                     -ENAMETOOLONG);
    for (size_t i = 0; i + 2 < sizeof long_name; i += 3)
        memcpy(long_name + i, "../", 3);
    assert_int_equal(shell_path_resolve("/a", "/", nk_slice_make(long_name, 3000), path), 0);
    assert_string_equal(path, "/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_taken_from_where_they_begin),
        cmocka_unit_test(too_long_paths_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
