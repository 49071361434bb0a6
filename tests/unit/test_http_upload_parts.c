/* What interrupted uploads have left: it is found, bounded, and removed in time. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/attributes.h"
#include "http/http_upload_parts.h"
#include "tree_fixture.h"

#define NOW 1000000

static void make_leftover(const char *name, int64_t modified)
{
    const struct timespec times[] = {{.tv_sec = modified}, {.tv_sec = modified}};
    tree_make_file(name, "x");
    assert_int_equal(utimensat(tree_fd, name, times, 0), 0);
}

/* The size of something else, or a part where there can be none. */
static void test_the_part_of_a_name(void **state)
{
    char name[NAME_MAX + 1];
    char part[NAME_MAX + 1];
    (void)state;
    tree_make_file(".netkit-part-a", "12345");
    tree_make_link(".netkit-part-link", "a");
    assert_int_equal(http_upload_part_name(part, "a"), 0);
    assert_string_equal(part, ".netkit-part-a");
    assert_int_equal(http_upload_part_size(tree_fd, "a"), 5);
    assert_int_equal(http_upload_part_size(tree_fd, "b"), -ENOENT);
    assert_int_equal(http_upload_part_size(tree_fd, "link"), -ENOENT);
    memset(name, 'n', NAME_MAX);
    name[NAME_MAX] = '\0';
    assert_int_equal(http_upload_part_name(part, name), -ENAMETOOLONG);
    assert_int_equal(http_upload_part_size(tree_fd, name), -ENAMETOOLONG);
}

/* A part is taken away from the upload that goes on with it. */
static void test_what_is_written_stays(void **state)
{
    (void)state;
    make_leftover(".netkit-part-a", 1);
    int writer = openat(tree_fd, ".netkit-part-a", O_WRONLY | O_CLOEXEC);
    assert_true(writer >= 0);
    assert_int_equal(flock(writer, LOCK_EX | LOCK_NB), 0);
    http_upload_part_remove(tree_fd, "a");
    http_upload_clean(tree_fd, NOW);
    assert_int_equal(http_upload_part_size(tree_fd, "a"), 1);
    close(writer);
    http_upload_part_remove(tree_fd, "a");
    http_upload_part_remove(tree_fd, "a");
    assert_int_equal(tree_count_entries(), 0);
}

/* What nobody continues fills the disk. */
static void test_cleaning(void **state)
{
    char name[64];
    (void)state;
    make_leftover("file", 1);
    make_leftover(".netkit-part-old", NOW - HTTP_UPLOAD_PART_AGE - 1);
    make_leftover(".netkit-part-just", NOW - HTTP_UPLOAD_PART_AGE);
    http_upload_clean(tree_fd, NOW);
    assert_int_equal(tree_count_entries(), 2);
    for (int i = 0; i < 2 * HTTP_UPLOAD_PARTS_MAX; i++) {
        snprintf(name, sizeof(name), ".netkit-part-%d", i);
        make_leftover(name, NOW - (i * 7) % (2 * HTTP_UPLOAD_PARTS_MAX));
    }
    http_upload_clean(tree_fd, NOW);
    assert_int_equal(tree_count_entries(), 1 + HTTP_UPLOAD_PARTS_MAX);
    assert_int_equal(http_upload_part_size(tree_fd, "0"), 1); /* the newest one */
    assert_int_equal(http_upload_part_size(tree_fd, "just"), -ENOENT);
    assert_int_equal(faccessat(tree_fd, "file", F_OK, 0), 0);
}

/* A directory is read for each of a thousand uploads; or one is not cleaned for ever. */
static void test_cleaning_at_times(void **state)
{
    struct http_upload_cleaner cleaner;
    (void)state;
    http_upload_cleaner_init(&cleaner);
    tree_make_directory("other");
    int other = openat(tree_fd, "other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(other >= 0);
    static const struct {
        bool in_other;
        int64_t now;
        bool cleans;
    } steps[] = {
        {false, NOW, true},
        {false, NOW + HTTP_UPLOAD_CLEAN_INTERVAL - 1, false},
        {false, NOW + HTTP_UPLOAD_CLEAN_INTERVAL, true},
        {true, NOW + HTTP_UPLOAD_CLEAN_INTERVAL, true},
        {true, NOW + HTTP_UPLOAD_CLEAN_INTERVAL, false},
        {false, NOW + HTTP_UPLOAD_CLEAN_INTERVAL, true},
        {false, NOW, true}, /* the clock was set back */
    };
    for (size_t i = 0; i < NK_ARRAY_LENGTH(steps); i++) {
        make_leftover(".netkit-part-a", 1);
        make_leftover("other/.netkit-part-a", 1);
        const int directory = steps[i].in_other ? other : tree_fd;
        http_upload_clean_at_times(&cleaner, directory, steps[i].now);
        if ((http_upload_part_size(directory, "a") < 0) != steps[i].cleans)
            fail_msg("step %zu", i);
    }
    close(other);
    http_upload_cleaner_deinit(&cleaner);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_part_of_a_name),
        TEST(test_what_is_written_stays),
        TEST(test_cleaning),
        TEST(test_cleaning_at_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
