/* A loop, pairs of sockets and a bounded way to wait for something, for the
 * tests of the reactor and of what stands on it. Include cmocka.h first. */
#ifndef TESTS_UNIT_REACTOR_FIXTURE_H
#define TESTS_UNIT_REACTOR_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "loopback.h"
#include "reactor/event_loop.h"

#define MILLISECOND NK_NANOSECONDS_PER_MILLISECOND
#define SECOND NK_NANOSECONDS_PER_SECOND

static inline uint64_t time_now(void)
{
    return nk_clock_monotonic(nk_clock_system());
}

/* Turns the loop until the condition holds, or fails the test when it does not
 * within a time that only a broken program needs. */
#define TURN_UNTIL(loop, condition)                                                                \
    do {                                                                                           \
        uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;                                 \
        while (!(condition)) {                                                                     \
            assert_true(time_now() < give_up);                                                     \
            assert_int_equal(nk_event_loop_turn((loop), 20 * MILLISECOND), 0);                     \
        }                                                                                          \
    } while (0)

/* Turns that do not wait: enough for everything that is due to happen. */
static inline void turn_idle(struct nk_event_loop *loop, int turns)
{
    for (int i = 0; i < turns; i++)
        assert_int_equal(nk_event_loop_turn(loop, 0), 0);
}

static inline struct nk_event_loop *new_loop(void)
{
    struct nk_event_loop *loop;

    assert_int_equal(nk_event_loop_new(&loop, NULL), 0);
    return loop;
}

static inline struct nk_event_loop *new_loop_with_clock(struct nk_manual_clock *manual)
{
    struct nk_event_loop *loop;
    struct nk_event_loop_options options = {.clock = &manual->clock};

    nk_manual_clock_init(manual, SECOND);
    assert_int_equal(nk_event_loop_new(&loop, &options), 0);
    return loop;
}

/* Two connected, non-blocking unix stream sockets. */
static inline void unix_pair(int *one, int *other)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *one = fds[0];
    *other = fds[1];
}

/* The same over TCP, which alone knows resets. */
static inline void tcp_pair(int *one, int *other)
{
    struct nk_sockaddr address = loopback(AF_INET);
    int listener = listen_on(&address, SOCK_STREAM);

    *one = connect_to(&address, SOCK_STREAM);
    await(listener, POLLIN);
    *other = nk_socket_accept(listener, NULL);
    assert_true(*other >= 0);
    nk_socket_close(listener);
}

/* Closes a TCP socket with a reset. */
static inline void close_with_reset(int fd)
{
    assert_int_equal(nk_socket_set_abortive_close(fd), 0);
    nk_socket_close(fd);
}

static inline void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        await(fd, POLLOUT);
        ssize_t sent = nk_socket_send(fd, bytes, len, false);
        assert_true(sent > 0);
        bytes += sent;
        len -= (size_t)sent;
    }
}

static inline void write_text(int fd, const char *text)
{
    write_all(fd, text, strlen(text));
}

/* Fills the kernel's buffers of a socket whose other end does not read; returns
 * how many bytes went in. */
static inline size_t fill(int fd)
{
    static const char zeros[4096];
    size_t total = 0;
    ssize_t sent;

    while ((sent = nk_socket_send(fd, zeros, sizeof zeros, false)) > 0)
        total += (size_t)sent;
    assert_int_equal(sent, -EAGAIN);
    return total;
}

/* Descriptors that this process has open. */
static inline size_t open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 3; /* ".", ".." and the directory's own */
}

#endif
