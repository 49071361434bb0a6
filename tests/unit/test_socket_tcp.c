/* What the kernel says about a connection, against what the test did to it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <netinet/tcp.h>

#include "os/socket_tcp.h"
#include "reactor_fixture.h"

/* Otherwise a prober shows a round trip that nobody has measured, or in a wrong unit. */
static void a_connection_over_loopback_has_a_short_round_trip(void **state)
{
    struct nk_tcp_info info = {0};
    int one;
    int other;
    (void)state;
    tcp_pair(&one, &other);
    assert_int_equal(nk_socket_tcp_info(one, &info), 0);
    assert_int_equal(info.state, TCP_ESTABLISHED);
    assert_in_range(info.rtt, 1000, SECOND);
    assert_int_equal(info.keepalive_probes, 0);
    assert_int_equal(info.retransmits, 0);
    nk_socket_close(other);
    await(one, POLLIN);
    assert_int_equal(nk_socket_tcp_info(one, &info), 0);
    assert_int_equal(info.state, TCP_CLOSE_WAIT);
    nk_socket_close(one);
}

/* Otherwise the figures of another kind of socket are garbage from the stack. */
static void sockets_that_are_not_tcp_have_none(void **state)
{
    struct nk_tcp_info info = {0};
    int udp = nk_socket_open(AF_INET, SOCK_DGRAM);
    int one;
    int other;
    (void)state;
    unix_pair(&one, &other);
    assert_int_equal(nk_socket_tcp_info(one, &info), -EOPNOTSUPP);
    assert_int_equal(nk_socket_tcp_info(udp, &info), -EOPNOTSUPP);
    assert_int_equal(nk_socket_tcp_info(-1, &info), -EBADF);
    nk_socket_close(one);
    nk_socket_close(other);
    nk_socket_close(udp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_over_loopback_has_a_short_round_trip),
        cmocka_unit_test(sockets_that_are_not_tcp_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
