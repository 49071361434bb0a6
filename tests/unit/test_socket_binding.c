/* Who may bind what, and what an accepted socket inherits. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "loopback.h"
#include "os/socket.h"

/* A restart succeeds at once although clients of the last run left
 * connections in TIME_WAIT; a second live instance must not. */
static void reuse_address_allows_a_restart_but_no_second_listener(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    int listener = nk_socket_open(AF_INET, SOCK_STREAM);
    int second = nk_socket_open(AF_INET, SOCK_STREAM);
    char byte;

    (void)state;
    assert_int_equal(nk_socket_set_reuse_address(listener, true), 0);
    assert_int_equal(nk_socket_bind(listener, &local), 0);
    assert_int_equal(nk_socket_listen(listener, 1), 0);
    assert_int_equal(nk_socket_local(listener, &local), 0);
    int client = connect_to(&local, SOCK_STREAM);
    await(listener, POLLIN);
    int server = nk_socket_accept(listener, NULL);

    assert_int_equal(nk_socket_set_reuse_address(second, true), 0);
    assert_int_equal(nk_socket_bind(second, &local), -EADDRINUSE);

    nk_socket_close(server); /* the server closes first: its side waits */
    await(client, POLLIN);
    assert_int_equal(nk_socket_recv(client, &byte, 1), 0);
    nk_socket_close(client);
    nk_socket_close(listener);
    assert_int_equal(nk_socket_bind(second, &local), 0);
    nk_socket_close(second);
}

static void reuse_port_allows_a_listener_per_thread(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    int first = nk_socket_open(AF_INET, SOCK_STREAM);
    int second = nk_socket_open(AF_INET, SOCK_STREAM);

    (void)state;
    assert_int_equal(nk_socket_set_reuse_port(first, true), 0);
    assert_int_equal(nk_socket_set_reuse_port(second, true), 0);
    assert_int_equal(nk_socket_bind(first, &local), 0);
    assert_int_equal(nk_socket_local(first, &local), 0);
    assert_int_equal(nk_socket_listen(first, 1), 0);
    assert_int_equal(nk_socket_bind(second, &local), 0);
    assert_int_equal(nk_socket_listen(second, 1), 0);
    nk_socket_close(first);
    nk_socket_close(second);
}

/* A port of all IPv6 addresses that listens, and what binding that port of 127.0.0.1 says. */
static int listen_and_bind_v4(bool v6_only, struct nk_sockaddr *v4, int *error)
{
    struct nk_sockaddr any;
    int fd = nk_socket_open(AF_INET6, SOCK_STREAM);
    int other = nk_socket_open(AF_INET, SOCK_STREAM);

    nk_sockaddr_wildcard(&any, AF_INET6, 0);
    assert_int_equal(nk_socket_set_v6_only(fd, v6_only), 0);
    assert_int_equal(nk_socket_bind(fd, &any), 0);
    assert_int_equal(nk_socket_listen(fd, 1), 0);
    assert_int_equal(nk_socket_local(fd, &any), 0);
    *v4 = loopback(AF_INET);
    nk_sockaddr_set_port(v4, nk_sockaddr_port(&any));
    *error = nk_socket_bind(other, v4);
    nk_socket_close(other);
    return fd;
}

/* One dual-stack socket serves ":PORT"; with v6_only IPv4 stays free. */
static void v6_only_decides_whether_ipv4_is_served(void **state)
{
    struct nk_sockaddr v4;
    int error;

    (void)state;
    int fd = listen_and_bind_v4(false, &v4, &error);
    assert_int_equal(error, -EADDRINUSE);
    nk_socket_close(connect_to(&v4, SOCK_STREAM));
    nk_socket_close(fd);

    /* The port may happen to be somebody else's, but not every time. */
    error = -EADDRINUSE;
    for (int i = 0; i < 20 && error == -EADDRINUSE; i++)
        nk_socket_close(listen_and_bind_v4(true, &v4, &error));
    assert_int_equal(error, 0);
}

/* Set once on the listener instead of once per connection. */
static void no_delay_is_inherited_from_the_listener(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    int listener = listen_on(&local, SOCK_STREAM);
    int value = -1;

    (void)state;
    assert_int_equal(nk_socket_set_no_delay(listener, true), 0);
    int client = connect_to(&local, SOCK_STREAM);
    await(listener, POLLIN);
    int server = nk_socket_accept(listener, NULL);
    assert_int_equal(nk_socket_get_option(server, IPPROTO_TCP, TCP_NODELAY, &value), 0);
    assert_int_equal(value, 1);
    assert_int_equal(nk_socket_get_option(client, IPPROTO_TCP, TCP_NODELAY, &value), 0);
    assert_int_equal(value, 0);
    nk_socket_close(client);
    nk_socket_close(server);
    nk_socket_close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reuse_address_allows_a_restart_but_no_second_listener),
        cmocka_unit_test(reuse_port_allows_a_listener_per_thread),
        cmocka_unit_test(v6_only_decides_whether_ipv4_is_served),
        cmocka_unit_test(no_delay_is_inherited_from_the_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
