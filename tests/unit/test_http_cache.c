/* The small files that a loop keeps: found again, bounded, the oldest leave first. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "http/http_cache.h"

static struct http_cached *find(struct http_cache *cache, const char *name)
{
    return http_cache_find(cache, nk_slice_of_string(name), HTTP_CODING_IDENTITY);
}

/* Adds a file of `size` bytes, all of them `byte`. */
static struct http_cached *add(struct http_cache *cache, const char *name, size_t size, char byte)
{
    const struct http_file file = {.type = "text/plain", .size = size};
    struct http_cached *cached = http_cache_add(cache, nk_slice_of_string(name), &file, true);
    if (cached)
        memset(cached->body, byte, size);
    return cached;
}

static void check_body(const struct http_cached *cached, size_t size, char byte)
{
    assert_non_null(cached);
    assert_int_equal(cached->file.size, size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(cached->body[i], byte);
}

/* A file is not found, or another one is. */
static void test_what_was_added_is_found(void **state)
{
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 1 << 20);
    assert_null(find(&cache, "a"));
    add(&cache, "a", 100, 'a');
    add(&cache, "b", 0, 'b');
    add(&cache, "a/b", 3000, 'c');
    check_body(find(&cache, "a"), 100, 'a');
    check_body(find(&cache, "b"), 0, 'b');
    check_body(find(&cache, "a/b"), 3000, 'c');
    assert_null(find(&cache, ""));
    assert_null(find(&cache, "a/"));
    assert_null(find(&cache, "A"));
    http_cache_drop(&cache, find(&cache, "a"));
    assert_null(find(&cache, "a"));
    check_body(find(&cache, "a/b"), 3000, 'c');
    http_cache_deinit(&cache);
}

/* A client that cannot read a coding gets it. */
static void test_codings_are_kept_apart(void **state)
{
    const struct nk_slice name = NK_SLICE("page");
    const struct http_file coded = {.coding = HTTP_CODING_BROTLI, .size = 5};
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 1 << 20);
    add(&cache, "page", 10, 'p');
    assert_null(http_cache_find(&cache, name, HTTP_CODING_BROTLI));
    assert_non_null(http_cache_add(&cache, name, &coded, true));
    assert_int_equal(http_cache_find(&cache, name, HTTP_CODING_BROTLI)->file.size, 5);
    assert_int_equal(http_cache_find(&cache, name, HTTP_CODING_IDENTITY)->file.size, 10);
    assert_null(http_cache_find(&cache, name, HTTP_CODING_GZIP));
    http_cache_deinit(&cache);
}

/* Of a large file only what is known about it is kept. */
static void test_without_a_body(void **state)
{
    const struct http_file file = {.size = UINT64_C(1) << 40};
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 65536);
    struct http_cached *cached = http_cache_add(&cache, nk_slice_of_string("film"), &file, false);
    assert_non_null(cached);
    assert_false(cached->has_body);
    assert_ptr_equal(find(&cache, "film"), cached);
    assert_true(cache.used <= 65536);
    http_cache_deinit(&cache);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* A memory file is lost, counts for nothing, or is closed while it is still kept. */
static void test_a_body_in_a_memory_file(void **state)
{
    const struct http_file file = {.size = 20000};
    const int files[] = {memfd_create("a", 0), memfd_create("b", 0), memfd_create("c", 0)};
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 100000);
    struct http_cached *a =
        http_cache_add_content(&cache, nk_slice_of_string("a"), &file, files[0]);
    assert_non_null(a);
    assert_false(a->has_body);
    assert_int_equal(a->content, files[0]);
    assert_true(cache.used > 20000);
    http_cache_drop(&cache, a);
    assert_false(is_open(files[0]));
    assert_non_null(http_cache_add_content(&cache, nk_slice_of_string("b"), &file, files[1]));
    for (unsigned i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        add(&cache, name, 20000, 'x');
    }
    assert_null(find(&cache, "b"));
    assert_false(is_open(files[1]));
    http_cache_deinit(&cache);
    http_cache_init(&cache, 1000);
    assert_null(http_cache_add_content(&cache, nk_slice_of_string("c"), &file, files[2]));
    assert_false(is_open(files[2]));
    assert_null(http_cache_add_content(&cache, nk_slice_of_string("d"), &file, -1));
    http_cache_deinit(&cache);
}

