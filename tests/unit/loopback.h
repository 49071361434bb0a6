/* Sockets on loopback for the unit tests. Every wait has a limit that only a
 * broken program reaches. Include cmocka.h first. */
#ifndef TESTS_UNIT_LOOPBACK_H
#define TESTS_UNIT_LOOPBACK_H

#include <errno.h>
#include <poll.h>

#include "os/socket.h"

enum { PATIENCE_MS = 20000 };

/* Port 0 of 127.0.0.1 or ::1. */
static inline struct nk_sockaddr loopback(int family)
{
    struct nk_sockaddr sockaddr;

    assert_int_equal(
        nk_sockaddr_from_numeric(&sockaddr, family == AF_INET ? "127.0.0.1" : "::1", 0), 0);
    return sockaddr;
}

/* Waits until one of `events` of poll(2) is there. */
static inline void await(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
}

/* *local receives the port the kernel chose. */
static inline int listen_on(struct nk_sockaddr *local, int type)
{
    int fd = nk_socket_open(local->any.sa_family, type);

    assert_true(fd >= 0);
    assert_int_equal(nk_socket_bind(fd, local), 0);
    assert_int_equal(nk_socket_listen(fd, 16), 0);
    assert_int_equal(nk_socket_local(fd, local), 0);
    return fd;
}

static inline int connect_to(const struct nk_sockaddr *remote, int type)
{
    int fd = nk_socket_open(remote->any.sa_family, type);
    int result = nk_socket_connect(fd, remote);

    assert_true(result == 0 || result == -EINPROGRESS);
    await(fd, POLLOUT);
    assert_int_equal(nk_socket_take_error(fd), 0);
    return fd;
}

#endif
