/* What the kernel knows of the way to a peer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "loopback.h"
#include "os/socket_path.h"

/* The round trip of a connection is not known, or in another unit. */
static void test_tcp(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_socket_path path = {0, 1};
    int listener = listen_on(&local, SOCK_STREAM);
    int client = connect_to(&local, SOCK_STREAM);
    (void)state;
    assert_int_equal(nk_socket_path(client, &path), 0);
    assert_in_range(path.round_trip, 1, UINT64_C(10000000000));
    assert_int_equal(path.retransmits, 0);
    nk_socket_close(client);
    nk_socket_close(listener);
}

/* A unix socket pretends to have one. */
static void test_unix(void **state)
{
    struct nk_socket_path path;
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(nk_socket_path(ends[0], &path), -EOPNOTSUPP);
    nk_socket_close(ends[0]);
    nk_socket_close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_unix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