/* Descriptors grow with what clients ask for, or one is closed that is still needed. */
static void test_open_files_are_bounded(void **state)
{
    const struct http_file file = {.size = UINT64_C(1) << 40};
    int files[HTTP_CACHE_OPEN_MAX + 2];
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 1 << 20);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(files); i++) /* before any is closed and used again */
        files[i] = memfd_create("content", 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(files); i++) {
        char name[16];
        snprintf(name, sizeof(name), "%zu", i);
        struct http_cached *cached = http_cache_add(&cache, nk_slice_of_string(name), &file, false);
        http_cache_keep_open(&cache, cached, files[i], i);
        assert_int_equal(cached->content, files[i]);
    }
    assert_false(is_open(files[0]));
    assert_false(is_open(files[1]));
    assert_int_equal(find(&cache, "1")->content, -1);
    for (size_t i = 2; i < NK_ARRAY_LENGTH(files); i++)
        assert_true(is_open(files[i]));
    http_cache_drop(&cache, find(&cache, "5"));
    assert_false(is_open(files[5]));
    http_cache_deinit(&cache);
    assert_false(is_open(files[6]));
}

/* A file that was removed takes its room until the server ends. */
static void test_open_files_are_closed_in_time(void **state)
{
    const struct http_file file = {.size = UINT64_C(1) << 40};
    const int files[] = {memfd_create("a", 0), memfd_create("b", 0), memfd_create("c", 0)};
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 1 << 20);
    struct http_cached *a = http_cache_add(&cache, nk_slice_of_string("a"), &file, false);
    struct http_cached *b = http_cache_add(&cache, nk_slice_of_string("b"), &file, false);
    assert_int_equal(http_cache_close_older(&cache, 1000), NK_NEVER);
    http_cache_keep_open(&cache, a, files[0], 100);
    http_cache_keep_open(&cache, b, files[1], 200);
    assert_int_equal(http_cache_close_older(&cache, 99), 100);
    assert_int_equal(http_cache_close_older(&cache, 100), 200);
    assert_int_equal(a->content, -1);
    assert_false(is_open(files[0]));
    assert_int_equal(b->content, files[1]);
    http_cache_keep_open(&cache, b, files[2], 300); /* opened again: the former one goes */
    assert_false(is_open(files[1]));
    assert_int_equal(http_cache_close_older(&cache, 200), 300);
    assert_int_equal(http_cache_close_older(&cache, 300), NK_NEVER);
    assert_false(is_open(files[2]));
    assert_ptr_equal(find(&cache, "b"), b);
    http_cache_deinit(&cache);
}

/* Memory grows with what clients ask for. */
static void test_the_bound_holds(void **state)
{
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 100000);
    for (unsigned i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        assert_non_null(add(&cache, name, (size_t)i * 7 % 9000, 'x'));
        assert_true(cache.used <= cache.capacity);
        assert_non_null(find(&cache, name));
    }
    http_cache_deinit(&cache);
    assert_int_equal(cache.used, 0);
}

/* What is used all the time leaves, and what nobody wants stays. */
static void test_the_least_recently_used_leaves(void **state)
{
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 100000);
    add(&cache, "wanted", 5000, 'w');
    for (unsigned i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        add(&cache, name, 5000, 'x');
        check_body(find(&cache, "wanted"), 5000, 'w');
    }
    assert_null(find(&cache, "0"));
    assert_non_null(find(&cache, "99"));
    http_cache_deinit(&cache);
}

/* One file drives out all others, or a size wraps around. */
static void test_what_is_too_large_is_not_kept(void **state)
{
    static const uint64_t sizes[] = {30000, 100000, UINT32_MAX, UINT64_MAX - 100, UINT64_MAX};
    struct http_cache cache;
    (void)state;
    http_cache_init(&cache, 100000);
    add(&cache, "a", 100, 'a');
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sizes); i++) {
        const struct http_file file = {.size = sizes[i]};
        assert_null(http_cache_add(&cache, nk_slice_of_string("large"), &file, true));
    }
    check_body(find(&cache, "a"), 100, 'a');
    http_cache_deinit(&cache);
}

/* --cache 0, or a little more, still keeps something or fails. */
static void test_no_room_at_all(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 1000, 5000};
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sizes); i++) {
        struct http_cache cache;
        http_cache_init(&cache, sizes[i]);
        assert_null(find(&cache, "a"));
        assert_null(add(&cache, "a", 0, 'a'));
        assert_null(find(&cache, "a"));
        assert_true(cache.used <= sizes[i]);
        http_cache_deinit(&cache);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_added_is_found),
        cmocka_unit_test(test_codings_are_kept_apart),
        cmocka_unit_test(test_without_a_body),
        cmocka_unit_test(test_a_body_in_a_memory_file),
        cmocka_unit_test(test_open_files_are_bounded),
        cmocka_unit_test(test_open_files_are_closed_in_time),
        cmocka_unit_test(test_the_bound_holds),
        cmocka_unit_test(test_the_least_recently_used_leaves),
        cmocka_unit_test(test_what_is_too_large_is_not_kept),
        cmocka_unit_test(test_no_room_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
