/* Listings on a terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <locale.h>

#include "shell/shell_show.h"

static struct shell_show show;

static void assert_shown(const struct shell_show_options *options, const char *const *lines,
                         const char *expected)
{
    struct nk_buffer out;

    nk_buffer_init(&out, SHELL_SHOW_OUT_MAX);
    shell_show_begin(&show, options);
    for (; *lines != NULL; lines++)
        assert_int_equal(shell_show_line(&show, nk_slice_of_string(*lines), &out), 0);
    assert_int_equal(shell_show_end(&show, &out), 0);
    struct nk_slice shown = nk_buffer_slice(&out);
    if (!nk_slice_equal(shown, nk_slice_of_string(expected)))
        fail_msg("%.*s", (int)shown.len, shown.data);
    nk_buffer_deinit(&out);
}

/* A name would be shown with the mark that nobody asked for, or under a wrong colour. */
static void names_have_columns_and_colours(void **state)
{
    static const char *const lines[] = {"bin/",
                                        "pipe|",
                                        "link@",
                                        "plain",
                                        "\xc3\xbc"
                                        "ber=",
                                        NULL};
    struct shell_show_options options = {.has_marks = true, .width = 20};

    (void)state;
    assert_shown(&options, lines,
                 "bin    plain\npipe   \xc3\xbc"
                 "ber\nlink\n");
    options.keeps_marks = true;
    assert_shown(&options, lines,
                 "bin/   plain\npipe|  \xc3\xbc"
                 "ber=\nlink@\n");
    options = (struct shell_show_options){.has_marks = true, .colours = true, .width = 20};
    assert_shown(&options, lines,
                 "\033[1;34mbin\033[0m    plain\n\033[33mpipe\033[0m   \033[1;35m\xc3\xbc"
                 "ber\033[0m\n\033[1;36mlink\033[0m\n");
    options = (struct shell_show_options){.width = 1};
    assert_shown(&options, lines,
                 "bin/\npipe|\nlink@\nplain\n\xc3\xbc"
                 "ber=\n");
}

/* The fields would be coloured, or what a link says. */
static void long_lines_have_colours(void **state)
{
    static const char *const lines[] = {
        "drwxr-xr-x     0     0        4096 2026-11-20T17:01:49Z my dir/",
        "-rwxr-xr-x     0     0          12 2026-11-20T17:01:49Z run",
        "-rw-r--r--     0     0          12 2026-11-20T17:01:49Z note",
        "lrwxrwxrwx     0     0           9 2026-11-20T17:01:49Z l@ -> a -> b/",
        "??????????     ?     ?           ? ? odd",
        "l",
        "",
        NULL,
    };
    struct shell_show_options options = {
        .is_long = true, .has_marks = true, .colours = true, .width = 10};

    (void)state;
    assert_shown(
        &options, lines,
        "drwxr-xr-x     0     0        4096 2026-11-20T17:01:49Z \033[1;34mmy dir\033[0m/\n"
        "-rwxr-xr-x     0     0          12 2026-11-20T17:01:49Z \033[1;32mrun\033[0m\n"
        "-rw-r--r--     0     0          12 2026-11-20T17:01:49Z note\n"
        "lrwxrwxrwx     0     0           9 2026-11-20T17:01:49Z \033[1;36ml\033[0m@ -> a -> b/\n"
        "??????????     ?     ?           ? ? odd\n"
        "l\033[1;36m\033[0m\n"
        "\n");
    options.colours = false;
    assert_shown(&options, lines + 5, "l\n\n");
}

/* A large directory would fill the memory, or its names would be lost between two
 * pieces. */
static void large_listings_come_in_pieces(void **state)
{
    static char name[40 * 1024];
    const struct shell_show_options options = {.width = 80};
    struct nk_buffer out;

    (void)state;
    memset(name, 'x', sizeof name);
    nk_buffer_init(&out, SHELL_SHOW_OUT_MAX);
    shell_show_begin(&show, &options);
    for (int i = 0; i < SHELL_SHOW_NAMES; i++)
        assert_int_equal(shell_show_line(&show, nk_slice_make("name", 4), &out), 0);
    assert_int_equal(nk_buffer_len(&out), 0);
    assert_int_equal(shell_show_line(&show, nk_slice_make("next", 4), &out), 0);
    assert_true(nk_buffer_len(&out) >= (size_t)SHELL_SHOW_NAMES * 5);
    for (int i = 0; i < 3; i++) {
        nk_buffer_consume(&out, nk_buffer_len(&out));
        assert_int_equal(shell_show_line(&show, nk_slice_make(name, sizeof name), &out), 0);
        assert_int_equal(nk_buffer_len(&out), i == 0   ? 0
                                              : i == 1 ? sizeof name + 6
                                                       : sizeof name + 1);
    }
    nk_buffer_consume(&out, nk_buffer_len(&out));
    assert_int_equal(shell_show_end(&show, &out), 0);
    assert_int_equal(nk_buffer_len(&out), sizeof name + 1);
    assert_int_equal(shell_show_end(&show, &out), 0);
    assert_int_equal(nk_buffer_len(&out), sizeof name + 1);
    nk_buffer_deinit(&out);
}

/* A name that is longer than the place for names would be written behind it. */
static void a_name_above_all_limits_is_refused(void **state)
{
    static char name[SHELL_SHOW_BYTES + 1];
    const struct shell_show_options options = {.width = 80};
    struct nk_buffer out;

    (void)state;
    memset(name, 'x', sizeof name);
    nk_buffer_init(&out, SHELL_SHOW_OUT_MAX);
    shell_show_begin(&show, &options);
    assert_int_equal(shell_show_line(&show, nk_slice_make(name, sizeof name), &out), -ENOBUFS);
    assert_int_equal(shell_show_line(&show, nk_slice_make(name, sizeof name - 1), &out), 0);
    assert_int_equal(shell_show_end(&show, &out), 0);
    assert_int_equal(nk_buffer_len(&out), sizeof name);
    nk_buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_columns_and_colours),
        cmocka_unit_test(long_lines_have_colours),
        cmocka_unit_test(large_listings_come_in_pieces),
        cmocka_unit_test(a_name_above_all_limits_is_refused),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
