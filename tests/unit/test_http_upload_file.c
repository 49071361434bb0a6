/* Files that are being uploaded: there is all of one or nothing, and parts are kept. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/http_upload_file.h"
#include "http/http_upload_parts.h"
#include "tree_fixture.h"

static struct http_upload_file begin(const char *name, const char *content)
{
    struct http_upload_file file;
    http_upload_file_init(&file, tree_fd, nk_slice_of_string(name));
    assert_int_equal(http_upload_file_create(&file), 0);
    assert_int_equal(http_upload_file_write(&file, nk_slice_of_string(content)), 0);
    return file;
}

static void assert_content(const char *name, const char *content)
{
    char text[256];
    int fd = openat(tree_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, sizeof(text) - 1);
    close(fd);
    assert_true(len >= 0);
    text[len] = '\0';
    assert_string_equal(text, content);
}

/* A name that is more than a name leads somewhere else. */
static void test_names(void **state)
{
    static const char *const bad[] = {"",  ".", "..", "a/b", "/", "/a/", "../", ".netkit-part-",
                                      NULL};
    char name[NAME_MAX + 2];
    (void)state;
    for (size_t i = 0; bad[i]; i++)
        assert_false(http_upload_name_is_good(nk_slice_of_string(bad[i])));
    assert_false(http_upload_name_is_good(nk_slice_make("a\0b", 3)));
    assert_true(http_upload_name_is_good(nk_slice_of_string("...")));
    assert_true(http_upload_name_is_good(nk_slice_of_string(".netkit")));
    memset(name, 'n', sizeof(name));
    assert_true(http_upload_name_is_good(nk_slice_make(name, NAME_MAX)));
    assert_false(http_upload_name_is_good(nk_slice_make(name, NAME_MAX + 1)));
}

/* Nobody sees half of a file, and what was there stays until then. */
static void test_a_file_appears_when_it_is_complete(void **state)
{
    (void)state;
    struct http_upload_file file = begin("a", "hello");
    assert_int_equal(faccessat(tree_fd, "a", F_OK, 0), -1);
    assert_int_equal(http_upload_file_write(&file, nk_slice_of_string(", world")), 0);
    assert_int_equal(file.size, 12);
    assert_int_equal(http_upload_file_commit(&file, false), 0);
    assert_content("a", "hello, world");
    assert_int_equal(file.fd, -1);
    assert_int_equal(tree_count_entries(), 1);
}

static void test_nothing_is_replaced_unasked(void **state)
{
    (void)state;
    tree_make_file("a", "old");
    tree_make_link("link", "a");
    tree_make_directory("dir");
    static const char *const names[] = {"a", "link", "dir"};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
        struct http_upload_file file = begin(names[i], "new");
        assert_int_equal(http_upload_file_commit(&file, false), -EEXIST);
        if (i > 0) /* no file */
            assert_int_equal(http_upload_file_commit(&file, true), -EEXIST);
        http_upload_file_discard(&file);
    }
    assert_content("a", "old");
    struct http_upload_file file = begin("a", "new");
    assert_int_equal(http_upload_file_commit(&file, true), 1);
    assert_content("a", "new");
    assert_int_equal(tree_count_entries(), 3);
}

static void test_discarding_leaves_nothing(void **state)
{
    (void)state;
    struct http_upload_file file = begin("a", "hello");
    http_upload_file_discard(&file);
    http_upload_file_discard(&file);
    file = begin("a", "");
    http_upload_file_keep(&file);
    assert_int_equal(tree_count_entries(), 0);
}

static void test_a_part_is_continued(void **state)
{
    (void)state;
    struct http_upload_file file = begin("a", "hello");
    assert_int_equal(http_upload_part_size(tree_fd, "a"), -ENOENT);
    http_upload_file_keep(&file);
    assert_int_equal(http_upload_part_size(tree_fd, "a"), 5);
    assert_content(".netkit-part-a", "hello");

    struct http_upload_file other;
    http_upload_file_init(&file, tree_fd, nk_slice_of_string("a"));
    http_upload_file_init(&other, tree_fd, nk_slice_of_string("a"));
    assert_int_equal(http_upload_file_continue(&file), 0);
    assert_int_equal(http_upload_file_continue(&other), -EBUSY); /* one writes at a time */
    assert_int_equal(file.size, 5);
    assert_int_equal(http_upload_file_write(&file, nk_slice_of_string(", world")), 0);
    assert_int_equal(http_upload_file_commit(&file, false), 0);
    assert_content("a", "hello, world");
    assert_int_equal(http_upload_file_continue(&other), -ENOENT);
    assert_int_equal(tree_count_entries(), 1);
}

