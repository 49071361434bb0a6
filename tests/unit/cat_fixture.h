/* Descriptors of every kind with an outer end for the test, and a stream of
 * bytes that shows every loss, doubling and swap. Include cmocka.h first. */
#ifndef TESTS_UNIT_CAT_FIXTURE_H
#define TESTS_UNIT_CAT_FIXTURE_H

#include <stdlib.h>
#include <sys/mman.h>
#include <termios.h>

#include "cat/cat_port.h"
#include "reactor_fixture.h"

/* The inner end is handed to a port, the outer one stays with the test. A file
 * has no other end: its outer one is a duplicate. */
struct ends {
    int inner;
    int outer;
};

static inline void set_non_blocking(int fd)
{
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static inline struct ends socket_ends(bool is_shared)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    set_non_blocking(fds[1]);
    if (!is_shared)
        set_non_blocking(fds[0]);
    return (struct ends){fds[0], fds[1]};
}

/* A terminal that changes nothing. */
static inline struct ends terminal_ends(void)
{
    struct termios settings;
    int outer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

    assert_true(outer >= 0);
    assert_int_equal(unlockpt(outer), 0);
    int inner = open(ptsname(outer), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(inner >= 0);
    assert_int_equal(tcgetattr(inner, &settings), 0);
    cfmakeraw(&settings);
    assert_int_equal(tcsetattr(inner, TCSANOW, &settings), 0);
    return (struct ends){inner, outer};
}

static inline struct ends file_ends(void)
{
    int fd = memfd_create("netkit-test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    int outer = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return (struct ends){fd, outer};
}

static inline struct ends pipe_ends(bool inner_reads)
{
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    set_non_blocking(fds[inner_reads ? 1 : 0]);
    return inner_reads ? (struct ends){fds[0], fds[1]} : (struct ends){fds[1], fds[0]};
}

/* Ends of this kind whose inner one is read, or written. */
static inline struct ends make_ends(enum cat_port_kind kind, bool inner_reads)
{
    switch (kind) {
    case CAT_PORT_SOCKET:
        return socket_ends(false);
    case CAT_PORT_SHARED_SOCKET:
        return socket_ends(true);
    case CAT_PORT_PIPE:
        return pipe_ends(inner_reads);
    case CAT_PORT_TERMINAL:
        return terminal_ends();
    case CAT_PORT_FILE:
    default:
        return file_ends();
    }
}

/* The byte at this place of the stream; its period is no power of two. */
static inline char pattern_at(size_t place)
{
    return (char)(place % 251 + place / 65521);
}

/* Writes the stream from *place on as far as it goes without waiting. */
static inline void feed(int fd, size_t *place, size_t total)
{
    char bytes[4096];
    ssize_t put = 1;

    while (*place < total && put > 0) {
        size_t len = total - *place < sizeof bytes ? total - *place : sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = pattern_at(*place + i);
        put = write(fd, bytes, len);
        if (put > 0)
            *place += (size_t)put;
    }
}

/* Reads what is there and compares it with the stream from *place on. Returns
 * whether the end was read. */
static inline bool drain(int fd, size_t *place)
{
    char bytes[4096];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] != pattern_at(*place + (size_t)i))
                assert_int_equal(*place + (size_t)i, SIZE_MAX); /* shows the place */
        }
        *place += (size_t)got;
    }
    return got == 0;
}

#endif
