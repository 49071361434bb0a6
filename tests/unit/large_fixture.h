/* A connection's fixture, and more bytes than the kernel's buffers take. Include cmocka.h
 * first. */
#ifndef TESTS_UNIT_LARGE_FIXTURE_H
#define TESTS_UNIT_LARGE_FIXTURE_H

#include "connection_fixture.h"

/* A socket's kernel buffers are smaller than this, so some of it is queued. */
#define LARGE ((size_t)8 * 1024 * 1024)

static char *large;

static inline int make_large(void **state)
{
    (void)state;
    large = malloc(LARGE);
    if (large)
        fill_pattern(large, LARGE, 0);
    return large ? 0 : -1;
}

static inline int free_large(void **state)
{
    (void)state;
    free(large);
    return 0;
}

static inline int file_of(const char *bytes, size_t len)
{
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, len, stream), len);
    assert_int_equal(fflush(stream), 0);
    int file = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0);
    assert_true(file >= 0);
    fclose(stream);
    return file;
}

/* Reads at the peer while the loop turns until `len` bytes of the pattern came. */
static inline void expect_pattern(int peer, uint64_t len)
{
    uint64_t position = 0;

    TURN_UNTIL(loop, (position = read_pattern(peer, position)) >= len);
    assert_true(position == len);
}

#endif