/* Somebody else was interrupted meanwhile, and the name of the part is now theirs. */
static void test_a_part_that_was_replaced(void **state)
{
    (void)state;
    struct http_upload_file file = begin("a", "hello");
    http_upload_file_keep(&file);
    http_upload_file_init(&file, tree_fd, nk_slice_of_string("a"));
    assert_int_equal(http_upload_file_continue(&file), 0);
    struct http_upload_file other = begin("a", "another");
    http_upload_file_keep(&other);
    assert_true(http_upload_file_commit(&file, true) < 0); /* its own file has no name left */
    http_upload_file_discard(&file);
    assert_int_equal(http_upload_part_size(tree_fd, "a"), 7);
    assert_int_equal(tree_count_entries(), 1);
}

/* The file is complete, and the part of an earlier attempt stays for a day. */
static void test_a_complete_file_ends_its_part(void **state)
{
    (void)state;
    struct http_upload_file file = begin("a", "hello");
    http_upload_file_keep(&file);
    struct http_upload_file whole = begin("a", "complete");
    assert_int_equal(http_upload_file_commit(&whole, false), 0);
    assert_int_equal(http_upload_part_size(tree_fd, "a"), -ENOENT);

    file = begin("a", "another");
    http_upload_file_keep(&file);
    http_upload_file_init(&file, tree_fd, nk_slice_of_string("a"));
    assert_int_equal(http_upload_file_continue(&file), 0);
    whole = begin("a", "complete again");
    assert_int_equal(http_upload_file_commit(&whole, true), 1);
    assert_int_equal(http_upload_part_size(tree_fd, "a"), 7); /* somebody is at it */
    assert_int_equal(http_upload_file_commit(&file, true), 1);
    assert_content("a", "another");
    assert_int_equal(tree_count_entries(), 1);
}

/* A part that is a link would have the upload write elsewhere. */
static void test_a_part_is_no_link(void **state)
{
    struct http_upload_file file;
    (void)state;
    tree_make_file("victim", "precious");
    tree_make_link(".netkit-part-a", "victim");
    http_upload_file_init(&file, tree_fd, nk_slice_of_string("a"));
    assert_true(http_upload_file_continue(&file) < 0);
    assert_int_equal(http_upload_part_size(tree_fd, "a"), -ENOENT);
    assert_content("victim", "precious");
}

/* A name that leaves no room for a prefix is fine, it only cannot be continued. */
static void test_a_long_name(void **state)
{
    char name[NAME_MAX + 1];
    (void)state;
    memset(name, 'n', NAME_MAX);
    name[NAME_MAX] = '\0';
    struct http_upload_file file = begin(name, "x");
    http_upload_file_keep(&file);
    assert_int_equal(tree_count_entries(), 0);
    file = begin(name, "x");
    assert_int_equal(http_upload_file_commit(&file, false), 0);
    assert_content(name, "x");
}

/* What somebody else has put there meanwhile is replaced, or what was expected is not. */
static void test_expectations(void **state)
{
    struct stat status;
    (void)state;
    struct http_upload_file nothing = begin("file", "first");
    nothing.is_conditional = true;
    assert_int_equal(http_upload_file_commit(&nothing, true), 0);
    nothing = begin("file", "second");
    nothing.is_conditional = true;
    assert_int_equal(http_upload_file_commit(&nothing, true), -ECANCELED);
    assert_content("file", "first");
    http_upload_file_discard(&nothing);

    struct http_upload_file file = begin("file", "second");
    assert_int_equal(fstatat(tree_fd, "file", &status, AT_SYMLINK_NOFOLLOW), 0);
    file.is_conditional = true;
    http_stamp_of(&file.expected, &status);
    file.expected.size++;
    assert_int_equal(http_upload_file_commit(&file, true), -ECANCELED);
    assert_content("file", "first");
    file.expected.size--;
    assert_int_equal(http_upload_file_commit(&file, false), -EEXIST);
    assert_int_equal(http_upload_file_commit(&file, true), 1);
    assert_content("file", "second");

    file = begin("other", "x");
    file.is_conditional = true;
    http_stamp_of(&file.expected, &status);
    assert_int_equal(http_upload_file_commit(&file, true), -ECANCELED);
    http_upload_file_discard(&file);
    assert_int_equal(tree_count_entries(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        TEST(test_a_file_appears_when_it_is_complete),
        TEST(test_nothing_is_replaced_unasked),
        TEST(test_discarding_leaves_nothing),
        TEST(test_a_part_is_continued),
        TEST(test_a_part_that_was_replaced),
        TEST(test_a_complete_file_ends_its_part),
        TEST(test_a_part_is_no_link),
        TEST(test_a_long_name),
        TEST(test_expectations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
