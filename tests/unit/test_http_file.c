/* What HTTP says about a file: its state and its header lines (RFC 9110 8.8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "http/http_file.h"

#define NOW UINT64_C(1795132800)

static struct stat usual(void)
{
    struct stat status;
    memset(&status, 0, sizeof(status));
    status.st_dev = 7;
    status.st_ino = 1234;
    status.st_size = 4711;
    status.st_mtim = (struct timespec){784111777, 5};
    status.st_ctim = (struct timespec){784111778, 6};
    return status;
}

static void describe(struct http_file *file, const struct stat *status, enum http_coding coding)
{
    http_file_describe(file, status, "text/plain", coding, NOW);
}

/* A tag that is not one entity tag of RFC 9110 8.8.3 matches nothing. */
static void check_tag(const char *tag)
{
    const size_t len = strlen(tag);
    assert_true(len > 2 && tag[0] == '"' && tag[len - 1] == '"');
    for (size_t i = 1; i + 1 < len; i++)
        assert_true(tag[i] > ' ' && tag[i] < 0x7f && tag[i] != '"');
}

/* Something changes and the tag does not: everybody keeps the old content. */
static void test_every_change_shows_in_the_tag(void **state)
{
    struct stat changes[7];
    struct http_file files[NK_ARRAY_LENGTH(changes)];
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(changes); i++)
        changes[i] = usual();
    changes[1].st_dev++;
    changes[2].st_ino++;
    changes[3].st_size++;
    changes[4].st_mtim.tv_nsec++;
    changes[5].st_mtim.tv_sec++;
    changes[6].st_ctim.tv_nsec++;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(changes); i++) {
        describe(&files[i], &changes[i], HTTP_CODING_IDENTITY);
        check_tag(files[i].etag);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(files[i].etag, files[j].etag);
            assert_false(http_stamp_equal(&files[i].stamp, &files[j].stamp));
        }
    }
    struct http_file again;
    describe(&again, &changes[0], HTTP_CODING_IDENTITY);
    assert_string_equal(again.etag, files[0].etag);
    assert_true(http_stamp_equal(&again.stamp, &files[0].stamp));
}

/* A range of one coding is put behind the beginning of another. */
static void test_every_coding_has_its_own_tag(void **state)
{
    const struct stat status = usual();
    char tags[2 * HTTP_CODING_COUNT + 1][HTTP_ETAG_SIZE];
    size_t count = 0;
    struct http_file file, coded;
    (void)state;
    for (unsigned coding = 0; coding < HTTP_CODING_COUNT; coding++) {
        describe(&file, &status, (enum http_coding)coding);
        memcpy(tags[count++], file.etag, HTTP_ETAG_SIZE);
    }
    describe(&file, &status, HTTP_CODING_IDENTITY);
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        http_file_describe_coded(&coded, &file, (enum http_coding)coding, "1.2.13", 99);
        assert_int_equal(coded.size, 99);
        memcpy(tags[count++], coded.etag, HTTP_ETAG_SIZE);
    }
    http_file_describe_coded(&coded, &file, HTTP_CODING_GZIP, "1.2.14", 99);
    memcpy(tags[count++], coded.etag, HTTP_ETAG_SIZE);
    for (size_t i = 0; i < count; i++) {
        check_tag(tags[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(tags[i], tags[j]);
    }
}

/* Caches take a text of one client for another, or know nothing to ask for. */
static void test_fields(void **state)
{
    static const char last[] = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                               "Accept-Ranges: bytes\r\n";
    const struct stat status = usual();
    struct http_file file;
    char expected[HTTP_FILE_FIELDS_SIZE];
    (void)state;
    describe(&file, &status, HTTP_CODING_IDENTITY);
    http_file_print_fields(&file);
    snprintf(expected, sizeof(expected), "ETag: %s\r\n%s", file.etag, last);
    assert_string_equal(file.fields, expected);
    assert_int_equal(file.state_at, 0);

    describe(&file, &status, HTTP_CODING_BROTLI);
    file.varies = true;
    http_file_print_fields(&file);
    snprintf(expected, sizeof(expected),
             "Content-Encoding: br\r\nVary: Accept-Encoding\r\nETag: %s\r\n%s", file.etag, last);
    assert_string_equal(file.fields, expected);
    assert_string_equal(file.fields + file.state_at, expected + strlen("Content-Encoding: br\r\n"));
}

/* A tag for a mixture of two states; or a body in a coding that nothing tells of. */
static void test_state_that_is_not_known(void **state)
{
    const struct stat status = usual();
    struct http_file file;
    (void)state;
    describe(&file, &status, HTTP_CODING_IDENTITY);
    http_file_print_fields(&file);
    http_file_forget_state(&file);
    assert_string_equal(file.fields, "");
    describe(&file, &status, HTTP_CODING_GZIP);
    file.varies = true;
    http_file_print_fields(&file);
    http_file_forget_state(&file);
    assert_string_equal(file.fields, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
}

/* The longest tag, date and coding are cut. */
static void test_the_longest_fields_fit(void **state)
{
    struct stat status = usual();
    struct http_file file, coded;
    (void)state;
    status.st_size = INT64_MAX;
    describe(&file, &status, HTTP_CODING_IDENTITY);
    file.varies = true;
    http_file_describe_coded(&coded, &file, HTTP_CODING_ZSTD, "100.100.100", UINT64_MAX);
    http_file_print_fields(&coded);
    check_tag(coded.etag);
    assert_non_null(strstr(coded.fields, "\r\nAccept-Ranges: bytes\r\n"));
}

/* Last-Modified behind Date: a cache would believe it for ever. */
static void test_times_out_of_range(void **state)
{
    struct stat status = usual();
    struct http_file file;
    (void)state;
    status.st_mtim.tv_sec = (time_t)NOW + 1;
    describe(&file, &status, HTTP_CODING_IDENTITY);
    assert_int_equal(file.modified, NOW);
    status.st_mtim.tv_sec = -5;
    describe(&file, &status, HTTP_CODING_IDENTITY);
    http_file_print_fields(&file);
    assert_non_null(strstr(file.fields, "Thu, 01 Jan 1970 00:00:00 GMT"));
}

/* A second change within one tick of the clock is taken for the first one. */
static void test_settled(void **state)
{
    const struct stat status = usual();
    struct http_stamp stamp;
    (void)state;
    http_stamp_of(&stamp, &status);
    assert_false(http_stamp_is_settled(&stamp, 784111778 - 100));
    assert_false(http_stamp_is_settled(&stamp, 784111778));
    assert_false(http_stamp_is_settled(&stamp, 784111778 + 2));
    assert_true(http_stamp_is_settled(&stamp, 784111778 + 3));
    assert_true(http_stamp_is_settled(&stamp, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_change_shows_in_the_tag),
        cmocka_unit_test(test_every_coding_has_its_own_tag),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_state_that_is_not_known),
        cmocka_unit_test(test_the_longest_fields_fit),
        cmocka_unit_test(test_times_out_of_range),
        cmocka_unit_test(test_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
