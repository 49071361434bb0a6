/* What of a directory is shown: types, links, dotfiles, and in which order. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http_entries.h"
#include "tree_fixture.h"

static int set_up(void **state)
{
    assert_int_equal(tree_set_up(state), 0);
    tree_make_file("secret", "outside");
    tree_make_directory("root");
    tree_make_directory("root/dir");
    tree_make_directory("root/dir/bb");
    tree_make_directory("root/dir/a");
    tree_make_file("root/dir/f10", "1234567890");
    tree_make_file("root/dir/f9", "123");
    tree_make_file("root/dir/G", "123");
    tree_make_file("root/dir/.hidden", "");
    tree_make_link("root/dir/to-file", "f10");
    tree_make_link("root/dir/to-directory", "../dir/a");
    tree_make_link("root/dir/to-secret", "../../secret");
    tree_make_link("root/dir/to-nothing", "nothing");
    assert_int_equal(mkfifoat(tree_fd, "root/dir/pipe", 0600), 0);
    return 0;
}

/* Reads root/dir below root. */
static void read_dir(struct http_entries *entries, bool dotfiles, enum open_links links)
{
    int root = openat(tree_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int directory = openat(root, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(root >= 0 && directory >= 0);
    const struct http_entries_place place = {root, directory, "dir/", dotfiles, links, 100};
    assert_int_equal(http_entries_read(entries, &place), 0);
    close(directory);
    close(root);
}

static const struct http_entry *find(const struct http_entries *entries, const char *name)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (strcmp(entries->items[i]->name, name) == 0)
            return entries->items[i];
    }
    return NULL;
}

static void expect_names(const struct http_entries *entries, const char *names)
{
    char joined[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < entries->count; i++)
        len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%s%s", i == 0 ? "" : " ",
                                entries->items[i]->name);
    assert_string_equal(joined, names);
}

static void test_types_and_sizes(void **state)
{
    static const struct {
        const char *name;
        enum http_entry_type type;
        uint64_t size;
        bool has_date;
    } tests[] = {
        {"a", HTTP_ENTRY_DIRECTORY, 0, true},     {"f10", HTTP_ENTRY_FILE, 10, true},
        {"to-file", HTTP_ENTRY_FILE, 10, true},   {"to-directory", HTTP_ENTRY_DIRECTORY, 0, true},
        {"to-secret", HTTP_ENTRY_LINK, 0, false}, {"to-nothing", HTTP_ENTRY_LINK, 0, false},
        {"pipe", HTTP_ENTRY_OTHER, 0, true},
    };
    struct http_entries entries;
    (void)state;
    read_dir(&entries, false, OPEN_LINKS_INSIDE);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        const struct http_entry *entry = find(&entries, tests[i].name);
        assert_non_null(entry);
        assert_int_equal(entry->type, tests[i].type);
        assert_int_equal(entry->size, tests[i].size);
        assert_int_equal(entry->has_date, tests[i].has_date);
    }
    http_entries_free(&entries);
}

static void test_links_that_may_lead_out(void **state)
{
    struct http_entries entries;
    (void)state;
    read_dir(&entries, false, OPEN_LINKS_ANY);
    assert_int_equal(find(&entries, "to-secret")->type, HTTP_ENTRY_FILE);
    assert_int_equal(find(&entries, "to-secret")->size, strlen("outside"));
    http_entries_free(&entries);
}

static void test_dotfiles(void **state)
{
    struct http_entries entries;
    (void)state;
    read_dir(&entries, false, OPEN_LINKS_INSIDE);
    assert_null(find(&entries, ".hidden"));
    http_entries_free(&entries);
    read_dir(&entries, true, OPEN_LINKS_INSIDE);
    assert_non_null(find(&entries, ".hidden"));
    assert_null(find(&entries, "."));
    assert_null(find(&entries, ".."));
    http_entries_free(&entries);
}

static void test_orders(void **state)
{
    struct http_entries entries;
    (void)state;
    read_dir(&entries, false, OPEN_LINKS_INSIDE);
    http_entries_sort(&entries, (struct http_order){HTTP_ORDER_NAME, false});
    expect_names(&entries, "a bb to-directory f9 f10 G pipe to-file to-nothing to-secret");
    http_entries_sort(&entries, (struct http_order){HTTP_ORDER_NAME, true});
    expect_names(&entries, "to-directory bb a to-secret to-nothing to-file pipe G f10 f9");
    http_entries_sort(&entries, (struct http_order){HTTP_ORDER_SIZE, false});
    expect_names(&entries, "a bb to-directory pipe to-nothing to-secret f9 G f10 to-file");
    http_entries_sort(&entries, (struct http_order){HTTP_ORDER_SIZE, true});
    expect_names(&entries, "a bb to-directory f10 to-file f9 G pipe to-nothing to-secret");
    http_entries_free(&entries);
}

static void test_dates(void **state)
{
    static const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct http_entries entries;
    (void)state;
    assert_int_equal(utimensat(tree_fd, "root/dir/G", old, 0), 0);
    assert_int_equal(utimensat(tree_fd, "root/dir/bb", old, 0), 0);
    read_dir(&entries, false, OPEN_LINKS_INSIDE);
    http_entries_sort(&entries, (struct http_order){HTTP_ORDER_DATE, false});
    assert_string_equal(entries.items[0]->name, "bb");
    assert_int_equal(find(&entries, "G")->modified, 1000);
    http_entries_sort(&entries, (struct http_order){HTTP_ORDER_DATE, true});
    assert_string_equal(entries.items[2]->name, "bb");
    http_entries_free(&entries);
}

static void test_no_directory(void **state)
{
    struct http_entries entries;
    (void)state;
    const struct http_entries_place place = {tree_fd, -1, "", false, OPEN_LINKS_INSIDE, 100};
    assert_true(http_entries_read(&entries, &place) < 0);
    http_entries_free(&entries);
}

/* A directory with very many files takes all memory. */
static void test_the_bound(void **state)
{
    struct http_entries entries;
    int directory = openat(tree_fd, "root/dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct http_entries_place place = {tree_fd, directory, "", false, OPEN_LINKS_INSIDE, 10};
    (void)state;
    assert_true(directory >= 0);
    assert_int_equal(http_entries_read(&entries, &place), 0);
    assert_int_equal(entries.count, 10);
    http_entries_free(&entries);
    place.max = 9;
    assert_int_equal(http_entries_read(&entries, &place), -E2BIG);
    http_entries_free(&entries);
    close(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types_and_sizes, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_links_that_may_lead_out, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_dotfiles, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_orders, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_dates, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_no_directory, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(test_the_bound, set_up, tree_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
