/* Files compressed into memory files: whole, worth it, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http_compress.h"

/* A memory file of `size` bytes that compress well, or not at all. */
static int make_file(size_t size, bool is_text)
{
    const int file = memfd_create("file", MFD_CLOEXEC);
    uint64_t number = 88172645463325252;
    char *bytes = malloc(size);
    assert_true(file >= 0 && bytes != NULL);
    for (size_t i = 0; i < size; i++) {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        bytes[i] = is_text ? "to be or not to be "[i % 19] : (char)number;
    }
    assert_int_equal(write(file, bytes, size), size);
    free(bytes);
    return file;
}

/* A result is lost, cut, or larger than what it stands for. */
static void test_text_gets_smaller(void **state)
{
    static const size_t sizes[] = {1000, 65536, 65537, 1000000};
    (void)state;
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        for (size_t i = 0; i < NK_ARRAY_LENGTH(sizes); i++) {
            const int file = make_file(sizes[i], true);
            uint64_t made = 0;
            struct stat status;
            const int memory = http_compress_file(file, sizes[i], (enum http_coding)coding, &made);
            assert_true(memory >= 0);
            assert_int_equal(fstat(memory, &status), 0);
            assert_int_equal(status.st_size, made);
            assert_true(made > 10 && made < sizes[i] / 5);
            close(memory);
            close(file);
        }
    }
}

/* A photo is "compressed" into more bytes, at the client's cost, too. */
static void test_noise_is_given_up(void **state)
{
    (void)state;
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        const int file = make_file(200000, false);
        uint64_t made;
        assert_int_equal(http_compress_file(file, 200000, (enum http_coding)coding, &made), -EFBIG);
        close(file);
    }
}

/* A file that becomes shorter meanwhile ends up as half a page that looks whole. */
static void test_a_file_that_is_too_short(void **state)
{
    const int file = make_file(1000, true);
    uint64_t made;
    (void)state;
    assert_int_equal(http_compress_file(file, 1001, HTTP_CODING_GZIP, &made), -EIO);
    assert_int_equal(http_compress_file(-1, 1000, HTTP_CODING_GZIP, &made), -EIO);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_gets_smaller),
        cmocka_unit_test(test_noise_is_given_up),
        cmocka_unit_test(test_a_file_that_is_too_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
