/* Small files read whole: what is one, and where it ends to be small. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "http/http_page_file.h"
#include "http/http_read_file.h"
#include "tree_fixture.h"

#define MAX 8

static const char *path_of(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", tree_path, name);
    return path;
}

static void expect_text(const char *name, const char *wanted)
{
    char *text = NULL;
    size_t len = 0;
    struct stat status;
    assert_int_equal(http_read_file(path_of(name), MAX, &text, &len, &status), 0);
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(text, wanted, len);
    assert_int_equal(status.st_size, len);
    free(text);
}

static void test_sizes(void **state)
{
    char *text = NULL;
    size_t len = 0;
    (void)state;
    tree_make_file("empty", "");
    tree_make_file("full", "12345678");
    tree_make_file("over", "123456789");
    expect_text("empty", "");
    expect_text("full", "12345678");
    assert_int_equal(http_read_file(path_of("over"), MAX, &text, &len, NULL), -EFBIG);
    assert_null(text);
}

static void test_what_is_no_file(void **state)
{
    char *text = NULL;
    size_t len = 0;
    (void)state;
    tree_make_directory("directory");
    assert_int_equal(mkfifoat(tree_fd, "pipe", 0600), 0);
    assert_int_equal(http_read_file(path_of("none"), MAX, &text, &len, NULL), -ENOENT);
    assert_int_equal(http_read_file(path_of("directory"), MAX, &text, &len, NULL), -EISDIR);
    /* A pipe that nobody writes to must not be waited for. */
    assert_int_equal(http_read_file(path_of("pipe"), MAX, &text, &len, NULL), -ESPIPE);
    assert_null(text);
}

static void test_page(void **state)
{
    struct http_page_file page;
    (void)state;
    tree_make_file("lost.html", "<p>lost");
    assert_int_equal(http_page_file_read(&page, path_of("lost.html")), 0);
    assert_string_equal(page.type, "text/html; charset=utf-8");
    assert_int_equal(page.len, strlen("<p>lost"));
    http_page_file_free(&page);
    assert_null(page.type);
    assert_int_equal(http_page_file_read(&page, path_of("none")), -ENOENT);
    assert_null(page.type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, tree_set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_file, tree_set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_page, tree_set_up, tree_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
